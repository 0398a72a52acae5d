-- The own district's quarterly headline figures of disputed measures, and the breaks that lie in them.
WITH
disputed AS (
    SELECT agency_a AS agency, feed_a AS feed, measure FROM discrepancies
    UNION
    SELECT agency_b, feed_b, measure FROM discrepancies
),
titles AS (
    SELECT measure, any_value(title) AS measure_title FROM measures GROUP BY measure
)
SELECT
    f.agency, f.feed, f.measure, t.measure_title, f.period, f.unit, f.value, f.status,
    b.title AS break_title, b.break_date
FROM figures f
JOIN disputed USING (agency, feed, measure)
JOIN titles t USING (measure)
LEFT JOIN breaks b ON b.break_id = f.break_id AND b.agency = f.agency AND b.feed = f.feed AND b.measure = f.measure
WHERE f.is_headline AND f.area_code = $district AND f.period_kind = 'quarter'
ORDER BY t.measure_title, f.feed, f.period_start
