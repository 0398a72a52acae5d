-- Each feed as it stands on a day: what came last and how it ended, how far it reaches, what is due next, what is late.
-- Made from what has landed and from the configuration, so that it answers before the first run too.
WITH
sent AS (
    SELECT
        agency, feed, count(*) AS files,
        count(*) FILTER (outcome = 'refused') AS refused,
        sum(rows_accepted) AS rows_accepted, sum(rows_rejected) AS rows_rejected,
        max(received) AS last_received, CAST(max(extracted) AS DATE) AS last_extract,
        -- of several that came at one time, the last by path
        arg_max(outcome, (received, file)) AS last_outcome
    FROM received_files GROUP BY ALL
),
-- how far what was accepted reaches
covered AS (
    SELECT agency, feed, CAST(max(covered_until) AS DATE) AS covered_until FROM covered_cells GROUP BY ALL
),
-- of the expected periods: the first that is still to come, and those whose day has passed without a whole file
awaited AS (
    SELECT
        agency, feed,
        arg_min(period, due) FILTER (first_accepted IS NULL AND due >= $today) AS next_period,
        min(due) FILTER (first_accepted IS NULL AND due >= $today) AS next_due,
        count(*) FILTER (first_accepted IS NULL AND due < $today) AS missing,
        arg_min(period, due) FILTER (first_accepted IS NULL AND due < $today) AS first_missing,
        coalesce(date_diff('day', min(due) FILTER (first_accepted IS NULL AND due < $today), $today), 0) AS late_by
    FROM due_periods GROUP BY ALL
),
-- a conflict stands with both feeds whose figures disagree, once each
conflicts AS (
    SELECT agency, feed, count(DISTINCT discrepancy_id) AS open_conflicts
    FROM (
        SELECT discrepancy_id, agency_a AS agency, feed_a AS feed FROM open_discrepancies
        UNION ALL
        SELECT discrepancy_id, agency_b, feed_b FROM open_discrepancies
    ) GROUP BY ALL
)
SELECT
    agency || '/' || feed AS feed, s.last_received, c.covered_until, a.next_due, a.next_period, coalesce(a.late_by, 0) AS late_by,
    s.last_outcome AS outcome, coalesce(s.rows_rejected, 0) AS rejected, coalesce(o.open_conflicts, 0) AS open_conflicts,
    coalesce(s.files, 0) AS files, coalesce(s.refused, 0) AS refused, coalesce(s.rows_accepted, 0) AS rows,
    s.last_extract, coalesce(a.missing, 0) AS missing, a.first_missing,
    t.unreached_since, t.unreached_place, t.unreached_why, t.unreached_to_do, t.not_named
-- answers are no regular feed: an agency's stand here once it has sent any, or their place could not be reached
FROM regular_feeds f
FULL JOIN sent s USING (agency, feed)
FULL JOIN told_of_feeds t USING (agency, feed)
LEFT JOIN covered c USING (agency, feed)
LEFT JOIN awaited a USING (agency, feed)
LEFT JOIN conflicts o USING (agency, feed)
ORDER BY agency, feed
