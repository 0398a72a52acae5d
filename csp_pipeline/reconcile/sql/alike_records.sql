-- The records of both sides that may be linked by likeness, with what is compared: those that no earlier rule has linked, nor
-- another record of their incident, and whose identifier leads to nobody else.
WITH
{% if has_places %}
-- every place with the beat and the district that it is or lies in
places AS (
    SELECT
        area_code,
        CASE area_level WHEN 'beat' THEN area_code ELSE beat_code END AS beat,
        CASE area_level WHEN 'district' THEN area_code ELSE district_code END AS district
    FROM areas
),
{% endif %}
{% for side in sides %}
-- incidents; a crowd is none, nor is a word such as `unknown`
incidents_{{ side.name }} AS (
    SELECT event_key FROM open_{{ side.name }} WHERE event_key IS NOT NULL
    GROUP BY ALL
    HAVING count(DISTINCT record_key) <= {{ most_records }} AND regexp_matches(event_key, '[1-9]')
),
known_{{ side.name }} AS (
    SELECT
        *, CASE WHEN event_key IN (FROM incidents_{{ side.name }}) THEN 'incident ' || event_key ELSE 'record ' || record_key END AS incident,
        record IN (SELECT record_{{ side.name }} FROM links) AS is_linked,
        record IN (SELECT record FROM contradictions) AS is_contradicted
    FROM open_{{ side.name }}
),
left_{{ side.name }} AS (
    SELECT k.*
    FROM known_{{ side.name }} k
    ANTI JOIN (SELECT DISTINCT incident FROM known_{{ side.name }} WHERE is_linked) l USING (incident)
    WHERE NOT is_contradicted
    -- a record that stands in several files is one
    QUALIFY row_number() OVER (PARTITION BY record_key ORDER BY is_current DESC, submission_id, sheet, row_number) = 1
),
compared_{{ side.name }} AS (
    SELECT
        {{ side.name | quoted }} AS side, record, record_key, incident
        {% for column in side.columns %}
        {% if column.kind == "date" %}
        , CAST(s.alike_{{ loop.index0 }} AS DATE) - DATE '1970-01-01' AS date_{{ loop.index0 }}
        {% elif column.kind == "place" %}
        , nullif(s.alike_{{ loop.index0 }}, 'elsewhere') AS same_{{ loop.index0 }}
        , place_{{ loop.index0 }}.beat AS beat_{{ loop.index0 }}, place_{{ loop.index0 }}.district AS district_{{ loop.index0 }}
        {% else %}
        {% set code = "CAST(s.alike_%d AS VARCHAR)" % loop.index0 %}
        , {% if column.shared %}CASE {{ code }} {% for word, shared in column.shared.items() %}WHEN {{ word | quoted }} THEN {{ shared | quoted }} {% endfor %}ELSE {{ code }} END{% else %}{{ code }}{% endif %} AS code_{{ loop.index0 }}
        {% endif %}
        {% endfor %}
    FROM (SELECT record, record_key, incident{% for column in side.columns %}, alike_{{ loop.index0 }}{% endfor %} FROM left_{{ side.name }}) s
    {% for column in side.columns if column.kind == "place" %}
    LEFT JOIN places place_{{ column.place }} ON place_{{ column.place }}.area_code = s.alike_{{ column.place }}
    {% endfor %}
),
{% endfor %}
compared AS (
    {% for side in sides %}
    FROM compared_{{ side.name }}
    {{ "UNION ALL" if not loop.last }}
    {% endfor %}
)
SELECT
    *,
    -- day and widest place in one number, so that one join on a range finds all pairs that are near enough in both
    {{ first_date }}{% if widest_place %} + 10000000 * dense_rank() OVER (ORDER BY {{ widest_place }}){% endif %} AS place_and_day
FROM compared
WHERE {{ first_date }} IS NOT NULL{% if widest_place %} AND {{ widest_place }} IS NOT NULL{% endif %}

ORDER BY side, record_key
