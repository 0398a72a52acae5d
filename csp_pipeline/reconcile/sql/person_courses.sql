-- Records that are left over, each with the nearest record of the other side that another one has taken: one more of a course of
-- incidents within days. What lies further apart is another matter, whoever the person is.
WITH
nearest_of_a AS (
    SELECT record_a, record_b FROM near WHERE is_free_a AND NOT is_free_b AND first_days <= {{ within_days }}
    QUALIFY row_number() OVER (PARTITION BY record_a ORDER BY first_days, key_b, submission_b, row_b) = 1
),
nearest_of_b AS (
    SELECT record_a, record_b FROM near WHERE is_free_b AND NOT is_free_a AND first_days <= {{ within_days }}
    QUALIFY row_number() OVER (PARTITION BY record_b ORDER BY first_days, key_a, submission_a, row_a) = 1
)
SELECT {{ rule }} AS rule, record_a, record_b FROM (FROM nearest_of_a UNION FROM nearest_of_b)
