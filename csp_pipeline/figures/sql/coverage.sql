-- For each feed and period: the share of its months that the latest submissions cover, which months, and as at when.
WITH
-- the months that each covered period is made of
covered_months AS (
    SELECT v.agency, v.feed, m.period AS month, max(v.valid_from) AS valid_from
    FROM validity v
    JOIN periods m ON m.period_kind = 'month' AND m.period_start BETWEEN v.covered_from AND v.covered_until
    WHERE v.valid_to IS NULL AND v.is_whole
    GROUP BY ALL
),
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
-- covered months in a row have one distance between their place in time and their place among the covered
runs AS (
    SELECT
        w.agency, w.feed, w.period, c.month, c.valid_from,
        datediff('month', DATE '2000-01-01', m.period_start)
            - row_number() OVER (PARTITION BY w.agency, w.feed, w.period ORDER BY m.period_start) AS run
    FROM wanted w
    JOIN periods m ON m.period_kind = 'month' AND m.period_start BETWEEN w.period_start AND w.period_end
    JOIN covered_months c ON c.agency = w.agency AND c.feed = w.feed AND c.month = m.period
),
run_ends AS (
    SELECT agency, feed, period, min(month) AS first, max(month) AS last, count(*) AS months, max(valid_from) AS as_at
    FROM runs GROUP BY agency, feed, period, run
),
covered AS (
    SELECT
        agency, feed, period, sum(months) AS months, max(as_at) AS as_at,
        string_agg(CASE WHEN first = last THEN first ELSE first || ' to ' || last END, ', ' ORDER BY first) AS covered
    FROM run_ends GROUP BY ALL
)
SELECT
    w.agency, w.feed, w.period, w.period_kind, w.period_start, w.period_end,
    coalesce(c.months, 0) / w.months AS coverage,
    CASE WHEN c.months < w.months THEN c.covered END AS covered,
    c.as_at
FROM wanted w
LEFT JOIN covered c USING (agency, feed, period)
ORDER BY w.agency, w.feed, w.period_kind, w.period_start
