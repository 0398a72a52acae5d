-- Bridges that do not add up: their steps to the gap of their comparison, or their records to their steps.
WITH
steps AS (
    SELECT comparison_id, sum(contribution) AS contribution, sum(records) AS records FROM bridge_steps GROUP BY ALL
),
behind AS (
    SELECT comparison_id, sum(contribution) AS contribution, count(*) AS records FROM bridge_records GROUP BY ALL
)
SELECT count(*)
FROM steps s
LEFT JOIN comparisons c USING (comparison_id)
LEFT JOIN behind b USING (comparison_id)
WHERE s.contribution IS DISTINCT FROM c.gap
    -- between feeds without declared links there are steps without records
    OR (s.records IS NOT NULL AND (coalesce(b.contribution, 0) <> s.contribution OR coalesce(b.records, 0) <> s.records))
