-- Identifiers that too many records of one side share to say anything about their events.
WITH
counted_a AS (
    SELECT identifier_{{ identifier }} AS identifier, count(*) AS records FROM side_a GROUP BY ALL HAVING records > {{ most_records }}
),
counted_b AS (
    SELECT identifier_{{ identifier }} AS identifier, count(*) AS records FROM side_b GROUP BY ALL HAVING records > {{ most_records }}
),
shared AS (
    SELECT identifier FROM counted_a SEMI JOIN side_b ON side_b.identifier_{{ identifier }} = counted_a.identifier
    UNION
    SELECT identifier FROM counted_b SEMI JOIN side_a ON side_a.identifier_{{ identifier }} = counted_b.identifier
)
SELECT {{ rule_name | quoted }} AS rule, 'a' AS side, record FROM side_a JOIN shared ON identifier_{{ identifier }} = identifier
UNION ALL
SELECT {{ rule_name | quoted }} AS rule, 'b' AS side, record FROM side_b JOIN shared ON identifier_{{ identifier }} = identifier
