-- A person that linking asks about leads somewhere: to several of those records, or to another pair.
coalesce(person_a, person_b) IN (
    SELECT person
    FROM (FROM unsure_persons UNION ALL SELECT person_a FROM joined WHERE is_linked AND person_a IN (FROM unsure_persons))
    GROUP BY ALL HAVING count(*) > 1
)
