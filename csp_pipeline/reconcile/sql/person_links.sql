-- Records that no identifier links for sure, each with the nearest record of the same person on the other side.
WITH
settled AS (SELECT record_a, record_b FROM identifier_links WHERE person_says = 'confirmed'),
free_a AS (
    SELECT record, person FROM side_a ANTI JOIN settled ON record_a = record ANTI JOIN crowds USING (person) WHERE person IS NOT NULL
),
free_b AS (
    SELECT record, person FROM side_b ANTI JOIN settled ON record_b = record ANTI JOIN crowds USING (person) WHERE person IS NOT NULL
),
-- both sides' records of the persons asked about
people AS (SELECT person FROM free_a UNION SELECT person FROM free_b),
of_people_a AS (
    SELECT s.*, f.record IS NOT NULL AS is_free
    FROM side_a s SEMI JOIN people ON people.person = s.person LEFT JOIN free_a f ON f.record = s.record
),
of_people_b AS (
    SELECT s.*, f.record IS NOT NULL AS is_free
    FROM side_b s SEMI JOIN people ON people.person = s.person LEFT JOIN free_b f ON f.record = s.record
),
near AS (
    SELECT
        a.record AS record_a, b.record AS record_b, a.record_key AS key_a, b.record_key AS key_b,
        a.is_free AS is_free_a, b.is_free AS is_free_b,
        least({% for date in dates %}abs(date_diff('day', a.date_{{ date }}, b.date_{{ date }})), {% endfor %}NULL) AS days
    FROM of_people_a a JOIN of_people_b b ON a.person = b.person AND (a.is_free OR b.is_free)
),
-- a counterpart that is free itself comes before one that an identifier has already taken
nearest_of_a AS (
    SELECT record_a, record_b FROM near WHERE is_free_a AND days <= {{ within_days }}
    QUALIFY row_number() OVER (PARTITION BY record_a ORDER BY is_free_b DESC, days, key_b, record_b) = 1
),
nearest_of_b AS (
    SELECT record_a, record_b FROM near WHERE is_free_b AND days <= {{ within_days }}
    QUALIFY row_number() OVER (PARTITION BY record_b ORDER BY is_free_a DESC, days, key_a, record_a) = 1
)
SELECT {{ rule }} AS rule, record_a, record_b FROM (FROM nearest_of_a UNION FROM nearest_of_b)
