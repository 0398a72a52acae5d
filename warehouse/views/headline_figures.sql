-- One row for each headline figure with names beside codes: the place to start.
CREATE VIEW headline_figures AS
SELECT
    m.title AS measure_title, f.measure, n.agency_name, f.agency, f.feed, a.area_name, f.area_code, a.area_level,
    f.period, f.period_kind, f.period_start, f.period_end, f.value, f.value_low, f.value_high, f.base, f.status, f.coverage,
    f.covered, f.unit, f.date_basis, f.area_basis, f.as_at, f.break_id
FROM figures f
JOIN (SELECT DISTINCT measure, title FROM measures) m USING (measure)
JOIN agencies n USING (agency)
JOIN areas a USING (area_code)
WHERE f.is_headline;
COMMENT ON VIEW headline_figures IS 'Headline figures with names beside codes: the place to start.';
COMMENT ON COLUMN headline_figures.measure_title IS 'The measure in words.';
