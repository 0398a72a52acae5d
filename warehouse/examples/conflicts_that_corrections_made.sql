-- Which corrections made or ended a conflict? Most conflicts open as the figures come, or as the rest of the period does, and not by a correction.
WITH stood AS (SELECT *, lag(verdict) OVER (PARTITION BY comparison_id ORDER BY known_from) AS verdict_before FROM gap_history)
SELECT array_to_string(changed_by, ', ') AS corrected_by, known_from, effect, comparison_id, value_a, value_b, gap
FROM stood
WHERE (effect = 'opened' AND verdict_before IN ('agrees', 'within_tolerance'))
    OR (effect = 'closed' AND verdict IN ('agrees', 'within_tolerance'))
ORDER BY known_from, effect, comparison_id;
