-- Each yearly change and each change of a quarter on the same quarter a year before, with what its test needs: unit, date
-- basis, populations, bases, and the reason why it is not tested, if there is one.
WITH
headline AS MATERIALIZED (
    SELECT agency, feed, measure, area_code, period, period_kind, period_start, unit, date_basis, base, status
    FROM figures WHERE is_headline AND period_kind IN ('financial_year', 'quarter')
),
-- on its own, or the planner would join every two periods of a series before it looks which of them are compared
later AS MATERIALIZED (
    SELECT c.*, h.period_kind, h.period_start, h.unit, h.date_basis, h.base, h.status
    FROM changes c JOIN headline h USING (agency, feed, measure, area_code, period)
),
area_years AS (
    {{ area_years }}
),
pairs AS (
    SELECT
        a.agency, a.feed, a.measure, a.area_code, a.period_kind, a.period_before, a.period, a.period_start, a.unit,
        a.date_basis, a.value_before, a.value, b.base AS base_before, a.base, n.population AS population_before, m.population,
        a.rule, 'Q' IN (b.status, a.status) AS is_suppressed
    FROM later a
    JOIN headline b ON b.agency = a.agency AND b.feed = a.feed AND b.measure = a.measure AND b.area_code = a.area_code
        AND b.period = a.period_before AND b.period_kind = a.period_kind
    LEFT JOIN area_years n ON n.area_code = a.area_code AND n.mid_year = year(b.period_start - INTERVAL 3 MONTH)
    LEFT JOIN area_years m ON m.area_code = a.area_code AND m.mid_year = year(a.period_start - INTERVAL 3 MONTH)
)
SELECT
    * EXCLUDE (rule, is_suppressed),
    CASE
        WHEN rule = 'missing' THEN if(is_suppressed, 'suppressed', 'missing')
        WHEN rule = 'incomplete_period' THEN rule
        WHEN rule IS NOT NULL THEN 'break'
        WHEN unit = 'percent' AND (coalesce(base, 0) <= 0 OR coalesce(base_before, 0) <= 0) THEN 'no_base'
        WHEN unit = 'percent' THEN NULL
        WHEN least(value, value_before) < 0 OR value <> round(value) OR value_before <> round(value_before) THEN 'not_a_count'
        -- whoever is open in both periods is counted in both, so the two counts are not independent
        WHEN date_basis = 'open' THEN 'same_people'
    END AS reason,
    CASE WHEN rule NOT IN ('missing', 'incomplete_period') THEN rule END AS break_id
FROM pairs
ORDER BY agency, feed, measure, area_code, period_kind, period_start
