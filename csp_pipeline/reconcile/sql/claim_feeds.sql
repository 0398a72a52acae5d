-- The figures that claims ask for, each of a named feed: where a claim asks for the preferred figures, of the feed that is
-- preferred.
WITH
-- how many of a claim's figures each feed is preferred for, in each period
preferred AS (
    SELECT a.claim, a.measure, a.period_start, f.agency, f.feed, f.preferred_by, count(*) AS figures
    FROM asked a
    JOIN figures f ON f.measure = a.measure AND f.area_code = a.area_code AND f.period = a.period
        AND f.period_kind = a.period_kind AND f.preferred_by IS NOT NULL
    WHERE a.by_preference
    GROUP BY ALL
),
-- one feed for all of a claim's figures of a measure, so that what is set beside each other is one series: the one preferred in
-- the latest period, and there for most areas
chosen AS (
    SELECT claim, measure, agency, feed, preferred_by
    FROM preferred
    QUALIFY row_number() OVER (PARTITION BY claim, measure ORDER BY period_start DESC, figures DESC, agency, feed) = 1
)
SELECT a.* EXCLUDE (by_preference) REPLACE (coalesce(c.agency, a.agency) AS agency, coalesce(c.feed, a.feed) AS feed), c.preferred_by
FROM asked a
LEFT JOIN chosen c ON a.by_preference AND c.claim = a.claim AND c.measure = a.measure
