-- How the gaps of the own district's yearly discrepancies stood over time, the latest state first, from when the two figures
-- could be compared: while a year was still coming in, a gap says nothing.
SELECT g.comparison_id, g.known_from, g.known_to, g.value_a, g.value_b, g.verdict, g.effect, g.changed_by
FROM gap_history g
JOIN discrepancies d ON d.discrepancy_id = g.comparison_id
JOIN periods p USING (period)
WHERE d.area_code = $district AND p.period_kind = 'financial_year' AND g.verdict IN ('agrees', 'within_tolerance', 'conflict')
ORDER BY g.comparison_id, g.known_from DESC
