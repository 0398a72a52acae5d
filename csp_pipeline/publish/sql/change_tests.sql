-- Tested changes of one measure or all, for one area, in financial years or one period.
SELECT
    t.measure, t.agency || '/' || t.feed AS feed, a.area_name AS area, t.period_before, t.period, t.unit, t.value_before, t.value,
    t.change, round(t.percent, 1) AS percent, round(t.ratio, 3) AS ratio, round(t.ratio_low, 2) AS ratio_low,
    round(t.ratio_high, 2) AS ratio_high, round(t.points_low, 1) AS points_low, round(t.points_high, 1) AS points_high,
    t.p_value, if(t.p_value < 0.001, '<0.001', printf('%.3f', t.p_value)) AS p, round(t.rate_before, 2) AS rate_before, round(t.rate, 2) AS rate, t.low_count, t.verdict,
    coalesce(t.break_id, t.reason) AS reason
FROM change_tests t JOIN areas a USING (area_code)
WHERE ($measure IS NULL OR t.measure = $measure)
    AND (t.area_code = coalesce($area, $district) OR lower(a.area_name) = lower($area))
    AND (t.period = $period OR ($period IS NULL AND t.period_kind = 'financial_year'))
    AND ($agency IS NULL OR t.agency = $agency)
    AND (NOT $beyond_chance OR t.verdict IN ('rise', 'fall'))
ORDER BY t.measure, t.agency, t.feed, t.period
