-- Both sides' records, joined by an identifier that stands once on each side, the others beside nothing; and which pairs are
-- quiet, so that their keys are links.
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
),
{% endfor %}
joined AS MATERIALIZED (
    SELECT
        a.record AS record_a, b.record AS record_b, a.record_key AS record_key_a, b.record_key AS record_key_b,
        {% if has_person %}
        a.person AS person_a, b.person AS person_b, coalesce(a.person = b.person, false) AS is_confirmed,
        {% else %}
        NULL::UBIGINT AS person_a, NULL::UBIGINT AS person_b, a.record IS NOT NULL AND b.record IS NOT NULL AS is_confirmed,
        {% endif %}
        -- and both count in the same comparisons
        coalesce(a.is_alone AND b.is_alone, false){% for measure in measures %} AND a.counts_{{ measure }} IS NOT DISTINCT FROM b.counts_{{ measure }}{% endfor %} AS is_even
    FROM records_of_a a FULL JOIN records_of_b b USING (identifier)
),
-- persons that linking has to ask about: those of records without a link that the person confirms
asked AS (
    SELECT person_a AS person FROM joined WHERE NOT is_confirmed AND person_a IS NOT NULL
    UNION ALL
    SELECT person_b FROM joined WHERE NOT is_confirmed AND person_b IS NOT NULL
)
SELECT
    record_a, record_b, is_confirmed AND is_even AND (person_a IS NULL OR person_a NOT IN (FROM asked)) AS is_quiet,
    record_key_a, record_key_b
FROM joined
