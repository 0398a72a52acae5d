-- Conflicts at the levels and periods that the partnership raises for people to settle, each as a sentence.
WITH
-- what a bridge leaves over: the records themselves, as those of one side must not hide those of the other
left_over AS (
    SELECT comparison_id, sum(coalesce(records, abs(contribution))) AS unexplained
    FROM bridge_steps WHERE cause = 'unexplained' GROUP BY ALL
)
SELECT
    c.comparison_id AS discrepancy_id,
    c.measure, c.area_code, c.period, c.agency_a, c.feed_a, c.value_a, c.agency_b, c.feed_b, c.value_b, c.gap,
    list_distinct([c.agency_a, c.agency_b]).list_sort() AS owner_agencies,
    CASE
        WHEN u.unexplained <= greatest(t.absolute, t.relative * greatest(abs(c.value_a), abs(c.value_b))) THEN 'explained'
        ELSE 'open'
    END AS state,
    coalesce(h.first_seen, c.as_at) AS first_seen,
    (SELECT max(as_at) FROM comparisons) AS last_seen,
    c.rule, u.unexplained, c.reasons,
    m.title || ', ' || a.area_name || ', ' || c.period || ': '
        || na.agency_name || ' (' || fa.title || ') ' || coalesce(format('{:t,}', CAST(c.value_a AS BIGINT)), 'suppressed') || ', '
        || nb.agency_name || ' (' || fb.title || ') ' || coalesce(format('{:t,}', CAST(c.value_b AS BIGINT)), 'suppressed')
        || coalesce('; ' || format('{:t,}', CAST(abs(c.gap) AS BIGINT)) || CASE WHEN c.gap > 0 THEN ' more' ELSE ' fewer' END, '') || '.'
        AS sentence
FROM comparisons c
-- no history is kept for LSOAs
LEFT JOIN (
    SELECT comparison_id, min(known_from) AS first_seen FROM gap_history WHERE verdict = 'conflict' GROUP BY ALL
) h USING (comparison_id)
JOIN areas a USING (area_code)
JOIN periods p USING (period)
JOIN (SELECT DISTINCT measure, title FROM measures) m USING (measure)
JOIN agencies na ON na.agency = c.agency_a
JOIN agencies nb ON nb.agency = c.agency_b
JOIN feeds fa ON fa.agency = c.agency_a AND fa.feed = c.feed_a
JOIN feeds fb ON fb.agency = c.agency_b AND fb.feed = c.feed_b
JOIN pair_rules t ON t.measure = c.measure AND t.feed_a = c.agency_a || '/' || c.feed_a AND t.feed_b = c.agency_b || '/' || c.feed_b
LEFT JOIN left_over u USING (comparison_id)
WHERE c.verdict = 'conflict'
    AND list_contains($area_levels, a.area_level) AND list_contains($periods, p.period_kind)
ORDER BY discrepancy_id
