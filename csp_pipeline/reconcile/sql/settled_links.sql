-- The links that hold. A link by identifier that the two records' persons contradict does not; one that no person confirms gives
-- way to the person that the quoting record itself names.
WITH
doubted AS (
    SELECT l.* REPLACE (
        -- a key that stands for a crowd contradicts nobody
        CASE
            WHEN l.says = 'contradicted' AND (a.person IN (FROM crowds) OR b.person IN (FROM crowds)) THEN 'unconfirmed'
            ELSE l.says
        END AS says
    )
    FROM identifier_links l
    JOIN open_a a ON a.record = l.record_a
    JOIN open_b b ON b.record = l.record_b
    WHERE l.says <> 'confirmed'
),
outdone AS (
    SELECT d.rule, d.record_a, d.record_b
    FROM doubted d JOIN person_links p ON p.record_a = d.record_a
    WHERE list_contains({{ quoting_a }}, d.rule) AND p.record_b <> d.record_b
    UNION
    SELECT d.rule, d.record_a, d.record_b
    FROM doubted d JOIN person_links p ON p.record_b = d.record_b
    WHERE NOT list_contains({{ quoting_a }}, d.rule) AND p.record_a <> d.record_a
),
kept AS (
    SELECT rule, record_a, record_b, is_single FROM identifier_links WHERE says = 'confirmed'
    UNION ALL
    SELECT rule, record_a, record_b, is_single FROM doubted ANTI JOIN outdone USING (rule, record_a, record_b)
    WHERE says = 'unconfirmed'
)
SELECT rule, record_a, record_b, is_single{{ '' if one_rule else ' AND false' }} AS is_single FROM kept
UNION ALL
SELECT p.rule, p.record_a, p.record_b, false FROM person_links p ANTI JOIN kept USING (record_a, record_b)
