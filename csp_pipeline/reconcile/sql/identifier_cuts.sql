-- Records whose identifier too many records of their side share for it to say anything about one event.
{% for side in ("a", "b") %}
SELECT {{ rule_name | quoted }} AS rule, {{ side | quoted }} AS side, record
FROM open_{{ side }}
SEMI JOIN (
    SELECT identifier_{{ identifier }} FROM open_{{ side }} WHERE identifier_{{ identifier }} IS NOT NULL
    GROUP BY ALL HAVING count(*) > {{ most_records }}
) crowded USING (identifier_{{ identifier }})
{{ "UNION ALL" if not loop.last }}
{% endfor %}
