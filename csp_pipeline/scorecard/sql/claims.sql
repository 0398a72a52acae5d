-- Published statements with their verdicts, and the figures that each rests on.
WITH
used AS (
    SELECT
        claim,
        list({
            'cell': agency || '/' || feed || '|' || measure || '|' || area_code || '|' || period,
            'feed': agency || '/' || feed, 'unit': unit, 'value': value
        } ORDER BY agency, feed, measure, area_code, period) AS figures
    FROM claim_figures
    -- the sentence is of one feed; what others give stands elsewhere
    SEMI JOIN claims USING (claim, agency, feed)
    GROUP BY claim
)
SELECT c.claim, c.statement, c.source, c.reading, c.verdict, c.sentence, coalesce(u.figures, []) AS figures
FROM claims c LEFT JOIN used u USING (claim)
ORDER BY c.rowid
