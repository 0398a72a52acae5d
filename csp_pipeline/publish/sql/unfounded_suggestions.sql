-- Suggested breaks that do not lie in a complete month of their series, or are no stronger than noise; and breaks on
-- figures that nobody declared.
SELECT
    (
        SELECT count(*) FROM break_suggestions s
        LEFT JOIN figures f ON f.agency = s.agency AND f.feed = s.feed AND f.measure = s.measure AND f.area_code = s.area_code
            AND f.period_kind = s.series_kind AND f.period_start = s.suggested_month AND f.is_headline AND f.coverage = 1
        WHERE f.agency IS NULL OR s.strength < $least OR s.mean_before = s.mean_after
    )
    + (SELECT count(*) FROM figures WHERE break_id IS NOT NULL AND NOT list_contains($declared, break_id)) AS wrong
