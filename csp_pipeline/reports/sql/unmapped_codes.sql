-- Codes that no list knows, in files that hold, each with the last file that has it: senders know files, not submissions.
SELECT c.agency, c.feed, c.column_name, c.code, c.rows, c.last_submission, s.file AS last_file
FROM unmapped_codes c
JOIN submissions s ON s.submission_id = c.last_submission
WHERE c.is_open
ORDER BY c.agency, c.feed, c.column_name, c.code
