-- Headline figures of the district for the scorecard's measures, years and quarters: those that are shown, and those that
-- add up to them.
WITH
-- one row for each feed's way to a measure
titles AS (
    SELECT measure, agency, feed, any_value(title) AS title, any_value(definition) AS definition, any_value(way) AS way
    FROM measures GROUP BY ALL
)
SELECT
    f.agency, f.agency || '/' || f.feed AS feed, f.measure, t.title, t.definition, t.way,
    f.period, f.period_kind, f.period_start, f.period_end, f.unit, f.value, f.status, f.coverage,
    f.preferred_by IS NOT NULL AS is_preferred,
    -- on the mid-year estimate that lies in the year; people and periods that are not whole have none
    CASE WHEN f.unit <> 'percent' AND f.coverage >= 1 THEN round(1000.0 * f.value / p.population, 2) END AS per_1000,
    b.title AS break_title,
    f.agency || '/' || f.feed || '|' || f.measure || '|' || f.area_code || '|' || f.period AS cell
FROM figures f
JOIN titles t USING (measure, agency, feed)
LEFT JOIN (SELECT break_id, any_value(title) AS title FROM breaks GROUP BY break_id) b USING (break_id)
LEFT JOIN populations p ON p.area_code = f.area_code AND p.mid_year = year(f.period_start) AND f.period_kind = 'financial_year'
WHERE f.is_headline
    AND f.area_code = $district
    AND f.measure IN (SELECT unnest($measures))
    AND f.period_kind IN ('quarter', 'financial_year')
ORDER BY f.measure, f.period_start, f.period_kind, NOT (f.preferred_by IS NOT NULL), f.agency, f.feed
