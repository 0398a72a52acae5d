-- Links by identifier that no person confirms, and than which nothing of either record's own person lies nearer in time, by the first
-- date that both have: a number and a day together are as good as a person.
WITH
unconfirmed AS (
    SELECT l.record_a, l.record_b, a.person AS person_a, b.person AS person_b, {{ first_days }} AS days
    FROM identifier_links l
    JOIN open_a a ON a.record = l.record_a
    JOIN open_b b ON b.record = l.record_b
    WHERE l.says = 'unconfirmed'
),
outdone AS (
    SELECT u.record_a, u.record_b
    FROM unconfirmed u JOIN open_a a ON a.record = u.record_a JOIN open_b b ON b.person = u.person_a
    WHERE u.person_a NOT IN (FROM crowds) AND {{ first_days }} < u.days
    UNION
    SELECT u.record_a, u.record_b
    FROM unconfirmed u JOIN open_b b ON b.record = u.record_b JOIN open_a a ON a.person = u.person_b
    WHERE u.person_b NOT IN (FROM crowds) AND {{ first_days }} < u.days
)
SELECT record_a, record_b FROM unconfirmed ANTI JOIN outdone USING (record_a, record_b) WHERE days IS NOT NULL
