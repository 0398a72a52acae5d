-- For each feed and period it was expected to cover: how many comparisons of the partnership's own district wait for it.
-- A comparison waits where one side is missing or incomplete and the period overlaps the one that has not come.
WITH
waiting AS (
    SELECT agency_a AS agency, feed_a AS feed, c.period FROM comparisons c WHERE status_a IN ('M', 'P') AND area_code = $district
    UNION ALL
    SELECT agency_b, feed_b, c.period FROM comparisons c WHERE status_b IN ('M', 'P') AND area_code = $district
)
SELECT w.agency, w.feed, p.period_start, p.period_end, count(*) AS comparisons
FROM waiting w
JOIN periods p USING (period)
WHERE p.period_kind IN ('quarter', 'financial_year')
GROUP BY ALL
ORDER BY ALL
