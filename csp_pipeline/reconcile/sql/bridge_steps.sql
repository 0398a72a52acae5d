-- The signed steps of each bridge, one for each cause and detail, in a fixed order, ending in `unexplained`.
WITH
bridged_comparisons AS (
    SELECT c.comparison_id, c.agency_a, c.feed_a, c.gap, b.is_linked
    FROM comparisons c JOIN bridged b USING (measure, agency_a, feed_a, agency_b, feed_b)
    WHERE c.gap IS NOT NULL
),
named AS (
    SELECT
        r.comparison_id, r.cause,
        -- a condition or a reason makes a step of its own, and so does a probable link; months differ from record to record
        CASE
            WHEN r.cause NOT IN ('reference_date', 'reference_period') THEN r.detail
            WHEN contains(r.detail, {{ probable | quoted }}) THEN substr(r.detail, strpos(r.detail, {{ probable | quoted }}))
        END AS detail,
        sum(r.contribution) AS contribution, count(*) AS records,
        count(*) FILTER (r.agency = c.agency_a AND r.feed = c.feed_a) AS records_a
    FROM {{ records }} r JOIN bridged_comparisons c USING (comparison_id)
    GROUP BY ALL
),
-- every bridge says what is left, also when nothing is
complete AS (
    SELECT * FROM named
    UNION ALL
    SELECT comparison_id, 'unexplained', NULL, 0, 0, 0
    FROM bridged_comparisons c ANTI JOIN (SELECT comparison_id FROM named WHERE cause = 'unexplained') USING (comparison_id)
    WHERE c.is_linked
),
numbered AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY comparison_id ORDER BY list_position({{ causes }}, cause), detail NULLS FIRST) AS step
    FROM complete
    UNION ALL
    -- between feeds without declared links nothing can be taken apart
    SELECT comparison_id, 'unexplained', 'no_link_declared', gap, NULL, NULL, 1 FROM bridged_comparisons WHERE NOT is_linked
),
-- what each side counts and nothing explains: a record that seems to be known to the other side only may be one of them
unlinked AS (
    SELECT comparison_id, sum(records_a) AS a, sum(records - records_a) AS b
    FROM named WHERE cause = 'unexplained' GROUP BY ALL
)
SELECT
    comparison_id, step, cause, detail, CAST(contribution AS DOUBLE) AS contribution, records, records_a,
    records - records_a AS records_b,
    CASE WHEN cause = 'known_to_one_agency_only' THEN
        CAST(least(records_a, coalesce(u.b, 0)) + least(records - records_a, coalesce(u.a, 0)) AS BIGINT)
    END AS possible_counterparts,
    CASE
        WHEN records = 0 THEN 'Nothing is left unexplained.'
        -- a meaning of the detail's own comes before the cause's
        {% for (cause, detail), meaning in meanings.items() if detail %}
        WHEN cause = {{ cause | quoted }} AND detail = {{ detail | quoted }} THEN {{ (meaning ~ ".") | quoted }}
        {% endfor %}
        {% for (cause, detail), meaning in meanings.items() if not detail %}
        WHEN cause = {{ cause | quoted }} THEN {{ meaning | quoted }} || coalesce(': ' || detail, '') || '.'
        {% endfor %}
        ELSE '.'
    END AS sentence
FROM numbered LEFT JOIN unlinked u USING (comparison_id)
ORDER BY comparison_id, step
