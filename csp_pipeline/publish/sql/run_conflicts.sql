-- Conflicts by measure and pair of feeds, at the levels that are raised.
SELECT
    measure, agency_a || '/' || feed_a AS feed_a, agency_b || '/' || feed_b AS feed_b,
    count(*) AS conflicts, count(*) FILTER (period LIKE '____-__') AS of_them_yearly
FROM discrepancies GROUP BY ALL ORDER BY ALL
