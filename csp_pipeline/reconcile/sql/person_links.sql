-- Free records that are each other's nearest, by the first date that both have and then by any: one that has a nearer
-- counterpart itself is not taken from it.
WITH
nearest_of_a AS (
    SELECT record_a, record_b FROM near WHERE is_free_a AND is_free_b
    QUALIFY row_number() OVER (PARTITION BY record_a ORDER BY first_days, days, key_b, submission_b, row_b) = 1
),
nearest_of_b AS (
    SELECT record_a, record_b FROM near WHERE is_free_a AND is_free_b
    QUALIFY row_number() OVER (PARTITION BY record_b ORDER BY first_days, days, key_a, submission_a, row_a) = 1
)
SELECT {{ rule }} AS rule, record_a, record_b FROM nearest_of_a JOIN nearest_of_b USING (record_a, record_b)
