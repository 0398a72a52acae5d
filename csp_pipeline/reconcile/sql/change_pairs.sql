-- Each yearly change and each change of a quarter on the same quarter a year before, with what its test needs: unit, date
-- basis, populations, bases, and the reason why it is not tested, if there is one.
WITH
headline AS MATERIALIZED (SELECT * FROM figures WHERE is_headline AND period_kind IN ('financial_year', 'quarter')),
area_years AS (
    {{ area_years }}
),
pairs AS (
    SELECT
        c.agency, c.feed, c.measure, c.area_code, a.period_kind, c.period_before, c.period, a.period_start, a.unit,
        a.date_basis, c.value_before, c.value, b.base AS base_before, a.base, n.population AS population_before, m.population,
        c.rule, 'Q' IN (b.status, a.status) AS is_suppressed
    FROM changes c
    JOIN headline a USING (agency, feed, measure, area_code, period)
    JOIN headline b ON b.agency = c.agency AND b.feed = c.feed AND b.measure = c.measure AND b.area_code = c.area_code
        AND b.period = c.period_before AND b.period_kind = a.period_kind
    LEFT JOIN area_years n ON n.area_code = c.area_code AND n.mid_year = year(b.period_start - INTERVAL 3 MONTH)
    LEFT JOIN area_years m ON m.area_code = c.area_code AND m.mid_year = year(a.period_start - INTERVAL 3 MONTH)
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
