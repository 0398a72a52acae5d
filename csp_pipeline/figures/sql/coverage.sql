-- For each feed and period: the share of its months that the latest submissions cover, which months, and as at when.
WITH
-- every period in which the feed is expected or has sent anything, whole financial years together
reach AS (
    SELECT agency, feed, min(covered_from) AS first_day, max(covered_until) AS last_day
    FROM (
        SELECT agency, feed, covered_from, covered_until FROM validity
        UNION ALL
        SELECT agency, feed, expected_from, expected_until FROM feeds WHERE expected_from IS NOT NULL
    )
    GROUP BY ALL
),
years AS (
    SELECT r.agency, r.feed, p.period_start, p.period_end
    FROM reach r
    JOIN periods p ON p.period_kind = 'financial_year' AND p.period_end >= r.first_day AND p.period_start <= r.last_day
),
wanted AS (
    SELECT y.agency, y.feed, p.*
    FROM years y
    JOIN periods p ON p.period_start BETWEEN y.period_start AND y.period_end
),
-- the latest extract among those that hold for any part of the period
latest AS (
    SELECT v.agency, v.feed, p.period, max(v.valid_from) AS as_at
    FROM validity v
    JOIN periods p ON p.period_start <= v.covered_until AND p.period_end >= v.covered_from
    WHERE v.valid_to IS NULL AND v.is_whole
    GROUP BY ALL
),
now AS (
    SELECT agency, feed, period, max(coverage) AS coverage, arg_max(covered, known_from) AS covered
    FROM (SELECT agency, feed, period, known_from, coverage, coalesce(covered, '') AS covered FROM coverage_steps)
    GROUP BY ALL
)
SELECT
    w.agency, w.feed, w.period, w.period_kind, w.period_start, w.period_end,
    coalesce(n.coverage, 0) AS coverage, nullif(n.covered, '') AS covered, l.as_at
FROM wanted w
LEFT JOIN now n USING (agency, feed, period)
LEFT JOIN latest l USING (agency, feed, period)
ORDER BY w.agency, w.feed, w.period_kind, w.period_start
