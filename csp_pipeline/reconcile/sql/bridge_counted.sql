-- Every record that a side counts, in each comparison (cell) that it counts in, with the event it belongs to and the unit that
-- it is counted as.
WITH
month_cells AS (
    SELECT g.cell, g.area_code, m.period_start AS month
    FROM grid g JOIN periods m ON m.period_kind = 'month' AND m.period_start BETWEEN g.period_start AND g.period_end
)
{% for side in sides %}
SELECT s.record, e.event, c.cell, {{ "s.unit_%d" % measure if side.is_distinct else "NULL" }} AS unit
FROM side_{{ side.name }} s
JOIN events e USING (record)
JOIN rollup_{{ side.name }} k ON k.place = s.place_{{ measure }}
JOIN month_cells c ON c.month = s.month_{{ measure }} AND c.area_code = k.area_code
WHERE s.is_current AND s.failed_{{ measure }} = 0
    {{ "AND s.unit_%d IS NOT NULL" % measure if side.is_person }}
{{ "UNION ALL" if not loop.last }}
{% endfor %}
