{% set key = "agency, feed, area_code, period" %}
-- For each feed and period, each day on which what is covered of it changed: how many months are covered then, and which.
-- `covered_months` says from when until when each month is; its `area_code` is empty where a feed covers all its areas alike.
WITH
covered_months AS (
{{ covered_months }}
),
in_periods AS (
    SELECT c.*, p.period, p.months AS months_in_period
    FROM covered_months c
    JOIN periods p ON c.month BETWEEN p.period_start AND p.period_end
),
days AS (
    SELECT DISTINCT {{ key }}, months_in_period, unnest([known_from, known_to]) AS day FROM in_periods
),
covered_then AS (
    SELECT DISTINCT d.*, c.month
    FROM days d
    LEFT JOIN in_periods c ON c.agency = d.agency AND c.feed = d.feed AND c.area_code = d.area_code AND c.period = d.period
        AND c.known_from <= d.day AND (c.known_to IS NULL OR c.known_to > d.day)
    WHERE d.day IS NOT NULL
),
-- months in a row have one distance between their place in time and their place among the covered
runs AS (
    SELECT
        *, datediff('month', DATE '2000-01-01', month) - row_number() OVER (PARTITION BY {{ key }}, day ORDER BY month) AS run
    FROM covered_then
),
run_ends AS (
    SELECT
        {{ key }}, day, months_in_period, count(month) AS months,
        strftime(min(month), '%Y-%m') AS first, strftime(max(month), '%Y-%m') AS last
    FROM runs GROUP BY {{ key }}, day, months_in_period, run
)
SELECT
    {{ key }}, day AS known_from, sum(months) / months_in_period AS coverage,
    CASE WHEN sum(months) BETWEEN 1 AND months_in_period - 1 THEN
        string_agg(CASE WHEN first = last THEN first ELSE first || ' to ' || last END, ', ' ORDER BY first)
    END AS covered
FROM run_ends
GROUP BY {{ key }}, day, months_in_period
