-- The steps of one bridge, with the figure that has been reached after each.
SELECT
    s.step, s.cause, s.contribution, c.value_a + sum(s.contribution) OVER (ORDER BY s.step) AS reached,
    s.records_a, s.records_b, s.detail,
    s.sentence || CASE WHEN s.possible_counterparts > 0
        THEN ' Up to ' || s.possible_counterparts || ' of them may be records of the other side''s that stay unexplained.' ELSE '' END AS sentence
FROM bridge_steps s JOIN comparisons c USING (comparison_id)
WHERE s.comparison_id = $comparison_id
ORDER BY s.step
