-- What ties records to one event beyond a lone pair: links of records with several, and records of one feed that share an
-- incident with a linked one. Nodes are twice the record's number, and one more on side b.
WITH
ends AS (
    SELECT record_a * 2 AS node_a, record_b * 2 + 1 AS node_b, is_single FROM links
),
{% for side, offset in (("a", 0), ("b", 1)) %}
-- incidents of side {{ side }} with several records; a crowd is no incident
incidents_{{ side }} AS (
    SELECT event_key, min(record) * 2 + {{ offset }} AS node FROM side_{{ side }} WHERE event_key IS NOT NULL
    GROUP BY ALL HAVING count(*) BETWEEN 2 AND {{ most_records }}
),
siblings_{{ side }} AS (
    SELECT i.node AS node_a, s.record * 2 + {{ offset }} AS node_b
    FROM side_{{ side }} s JOIN incidents_{{ side }} i USING (event_key)
    WHERE i.node <> s.record * 2 + {{ offset }}
),
{% endfor %}
siblings AS (FROM siblings_a UNION ALL FROM siblings_b),
crowded AS (
    SELECT node_a AS node FROM siblings UNION SELECT node_b FROM siblings
    UNION
    SELECT node_a FROM ends WHERE NOT is_single UNION SELECT node_b FROM ends WHERE NOT is_single
)
SELECT node_a, node_b FROM siblings
UNION ALL
SELECT node_a, node_b FROM ends WHERE node_a IN (FROM crowded) OR node_b IN (FROM crowded)
