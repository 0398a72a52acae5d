-- Contradicted records of months in which nearly every identifier that both sides have leads to another person. So many slips
-- there are not: an agency has begun to key its persons anew, or the numbers it quotes are others.
WITH
judged AS (
    SELECT l.record_a, l.record_b, l.says = 'contradicted' AS is_contradicted, a.date_{{ date }} AS date_a, b.date_{{ date }} AS date_b
    FROM identifier_links l
    JOIN open_a a ON a.record = l.record_a
    JOIN open_b b ON b.record = l.record_b
    WHERE l.says IN ('confirmed', 'contradicted')
    {% if has_quiet %}
    UNION ALL
    -- what needed no look agrees
    SELECT j.record_a, j.record_b, false, a.date_{{ date }}, b.date_{{ date }}
    FROM joined j
    JOIN records_a a ON a.rowid * 2 = j.record_a
    JOIN records_b b ON b.rowid * 2 + 1 = j.record_b
    WHERE j.is_linked AND j.is_known
    {% endif %}
),
{% for side in ("a", "b") %}
months_{{ side }} AS (
    SELECT date_trunc('month', date_{{ side }}) AS month FROM judged
    GROUP BY ALL HAVING count(*) >= 10 AND avg(CAST(is_contradicted AS INTEGER)) >= 0.9
),
{% endfor %}
mismatched AS (
    FROM judged
    WHERE is_contradicted AND (
        date_trunc('month', date_a) IN (FROM months_a) OR date_trunc('month', date_b) IN (FROM months_b)
    )
)
SELECT record FROM contradictions WHERE record IN (SELECT record_a FROM mismatched UNION SELECT record_b FROM mismatched)
