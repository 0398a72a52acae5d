-- The records behind those steps, each with the file it came in, so that its own agency can find it. The other side's
-- record of the same event is left behind here: no report names another agency's record.
SELECT r.comparison_id, r.cause, r.detail, r.agency, r.feed, r.record_key, s.file, r.sheet, r.row_number
FROM bridge_records r
JOIN discrepancies d ON d.discrepancy_id = r.comparison_id
JOIN periods p USING (period)
JOIN submissions s USING (submission_id)
WHERE d.area_code = $district AND p.period_kind = 'financial_year'
ORDER BY r.comparison_id, r.cause, r.detail NULLS FIRST, r.agency, r.feed, r.record_key, s.file, r.row_number
