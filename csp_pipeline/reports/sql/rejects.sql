-- Rejected rows, each with what became of its submission: a row counts as open while its submission still holds.
-- Of a file refused since all of its rows failed, the rows are told where it is a form, which has few.
-- Of many rows of a file with one problem in one column the first are listed, and the last of these stands for the rest:
-- it is one mistake, and nobody can read or correct thousands of rows one by one.
WITH
told AS (
    SELECT r.*, s.is_current AS is_open, s.coverage, s.covered_from
    FROM rejects r
    JOIN submissions s USING (submission_id)
    WHERE r.row_number IS NOT NULL AND (s.outcome <> 'refused' OR (s.code = 'no_row_accepted' AND s.feed = 'responses'))
),
alike AS (
    SELECT *, row_number() OVER (same_problem ORDER BY row_number) AS place, count(*) OVER same_problem AS rows_alike
    FROM told
    WINDOW same_problem AS (PARTITION BY submission_id, sheet, column_name, code)
)
SELECT
    submission_id, agency, feed, file, sheet, row_number, column_name, code, value, problems, message, is_open, coverage,
    -- as the sender's own system calls it: row numbers change when a sheet is sorted
    array_to_string(json_extract_string(identifiers, '$.*'), ', ') AS reference,
    CASE place WHEN {{ most_listed }} THEN rows_alike - place ELSE 0 END AS more
FROM alike
WHERE place <= {{ most_listed }}
ORDER BY agency, feed, covered_from, file, sheet NULLS FIRST, row_number, column_name, code
