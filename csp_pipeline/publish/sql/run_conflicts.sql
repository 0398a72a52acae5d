-- The yearly conflicts of the partnership's own district in the latest year that has any, largest first.
WITH yearly AS (
    SELECT d.*, p.period_start
    FROM discrepancies d JOIN periods p ON p.period = d.period AND p.period_kind = 'financial_year'
    WHERE d.area_code = $district
)
SELECT
    measure, period,
    agency_a || '/' || feed_a || ' ' || coalesce(CAST(CAST(value_a AS BIGINT) AS VARCHAR), 'suppressed') AS one,
    agency_b || '/' || feed_b || ' ' || coalesce(CAST(CAST(value_b AS BIGINT) AS VARCHAR), 'suppressed') AS other,
    CAST(gap AS BIGINT) AS gap, state
FROM yearly
WHERE period_start = (SELECT max(period_start) FROM yearly)
ORDER BY abs(gap) DESC NULLS LAST, measure, one, other
