-- Both sides' records, joined by an identifier that stands once on each side; the others beside nothing.
WITH
{% for side in sides %}
records_of_{{ side.name }} AS (
    SELECT
        rowid AS record, record_key, person
        {% for measure in measures %}, counts_{{ measure }}{% endfor %}
        , CASE WHEN identifier_0 NOT IN (FROM shared_{{ side.name }}_0) THEN identifier_0 END AS identifier
        -- nothing ties the record to another one of its side
        , {% for column in side.columns[1:] %}({{ column }} IS NULL OR {{ column }} NOT IN (FROM shared_{{ side.name }}_{{ loop.index }})) AND {% endfor %}true AS is_alone
    FROM records_{{ side.name }}
){{ "," if not loop.last }}
{% endfor %}
SELECT
    a.record AS record_a, b.record AS record_b, a.record_key AS key_a, b.record_key AS key_b,
    {% if has_person %}
    a.person AS person_a, b.person AS person_b, coalesce(a.person = b.person, false) AS is_confirmed,
    {% else %}
    NULL::UBIGINT AS person_a, NULL::UBIGINT AS person_b, a.record IS NOT NULL AND b.record IS NOT NULL AS is_confirmed,
    {% endif %}
    -- and both count in the same comparisons
    coalesce(a.is_alone AND b.is_alone, false){% for measure in measures %} AND a.counts_{{ measure }} IS NOT DISTINCT FROM b.counts_{{ measure }}{% endfor %} AS is_even
FROM records_of_a a FULL JOIN records_of_b b USING (identifier)
