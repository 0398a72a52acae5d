-- Conflicts that still need somebody, in words and without their figures: a message leaves the house.
WITH
titles AS (
    SELECT measure, any_value(title) AS title FROM measures GROUP BY measure
)
SELECT
    d.discrepancy_id, coalesce(t.title, d.measure), coalesce(a.area_name, d.area_code), d.period,
    d.agency_a || '/' || d.feed_a, d.agency_b || '/' || d.feed_b, d.owner_agencies, d.first_seen
FROM read_parquet({{ discrepancies | quoted }}) d
LEFT JOIN titles t USING (measure)
LEFT JOIN areas a USING (area_code)
WHERE d.state NOT IN ('explained', 'resolved')
ORDER BY d.discrepancy_id
