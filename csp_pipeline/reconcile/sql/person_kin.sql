-- Records of one side that are of one incident by person and date: the same person on the same day, on any of the dates that
-- the rule names. Only of persons that a record without a sure link names; `kin` is the person and day.
WITH
settled AS (SELECT DISTINCT record_{{ side }} AS record FROM identifier_links WHERE says = 'confirmed'),
asked AS (SELECT person FROM asked_persons ANTI JOIN crowds USING (person)),
of_people AS (
    SELECT s.*, t.record IS NOT NULL AS is_settled
    FROM open_{{ side }} s SEMI JOIN asked USING (person) LEFT JOIN settled t USING (record)
)
{% for date in dates %}
SELECT record, hash(person, {{ date }}, date_{{ date }}) AS kin, is_settled FROM of_people WHERE date_{{ date }} IS NOT NULL
{{ "UNION ALL" if not loop.last }}
{% endfor %}
