-- Conflicts at the levels and periods that the partnership raises for people to settle, each as a sentence.
{% macro in_words(number) -%}
if({{ number }} = trunc({{ number }}), format('{:t,.0f}', {{ number }}), format('{:t,.1f}', {{ number }}))
{%- endmacro %}
WITH
-- what a bridge leaves over: the records themselves, as those of one side must not hide those of the other
left_over AS (
    SELECT comparison_id, sum(coalesce(records, abs(contribution))) AS unexplained
    FROM bridge_steps WHERE cause = 'unexplained' GROUP BY ALL
),
-- what its owners answered, of which an agency has at most one answer in force
answered AS (
    SELECT
        discrepancy_id,
        list(agency || ': ' || {{ as_worded("answer") }} ORDER BY agency) FILTER (status = 'in_force') AS answers,
        coalesce(list(agency ORDER BY agency) FILTER (status = 'in_force'), []) AS answered_by,
        coalesce(list(DISTINCT answer) FILTER (status = 'in_force'), []) AS said,
        bool_or(status IN ('expired', 'overtaken')) AS has_lapsed
    FROM responses GROUP BY ALL
),
-- no history is kept for LSOAs
seen AS (
    SELECT comparison_id, min(known_from) FILTER (verdict = 'conflict') AS first_seen, count(*) FILTER (effect = 'opened') AS times
    FROM gap_history GROUP BY ALL
),
-- rows that were rejected from the files that hold for a period, each file once
rejected AS (
    SELECT f.agency, f.feed, f.period, sum(r.rows_rejected) AS rows
    FROM (
        SELECT DISTINCT v.agency, v.feed, v.submission_id, p.period
        FROM validity v JOIN periods p ON v.covered_from <= p.period_end AND v.covered_until >= p.period_start
        WHERE v.valid_to IS NULL
    ) f
    JOIN rejected_rows r USING (submission_id)
    GROUP BY ALL
),
raised AS (
    SELECT
        c.*, s.first_seen, u.unexplained, a.area_name, coalesce(ra.rows, 0) AS rejected_a, coalesce(rb.rows, 0) AS rejected_b,
        list_distinct([c.agency_a, c.agency_b]).list_sort() AS owners,
        coalesce(w.answers, []) AS answers, coalesce(w.answered_by, []) AS answered_by, coalesce(w.said, []) AS said,
        coalesce(w.has_lapsed, false) AS has_lapsed, coalesce(s.times, 0) > 1 AS has_come_back,
        coalesce(u.unexplained <= greatest(t.absolute, t.relative * greatest(abs(c.value_a), abs(c.value_b))), false) AS is_taken_apart
    FROM comparisons c
    JOIN areas a USING (area_code)
    JOIN periods p USING (period)
    JOIN pair_rules t ON t.measure = c.measure AND t.feed_a = c.agency_a || '/' || c.feed_a AND t.feed_b = c.agency_b || '/' || c.feed_b
    LEFT JOIN rejected ra ON ra.agency = c.agency_a AND ra.feed = c.feed_a AND ra.period = c.period
    LEFT JOIN rejected rb ON rb.agency = c.agency_b AND rb.feed = c.feed_b AND rb.period = c.period
    LEFT JOIN left_over u USING (comparison_id)
    LEFT JOIN seen s USING (comparison_id)
    LEFT JOIN answered w ON w.discrepancy_id = c.comparison_id
    WHERE c.verdict = 'conflict'
        AND list_contains($area_levels, a.area_level) AND list_contains($periods, p.period_kind)
),
-- the first rule that holds, as declared (STATE_RULES)
ruled AS (
    SELECT
        *,
        CASE
            WHEN answered_by = owners AND said = ['agree'] THEN 'all_agree'
            WHEN list_has_any(said, ['will_correct', 'other_should_correct', 'need_records']) THEN 'work_to_do'
            WHEN is_taken_apart THEN 'few_records_left'
            WHEN list_contains(said, 'definition_differs') THEN 'definition_differs'
            WHEN list_contains(said, 'agree') THEN 'some_agree'
            WHEN has_lapsed THEN 'answer_lapsed'
            WHEN has_come_back THEN 'came_back'
            ELSE 'no_answer'
        END AS state_rule
    FROM raised
)
SELECT
    c.comparison_id AS discrepancy_id,
    c.measure, c.area_code, c.period, c.agency_a, c.feed_a, c.value_a, c.agency_b, c.feed_b, c.value_b, c.gap,
    c.owners AS owner_agencies,
    CASE c.state_rule
        {% for rule, (state, _) in state_rules.items() %}
        WHEN {{ rule | quoted }} THEN {{ state | quoted }}
        {% endfor %}
    END AS state,
    c.state_rule, c.answers,
    list_filter(c.owners, lambda owner: NOT list_contains(c.answered_by, owner)) AS unanswered_by,
    coalesce(c.first_seen, c.as_at) AS first_seen,
    (SELECT max(as_at) FROM comparisons) AS last_seen,
    c.rule, c.unexplained, c.reasons, c.rejected_a, c.rejected_b,
    m.title || ', ' || c.area_name || ', ' || c.period || ': '
        || na.agency_name || ' (' || fa.title || ') ' || coalesce({{ in_words('c.value_a') }}, 'suppressed') || ', '
        || nb.agency_name || ' (' || fb.title || ') ' || coalesce({{ in_words('c.value_b') }}, 'suppressed')
        || coalesce('; ' || {{ in_words('abs(c.gap)') }} || CASE WHEN c.gap > 0 THEN ' more' ELSE ' fewer' END, '') || '.'
        AS sentence
FROM ruled c
JOIN (SELECT DISTINCT measure, title FROM measures) m USING (measure)
JOIN agencies na ON na.agency = c.agency_a
JOIN agencies nb ON nb.agency = c.agency_b
JOIN feeds fa ON fa.agency = c.agency_a AND fa.feed = c.feed_a
JOIN feeds fb ON fb.agency = c.agency_b AND fb.feed = c.feed_b
ORDER BY discrepancy_id
