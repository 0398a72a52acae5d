-- Suggested level shifts with the nearest declared break of the series, where one lies near.
WITH
declared AS (
    -- of two breaks as near, the first by name
    SELECT
        f.agency, f.feed, f.measure, f.suggested_month,
        arg_min(b.break_id, (abs(date_diff('month', b.break_date, f.suggested_month)), b.break_id)) AS break_id
    FROM found f
    JOIN breaks b ON b.agency = f.agency AND b.feed = f.feed AND b.measure = f.measure
        AND abs(date_diff('month', b.break_date, f.suggested_month)) <= $near
    GROUP BY ALL
)
SELECT
    agency, feed, measure, area_code, 'month' AS series_kind, CAST(suggested_month AS DATE) AS suggested_month,
    round(mean_before, 2) AS mean_before, round(mean_after, 2) AS mean_after, round(strength, 2) AS strength,
    break_id AS declared_break
FROM found
LEFT JOIN declared USING (agency, feed, measure, suggested_month)
ORDER BY agency, feed, measure, area_code, suggested_month
