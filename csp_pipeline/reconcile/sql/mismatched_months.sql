-- Months of each side in which nearly every identifier that both sides have leads to another person. So many slips there are not: an
-- agency has begun to key its persons anew, or the numbers it quotes are others.
{% for side in ("a", "b") %}
SELECT {{ side | quoted }} AS side, date_trunc('month', date_{{ side }}) AS month FROM judged_persons
GROUP BY ALL HAVING count(*) >= 10 AND avg(CAST(is_contradicted AS INTEGER)) >= 0.9
{{ "UNION ALL" if not loop.last }}
{% endfor %}
