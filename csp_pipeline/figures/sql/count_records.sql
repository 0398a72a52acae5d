-- Counts of one feed's current records: each measure, on each date and area basis and in each unit that the feed offers,
-- for every area and period that holds any.
WITH
current_records AS NOT MATERIALIZED (
    {{ current_records }}
),
{% for unit in units if unit.is_distinct %}
-- identifiers that stand in several records: only these have to be told apart, the others are counted like rows
several_{{ unit.name }} AS (
    SELECT {{ unit.column | identifier }} FROM current_records WHERE {{ unit.column | identifier }} IS NOT NULL
    GROUP BY ALL HAVING count(*) > 1
),
{% endfor %}
-- records that are alike in all that is asked of them, as one row with their number: so millions of them stay few
records AS MATERIALIZED (
    SELECT
        {% for name in asked %}
        {{ name | identifier }},
        {% endfor %}
        {% for date in dates %}
        CAST(date_trunc('month', {{ date.column | identifier }}) AS DATE) AS {{ ("month " ~ date.basis) | identifier }},
        {% endfor %}
        {% for unit in units if unit.is_distinct %}
        CASE WHEN {{ unit.column | identifier }} IN (FROM several_{{ unit.name }}) THEN {{ unit.column | identifier }} END
            AS repeated_{{ unit.name }},
        {{ unit.column | identifier }} IS NOT NULL AS has_{{ unit.name }},
        {% endfor %}
        count(*) AS records
    FROM current_records
    GROUP BY ALL
),
-- one row for each of these and each measure whose conditions it meets
matched AS (
    {% for measure in measures %}
    SELECT {{ measure.name | quoted }} AS measure, ({{ measure.amount }}) * records AS amount, *
    FROM records
    WHERE {{ measure.condition }}
    {{ "UNION ALL" if not loop.last }}
    {% endfor %}
),
-- each of them on each date and area basis; a record without a usable place is kept apart
placed AS (
    {% for date in dates %}{% for area in areas %}
    SELECT
        measure, {{ date.basis | quoted }} AS date_basis, {{ area.basis | quoted }} AS area_basis,
        coalesce({{ area.column | identifier }}, 'unlocated') AS place,
        {{ ("month " ~ date.basis) | identifier }} AS month,
        amount, records
        {% for unit in units if unit.is_distinct %}
        , repeated_{{ unit.name }}
        -- rows without an identifier are never duplicates of each other; they are nobody where people are counted
        , repeated_{{ unit.name }} IS NULL{{ "" if unit.blank_counts else " AND has_" ~ unit.name }} AS is_one_{{ unit.name }}
        {% endfor %}
    FROM matched
    WHERE {{ ("month " ~ date.basis) | identifier }} IS NOT NULL
    {{ "UNION ALL" if not loop.last }}
    {% endfor %}
    {{ "UNION ALL" if not loop.last }}
    {% endfor %}
),
-- each month with the periods that it lies in: itself, its quarter, its financial year
month_periods AS (
    SELECT m.period_start AS month, p.period
    FROM periods m
    JOIN periods p ON m.period_kind = 'month' AND m.period_start BETWEEN p.period_start AND p.period_end
),
-- what can be added up is counted by place and month first, and only then for every area and period
by_month AS (
    SELECT
        measure, date_basis, area_basis, place, month
        {% for unit in units %}
        , {{ "coalesce(sum(records) FILTER (is_one_" ~ unit.name ~ "), 0)" if unit.is_distinct else "sum(amount)" }} AS {{ unit.name | identifier }}
        {% endfor %}
    FROM placed
    GROUP BY ALL
),
added AS (
    SELECT
        m.measure, coalesce(k.area_code, e.area_code) AS area_code, m.area_basis, t.period, m.date_basis
        {% for unit in units %}, sum(m.{{ unit.name | identifier }}) AS {{ unit.name | identifier }}{% endfor %}

    FROM by_month m
    JOIN month_periods t USING (month)
    LEFT JOIN rollup k ON k.place = m.place
    LEFT JOIN rollup e ON k.place IS NULL AND e.place = 'elsewhere'
    GROUP BY ALL
),
-- what is counted by rows, and each repeated identifier once in each of its areas and periods
counted AS (
    {% for unit in units %}
    SELECT
        measure, area_code, area_basis, period, date_basis, {{ unit.name | quoted }} AS unit,
        {{ unit.name | identifier }} AS value
    FROM added
    {% if unit.is_distinct %}
    UNION ALL
    SELECT
        p.measure, coalesce(k.area_code, e.area_code), p.area_basis, t.period, p.date_basis, {{ unit.name | quoted }},
        count(DISTINCT p.repeated_{{ unit.name }})
    FROM placed p
    JOIN month_periods t USING (month)
    LEFT JOIN rollup k ON k.place = p.place
    LEFT JOIN rollup e ON k.place IS NULL AND e.place = 'elsewhere'
    WHERE p.repeated_{{ unit.name }} IS NOT NULL
    GROUP BY ALL
    {% endif %}
    {{ "UNION ALL" if not loop.last }}
    {% endfor %}
)
SELECT
    {{ agency | quoted }} AS agency, {{ feed | quoted }} AS feed, measure, area_code, area_basis, period, date_basis, unit,
    sum(value) AS value
FROM counted
WHERE area_code IS NOT NULL
GROUP BY ALL
