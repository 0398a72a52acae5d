-- Conflicts that still need somebody, in words; their figures say which of them may be told of: a message leaves the house.
WITH
titles AS (
    SELECT measure, any_value(title) AS title, any_value(unit) AS unit FROM measures GROUP BY measure
),
open_ones AS (
    SELECT *, agency_a || '/' || feed_a AS key_a, agency_b || '/' || feed_b AS key_b
    FROM read_parquet({{ discrepancies | quoted }})
    WHERE state NOT IN ('explained', 'resolved')
)
SELECT
    d.discrepancy_id,
    concat(
        coalesce(t.title, d.measure), ', ', coalesce(a.area_name, d.area_code), ', ', d.period, ': ', d.key_a, ' and ', d.key_b, ' disagree'
    ) AS what,
    d.owner_agencies, coalesce(CAST(d.first_seen AS VARCHAR), '') AS since,
    d.key_a, d.value_a, d.key_b, d.value_b, d.rule, coalesce(t.unit, '') AS unit
FROM open_ones d
LEFT JOIN titles t USING (measure)
LEFT JOIN areas a USING (area_code)
ORDER BY d.discrepancy_id
