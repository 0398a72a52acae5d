-- The verdict on each pair of figures: today's, or those of each stretch of days. What their kinds settle is looked up.
{% macro unless_untold(words, other) %}
{% if has_intervals %}CASE WHEN is_untold THEN {{ words }} ELSE CAST({{ other }} AS VARCHAR) END AS {% endif %}{{ other }}
{%- endmacro %}
WITH
pairs AS (
{{ pairs }}
),
judged AS (
    SELECT
        p.*, k.* EXCLUDE (kind_a, kind_b), n.slug AS area_slug, m.slug AS period_slug,
        p.value_b - p.value_a AS gap
        {% if has_intervals %}
        -- of a number as [c] not even the most is told, so that it would agree with anything from its least on
        , k.settled IS NULL AND gap IS NULL AND (p.high_a IS NULL OR p.high_b IS NULL)
            AND p.low_a <= coalesce(p.high_b, 'infinity') AND p.low_b <= coalesce(p.high_a, 'infinity') AS is_untold
        {% endif %}
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
            {% if has_intervals %}
            WHEN is_untold THEN 'not_comparable'::verdict
            {% endif %}
            -- intervals that touch leave nothing to settle
            WHEN gap IS NULL AND low_a <= coalesce(high_b, 'infinity') AND low_b <= coalesce(high_a, 'infinity') THEN 'agrees'::verdict
            WHEN gap = 0 THEN 'agrees'::verdict
            -- 94.4 less 94.1 is 0.3, not the little more that binary numbers make of it
            WHEN round(abs(coalesce(gap, least(abs(low_b - high_a), abs(low_a - high_b)))), 9)
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
    gap,
    {{ unless_untold("'not_comparable'", "comparability") }},
    {{ unless_untold(
        "concat_ws('; ', concat(if(high_a IS NULL, concat(agency_a, '/', feed_a), concat(agency_b, '/', feed_b)),"
        ~ " ' is suppressed, and may be any number from ', printf('%.10g', if(high_a IS NULL, low_a, low_b)), ' on'), reasons)",
        "reasons") }},
    verdict,
    {{ unless_untold("'suppressed'", "rule") }},
    {% if over_time %}
    known_from, as_at_a AS since_a, as_at_b AS since_b,
    {% endif %}
    as_at
-- sorted before the ids are made, and what a row says twice: a place and a pair are two numbers, an id is a long text
FROM (FROM verdicts{{ "" if over_time else " ORDER BY cell, pair" }})
