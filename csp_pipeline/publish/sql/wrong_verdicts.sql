-- How many tested changes contradict themselves, or are missing or too many beside the changes that they judge.
WITH
-- 2010-11 names a month and a financial year: the period a year before tells which
expected AS (
    SELECT c.* FROM changes c
    JOIN periods b ON b.period = c.period_before
    JOIN periods p ON p.period = c.period AND p.period_kind = b.period_kind
    WHERE p.period_kind IN ('financial_year', 'quarter')
),
unmatched AS (
    SELECT agency, feed, measure, area_code, period FROM expected
    ANTI JOIN change_tests USING (agency, feed, measure, area_code, period)
    UNION ALL
    SELECT agency, feed, measure, area_code, period FROM change_tests
    ANTI JOIN expected USING (agency, feed, measure, area_code, period)
),
contradictory AS (
    SELECT agency, feed, measure, area_code, period FROM change_tests
    WHERE (verdict = 'not_tested') <> (reason IS NOT NULL)
        OR (verdict <> 'not_tested' AND p_value IS NULL)
        OR (verdict = 'rise' AND unit <> 'percent' AND NOT ratio_low > 1)
        OR (verdict = 'fall' AND unit <> 'percent' AND NOT coalesce(ratio_high, 'infinity'::DOUBLE) < 1)
        OR (verdict = 'within_chance' AND unit <> 'percent'
            AND NOT (ratio_low <= 1 AND coalesce(ratio_high, 'infinity'::DOUBLE) >= 1))
)
SELECT (SELECT count(*) FROM unmatched) + (SELECT count(*) FROM contradictory)
