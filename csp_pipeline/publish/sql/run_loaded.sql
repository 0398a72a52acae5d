-- What each feed holds after a run.
SELECT
    agency, feed, count(*) AS files,
    count(*) FILTER (outcome = 'accepted') AS accepted,
    count(*) FILTER (outcome = 'accepted_with_warnings') AS with_warnings,
    count(*) FILTER (outcome = 'accepted_with_rejects') AS with_rejects,
    count(*) FILTER (outcome = 'refused') AS refused,
    CAST(sum(rows_accepted) AS BIGINT) AS rows_loaded, CAST(sum(rows_rejected) AS BIGINT) AS rows_rejected
FROM submissions GROUP BY ALL ORDER BY ALL
