-- Rejected rows, each with what became of its submission: a row counts as open while its submission still holds.
-- Of a file refused since all of its rows failed, the rows are told where it is a form, which has few.
SELECT
    r.submission_id, r.agency, r.feed, r.file, r.sheet, r.row_number, r.column_name, r.code, r.value, r.problems, r.message,
    s.is_current AS is_open, s.coverage
FROM rejects r
JOIN submissions s USING (submission_id)
WHERE r.row_number IS NOT NULL AND (s.outcome <> 'refused' OR (s.code = 'no_row_accepted' AND s.feed = 'responses'))
ORDER BY r.agency, r.feed, s.covered_from, r.file, r.sheet NULLS FIRST, r.row_number, r.column_name, r.code
