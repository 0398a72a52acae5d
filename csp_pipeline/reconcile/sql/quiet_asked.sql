-- Persons that linking has to ask about: those of records without a link that the person confirms.
SELECT person_a AS person FROM joined WHERE NOT is_confirmed AND person_a IS NOT NULL
UNION
SELECT person_b FROM joined WHERE NOT is_confirmed AND person_b IS NOT NULL
