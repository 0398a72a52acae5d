-- Records that are alike enough to one of the other side, but not to one only: no link is made for them. Where the other one has
-- found its counterpart elsewhere, nothing is undecided.
WITH
likely AS (FROM weighed WHERE alone >= {{ probability }}),
linked AS (FROM weighed WHERE probability >= {{ probability }}),
open_pairs AS (
    SELECT incident_a, incident_b FROM likely
    WHERE incident_a NOT IN (SELECT incident_a FROM linked) AND incident_b NOT IN (SELECT incident_b FROM linked)
)
{% for side in ("a", "b") %}
SELECT {{ side | quoted }} AS side, r.record, 'several_alike' AS reason
FROM alike_{{ side }} r SEMI JOIN open_pairs o ON o.incident_{{ side }} = r.incident
{{ "UNION ALL" if not loop.last }}
{% endfor %}
