-- Each complete month and quarter of the district's headline series with the limits of its XmR chart: the mean, and 2.66
-- mean moving ranges to either side. A declared break ends one chart and begins another.
WITH
-- a period that holds a break, is not covered whole, or has no value belongs to no chart
complete AS (
    SELECT * FROM figures
    WHERE is_headline AND area_code = $district AND period_kind IN ('month', 'quarter') AND status = 'A' AND value IS NOT NULL
),
-- how many breaks lie before the period tells the stretch between breaks that it belongs to
stretches AS (
    SELECT c.*, count(k.break_id) AS stretch
    FROM complete c
    LEFT JOIN breaks k ON k.agency = c.agency AND k.feed = c.feed AND k.measure = c.measure AND k.break_date <= c.period_start
    GROUP BY ALL
),
-- the moving range is the step from one period to the next; across a period that is left out there is none
ranges AS (
    SELECT
        *, CASE WHEN lag(period_end) OVER series = period_start - INTERVAL 1 DAY THEN abs(value - lag(value) OVER series) END AS step
    FROM stretches
    WINDOW series AS (PARTITION BY agency, feed, measure, period_kind, stretch ORDER BY period_start)
),
charts AS (
    SELECT
        agency, feed, measure, period_kind, stretch, count(*) AS points, avg(value) AS mean, avg(step) AS mean_step,
        min(period_start) AS chart_start,
        CASE
            WHEN count(*) < $least_points THEN 'too_few_points'
            WHEN any_value(unit) <> 'percent' AND avg(value) < $least_mean THEN 'too_low'
        END AS reason
    FROM ranges
    GROUP BY ALL
),
limits AS (
    SELECT
        r.agency, r.feed, r.measure, r.area_code, r.period_kind, r.period, r.period_start, c.chart_start, c.points, r.unit, r.value,
        c.mean AS centre, c.reason,
        -- no count or percentage lies below 0, and no percentage above 100
        CASE WHEN c.reason IS NULL THEN greatest(c.mean - 2.66 * c.mean_step, 0) END AS lower,
        CASE WHEN c.reason IS NULL THEN
            if(r.unit = 'percent', least(c.mean + 2.66 * c.mean_step, 100), c.mean + 2.66 * c.mean_step)
        END AS upper
    FROM ranges r JOIN charts c USING (agency, feed, measure, period_kind, stretch)
)
SELECT
    agency, feed, measure, area_code, period_kind, period, chart_start, points, unit, value, centre, lower, upper,
    CASE
        WHEN reason IS NOT NULL THEN 'no_limits'
        WHEN value > upper THEN 'above'
        WHEN value < lower THEN 'below'
        ELSE 'within'
    END AS signal,
    reason
FROM limits
ORDER BY agency, feed, measure, period_kind, period_start
