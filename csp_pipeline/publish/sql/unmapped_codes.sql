-- Codes that no code list knows, each once with the submissions that have it; {{ files }} are the Parquet files of intake.
WITH
-- Every code of every submission, with the day that its submission was extracted or, failing that, received.
sent AS (
    SELECT c.agency, c.feed, c.column_name, c.code, c.rows, c.submission_id, s.is_current,
           coalesce(s.extracted, CAST(s.received AS DATE)) AS day
    FROM read_parquet({{ files }}) c JOIN submissions s USING (submission_id)
)
SELECT agency, feed, column_name, code, CAST(sum(rows) AS BIGINT) AS rows, count(DISTINCT submission_id) AS submissions,
       arg_min(submission_id, (day, submission_id)) AS first_submission,
       arg_max(submission_id, (day, submission_id)) AS last_submission,
       bool_or(is_current) AS is_open
FROM sent
GROUP BY agency, feed, column_name, code
ORDER BY agency, feed, column_name, code
