-- From when until when a feed whose rows are sums by area covers a month of an area: while the table that holds has a row for
-- the area, whatever the row counts. A table without one does not say that nothing happened there.
SELECT v.agency, v.feed, r.area_code, m.period_start AS month, v.valid_from AS known_from, v.valid_to AS known_to
FROM (
    SELECT DISTINCT submission_id, covered_label, {{ column | identifier }} AS area_code FROM read_parquet({{ files }})
) r
JOIN validity v ON v.submission_id = r.submission_id AND v.covered_label = r.covered_label
JOIN periods m ON m.period_kind = 'month' AND m.period_start BETWEEN v.covered_from AND v.covered_until
WHERE v.is_whole AND r.area_code IN (SELECT area_code FROM known_areas)
