-- Both sides of each pair of figures that was compared, at the levels and periods at which conflicts are listed: that a report
-- does not list one tells its reader that the two lie within their tolerance, or that the conflict may not be listed.
WITH
compared AS (
    SELECT
        c.agency_a, c.agency_a || '/' || c.feed_a AS feed_a, c.value_a, c.agency_b, c.agency_b || '/' || c.feed_b AS feed_b, c.value_b,
        c.rule, concat_ws('|', c.measure, c.area_code, c.period) AS place,
        c.area_code = $district AND p.period_kind = 'financial_year' AS is_main
    FROM comparisons c
    JOIN areas a USING (area_code)
    JOIN periods p USING (period)
    WHERE c.verdict IN ('agrees', 'within_tolerance', 'conflict')
        AND c.value_a IS NOT NULL
        AND c.value_b IS NOT NULL
        AND a.area_level IN ('district', 'county', 'force')
        AND p.period_kind IN ('quarter', 'financial_year')
),
sides AS (
    SELECT agency_a AS agency, feed_a AS feed, agency_b AS other_agency, feed_b AS other_feed, value_b AS other, rule, place, is_main
    FROM compared
    UNION ALL
    SELECT agency_b, feed_b, agency_a, feed_a, value_a, rule, place, is_main FROM compared
)
SELECT agency, feed || '|' || place AS cell, other_agency, other_feed, other_feed || '|' || place AS other_cell, other, rule, is_main
FROM sides
