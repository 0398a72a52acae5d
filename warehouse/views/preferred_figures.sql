-- For each measure, area and period the figure that the partnership's rules prefer, with the others beside it.
CREATE VIEW preferred_figures AS
SELECT
    m.title AS measure_title, f.measure, a.area_name, f.area_code, a.area_level, f.period, f.period_kind, f.period_start,
    f.period_end, f.value, f.value_low, f.value_high, f.status, f.coverage, f.agency, f.feed, f.unit, f.as_at, f.preferred_by,
    o.other_figures
FROM figures f
JOIN (SELECT DISTINCT measure, title FROM measures) m USING (measure)
JOIN areas a USING (area_code)
LEFT JOIN (
    SELECT
        measure, area_code, period,
        string_agg(
            agency || '/' || feed || ' ' || CASE
                WHEN status = 'M' THEN 'missing'
                WHEN value IS NULL THEN 'suppressed'
                WHEN value = floor(value) THEN CAST(CAST(value AS BIGINT) AS VARCHAR)
                ELSE CAST(round(value, 1) AS VARCHAR)
            END,
            ', ' ORDER BY agency, feed
        ) AS other_figures
    FROM figures WHERE is_headline AND preferred_by IS NULL
    GROUP BY ALL
) o USING (measure, area_code, period)
WHERE f.preferred_by IS NOT NULL;
COMMENT ON VIEW preferred_figures IS 'The figure that the rules prefer for each measure, area and period, with the other feeds'' figures beside it.';
COMMENT ON COLUMN preferred_figures.measure_title IS 'The measure in words.';
COMMENT ON COLUMN preferred_figures.other_figures IS 'What the other feeds give for it: feed and figure, apart by commas.';
