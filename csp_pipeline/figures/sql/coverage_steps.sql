-- For each feed and period, each day on which more of it came to be covered: how many months then, and which.
WITH
-- the day from which a month is covered whole; it stays so, for what replaces a whole extract is extracted later still
covered_months AS (
    SELECT v.agency, v.feed, m.period_start AS month, min(v.valid_from) AS known_from
    FROM validity v
    JOIN periods m ON m.period_kind = 'month' AND m.period_start BETWEEN v.covered_from AND v.covered_until
    WHERE v.is_whole
    GROUP BY ALL
),
in_periods AS (
    SELECT c.agency, c.feed, p.period, p.months AS months_in_period, c.month, c.known_from
    FROM covered_months c
    JOIN periods p ON c.month BETWEEN p.period_start AND p.period_end
),
-- the months that are covered on each of those days; those in a row have one distance between their place in time and
-- their place among the covered
runs AS (
    SELECT
        s.agency, s.feed, s.period, s.known_from, c.months_in_period, c.month,
        datediff('month', DATE '2000-01-01', c.month)
            - row_number() OVER (PARTITION BY s.agency, s.feed, s.period, s.known_from ORDER BY c.month) AS run
    FROM (SELECT DISTINCT agency, feed, period, known_from FROM in_periods) s
    JOIN in_periods c ON c.agency = s.agency AND c.feed = s.feed AND c.period = s.period AND c.known_from <= s.known_from
),
run_ends AS (
    SELECT
        agency, feed, period, known_from, months_in_period, count(*) AS months,
        strftime(min(month), '%Y-%m') AS first, strftime(max(month), '%Y-%m') AS last
    FROM runs GROUP BY agency, feed, period, known_from, months_in_period, run
)
SELECT
    agency, feed, period, known_from, sum(months) / months_in_period AS coverage,
    CASE WHEN sum(months) < months_in_period THEN
        string_agg(CASE WHEN first = last THEN first ELSE first || ' to ' || last END, ', ' ORDER BY first)
    END AS covered
FROM run_ends
GROUP BY agency, feed, period, known_from, months_in_period
