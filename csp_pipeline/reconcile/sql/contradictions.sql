-- Records whose identifier leads to a record of another person, or of nobody and another time, and which nothing else links: what
-- they belong to cannot be told.
WITH
contradicted AS (
    SELECT l.record_a, l.record_b
    FROM identifier_links l
    JOIN open_a a ON a.record = l.record_a
    JOIN open_b b ON b.record = l.record_b
    WHERE (l.says = 'apart' OR l.says = 'contradicted' AND a.person NOT IN (FROM crowds) AND b.person NOT IN (FROM crowds))
        -- the record that quotes has found its counterpart by its person: its reference was a slip
        AND NOT CASE
            WHEN list_contains({{ quoting_a }}, l.rule) THEN l.record_a IN (SELECT record_a FROM links)
            ELSE l.record_b IN (SELECT record_b FROM links)
        END
)
SELECT record_a AS record FROM contradicted WHERE record_a NOT IN (SELECT record_a FROM links)
UNION
SELECT record_b FROM contradicted WHERE record_b NOT IN (SELECT record_b FROM links)
