-- The two figures of a comparison as they were known together over time, for each comparison that is in conflict today or
-- one of whose figures was ever revised. Each stretch of days begins when either of the two changes.
WITH
sides AS (
    SELECT
        v.agency, v.feed, v.measure, v.area_code, v.period, v.known_from, v.known_to,
        {
            'agency': v.agency, 'feed': v.feed, 'feed_key': v.agency || '/' || v.feed, 'value': v.value,
            -- only suppressed numbers are intervals here, as in today's comparisons
            'low': CASE WHEN v.value IS NULL THEN v.value_low ELSE v.value END,
            'high': CASE WHEN v.value IS NULL THEN v.value_high ELSE v.value END,
            'status': v.status, 'coverage': v.coverage, 'covered': v.covered, 'as_at': v.known_from, 'unit': v.unit,
            'date_basis': v.date_basis, 'area_basis': v.area_basis, 'break_id': v.break_id
        } AS figure
    FROM figure_vintages v
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
    c.measure, c.area_code, c.period, p.period_start, p.period_end, a.figure AS a, b.figure AS b,
    greatest(a.known_from, b.known_from) AS known_from
FROM chosen c
JOIN periods p USING (period)
JOIN sides a ON a.agency = c.agency_a AND a.feed = c.feed_a
    AND a.measure = c.measure AND a.area_code = c.area_code AND a.period = c.period
JOIN sides b ON b.agency = c.agency_b AND b.feed = c.feed_b
    AND b.measure = c.measure AND b.area_code = c.area_code AND b.period = c.period
    AND a.known_from < coalesce(b.known_to, 'infinity') AND b.known_from < coalesce(a.known_to, 'infinity')
