-- The steps of the bridges that reports show: of discrepancies of the partnership's own district and whole years. Bridges of
-- quarters and other areas stay in the warehouse: several of them together would tell what each one alone withholds.
SELECT s.comparison_id, s.step, s.cause, s.detail, s.contribution, s.records_a, s.records_b, s.sentence
FROM bridge_steps s
JOIN discrepancies d ON d.discrepancy_id = s.comparison_id
JOIN periods p USING (period)
WHERE d.area_code = $district AND p.period_kind = 'financial_year'
ORDER BY s.comparison_id, s.step
