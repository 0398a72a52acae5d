-- Each month, and for each measure the compared periods that hold it, as one number (0 for none): records of one place in two
-- months with the same number count in the same comparisons.
WITH
periods_of_months AS (
    SELECT m.period_start AS month, c.measure, c.period
    FROM (SELECT DISTINCT measure, period FROM compared) c
    JOIN periods p USING (period)
    JOIN periods m ON m.period_kind = 'month' AND m.period_start BETWEEN p.period_start AND p.period_end
)
SELECT
    month
    {% for measure in measures %}
    , CASE WHEN bool_or(measure = {{ measure }}) THEN hash(list(period ORDER BY period) FILTER (measure = {{ measure }})) ELSE 0 END AS periods_{{ measure }}
    {% endfor %}
FROM periods_of_months
GROUP BY month
