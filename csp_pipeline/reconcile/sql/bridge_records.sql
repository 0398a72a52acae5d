-- The gap of each comparison, record by record. An event that both sides count alike adds nothing to it; what one side
-- counts beyond the other is laid to single records, and each of them gets its cause from its counterpart on the other side.
{% macro doubts(side) %}
WHEN s.record IN (SELECT record FROM cut_records) THEN 'shared_identifier'
            WHEN s.record IN (SELECT record FROM mismatched) THEN 'persons_do_not_match'
            WHEN s.record IN (SELECT record FROM contradictions) THEN 'contradicting_links'
            WHEN {{ side.quotes }} THEN 'reference_not_found'
            WHEN {{ side.unreadable }} THEN 'reference_unreadable'
{%- endmacro %}
WITH
-- events that the two sides count unequally; side b's records have odd numbers
uneven AS (
    SELECT event, cell, count(*) FILTER (record % 2 = 0) AS counted_a, count(*) FILTER (record % 2 = 1) AS counted_b
    FROM counted GROUP BY ALL HAVING counted_a <> counted_b
),
larger AS (
    SELECT c.record, c.event, c.cell, least(u.counted_a, u.counted_b) AS shared
    FROM counted c JOIN uneven u USING (event, cell)
    WHERE (c.record % 2 = 0) = (u.counted_a > u.counted_b)
),
keys AS NOT MATERIALIZED (
    {% for side in sides %}
    SELECT record, record_key, submission_id, row_number FROM side_{{ side.name }}
    {{ "UNION ALL" if not loop.last }}
    {% endfor %}
),
edges AS (
    SELECT record_a AS record, record_b AS other, rule FROM links
    UNION ALL
    SELECT record_b, record_a, rule FROM links
),
-- records with a counterpart of their own that counts too: they are the last to be called too many
paired AS (
    SELECT l.record, l.cell, min(e.rule) AS rule
    FROM larger l JOIN edges e USING (record)
    JOIN counted c ON c.record = e.other AND c.cell = l.cell
    WHERE l.shared > 0
    GROUP BY ALL
),
-- what several records of a side say alike; all else needs no sorting
alike AS (
    SELECT NULL AS side, NULL AS cell, NULL AS event, NULL AS record, NULL AS person, NULL AS same WHERE false
    {% for side in sides if side.tells_duplicates %}
    UNION ALL
    SELECT {{ side.name | quoted }}, l.cell, l.event, l.record, s.person, unnest(s.sames)
    FROM larger l JOIN side_{{ side.name }} s USING (record)
    -- what too many share tells nothing of two of them
    ANTI JOIN cut_records USING (record)
    {% endfor %}
),
-- of two persons it is not one thing said twice
said_twice AS (
    SELECT side, cell, same FROM alike GROUP BY ALL HAVING count(*) > 1 AND coalesce(min(person) = max(person), true)
),
-- records that say the same as another one counted, of their event or of any: the one with a counterpart is the first of them
duplicated AS (
    SELECT
        a.cell, a.record,
        row_number() OVER (
            PARTITION BY a.side, a.event, a.cell, a.same
            ORDER BY p.record IS NOT NULL DESC, p.rule, k.record_key, k.submission_id, k.row_number
        ) > 1 AS in_event,
        row_number() OVER (PARTITION BY a.side, a.cell, a.same ORDER BY k.record_key, k.submission_id, k.row_number) > 1 AS anywhere
    FROM (FROM alike SEMI JOIN said_twice USING (side, cell, same)) a
    JOIN keys k USING (record)
    LEFT JOIN paired p ON p.record = a.record AND p.cell = a.cell
),
entered_twice AS (
    SELECT cell, record, bool_or(in_event) AS in_event, bool_or(anywhere) AS anywhere FROM duplicated GROUP BY ALL
),
-- of an event that both sides count, the records beyond the smaller count
ranked AS (
    SELECT
        l.*,
        row_number() OVER (
            PARTITION BY l.event, l.cell
            ORDER BY p.record IS NULL, coalesce(d.in_event, false), p.rule, k.record_key, k.submission_id, k.row_number
        ) AS place
    FROM larger l
    JOIN keys k USING (record)
    LEFT JOIN paired p ON p.record = l.record AND p.cell = l.cell
    LEFT JOIN entered_twice d ON d.record = l.record AND d.cell = l.cell
    WHERE l.shared > 0
),
excess AS (
    SELECT x.*, coalesce(d.in_event, false) AS is_duplicate, coalesce(d.anywhere, false) AS says_the_same
    FROM (SELECT * EXCLUDE (place) FROM ranked WHERE place > shared UNION ALL FROM larger WHERE shared = 0) x
    LEFT JOIN entered_twice d ON d.record = x.record AND d.cell = x.cell
),
-- the records of the other side that belong to the same: linked ones, else those of the same event
counterparts AS (
    SELECT x.record, x.cell, e.other, e.rule, true AS is_direct FROM excess x JOIN edges e USING (record)
    UNION ALL
    SELECT x.record, x.cell, m.record AS other, NULL AS rule, false AS is_direct
    FROM (SELECT * FROM excess ANTI JOIN edges USING (record)) x
    JOIN labels m ON m.event = x.event AND m.record % 2 <> x.record % 2
),
-- why each counterpart does not count in the same comparison, in the declared order of causes
judged AS (
    {% for side in sides %}
    SELECT
        c.*, o.record_key AS other_key, (o.submission_id, o.row_number) AS other_place,
        list_filter([
            {% for difference in side.differences %}
            CASE WHEN {{ difference.test }} THEN {'cause': {{ difference.cause | quoted }}, 'detail': {{ difference.detail }}} END{{ "," if not loop.last }}
            {% endfor %}
        ], lambda difference: difference IS NOT NULL) AS differences
    FROM counterparts c
    JOIN side_{{ side.name }} o ON o.record = c.other
    JOIN grid g USING (cell)
    LEFT JOIN rollup_{{ side.name }} k
        ON k.area_code = g.area_code AND k.place = o.place_{{ measure }}
    {{ "UNION ALL" if not loop.last }}
    {% endfor %}
),
-- most have one counterpart, and nothing to choose from
with_choice AS (SELECT record, cell FROM counterparts GROUP BY ALL HAVING count(*) > 1),
nearest AS (
    SELECT record, cell, other_key, rule, is_direct, differences
    FROM judged ANTI JOIN with_choice USING (record, cell)
    UNION ALL
    SELECT record, cell, other_key, rule, is_direct, differences
    FROM judged SEMI JOIN with_choice USING (record, cell)
    QUALIFY row_number() OVER (
        PARTITION BY record, cell ORDER BY is_direct DESC, len(differences), rule, other_key, other_place
    ) = 1
),
-- what is in doubt for one record of an event is in doubt for all that its side has of it
doubted_events AS (
    {% for side in sides %}
    SELECT {{ side.name | quoted }} AS side, m.event, min(CASE {{ doubts(side) }} END) AS doubt
    FROM (FROM labels SEMI JOIN excess USING (event)) m JOIN side_{{ side.name }} s USING (record)
    GROUP BY ALL
    {{ "UNION ALL" if not loop.last }}
    {% endfor %}
),
-- what is known of a record that nothing links
placed AS (
    {% for side in sides %}
    SELECT
        x.*, s.record_key, s.submission_id, s.sheet, s.row_number,
        CASE
            {% if alike %}
            WHEN u.reason IS NOT NULL THEN u.reason
            {% endif %}
            {{ doubts(side) }}
            {% if alike %}
            -- that nothing like it was found does not say that the other side does not know of it
            WHEN ({{ side.links_by }}) = 0 OR NOT {{ side.reaches_most }} THEN 'no_probable_counterpart'
            {% endif %}
            -- a person that leads nowhere does not say that there is nothing to find
            WHEN {{ side.is_mismatched }} AND person IS NOT NULL AND NOT {{ side.reaches_most }} THEN 'persons_do_not_match'
            WHEN ({{ side.links_by }}) = 0 THEN 'no_identifier'
            -- what this record could be found by, most of the other side's records do not say
            WHEN NOT {{ side.reaches_most }} THEN 'other_without_identifier'
            ELSE d.doubt
        END AS note,
        -- whether the other feed covers the month that the record counts in
        coalesce(v.coverage, 0) > 0 AS is_covered, m.period AS month
    FROM excess x
    JOIN side_{{ side.name }} s USING (record)
    JOIN periods m ON m.period_kind = 'month' AND m.period_start = s.month_{{ measure }}
    LEFT JOIN coverage v ON v.agency || '/' || v.feed = {{ side.other_feed | quoted }} AND v.period = m.period
    LEFT JOIN doubted_events d ON d.side = {{ side.name | quoted }} AND d.event = x.event
    {% if alike %}
    LEFT JOIN undecided u ON u.record = x.record
    {% endif %}
    {{ "UNION ALL" if not loop.last }}
    {% endfor %}
),
{% if alike %}
-- events that hang together by a probable link
probable_events AS (SELECT DISTINCT event FROM events SEMI JOIN alike_links ON record_a = record),
{% endif %}
explained AS (
    SELECT
        p.*, n.other_key, n.rule, n.differences,
        CASE
            -- both sides count the event, this side more often
            WHEN p.shared > 0 AND (n.record IS NULL OR NOT n.is_direct OR len(n.differences) = 0)
                THEN {'cause': CASE WHEN p.is_duplicate THEN 'duplicates' ELSE 'counting_unit' END, 'detail': NULL}
            WHEN len(n.differences) > 0 THEN n.differences[1]
            WHEN n.record IS NOT NULL THEN {'cause': 'counting_unit', 'detail': NULL}
            WHEN p.says_the_same THEN {'cause': 'duplicates', 'detail': NULL}
            WHEN p.note IS NOT NULL THEN {'cause': 'unexplained', 'detail': p.note}
            WHEN NOT p.is_covered THEN {'cause': 'reference_period', 'detail': 'not received: ' || p.month}
            ELSE {'cause': 'known_to_one_agency_only', 'detail': NULL}
        END AS named
    FROM placed p LEFT JOIN nearest n USING (record, cell)
),
-- units that a side counts in a comparison with several rows
repeated AS (
    SELECT c.* FROM counted c
    SEMI JOIN (
        SELECT record % 2 AS side, cell, unit FROM counted WHERE unit IS NOT NULL GROUP BY ALL HAVING count(*) > 1
    ) several ON several.side = c.record % 2 AND several.cell = c.cell AND several.unit = c.unit
)
SELECT
    cell, record, named.cause AS cause,
    {% if alike %}
    -- a cause that rests on a probable link says so
    CASE
        WHEN event IN (FROM probable_events) AND coalesce(rule, {{ alike.place }}) = {{ alike.place }} AND (other_key IS NOT NULL OR shared > 0)
        THEN coalesce(named.detail || ', ', '') || {{ alike.said | quoted }}
        ELSE named.detail
    END AS detail,
    {% else %}
    named.detail AS detail,
    {% endif %}
    record_key, submission_id, sheet, row_number,
    CASE record % 2 WHEN 0 THEN -1 ELSE 1 END AS contribution,
    other_key AS counterpart_key, rule,
    list_transform(
        list_filter(coalesce(differences, []), lambda d: d <> named),
        lambda d: d.cause || coalesce(': ' || d.detail, '')
    ) AS other_differences
FROM explained
{% for side in sides if side.is_distinct %}
UNION ALL
-- rows less distinct units: the unit was counted with an earlier row
SELECT
    c.cell, c.record, {{ side.repeats | quoted }} AS cause, NULL AS detail, s.record_key, s.submission_id, s.sheet, s.row_number,
    {{ 1 if side.name == "a" else -1 }} AS contribution, first(s.record_key) OVER same_{{ side.name }} AS counterpart_key,
    NULL AS rule, [] AS other_differences
FROM repeated c JOIN side_{{ side.name }} s USING (record)
WINDOW same_{{ side.name }} AS (PARTITION BY c.cell, c.unit ORDER BY s.record_key, s.submission_id, s.row_number)
QUALIFY row_number() OVER same_{{ side.name }} > 1
{% endfor %}
