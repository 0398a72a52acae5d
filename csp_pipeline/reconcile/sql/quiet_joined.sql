-- Both sides' records, joined by an identifier that stands once on each side, the others beside nothing; and which of these
-- pairs and lone records are known to be an event of their own, and which of them are quiet, so that nothing more is to be found.
WITH
-- what stands more than once on either side is not joined here
shared_identifiers AS (FROM shared_a_0 UNION ALL FROM shared_b_0),
{% for side in sides %}
found_{{ side.name }} AS (
    SELECT *, rowid * 2 + {{ loop.index0 }} AS record, coalesce(identifier_0 IN (FROM shared_identifiers), false) AS is_shared
    FROM records_{{ side.name }}
),
records_of_{{ side.name }} AS (
    SELECT
        record, record_key, person
        {% for date in confirming %}, {{ date }}{% endfor %}
        , CASE WHEN NOT is_shared THEN identifier_0 END AS identifier
        {% for measure in measures %}, counts_{{ measure }}{% endfor %}
        -- nothing ties the record to another one of its side; what was rejected is no record to settle anything by
        , {% if side.has_rejected %}NOT is_rejected AND {% endif %}{% for column in side.columns[1:] %}({{ column }} IS NULL OR {{ column }} NOT IN (FROM shared_{{ side.name }}_{{ loop.index }})) AND {% endfor %}NOT is_shared AS is_alone
    FROM found_{{ side.name }}
),
{% endfor %}
joined AS MATERIALIZED (
    SELECT
        a.record AS record_a, b.record AS record_b, a.record_key AS record_key_a, b.record_key AS record_key_b,
        {% if has_person %}
        a.person AS person_a, b.person AS person_b, coalesce(a.person = b.person, false) AS is_linked,
        {% else %}
        NULL::UBIGINT AS person_a, NULL::UBIGINT AS person_b,
        -- and days that lie together, where days have to confirm it
        a.record IS NOT NULL AND b.record IS NOT NULL AND {{ days_agree }} AS is_linked,
        {% endif %}
        coalesce(a.is_alone, true) AND coalesce(b.is_alone, true) AS is_alone,
        -- both count in the same comparisons, or a lone record in none
        true{% for measure in measures %} AND a.counts_{{ measure }} IS NOT DISTINCT FROM b.counts_{{ measure }}{% endfor %} AS is_even
    FROM records_of_a a FULL JOIN records_of_b b USING (identifier)
),
-- persons that linking has to ask about: those of records without a link that the person confirms
asked AS (
    SELECT unnest([person_a, person_b]) AS person FROM joined WHERE NOT is_linked
),
-- and that lead somewhere: to several of these records, or to another pair
shared_persons AS (
    SELECT person
    FROM (FROM asked UNION ALL SELECT person_a FROM joined WHERE is_linked AND person_a IN (FROM asked))
    WHERE person IS NOT NULL
    GROUP BY ALL HAVING count(*) > 1
),
told AS (
    SELECT
        *,
        is_alone AND (is_linked {{ "OR record_a IS NULL OR record_b IS NULL" if knows_lone }})
            AND coalesce(coalesce(person_a, person_b) NOT IN (FROM shared_persons), true) AS is_known
    FROM joined
)
SELECT record_a, record_b, record_key_a, record_key_b, is_linked, is_known, is_known AND is_even AS is_quiet FROM told
