-- Contradicted records of months in which the persons do not match.
WITH
mismatched AS (
    FROM judged_persons
    WHERE is_contradicted AND (
        date_trunc('month', date_a) IN (SELECT month FROM mismatched_months WHERE side = 'a')
        OR date_trunc('month', date_b) IN (SELECT month FROM mismatched_months WHERE side = 'b')
    )
)
SELECT record FROM contradictions WHERE record IN (SELECT record_a FROM mismatched UNION SELECT record_b FROM mismatched)
