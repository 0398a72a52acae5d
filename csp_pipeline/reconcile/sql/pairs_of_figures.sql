-- All feeds' headline figures for one measure, area and period, side by side in one join: every two of them in the feeds' order.
-- Only numbers are joined; what is said of a figure in words goes by its kind.
WITH
-- most kinds stand on one side only of their pairs, and many, as those of the one feed that gives a measure, in no pair
sides AS (
    SELECT
        kind, traits, measure_place,
        kind IN (SELECT kind_a FROM kind_pairs) AS is_first, kind IN (SELECT kind_b FROM kind_pairs) AS is_second
    FROM kinds
),
headline AS MATERIALIZED (
    SELECT
        k.kind, k.is_first, k.is_second,
        -- a place that is not in the list of areas has no comparisons
        TRY_CAST(f.area_code AS area_name) AS area_code, CAST(f.period AS period_name) AS period,
        -- measure, area and period in one number, in the order in which comparisons are written
        (k.measure_place << 48) + (CAST(enum_code(TRY_CAST(f.area_code AS area_name)) AS BIGINT) << 24)
            + enum_code(CAST(f.period AS period_name)) AS cell,
        f.value,
        -- only suppressed numbers are intervals here; unlocated records are shown as bounds but excuse nothing
        {% if has_intervals %}
        CASE WHEN f.value IS NULL THEN f.value_low ELSE f.value END AS low,
        CASE WHEN f.value IS NULL THEN f.value_high ELSE f.value END AS high,
        {% endif %}
        f.as_at
    FROM figures f JOIN sides k ON k.traits = {{ traits }}
    WHERE f.is_headline AND (k.is_first OR k.is_second)
)
SELECT
    a.kind AS kind_a, b.kind AS kind_b, a.cell, a.area_code, a.period,
    {% for side in ("a", "b") %}
    {{ side }}.value AS value_{{ side }}, {{ side }}.{{ "low" if has_intervals else "value" }} AS low_{{ side }},
    {{ side }}.{{ "high" if has_intervals else "value" }} AS high_{{ side }}, {{ side }}.as_at AS as_at_{{ side }}{{ "," if not loop.last }}
    {% endfor %}
FROM headline a JOIN headline b ON b.cell = a.cell AND a.kind < b.kind AND a.is_first AND b.is_second
