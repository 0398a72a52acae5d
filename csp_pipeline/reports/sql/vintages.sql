-- How the figures of cells.sql stood over time: one row for each value that a figure had, from the day on which it was known.
WITH
disputed AS (
    SELECT agency_a AS agency, feed_a AS feed, measure FROM discrepancies
    UNION
    SELECT agency_b, feed_b, measure FROM discrepancies
    UNION
    SELECT sums.agency, sums.feed, sums.measure FROM (SELECT unnest($sums::STRUCT(agency VARCHAR, feed VARCHAR, measure VARCHAR)[]) AS sums)
)
SELECT
    concat_ws('|', v.agency || '/' || v.feed, v.measure, v.area_code, v.period) AS cell,
    v.agency || '/' || v.feed AS feed, v.known_from, v.known_to, v.value
FROM figure_vintages v
JOIN disputed USING (agency, feed, measure)
JOIN figures f USING (agency, feed, measure, area_code, area_basis, period, date_basis, unit)
JOIN areas a USING (area_code)
WHERE f.is_headline
    AND a.area_level IN ('district', 'county', 'force')
    AND f.period_kind IN ('quarter', 'financial_year')
ORDER BY cell, v.known_from
