-- Each feed: what came, how it ended, how far it reaches, what is missing.
WITH
sent AS (
    SELECT
        agency, feed, count(*) AS files,
        count(*) FILTER (outcome = 'refused') AS refused,
        sum(rows_accepted) AS rows_accepted, sum(rows_rejected) AS rows_rejected,
        max(covered_until) FILTER (outcome <> 'refused') AS covered_until, max(extracted) AS last_extract
    FROM submissions GROUP BY ALL
),
-- expected periods by the feed's own kind of period that nothing accepted covers
gaps AS (
    SELECT f.agency, f.feed, count(*) AS missing, min(p.period) AS first_missing
    FROM feeds f
    JOIN periods p ON p.period_kind = f.covers AND p.period_start >= f.expected_from AND p.period_end <= f.expected_until
    ANTI JOIN validity v ON v.agency = f.agency AND v.feed = f.feed AND v.covered_label = p.period
    GROUP BY ALL
)
SELECT
    agency || '/' || feed AS feed, coalesce(s.files, 0) AS files, coalesce(s.refused, 0) AS refused,
    coalesce(s.rows_accepted, 0) AS rows, coalesce(s.rows_rejected, 0) AS rejected,
    s.covered_until, s.last_extract, coalesce(g.missing, 0) AS missing, g.first_missing
-- answers are no regular feed: an agency's stand here once it has sent any
FROM feeds f FULL JOIN sent s USING (agency, feed) LEFT JOIN gaps g USING (agency, feed)
ORDER BY agency, feed
