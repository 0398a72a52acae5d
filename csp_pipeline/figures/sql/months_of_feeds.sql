-- The day from which a feed covers a month whole; it stays so, for what replaces a whole extract is extracted later still.
SELECT v.agency, v.feed, '' AS area_code, m.period_start AS month, min(v.valid_from) AS known_from, CAST(NULL AS DATE) AS known_to
FROM validity v
JOIN periods m ON m.period_kind = 'month' AND m.period_start BETWEEN v.covered_from AND v.covered_until
WHERE v.is_whole
GROUP BY ALL
