-- How far figures of two kinds may be compared, and why not further: the same for every place and time in which they meet.
WITH
-- what is declared of each pair of feeds for a measure: a tolerance, and differences in what is counted
declared AS (
    SELECT
        a.kind AS kind_a, b.kind AS kind_b, a AS a, b AS b,
        t.tolerance, t.absolute, t.relative, d.difference, d.declared, d.declared_reason,
        CASE
            WHEN a.break_id IS NULL AND b.break_id IS NULL THEN NULL
            WHEN a.break_id = b.break_id AND list_contains(w.comparable_within, a.feed_key)
                AND list_contains(w.comparable_within, b.feed_key) THEN NULL
            ELSE coalesce(a.break_id, b.break_id)
        END AS break_between
    FROM kinds a
    -- figures that meet have their period in common
    JOIN kinds b ON b.measure = a.measure AND a.feed_order < b.feed_order
        AND a.first_start <= b.last_start AND b.first_start <= a.last_start
    JOIN pair_rules t ON t.measure = a.measure AND t.feed_a = a.feed_key AND t.feed_b = b.feed_key
    LEFT JOIN pair_differences d ON d.measure = a.measure AND d.feed_a = a.feed_key AND d.feed_b = b.feed_key
    LEFT JOIN break_groups w ON w.break_id = a.break_id
),
reasoned AS (
    SELECT
        *,
        CASE
            WHEN a.status = 'M' OR b.status = 'M' THEN 'missing'
            WHEN break_between IS NOT NULL THEN break_between
            WHEN a.coverage < 1 OR b.coverage < 1 THEN 'incomplete_period'
            WHEN declared = 'not_comparable' THEN difference
        END AS obstacle,
        list_filter([
            CASE WHEN a.status = 'M' THEN 'nothing received from ' || a.feed_key
                 WHEN b.status = 'M' THEN 'nothing received from ' || b.feed_key END,
            CASE WHEN break_between IS NOT NULL THEN 'break in the series: ' || break_between END,
            CASE WHEN a.coverage > 0 AND a.coverage < 1 THEN a.feed_key || ' covers ' || coalesce(a.covered, 'part') || ' only' END,
            CASE WHEN b.coverage > 0 AND b.coverage < 1 THEN b.feed_key || ' covers ' || coalesce(b.covered, 'part') || ' only' END,
            declared_reason,
            CASE WHEN a.unit <> b.unit THEN 'counts ' || a.unit || ' against ' || b.unit END,
            CASE WHEN a.date_basis <> b.date_basis THEN 'by date ' || a.date_basis || ' against ' || b.date_basis END,
            CASE WHEN a.area_basis <> b.area_basis THEN 'by area of ' || a.area_basis || ' against ' || b.area_basis END
        ], lambda reason: reason IS NOT NULL) AS reasons
    FROM declared
)
SELECT
    kind_a, kind_b, a.measure AS measure,
    {% for side in ("a", "b") %}
    {{ side }}.agency AS agency_{{ side }}, {{ side }}.feed AS feed_{{ side }}, {{ side }}.status AS status_{{ side }}, {{ side }}.coverage AS coverage_{{ side }},
    {% endfor %}
    absolute, relative,
    CASE
        WHEN obstacle IS NOT NULL THEN 'not_comparable'
        WHEN len(reasons) > 0 THEN 'adjustable'
        ELSE 'like_for_like'
    END AS comparability,
    nullif(array_to_string(reasons, '; '), '') AS reasons,
    -- what the numbers have no say in
    CASE WHEN obstacle = 'missing' THEN 'missing' WHEN obstacle IS NOT NULL THEN 'not_comparable' END AS settled,
    coalesce(obstacle, tolerance) AS rule,
    replace(a.feed_key, '/', '_') || '.' || replace(b.feed_key, '/', '_') AS pair
FROM reasoned
{% if not also_neither %}
-- where neither has sent anything there is nothing to compare
WHERE a.status <> 'M' OR b.status <> 'M'
{% endif %}
