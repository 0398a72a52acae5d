-- Comparisons whose latest row in `gap_history` is not what `comparisons` says, and conflicts that have no history.
WITH
latest AS (SELECT * FROM gap_history WHERE known_to IS NULL),
kept AS (SELECT DISTINCT area_code FROM figure_vintages)
SELECT count(*) AS wrong
FROM comparisons c
LEFT JOIN latest h USING (comparison_id)
WHERE (h.comparison_id IS NULL AND c.verdict = 'conflict' AND c.area_code IN (FROM kept))
    OR (h.comparison_id IS NOT NULL
        AND (h.value_a, h.value_b, h.gap, h.verdict, h.rule) IS DISTINCT FROM (c.value_a, c.value_b, c.gap, c.verdict, c.rule))
