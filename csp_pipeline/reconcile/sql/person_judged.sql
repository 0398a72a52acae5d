-- Links by identifier of which both records name a person, and whether the persons contradict them.
SELECT l.record_a, l.record_b, l.says = 'contradicted' AS is_contradicted, a.date_{{ date }} AS date_a, b.date_{{ date }} AS date_b
FROM identifier_links l
JOIN open_a a ON a.record = l.record_a
JOIN open_b b ON b.record = l.record_b
WHERE l.says IN ('confirmed', 'contradicted') AND a.person IS NOT NULL AND b.person IS NOT NULL
{% if has_quiet %}
UNION ALL
-- what needed no look agrees
SELECT j.record_a, j.record_b, false, a.date_{{ date }}, b.date_{{ date }}
FROM joined j
JOIN records_a a ON a.rowid * 2 = j.record_a
JOIN records_b b ON b.rowid * 2 + 1 = j.record_b
WHERE j.is_linked AND j.is_known
{% endif %}
