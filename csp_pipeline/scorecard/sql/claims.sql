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
    -- the sentence is of one feed, or of those whose figures are preferred; what others give stands elsewhere. That of a
    -- conflict says how far its feeds lie apart, which tells the one figure to whoever has the other
    WHERE preferred_by IS NOT NULL
        OR (claim, agency, feed) IN (SELECT (claim, agency, feed) FROM claims)
        OR claim IN (SELECT claim FROM claims WHERE computation = 'conflict')
    GROUP BY claim
)
SELECT c.claim, c.statement, c.source, c.reading, c.verdict, c.sentence, coalesce(u.figures, []) AS figures
FROM claims c LEFT JOIN used u USING (claim)
ORDER BY c.rowid
