-- What ties records to one event beyond a lone pair: links of records with several, and records of one feed that share an
-- incident, by its number or by person and day, or that are one record sent twice.
WITH
{% for side in ("a", "b") %}
-- incidents of side {{ side }} with several records; a crowd is no incident, nor is a word such as `unknown`
incidents_{{ side }} AS (
    SELECT event_key, min(record) AS first FROM open_{{ side }} WHERE event_key IS NOT NULL
    GROUP BY ALL
    HAVING CASE WHEN count(*) BETWEEN 2 AND {{ most_records }} THEN regexp_matches(event_key, '[1-9]') ELSE false END
),
siblings_{{ side }} AS (
    SELECT i.first AS record, s.record AS other
    FROM open_{{ side }} s JOIN incidents_{{ side }} i USING (event_key)
    WHERE i.first <> s.record
),
kin_firsts_{{ side }} AS (
    SELECT kin, min(record) AS first FROM kin_{{ side }} GROUP BY ALL HAVING count(*) BETWEEN 2 AND {{ most_records }}
),
kin_edges_{{ side }} AS (
    SELECT n.first AS record, k.record AS other FROM kin_{{ side }} k JOIN kin_firsts_{{ side }} n USING (kin)
    WHERE n.first <> k.record
),
-- every row of a record that is in several current files, tied to the first of its person or month: a number that is used again
-- every year stands for another matter then
resent_edges_{{ side }} AS (
    {% for column in told_by %}
    SELECT min(record) OVER (PARTITION BY record_key, {{ column }}) AS record, record AS other
    FROM resent_{{ side }} WHERE {{ column }} IS NOT NULL
    QUALIFY min(record) OVER (PARTITION BY record_key, {{ column }}) <> record
    {{ "UNION ALL" if not loop.last }}
    {% endfor %}
),
{% endfor %}
siblings AS (
    {% for side in ("a", "b") %}
    FROM siblings_{{ side }} UNION ALL FROM kin_edges_{{ side }} UNION ALL FROM resent_edges_{{ side }}
    {{ "UNION ALL" if not loop.last }}
    {% endfor %}
),
crowded AS (
    SELECT record FROM siblings UNION SELECT other FROM siblings
    UNION
    SELECT record_a FROM links WHERE NOT is_single UNION SELECT record_b FROM links WHERE NOT is_single
)
SELECT record, other FROM siblings
UNION ALL
SELECT record_a, record_b FROM links WHERE record_a IN (FROM crowded) OR record_b IN (FROM crowded)
