-- Persons that linking has to ask about, with their records on each side: those of records that no identifier links for sure. One
-- who has a single record in all leads nowhere.
WITH
settled AS (SELECT record_a, record_b FROM identifier_links WHERE says = 'confirmed'),
unsettled AS (
    SELECT person FROM open_a ANTI JOIN settled ON record_a = record WHERE person IS NOT NULL
    UNION
    SELECT person FROM open_b ANTI JOIN settled ON record_b = record WHERE person IS NOT NULL
),
their_records AS (
    SELECT person, 1 AS of_a, 0 AS of_b FROM open_a SEMI JOIN unsettled USING (person)
    UNION ALL
    SELECT person, 0 AS of_a, 1 AS of_b FROM open_b SEMI JOIN unsettled USING (person)
)
SELECT person, sum(of_a) AS records_a, sum(of_b) AS records_b FROM their_records GROUP BY person HAVING count(*) > 1
