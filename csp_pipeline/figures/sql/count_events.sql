-- What happened to the headline counts of one feed, day by day: for each measure, area and period, how many units came to
-- be counted or ceased to be, and why. A unit is what the measure counts: a crime, a case, a person.
{% macro presence(source, keys) %}
    -- the running sum of +1 and -1 is how many versions hold; a unit enters with the first and leaves with the last
    SELECT {{ keys }}, day, held > 0 AS enters
    FROM (
        SELECT *, sum(delta) OVER (PARTITION BY {{ keys }} ORDER BY day) AS held
        FROM (SELECT {{ keys }}, day, sum(delta) AS delta FROM {{ source }} GROUP BY ALL HAVING sum(delta) <> 0)
    )
    WHERE (held > 0) <> (held - delta > 0)
{% endmacro %}
WITH
-- each version of a record holds from its extract's day until a later extract of the same period replaces it
versions AS MATERIALIZED (
    SELECT r.*, v.valid_from, v.valid_to
    FROM read_parquet({{ files }}) r
    JOIN validity v ON v.submission_id = r.submission_id AND v.covered_label = r.covered_label
),
-- the units of each measure at their place and month, while their record meets the conditions; `kind` says what they are
counted AS (
    {% for measure in measures %}
    SELECT
        {{ measure.name | quoted }} AS measure, {{ measure.kind | quoted }} AS kind,
        {% if measure.column %}CAST({{ measure.column | identifier }} AS VARCHAR){% else %}CAST(NULL AS VARCHAR){% endif %} AS unit,
        coalesce({{ measure.area | identifier }}, 'unlocated') AS place,
        CAST(date_trunc('month', {{ measure.date | identifier }}) AS DATE) AS month,
        valid_from, valid_to
    FROM versions
    WHERE ({{ measure.condition }}) AND {{ measure.date | identifier }} IS NOT NULL
    {% if measure.column and not measure.blank_counts %}
        AND {{ measure.column | identifier }} IS NOT NULL
    {% endif %}
    {{ "UNION ALL" if not loop.last }}
    {% endfor %}
),
-- the same as +1 and -1; versions that follow each other unchanged cancel out
placed AS MATERIALIZED (
    SELECT measure, kind, unit, place, month, day, sum(delta) AS delta
    FROM (
        SELECT measure, kind, unit, place, month, valid_from AS day, 1 AS delta FROM counted
        UNION ALL
        SELECT measure, kind, unit, place, month, valid_to AS day, -1 AS delta FROM counted WHERE valid_to IS NOT NULL
    )
    GROUP BY ALL
    HAVING sum(delta) <> 0
),
-- every unit in the feed, whatever the conditions: when it is new or gone, its records were added or removed
feed_units AS (
    SELECT '' AS kind, '' AS unit, DATE '2000-01-01' AS day, 0 AS delta WHERE false
    {% for kind, column in kinds.items() %}
    UNION ALL
    SELECT {{ kind | quoted }}, CAST({{ column | identifier }} AS VARCHAR), valid_from, 1
    FROM versions WHERE {{ column | identifier }} IS NOT NULL
    UNION ALL
    SELECT {{ kind | quoted }}, CAST({{ column | identifier }} AS VARCHAR), valid_to, -1
    FROM versions WHERE {{ column | identifier }} IS NOT NULL AND valid_to IS NOT NULL
    {% endfor %}
),
in_feed AS MATERIALIZED (
    {{ presence("feed_units", "kind, unit") }}
),
-- each month with the periods that it lies in, each place with the areas that count it
month_periods AS (
    SELECT m.period_start AS month, p.period
    FROM periods m
    JOIN periods p ON m.period_kind = 'month' AND m.period_start BETWEEN p.period_start AND p.period_end
),
-- units that came once and stayed as they came: nearly all. They can be added up by place and month first.
steady AS (
    SELECT p.measure, p.place, p.month, p.day, count(*) AS entering, count(f.unit) AS added
    FROM (SELECT * FROM placed WHERE unit IS NOT NULL QUALIFY count(*) OVER (PARTITION BY measure, unit) = 1) p
    LEFT JOIN in_feed f ON f.kind = p.kind AND f.unit = p.unit AND f.day = p.day AND f.enters
    GROUP BY ALL
),
-- records without an identifier cannot be followed: of them only the numbers before and after are known
unnamed AS (
    SELECT measure, place, month, day, sum(delta) AS change FROM placed WHERE unit IS NULL GROUP BY ALL
),
-- units that changed, or stand in several records: told apart in each area and period
unsteady AS MATERIALIZED (
    SELECT * FROM placed WHERE unit IS NOT NULL QUALIFY count(*) OVER (PARTITION BY measure, unit) > 1
),
in_measure AS (
    {{ presence("unsteady", "measure, kind, unit") }}
),
spread AS (
    SELECT u.measure, u.kind, u.unit, coalesce(k.area_code, e.area_code) AS area_code, t.period, u.day, u.delta
    FROM unsteady u
    JOIN month_periods t USING (month)
    LEFT JOIN rollup k ON k.place = u.place
    LEFT JOIN rollup e ON k.place IS NULL AND e.place = 'elsewhere'
),
in_cell AS (
    {{ presence("spread", "measure, kind, unit, area_code, period") }}
),
-- not in the feed the day before: added; there, but not meeting the conditions: reclassified; else it stood elsewhere
explained AS (
    SELECT
        c.measure, c.area_code, c.period, c.day, c.enters,
        CASE WHEN f.unit IS NOT NULL THEN 'record' WHEN m.unit IS NOT NULL THEN 'class' ELSE 'place' END AS why
    FROM in_cell c
    LEFT JOIN in_feed f ON f.kind = c.kind AND f.unit = c.unit AND f.day = c.day AND f.enters = c.enters
    LEFT JOIN in_measure m ON m.measure = c.measure AND m.unit = c.unit AND m.day = c.day AND m.enters = c.enters
),
by_place AS (
    SELECT measure, place, month, day, added, entering - added AS reclassified_in, 0 AS unnamed FROM steady
    UNION ALL
    SELECT measure, place, month, day, 0, 0, change FROM unnamed
),
together AS (
    SELECT
        b.measure, coalesce(k.area_code, e.area_code) AS area_code, t.period, b.day,
        b.added, 0 AS removed, b.reclassified_in, 0 AS reclassified_out, 0 AS moved_in, 0 AS moved_out, b.unnamed
    FROM by_place b
    JOIN month_periods t USING (month)
    LEFT JOIN rollup k ON k.place = b.place
    LEFT JOIN rollup e ON k.place IS NULL AND e.place = 'elsewhere'
    UNION ALL
    SELECT
        measure, area_code, period, day,
        CAST(enters AND why = 'record' AS INTEGER), CAST(NOT enters AND why = 'record' AS INTEGER),
        CAST(enters AND why = 'class' AS INTEGER), CAST(NOT enters AND why = 'class' AS INTEGER),
        CAST(enters AND why = 'place' AS INTEGER), CAST(NOT enters AND why = 'place' AS INTEGER), 0
    FROM explained
)
SELECT
    measure, area_code, period, day,
    CAST(sum(added) + greatest(sum(unnamed), 0) AS BIGINT) AS added,
    CAST(sum(removed) + greatest(-sum(unnamed), 0) AS BIGINT) AS removed,
    CAST(sum(reclassified_in) AS BIGINT) AS reclassified_in, CAST(sum(reclassified_out) AS BIGINT) AS reclassified_out,
    CAST(sum(moved_in) AS BIGINT) AS moved_in, CAST(sum(moved_out) AS BIGINT) AS moved_out,
    CAST(sum(added + reclassified_in + moved_in + unnamed - removed - reclassified_out - moved_out) AS DOUBLE) AS change
FROM together
WHERE area_code IS NOT NULL
GROUP BY measure, area_code, period, day
HAVING bool_or(added + removed + reclassified_in + reclassified_out + moved_in + moved_out > 0) OR sum(unnamed) <> 0
