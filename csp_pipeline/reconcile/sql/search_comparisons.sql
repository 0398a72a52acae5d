-- What is searched of each pair: its comparisons, seen from the feed whose records are counted, as far as the two may be compared,
-- in the smallest areas in which they may, and there in the shortest periods; larger areas and longer periods hold the same
-- records again. Of a pair that may be compared nowhere one row is left, to say so.
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
),
-- the other feed's number, or the interval that it lies in, and whether the two may be compared at all
of_pairs AS (
    SELECT
        e.measure, e.feed, e.other, a.area_level, list_position($smallest_first, a.area_level) AS level_place,
        e.area_code, e.period, p.period_kind, p.period_start, p.months, e.rule, e.low, e.high,
        -- comparisons leave out what is missing, incomplete, broken or declared not comparable
        e.verdict IN ('agrees', 'within_tolerance', 'conflict')
            AND e.counted IS NOT NULL AND e.low IS NOT NULL AND e.high IS NOT NULL AS is_comparable
    FROM either_way e
    JOIN search_pairs s USING (measure, feed, other)
    JOIN areas a USING (area_code)
    JOIN periods p USING (period)
    WHERE list_contains($area_levels, a.area_level) AND list_contains($periods, p.period_kind)
),
finest AS (
    SELECT measure, feed, other, min((level_place, months)) FILTER (is_comparable) AS grain FROM of_pairs GROUP BY ALL
)
SELECT
    measure, feed, other, area_level, area_code, period, period_kind, period_start, months, rule, low, high, is_comparable
FROM of_pairs JOIN finest USING (measure, feed, other)
WHERE is_comparable AND (level_place, months) = grain
UNION ALL
SELECT measure, feed, other, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false FROM finest WHERE grain IS NULL
ORDER BY measure, feed, other, period_start, area_code
