-- The verdict on each pair of figures: today's, or those of each stretch of days. What their kinds settle is looked up.
WITH
pairs AS (
{{ pairs }}
),
judged AS (
    SELECT p.*, k.* EXCLUDE (kind_a, kind_b), n.slug AS area_slug, m.slug AS period_slug, p.value_b - p.value_a AS gap
    FROM pairs p
    JOIN kind_pairs k USING (kind_a, kind_b)
    JOIN area_names n USING (area_code)
    JOIN period_names m USING (period)
),
verdicts AS (
    SELECT
        *,
        CASE
            WHEN settled IS NOT NULL THEN settled
            -- intervals that touch leave nothing to settle; an open end reaches as far as it likes
            WHEN gap IS NULL AND low_a <= coalesce(high_b, 'infinity') AND low_b <= coalesce(high_a, 'infinity') THEN 'agrees'::verdict
            WHEN gap = 0 THEN 'agrees'::verdict
            WHEN abs(coalesce(gap, least(abs(low_b - high_a), abs(low_a - high_b))))
                <= greatest(absolute, relative * greatest(abs(coalesce(value_a, high_a)), abs(coalesce(value_b, high_b))))
                THEN 'within_tolerance'::verdict
            ELSE 'conflict'::verdict
        END AS verdict,
        greatest(as_at_a, as_at_b) AS as_at
    FROM judged
)
SELECT
    concat(measure, '.', area_slug, '.', period_slug, '.', pair) AS comparison_id, measure, area_code, period,
    {% for side in ("a", "b") %}
    agency_{{ side }}, feed_{{ side }}, value_{{ side }},
    {% for bound in ("low", "high") %}
    {{ bound if has_intervals else "value" }}_{{ side }} AS {{ bound }}_{{ side }},
    {% endfor %}
    status_{{ side }}, coverage_{{ side }},
    {% endfor %}
    value_b - value_a AS gap, comparability, reasons, verdict, rule,
    {% if over_time %}
    known_from, as_at_a AS since_a, as_at_b AS since_b,
    {% endif %}
    as_at
-- sorted before the ids are made, and what a row says twice: a place and a pair are two numbers, an id is a long text
FROM (FROM verdicts{{ "" if over_time else " ORDER BY cell, pair" }})
