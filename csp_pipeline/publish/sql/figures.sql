-- Figures of one measure or all, for one area, in financial years or one period.
SELECT
    f.measure, f.agency || '/' || f.feed AS feed, a.area_name AS area, f.period, f.date_basis, f.area_basis, f.unit,
    f.value, f.value_low, f.value_high, f.status, f.coverage, f.covered, f.as_at, f.preferred_by, f.break_id
FROM figures f JOIN areas a USING (area_code)
WHERE ($measure IS NULL OR f.measure = $measure)
    AND (f.area_code = coalesce($area, $district) OR lower(a.area_name) = lower($area))
    AND (f.period = $period OR ($period IS NULL AND f.period_kind = 'financial_year'))
    AND ($agency IS NULL OR f.agency = $agency)
    AND (f.is_headline OR $every_variant)
ORDER BY f.measure, f.agency, f.feed, f.period_start, f.date_basis, f.area_basis, f.unit
