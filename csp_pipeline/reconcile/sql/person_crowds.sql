-- Person keys that too many records of one side share to be one person, among those that linking has to ask about: the
-- persons of records that no identifier links, and of links that the two sides' persons contradict.
WITH
doubted AS (SELECT record_a, record_b FROM identifier_links WHERE person_says <> 'confirmed'),
settled AS (SELECT record_a, record_b FROM identifier_links WHERE person_says = 'confirmed'),
asked AS (
    SELECT person FROM side_a ANTI JOIN settled ON record_a = record WHERE person IS NOT NULL
    UNION
    SELECT person FROM side_b ANTI JOIN settled ON record_b = record WHERE person IS NOT NULL
)
SELECT person FROM (
    SELECT person, count(*) AS records FROM side_a SEMI JOIN asked USING (person) GROUP BY ALL
    UNION ALL
    SELECT person, count(*) AS records FROM side_b SEMI JOIN asked USING (person) GROUP BY ALL
)
GROUP BY person HAVING max(records) > {{ most_records }}
