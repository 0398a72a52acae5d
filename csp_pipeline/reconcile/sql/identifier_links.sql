-- Pairs of records whose identifiers are the same once normalised. Identifiers are counted before they are joined, so that one
-- that stands in thousands of records on both sides is cut instead of tying all of them together.
WITH
counted_a AS (
    SELECT identifier_{{ identifier }} AS identifier, count(*) AS records, min(record) AS record, min(person) AS person
        {% for date in dates %}, min({{ date }}) AS {{ date }}{% endfor %}

    FROM open_a WHERE identifier_{{ identifier }} IS NOT NULL GROUP BY ALL
),
counted_b AS (
    SELECT identifier_{{ identifier }} AS identifier, count(*) AS records, min(record) AS record, min(person) AS person
        {% for date in dates %}, min({{ date }}) AS {{ date }}{% endfor %}

    FROM open_b WHERE identifier_{{ identifier }} IS NOT NULL GROUP BY ALL
),
shared AS (
    SELECT
        a.identifier, a.records AS records_a, b.records AS records_b, a.record AS record_a, b.record AS record_b,
        a.person AS person_a, b.person AS person_b, {{ is_apart }} AS is_apart
    FROM counted_a a JOIN counted_b b USING (identifier)
),
-- most identifiers stand once on each side; the others are joined back to all their records
several AS (
    SELECT identifier FROM shared
    WHERE (records_a > 1 OR records_b > 1) AND records_a <= {{ most_records }} AND records_b <= {{ most_records }}
),
several_pairs AS (
    SELECT
        a.record AS record_a, b.record AS record_b, a.person AS person_a, b.person AS person_b, {{ is_apart }} AS is_apart
    FROM several s
    JOIN open_a a ON a.identifier_{{ identifier }} = s.identifier
    JOIN open_b b ON b.identifier_{{ identifier }} = s.identifier
),
pairs AS (
    SELECT record_a, record_b, person_a, person_b, is_apart, true AS is_single FROM shared WHERE records_a = 1 AND records_b = 1
    UNION ALL
    SELECT record_a, record_b, person_a, person_b, is_apart, false AS is_single FROM several_pairs
)
SELECT
    {{ rule }} AS rule, record_a, record_b, is_single,
    -- where both agencies know the person, the person has to be the same; where not, the days may say that it is another matter
    {% if has_person %}
    CASE
        WHEN person_a = person_b THEN 'confirmed'
        WHEN person_a IS NOT NULL AND person_b IS NOT NULL THEN 'contradicted'
        WHEN is_apart THEN 'apart'
        ELSE 'unconfirmed'
    END AS says
    {% else %}
    -- so where no person can ever say it: what lies too far apart is under a number keyed wrongly
    CASE WHEN is_apart THEN 'contradicted' ELSE 'confirmed' END AS says
    {% endif %}
FROM pairs
