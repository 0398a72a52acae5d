-- The signed steps of each bridge, one for each cause and detail, in a fixed order, ending in `unexplained`.
WITH
named AS (
    SELECT
        comparison_id, cause,
        -- a condition or a reason makes a step of its own; months differ from record to record
        CASE WHEN cause NOT IN ('reference_date', 'reference_period') THEN detail END AS detail,
        sum(contribution) AS contribution, count(*) AS records
    FROM bridge_records
    GROUP BY ALL
),
-- every bridge says what is left, also when nothing is
complete AS (
    SELECT * FROM named
    UNION ALL
    SELECT g.comparison_id, 'unexplained', NULL, 0, 0
    FROM bridged g ANTI JOIN (SELECT comparison_id FROM named WHERE cause = 'unexplained') USING (comparison_id)
    UNION ALL
    -- between feeds without declared links nothing can be taken apart
    SELECT comparison_id, 'unexplained', 'no_link_declared', gap, NULL FROM unlinked
)
SELECT
    comparison_id,
    row_number() OVER (
        PARTITION BY comparison_id ORDER BY list_position({{ causes }}, cause), detail NULLS FIRST
    ) AS step,
    cause, detail, CAST(contribution AS DOUBLE) AS contribution, records
FROM complete
ORDER BY comparison_id, step
