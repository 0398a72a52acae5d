-- The two figures of a comparison as they were known together over time, for each comparison that is in conflict today or
-- one of whose figures was ever revised. Each stretch of days begins when either of the two changes.
WITH
sides AS (
    SELECT
        v.agency, v.feed, v.measure, v.area_code, v.period, v.known_from, v.known_to, k.kind, v.value,
        -- only suppressed numbers are intervals here, as in today's comparisons
        CASE WHEN v.value IS NULL THEN v.value_low ELSE v.value END AS low,
        CASE WHEN v.value IS NULL THEN v.value_high ELSE v.value END AS high
    FROM figure_vintages v JOIN (SELECT kind, traits FROM kinds) k ON k.traits = {{ traits }}
),
revised AS (
    SELECT DISTINCT agency, feed, measure, area_code, period
    FROM figure_vintages WHERE event NOT IN ('first_published', 'extended', 'bounds')
),
chosen AS (
    SELECT c.measure, c.area_code, c.period, c.agency_a, c.feed_a, c.agency_b, c.feed_b
    FROM comparisons c
    LEFT JOIN revised a ON a.agency = c.agency_a AND a.feed = c.feed_a
        AND a.measure = c.measure AND a.area_code = c.area_code AND a.period = c.period
    LEFT JOIN revised b ON b.agency = c.agency_b AND b.feed = c.feed_b
        AND b.measure = c.measure AND b.area_code = c.area_code AND b.period = c.period
    WHERE c.verdict = 'conflict' OR a.agency IS NOT NULL OR b.agency IS NOT NULL
)
SELECT
    a.kind AS kind_a, b.kind AS kind_b, TRY_CAST(c.area_code AS area_name) AS area_code, CAST(c.period AS period_name) AS period,
    {% for side in ("a", "b") %}
    {{ side }}.value AS value_{{ side }}, {{ side }}.low AS low_{{ side }}, {{ side }}.high AS high_{{ side }}, {{ side }}.known_from AS as_at_{{ side }},
    {% endfor %}
    greatest(a.known_from, b.known_from) AS known_from
FROM chosen c
JOIN sides a ON a.agency = c.agency_a AND a.feed = c.feed_a
    AND a.measure = c.measure AND a.area_code = c.area_code AND a.period = c.period
JOIN sides b ON b.agency = c.agency_b AND b.feed = c.feed_b
    AND b.measure = c.measure AND b.area_code = c.area_code AND b.period = c.period
    AND a.known_from < coalesce(b.known_to, 'infinity') AND b.known_from < coalesce(a.known_to, 'infinity')
