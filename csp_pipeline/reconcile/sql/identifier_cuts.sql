-- Records whose identifier stands in too many records of either side for it to say anything about one event: those that share it,
-- and those of the other side that it would have led to.
WITH
crowded AS (
    {% for side in ("a", "b") %}
    SELECT identifier_{{ identifier }} FROM open_{{ side }} WHERE identifier_{{ identifier }} IS NOT NULL
    GROUP BY ALL HAVING count(*) > {{ most_records }}
    {{ "UNION" if not loop.last }}
    {% endfor %}
)
{% for side in ("a", "b") %}
SELECT {{ rule_name | quoted }} AS rule, {{ side | quoted }} AS side, record
FROM open_{{ side }} SEMI JOIN crowded USING (identifier_{{ identifier }})
{{ "UNION ALL" if not loop.last }}
{% endfor %}
