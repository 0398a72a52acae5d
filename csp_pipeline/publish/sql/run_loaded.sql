-- What each feed holds after a run: its files by outcome, its rows.
SELECT
    agency || '/' || feed AS feed, count(*) AS files,
    count(*) FILTER (outcome = 'accepted') AS accepted,
    count(*) FILTER (outcome = 'accepted_with_warnings') AS warned,
    count(*) FILTER (outcome = 'accepted_with_rejects') AS rejects,
    count(*) FILTER (outcome = 'refused') AS refused,
    CAST(sum(rows_accepted) AS BIGINT) AS rows, CAST(sum(rows_rejected) AS BIGINT) AS rejected
FROM submissions GROUP BY ALL ORDER BY ALL
