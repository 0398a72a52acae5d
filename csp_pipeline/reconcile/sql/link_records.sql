-- One feed's records as linking and bridges need them: identifiers in one form, the person and the dates that tell an event,
-- and for each measure whether the record meets its conditions, and where and when it would count.
WITH
source AS (
    {{ source }}
),
{% if rejected %}
-- rows that were sent and rejected: they count nowhere, but they explain; not where the record stands all the same
rejected_records AS (
    SELECT *, false AS is_current, true AS is_rejected FROM ({{ rejected }})
    {% if key %}ANTI JOIN (FROM source WHERE valid_to IS NULL) USING ({{ key | join(", ") }}){% endif %}

),
{% endif %}
{% if has_superseded %}
-- the records that hold today
current_records AS (SELECT *, true AS is_current FROM source WHERE valid_to IS NULL),
superseded_records AS (FROM source WHERE valid_to IS NOT NULL),
-- superseded ones that a current file still has; a number that is used again, at another time and for another person, is another
-- record. They are found apart, as an anti join by more than equal columns compares every record with every other
standing_records AS (
    SELECT r.submission_id, r.sheet, r.row_number
    FROM superseded_records r
    JOIN current_records c
        ON {% for column in key %}r.{{ column }} = c.{{ column }} AND {% endfor %}({{ same_record | join(" OR ") if same_record else "true" }})
),
-- records that a later extract of their period has taken out again: they count nowhere, but they explain
removed_records AS (
    SELECT r.*, false AS is_current
    FROM superseded_records r
    ANTI JOIN standing_records s
        ON r.submission_id = s.submission_id AND r.sheet IS NOT DISTINCT FROM s.sheet AND r.row_number = s.row_number
    QUALIFY row_number() OVER (
        PARTITION BY {% for column in key %}r.{{ column }}, {% endfor %}{{ "r.%s" % (person | identifier) if person else "true" }}
        ORDER BY r.valid_to DESC, r.submission_id, r.row_number
    ) = 1
),
accepted_records AS (
    SELECT * FROM current_records
    UNION ALL BY NAME
    FROM removed_records{% if rejected %} ANTI JOIN rejected_records USING ({{ key | join(", ") }}){% endif %}

),
{% else %}
accepted_records AS (SELECT *, true AS is_current FROM source WHERE valid_to IS NULL),
{% endif %}
known_records AS (
    {% if rejected %}
    SELECT *, false AS is_rejected FROM accepted_records
    UNION ALL BY NAME
    FROM rejected_records
    {% else %}
    FROM accepted_records
    {% endif %}
),
-- identifiers in one form, before joins make rows dearer; the parts that most are written in are found first, once for each
looked_at AS (SELECT *{% for look in looks %}, {{ look }}{% endfor %} FROM known_records),
identified AS (SELECT *{% for identifier in identifiers %}, {{ identifier }} AS identifier_{{ loop.index0 }}{% endfor %} FROM looked_at)
SELECT
    {{ record_key }} AS record_key, submission_id, sheet, row_number, is_current{{ ", is_rejected" if rejected }}
    {% for _ in identifiers %}, identifier_{{ loop.index0 }}{% endfor %}
    {% for place, reference in references.items() %}, {{ reference | identifier }} AS text_{{ place }}{% endfor %}
    {% for place, condition in unknown_blanks.items() %}, coalesce({{ condition }}, true) AS is_unknown_{{ place }}{% endfor %}
    {% for date, name in confirming %}, CAST({{ date | identifier }} AS DATE) AS {{ name }}{% endfor %}

    , {% if person %}CASE WHEN {{ person | identifier }} IS NOT NULL THEN hash({{ person | identifier }}) END{% else %}CAST(NULL AS UBIGINT){% endif %} AS person
    {% for date in dates %}, CAST({{ date | identifier }} AS DATE) AS date_{{ loop.index0 }}{% endfor %}
    , {{ event | identifier if event else "CAST(NULL AS VARCHAR)" }} AS event_key
    {% for name in compared %}, {{ name | identifier }} AS compared_{{ loop.index0 }}{% endfor %}
    {% for name in alike %}, {{ name | identifier }} AS alike_{{ loop.index0 }}{% endfor %}

    {% for measure in measures %}
    {% set n = loop.index0 %}
    -- bit n is set when the measure's n-th condition is not met
    , {% for condition in measure.conditions %}(CASE WHEN {{ condition }} THEN 0 ELSE {{ 2 ** loop.index0 }} END) + {% endfor %}0 AS failed_{{ n }}
    , {{ measure.month }} AS month_{{ n }}
    , CASE WHEN {{ measure.area | identifier }} IS NULL THEN 'unlocated' ELSE coalesce(known_{{ n }}.known_place, 'elsewhere') END AS place_{{ n }}
    {% if measure.unit %}
    , CASE WHEN {{ measure.unit | identifier }} IS NOT NULL THEN hash({{ measure.unit | identifier }}) END AS unit_{{ n }}
    {% endif %}
    -- where the record counts, its areas and periods in one number; NULL where it counts nowhere
    , CASE
        WHEN is_current AND failed_{{ n }} = 0
            {{ "AND unit_%d IS NOT NULL" % n if measure.is_person }}
            AND coalesce(known_{{ n }}.areas_{{ n }}, {{ measure.elsewhere }}) <> 0 AND within_{{ n }}.periods_{{ n }} <> 0
        THEN hash(coalesce(known_{{ n }}.areas_{{ n }}, {{ measure.elsewhere }}), within_{{ n }}.periods_{{ n }})
    END AS counts_{{ n }}
    {% endfor %}
FROM identified
{% for measure in measures %}
LEFT JOIN {{ places }} known_{{ loop.index0 }} ON known_{{ loop.index0 }}.known_place = coalesce({{ measure.area | identifier }}, 'unlocated')
LEFT JOIN compared_months within_{{ loop.index0 }} ON within_{{ loop.index0 }}.month = {{ measure.month }}
{% endfor %}
