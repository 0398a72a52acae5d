-- Persons that linking has to ask about: those of records without a link that the person confirms, as often as they stand there.
SELECT person
FROM (SELECT unnest([person_a, person_b]) AS person FROM joined WHERE NOT is_linked)
WHERE person IS NOT NULL
