-- The comparisons of each pair to be searched, seen from the feed whose records are counted: the other feed's number, or the
-- interval that it lies in, and whether the two may be compared at all.
WITH
either_way AS (
    SELECT
        measure, area_code, period, verdict, rule,
        agency_a || '/' || feed_a AS feed, agency_b || '/' || feed_b AS other, value_a AS counted, low_b AS low, high_b AS high
    FROM comparisons
    UNION ALL
    SELECT
        measure, area_code, period, verdict, rule,
        agency_b || '/' || feed_b AS feed, agency_a || '/' || feed_a AS other, value_b AS counted, low_a AS low, high_a AS high
    FROM comparisons
)
SELECT
    e.measure, e.feed, e.other, a.area_level, e.area_code, e.period, p.period_kind, p.period_start, p.months, e.rule, e.low, e.high,
    -- comparisons leave out what is missing, incomplete, broken or declared not comparable
    e.verdict IN ('agrees', 'within_tolerance', 'conflict')
        AND e.counted IS NOT NULL AND e.low IS NOT NULL AND e.high IS NOT NULL AS is_comparable
FROM either_way e
JOIN search_pairs s USING (measure, feed, other)
JOIN areas a USING (area_code)
JOIN periods p USING (period)
WHERE list_contains($area_levels, a.area_level) AND list_contains($periods, p.period_kind)
ORDER BY e.measure, e.feed, e.other, a.area_level, p.period_start, e.area_code
