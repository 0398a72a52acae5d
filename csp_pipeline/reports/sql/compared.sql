-- Pairs of figures that were compared, at the levels and periods at which conflicts are listed: that a report does not list
-- one tells its reader that the two lie within their tolerance, or that the conflict may not be listed.
SELECT
    c.agency_a || '/' || c.feed_a AS feed_a, c.agency_b || '/' || c.feed_b AS feed_b,
    c.measure, c.area_code, c.period, p.period_kind, c.value_a, c.value_b, c.rule
FROM comparisons c
JOIN areas a USING (area_code)
JOIN periods p USING (period)
WHERE c.verdict IN ('agrees', 'within_tolerance', 'conflict')
    AND c.value_a IS NOT NULL
    AND c.value_b IS NOT NULL
    AND a.area_level IN ('district', 'county', 'force')
    AND p.period_kind IN ('quarter', 'financial_year')
ORDER BY ALL
