-- Headline figures that a later extract changed: as first complete, as they stand, and the records behind all changes since.
-- A figure that only grew because more of its period came in was extended, not revised, and is left out.
WITH
headline AS (
    SELECT f.agency, f.feed, f.measure, f.area_code, f.area_basis, f.period, f.date_basis, f.unit, f.value
    FROM figures f
    JOIN areas a USING (area_code)
    WHERE f.is_headline AND a.area_level IN ('district', 'county', 'force') AND f.period_kind IN ('quarter', 'financial_year')
),
revised AS (
    SELECT
        v.agency, v.feed, v.measure, v.area_code, v.area_basis, v.period, v.date_basis, v.unit,
        -- what it was before the first revision
        min_by(v.value_before, v.revision) AS value_first,
        max(v.known_from) AS last_revised,
        count(*) AS times,
        sum(v.added) AS added, sum(v.removed) AS removed,
        sum(v.reclassified_in) AS reclassified_in, sum(v.reclassified_out) AS reclassified_out,
        sum(v.moved_in) AS moved_in, sum(v.moved_out) AS moved_out
    FROM figure_vintages v
    WHERE v.event = 'revised'
    GROUP BY ALL
),
titles AS (
    SELECT measure, any_value(title) AS measure_title FROM measures GROUP BY measure
)
SELECT r.* EXCLUDE (area_basis, date_basis), h.value AS value_now, t.measure_title, a.area_name, p.period_kind
FROM revised r
JOIN headline h USING (agency, feed, measure, area_code, area_basis, period, date_basis, unit)
JOIN titles t USING (measure)
JOIN areas a USING (area_code)
JOIN periods p USING (period)
ORDER BY t.measure_title, r.feed, a.area_level, r.area_code, p.period_start, p.period_kind
