-- Changes of columns, each once with the files that have it: of files that hold, and of refused ones.
SELECT
    c.agency, c.feed, c.column_name, c.change, c.evidence, c.done,
    count(DISTINCT c.file) AS files,
    arg_max(c.file, (coalesce(s.extracted, CAST(s.received AS DATE)), c.file)) AS last_file
FROM column_changes c
JOIN submissions s USING (submission_id)
WHERE s.is_current OR s.outcome = 'refused'
GROUP BY ALL
ORDER BY c.agency, c.feed, c.column_name, c.change, c.evidence, c.done
