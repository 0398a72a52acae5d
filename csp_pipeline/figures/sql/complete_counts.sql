-- The counts of one feed on a full grid of measures, variants, areas and periods: what is covered and counts nothing is a
-- true zero; what is not covered is missing, whatever stray records fall in it.
WITH
grid AS (
    SELECT v.* EXCLUDE (grain_months), a.area_code, c.period, c.period_kind, c.period_start, c.period_end, c.coverage, c.covered, c.as_at
    FROM variants v
    JOIN variant_areas a USING (area_basis)
    CROSS JOIN (SELECT * FROM coverage WHERE agency = {{ agency | quoted }} AND feed = {{ feed | quoted }}) c
    -- a date that only tells the quarter or the year gives no figures for shorter periods
    WHERE date_diff('month', c.period_start, c.period_end) + 1 >= v.grain_months
),
-- records without a usable place could belong to any area below the one that the whole feed covers
unlocated AS (
    SELECT measure, area_basis, period, date_basis, unit, value AS unlocated
    FROM counts WHERE area_code = 'unlocated'
)
SELECT
    {{ agency | quoted }} AS agency, {{ feed | quoted }} AS feed,
    g.measure, g.area_code, g.area_basis, g.period, g.period_kind, g.period_start, g.period_end, g.date_basis, g.unit,
    CASE WHEN g.coverage > 0 THEN coalesce(n.value, 0) END AS value,
    CASE WHEN g.coverage > 0 THEN coalesce(n.value, 0) END AS value_low,
    CASE WHEN g.coverage > 0 THEN
        coalesce(n.value, 0) + CASE WHEN g.area_code = {{ covers_area | quoted }} THEN 0 ELSE coalesce(u.unlocated, 0) END
    END AS value_high,
    g.coverage, g.covered, g.as_at, g.is_headline
FROM grid g
LEFT JOIN counts n ON n.measure = g.measure AND n.area_code = g.area_code AND n.area_basis = g.area_basis
    AND n.period = g.period AND n.date_basis = g.date_basis AND n.unit = g.counted_unit
LEFT JOIN unlocated u ON u.measure = g.measure AND u.area_basis = g.area_basis AND u.period = g.period
    AND u.date_basis = g.date_basis AND u.unit = g.counted_unit
