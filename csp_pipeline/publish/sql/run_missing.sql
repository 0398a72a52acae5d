-- Expected periods that nothing accepted covers whole, feed by feed; a long list is shortened to its ends and its length.
WITH missing AS (
    SELECT f.agency || '/' || f.feed AS feed, list(p.period ORDER BY p.period_start) AS periods
    FROM feeds f
    JOIN periods p ON p.period_kind = f.covers AND p.period_start >= f.expected_from AND p.period_end <= f.expected_until
    ANTI JOIN validity v ON v.agency = f.agency AND v.feed = f.feed AND v.covered_label = p.period
        AND v.is_whole
    GROUP BY ALL
)
SELECT
    feed,
    CASE WHEN len(periods) > 6 THEN periods[1] || ' to ' || periods[-1] || ' (' || len(periods) || ' periods)'
        ELSE array_to_string(periods, ', ') END AS missing
FROM missing ORDER BY feed
