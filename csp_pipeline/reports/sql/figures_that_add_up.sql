-- Headline figures that a reader could add up or subtract: every feed and measure in a discrepancy, at the levels and
-- periods that make up one another.
WITH
disputed AS (
    SELECT agency_a AS agency, feed_a AS feed, measure FROM discrepancies
    UNION
    SELECT agency_b, feed_b, measure FROM discrepancies
    UNION
    -- and what is declared to add up to such a measure, or to be made up of it, of which a scorecard may show parts
    SELECT sums.agency, sums.feed, sums.measure FROM (SELECT unnest($sums::STRUCT(agency VARCHAR, feed VARCHAR, measure VARCHAR)[]) AS sums)
)
SELECT concat_ws('|', f.agency || '/' || f.feed, f.measure, f.area_code, f.period) AS cell, f.*
FROM figures f
JOIN disputed USING (agency, feed, measure)
JOIN areas a USING (area_code)
WHERE f.is_headline
    AND a.area_level IN ('district', 'county', 'force')
    AND f.period_kind IN ('quarter', 'financial_year')
