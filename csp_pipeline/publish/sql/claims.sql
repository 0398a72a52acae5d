-- Claims with their verdict, of one verdict or all, in the order of claims.yml.
SELECT
    claim, verdict, statement, stated, round(computed, 2) AS computed, unit, p_value, within_chance, sentence, other_feeds,
    agency || '/' || feed AS feed, preferred_by, rule, reading, source, computation, measures, area_codes, periods
FROM claims
WHERE ($verdict IS NULL OR verdict = $verdict) AND ($claim IS NULL OR claim = $claim)
ORDER BY rowid
