-- The records behind a bridge's steps, or behind those of one cause, with the file and row that each came in.
SELECT
    r.cause, r.detail, r.agency || '/' || r.feed AS feed, r.record_key, r.contribution, r.counterpart_key, r.rule,
    r.other_differences, u.file, r.sheet, r.row_number
FROM bridge_records r LEFT JOIN submissions u USING (submission_id)
WHERE r.comparison_id = $comparison_id AND ($cause IS NULL OR r.cause = $cause)
ORDER BY r.cause, r.detail, feed, r.record_key, r.row_number
