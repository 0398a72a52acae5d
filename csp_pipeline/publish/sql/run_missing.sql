-- Expected periods that nothing accepted covers.
SELECT f.agency, f.feed, string_agg(p.period, ', ' ORDER BY p.period_start) AS missing
FROM feeds f
JOIN periods p ON p.period_kind = f.covers AND p.period_start >= f.expected_from AND p.period_end <= f.expected_until
ANTI JOIN validity v ON v.agency = f.agency AND v.feed = f.feed AND v.covered_label = p.period
GROUP BY ALL ORDER BY ALL
