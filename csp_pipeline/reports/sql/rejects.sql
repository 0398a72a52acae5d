-- Rejected rows, each with what became of its submission: a row counts as open while its submission still holds.
SELECT
    r.agency, r.feed, r.file, r.sheet, r.row_number, r.column_name, r.code, r.value, r.problems, r.message,
    s.is_current AS is_open, s.coverage
FROM rejects r
JOIN submissions s USING (submission_id)
WHERE r.row_number IS NOT NULL AND s.outcome <> 'refused'
ORDER BY r.agency, r.feed, s.covered_from, r.file, r.sheet NULLS FIRST, r.row_number, r.column_name, r.code
