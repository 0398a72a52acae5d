-- The verdict on each pair of figures, which come as the structs a and b: today's, or those of each stretch of days.
WITH
known AS (
{{ pairs }}
),
-- what is declared of each pair of feeds for a measure: a tolerance, and differences in what is counted
judged AS (
    SELECT
        k.*,
        t.tolerance, t.absolute, t.relative, d.difference, d.declared, d.declared_reason,
        CASE
            WHEN k.a.break_id IS NULL AND k.b.break_id IS NULL THEN NULL
            WHEN k.a.break_id = k.b.break_id AND list_contains(w.comparable_within, k.a.feed_key)
                AND list_contains(w.comparable_within, k.b.feed_key) THEN NULL
            ELSE coalesce(k.a.break_id, k.b.break_id)
        END AS break_between
    FROM known k
    JOIN pair_rules t ON t.measure = k.measure AND t.feed_a = k.a.feed_key AND t.feed_b = k.b.feed_key
    LEFT JOIN pair_differences d ON d.measure = k.measure AND d.feed_a = k.a.feed_key AND d.feed_b = k.b.feed_key
    LEFT JOIN break_groups w ON w.break_id = k.a.break_id
),
reasoned AS (
    SELECT
        *,
        b.value - a.value AS gap,
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
    FROM judged
)
SELECT
    r.measure || '.' || n.slug || '.' || lower(replace(r.period, ' ', '-')) || '.'
        || replace(r.a.feed_key, '/', '_') || '.' || replace(r.b.feed_key, '/', '_') AS comparison_id,
    r.measure, r.area_code, r.period,
    r.a.agency AS agency_a, r.a.feed AS feed_a, r.a.value AS value_a, r.a.low AS low_a, r.a.high AS high_a,
    r.a.status AS status_a, r.a.coverage AS coverage_a,
    r.b.agency AS agency_b, r.b.feed AS feed_b, r.b.value AS value_b, r.b.low AS low_b, r.b.high AS high_b,
    r.b.status AS status_b, r.b.coverage AS coverage_b,
    r.gap,
    CASE
        WHEN r.obstacle IS NOT NULL THEN 'not_comparable'
        WHEN len(r.reasons) > 0 THEN 'adjustable'
        ELSE 'like_for_like'
    END AS comparability,
    nullif(array_to_string(r.reasons, '; '), '') AS reasons,
    CASE
        WHEN r.obstacle = 'missing' THEN 'missing'
        WHEN r.obstacle IS NOT NULL THEN 'not_comparable'
        -- intervals that touch leave nothing to settle; an open end reaches as far as it likes
        WHEN r.gap IS NULL AND r.a.low <= coalesce(r.b.high, 'infinity') AND r.b.low <= coalesce(r.a.high, 'infinity')
            THEN 'agrees'
        WHEN r.gap = 0 THEN 'agrees'
        WHEN abs(coalesce(r.gap, least(abs(r.b.low - r.a.high), abs(r.a.low - r.b.high))))
            <= greatest(r.absolute, r.relative * greatest(abs(coalesce(r.a.value, r.a.high)), abs(coalesce(r.b.value, r.b.high))))
            THEN 'within_tolerance'
        ELSE 'conflict'
    END AS verdict,
    coalesce(r.obstacle, r.tolerance) AS rule,
    {% if over_time %}
    r.known_from, r.a.as_at AS since_a, r.b.as_at AS since_b,
    {% endif %}
    greatest(r.a.as_at, r.b.as_at) AS as_at
FROM reasoned r
JOIN area_slugs n USING (area_code)
ORDER BY r.measure, r.area_code, r.period_start, r.period_end, comparison_id
