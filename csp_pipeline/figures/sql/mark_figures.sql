-- Figures with their observation status and the break inside their period, in a fixed order.
WITH
-- a break lies inside a period when it comes after the period's first day and not after its last
broken AS (
    SELECT f.agency, f.feed, f.measure, p.period, min(f.break_id) AS break_id
    FROM breaks f JOIN periods p ON f.break_date > p.period_start AND f.break_date <= p.period_end
    GROUP BY ALL
)
SELECT
    f.agency, f.feed, f.measure, f.area_code, f.area_basis, f.period, f.period_kind, f.period_start, f.period_end,
    f.date_basis, f.unit,
    CAST(f.value AS DOUBLE) AS value, CAST(f.value_low AS DOUBLE) AS value_low, CAST(f.value_high AS DOUBLE) AS value_high,
    CASE
        WHEN f.coverage = 0 THEN 'M'
        WHEN b.break_id IS NOT NULL THEN 'B'
        WHEN f.value IS NULL THEN 'Q'
        WHEN f.coverage < 1 THEN 'P'
        ELSE 'A'
    END AS status,
    CAST(f.coverage AS DOUBLE) AS coverage, CAST(f.covered AS VARCHAR) AS covered, CAST(f.as_at AS DATE) AS as_at,
    f.is_headline, b.break_id
FROM all_figures f
LEFT JOIN broken b USING (agency, feed, measure, period)
ORDER BY f.agency, f.feed, f.measure, f.area_code, f.area_basis, f.period_kind, f.period_start, f.date_basis, f.unit
