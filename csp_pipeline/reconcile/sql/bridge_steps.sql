-- The signed steps of each bridge, one for each cause and detail, in a fixed order, ending in `unexplained`.
WITH
named AS (
    SELECT
        r.comparison_id, r.cause,
        -- a condition or a reason makes a step of its own, and so does a probable link; months differ from record to record
        CASE
            WHEN r.cause NOT IN ('reference_date', 'reference_period') THEN r.detail
            WHEN contains(r.detail, {{ probable | quoted }}) THEN substr(r.detail, strpos(r.detail, {{ probable | quoted }}))
        END AS detail,
        sum(r.contribution) AS contribution, count(*) AS records,
        count(*) FILTER (r.agency = c.agency_a AND r.feed = c.feed_a) AS records_a
    FROM bridge_records r JOIN comparisons c USING (comparison_id)
    GROUP BY ALL
),
-- every bridge says what is left, also when nothing is
complete AS (
    SELECT * FROM named
    UNION ALL
    SELECT g.comparison_id, 'unexplained', NULL, 0, 0, 0
    FROM bridged g ANTI JOIN (SELECT comparison_id FROM named WHERE cause = 'unexplained') USING (comparison_id)
    UNION ALL
    -- between feeds without declared links nothing can be taken apart
    SELECT comparison_id, 'unexplained', 'no_link_declared', gap, NULL, NULL FROM unlinked
),
-- a meaning of the detail's own comes before the cause's
with_meaning AS (
    SELECT s.*, m.meaning, m.shows_detail
    FROM complete s LEFT JOIN meanings m ON m.cause = s.cause AND (m.detail = s.detail OR m.detail IS NULL)
    QUALIFY row_number() OVER (PARTITION BY s.comparison_id, s.cause, s.detail ORDER BY m.detail IS NULL) = 1
)
SELECT
    comparison_id,
    row_number() OVER (PARTITION BY comparison_id ORDER BY list_position({{ causes }}, cause), detail NULLS FIRST) AS step,
    cause, detail, CAST(contribution AS DOUBLE) AS contribution, records, records_a, records - records_a AS records_b,
    CASE
        WHEN records = 0 THEN 'Nothing is left unexplained.'
        ELSE coalesce(meaning, '') || CASE WHEN shows_detail AND detail IS NOT NULL THEN ': ' || detail ELSE '' END || '.'
    END AS sentence
FROM with_meaning
ORDER BY comparison_id, step
