-- How one measure's figures came to be what they are, for one area, in financial years or one period: each vintage with
-- what changed it. With a day, only what was known then.
SELECT
    v.measure, v.agency || '/' || v.feed AS feed, a.area_name AS area, v.period, v.revision, v.known_from, v.event,
    v.value_before, v.value, v.change, v.status, v.coverage, v.covered,
    v.added, v.removed, v.reclassified_in, v.reclassified_out, v.moved_in, v.moved_out,
    array_to_string(list_filter([
        CASE WHEN v.added > 0 THEN v.added || ' added' END,
        CASE WHEN v.removed > 0 THEN v.removed || ' removed' END,
        CASE WHEN v.reclassified_in > 0 THEN v.reclassified_in || ' reclassified into it' END,
        CASE WHEN v.reclassified_out > 0 THEN v.reclassified_out || ' reclassified out of it' END,
        CASE WHEN v.moved_in > 0 THEN v.moved_in || ' moved in' END,
        CASE WHEN v.moved_out > 0 THEN v.moved_out || ' moved out' END
    ], lambda reason: reason IS NOT NULL), ', ') AS why
FROM figure_vintages v
JOIN areas a USING (area_code)
JOIN periods p USING (period)
WHERE v.measure = $measure
    AND (v.area_code = coalesce($area, $district) OR lower(a.area_name) = lower($area))
    AND (v.period = $period OR ($period IS NULL AND p.period_kind = 'financial_year'))
    AND ($agency IS NULL OR v.agency = $agency)
    AND ($day IS NULL OR v.known_from <= $day)
ORDER BY v.agency, v.feed, p.period_start, v.revision
