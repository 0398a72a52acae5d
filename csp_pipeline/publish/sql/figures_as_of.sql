-- Headline figures of one measure or all as known on a day, for one area, in financial years or one period; those that
-- nothing was known of are missing.
WITH
known AS (
    SELECT * FROM figure_vintages WHERE known_from <= $day AND (known_to IS NULL OR known_to > $day)
),
every AS (
    SELECT
        agency, feed, measure, area_code, period, date_basis, area_basis, unit, value, value_low, value_high, status,
        coverage, covered, known_from, break_id
    FROM known
    UNION ALL
    SELECT
        agency, feed, measure, area_code, period, date_basis, area_basis, unit, NULL, NULL, NULL, 'M', 0, NULL, NULL, break_id
    FROM figures ANTI JOIN known USING (agency, feed, measure, area_code, period)
    WHERE is_headline
)
SELECT
    f.measure, f.agency || '/' || f.feed AS feed, a.area_name AS area, f.period, f.date_basis, f.area_basis, f.unit,
    f.value, f.value_low, f.value_high, f.status, f.coverage, f.covered, f.known_from, f.break_id
FROM every f
JOIN areas a USING (area_code)
JOIN periods p USING (period)
WHERE ($measure IS NULL OR f.measure = $measure)
    AND (f.area_code = coalesce($area, $district) OR lower(a.area_name) = lower($area))
    AND (f.period = $period OR ($period IS NULL AND p.period_kind = 'financial_year'))
    AND ($agency IS NULL OR f.agency = $agency)
ORDER BY f.measure, f.agency, f.feed, p.period_start, f.date_basis, f.area_basis, f.unit
