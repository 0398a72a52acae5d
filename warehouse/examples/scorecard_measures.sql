-- What the scorecard says of each measure: Harborough's preferred figure of the latest year, its change, and conflicts not settled.
WITH unsettled AS (
    SELECT d.measure, count(*) AS conflicts
    FROM discrepancies d
    JOIN periods p ON p.period = d.period AND p.period_kind = 'financial_year'
    WHERE d.area_code = 'E07000131' AND d.state NOT IN ('explained', 'resolved')
    GROUP BY ALL
)
SELECT f.measure_title, f.agency, f.feed, t.value_before, f.value, round(t.rate, 2) AS per_1000, t.change, t.percent, t.verdict, t.reason,
    coalesce(u.conflicts, 0) AS unsettled
FROM preferred_figures f
LEFT JOIN change_tests t USING (agency, feed, measure, area_code, period)
LEFT JOIN unsettled u USING (measure)
WHERE f.area_code = 'E07000131' AND f.period = '2016-17'
ORDER BY f.measure_title;
