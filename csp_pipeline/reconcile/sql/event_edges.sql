-- What ties records to one event beyond a lone pair: links of records with several, and records of one feed that share an
-- incident, by its number or by person and day, or that are one record sent twice. Nodes are twice the record's number, and
-- one more on side b.
WITH
ends AS (
    SELECT record_a * 2 AS node_a, record_b * 2 + 1 AS node_b, is_single FROM links
),
{% for side, offset in (("a", 0), ("b", 1)) %}
-- incidents of side {{ side }} with several records; a crowd is no incident, nor is a word such as `unknown`
incidents_{{ side }} AS (
    SELECT event_key, min(record) * 2 + {{ offset }} AS node FROM side_{{ side }} WHERE event_key IS NOT NULL
    GROUP BY ALL
    HAVING CASE WHEN count(*) BETWEEN 2 AND {{ most_records }} THEN regexp_matches(event_key, '[1-9]') ELSE false END
),
siblings_{{ side }} AS (
    SELECT i.node AS node_a, s.record * 2 + {{ offset }} AS node_b
    FROM side_{{ side }} s JOIN incidents_{{ side }} i USING (event_key)
    WHERE i.node <> s.record * 2 + {{ offset }}
),
kin_nodes_{{ side }} AS (
    SELECT kin, min(record) * 2 + {{ offset }} AS node FROM kin_{{ side }} GROUP BY ALL HAVING count(*) BETWEEN 2 AND {{ most_records }}
),
kin_edges_{{ side }} AS (
    SELECT n.node AS node_a, k.record * 2 + {{ offset }} AS node_b FROM kin_{{ side }} k JOIN kin_nodes_{{ side }} n USING (kin)
    WHERE n.node <> k.record * 2 + {{ offset }}
),
-- every row of a record that is in several current files, tied to its first
resent_edges_{{ side }} AS (
    SELECT min(record) OVER (PARTITION BY record_key) * 2 + {{ offset }} AS node_a, record * 2 + {{ offset }} AS node_b
    FROM resent_{{ side }} QUALIFY node_a <> node_b
),
{% endfor %}
siblings AS (
    {% for side in ("a", "b") %}
    FROM siblings_{{ side }} UNION ALL FROM kin_edges_{{ side }} UNION ALL FROM resent_edges_{{ side }}
    {{ "UNION ALL" if not loop.last }}
    {% endfor %}
),
crowded AS (
    SELECT node_a AS node FROM siblings UNION SELECT node_b FROM siblings
    UNION
    SELECT node_a FROM ends WHERE NOT is_single UNION SELECT node_b FROM ends WHERE NOT is_single
)
SELECT node_a, node_b FROM siblings
UNION ALL
SELECT node_a, node_b FROM ends WHERE node_a IN (FROM crowded) OR node_b IN (FROM crowded)
