-- A comparison with what each of its two figures counts, on which date and place, and as known from which extract; of a conflict
-- that a change of a figure made, since when, whose figure it was, and how the two stood before.
WITH
stood AS (
    SELECT
        *, lag(verdict) OVER earlier AS verdict_before, lag(value_a) OVER earlier AS value_before_a,
        lag(value_b) OVER earlier AS value_before_b
    FROM gap_history
    WHERE comparison_id = $comparison_id
    WINDOW earlier AS (ORDER BY known_from)
),
opened AS (FROM stood WHERE effect = 'opened' ORDER BY known_from DESC LIMIT 1)
SELECT
    c.comparison_id, m.title, m.definition, a.area_name AS area, c.period, c.gap, c.verdict, c.rule, c.comparability, c.reasons,
    d.state, d.unexplained,
    h.known_from AS changed_on, h.changed_by, h.value_before_a, h.value_before_b, h.verdict_before,
    na.agency_name AS agency_a, c.agency_a || '/' || c.feed_a AS feed_a, fa.title AS feed_title_a, c.value_a,
    c.low_a, c.high_a, c.status_a, ga.unit AS unit_a, ga.date_basis AS date_basis_a, ga.area_basis AS area_basis_a, c.coverage_a,
    ga.covered AS covered_a, ga.as_at AS as_at_a, m.condition AS condition_a,
    nb.agency_name AS agency_b, c.agency_b || '/' || c.feed_b AS feed_b, fb.title AS feed_title_b, c.value_b,
    c.low_b, c.high_b, c.status_b, gb.unit AS unit_b, gb.date_basis AS date_basis_b, gb.area_basis AS area_basis_b, c.coverage_b,
    gb.covered AS covered_b, gb.as_at AS as_at_b, mb.condition AS condition_b
FROM comparisons c
JOIN areas a USING (area_code)
JOIN measures m ON m.measure = c.measure AND m.agency = c.agency_a AND m.feed = c.feed_a
JOIN measures mb ON mb.measure = c.measure AND mb.agency = c.agency_b AND mb.feed = c.feed_b
JOIN agencies na ON na.agency = c.agency_a
JOIN agencies nb ON nb.agency = c.agency_b
JOIN feeds fa ON fa.agency = c.agency_a AND fa.feed = c.feed_a
JOIN feeds fb ON fb.agency = c.agency_b AND fb.feed = c.feed_b
JOIN figures ga ON ga.is_headline AND ga.agency = c.agency_a AND ga.feed = c.feed_a AND ga.measure = c.measure
    AND ga.area_code = c.area_code AND ga.period = c.period
JOIN figures gb ON gb.is_headline AND gb.agency = c.agency_b AND gb.feed = c.feed_b AND gb.measure = c.measure
    AND gb.area_code = c.area_code AND gb.period = c.period
LEFT JOIN discrepancies d ON d.discrepancy_id = c.comparison_id
LEFT JOIN opened h ON h.comparison_id = c.comparison_id AND c.verdict = 'conflict'
    AND h.verdict_before IN ('agrees', 'within_tolerance') AND h.value_before_a IS NOT NULL AND h.value_before_b IS NOT NULL
WHERE c.comparison_id = $comparison_id
