-- Claims whose verdict does not rest on the figures as they are.
WITH
-- a figure of a claim has to stand in the table of figures, with the same value; where there is none, there it has none
changed AS (
    SELECT c.claim
    FROM claim_figures c
    LEFT JOIN figures f ON f.is_headline AND f.agency = c.agency AND f.feed = c.feed AND f.measure = c.measure
        AND f.area_code = c.area_code AND f.period = c.period AND f.unit = c.unit
    WHERE c.value IS DISTINCT FROM f.value
),
evidence AS (SELECT claim, count(value) AS figures, count(break_id) AS breaks FROM claim_figures GROUP BY ALL)
SELECT claim FROM changed
UNION
SELECT c.claim FROM claims c LEFT JOIN evidence e USING (claim)
WHERE (c.verdict IN ('supported', 'contradicted') AND coalesce(e.figures, 0) = 0)
    OR (c.verdict = 'not_comparable' AND coalesce(e.breaks, 0) = 0 AND c.computation <> 'conflict')
ORDER BY claim
