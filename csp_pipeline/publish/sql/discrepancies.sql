-- Conflicts that people have to settle.
SELECT
    d.discrepancy_id, d.measure, a.area_name AS area, d.period, d.agency_a, d.feed_a, d.value_a, d.agency_b, d.feed_b,
    d.value_b, d.gap, d.unexplained, d.state, d.state_rule, array_to_string(d.answers, '; ') AS answers,
    array_to_string(d.unanswered_by, '; ') AS unanswered_by, d.first_seen, d.rule, d.reasons
FROM discrepancies d JOIN areas a USING (area_code)
WHERE ($measure IS NULL OR d.measure = $measure)
    AND ($agency IS NULL OR list_contains(d.owner_agencies, $agency))
    AND ($area IS NULL OR d.area_code = $area OR lower(a.area_name) = lower($area))
    AND ($period IS NULL OR d.period = $period)
ORDER BY d.measure, d.area_code, d.period, d.discrepancy_id
