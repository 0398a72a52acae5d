-- Counts of one feed's current records: each measure, on each date and area basis and in each unit that the feed offers,
-- for every area and period that holds any.
WITH
-- the records that hold today: those of the latest submission of their covered period
current_records AS MATERIALIZED (
    {{ current_records }}
),
-- one row for each record and measure whose conditions it meets, with what is needed to place and count it
matched AS (
    {% for measure in measures %}
    SELECT {{ measure.name | quoted }} AS measure, {{ measure.amount }} AS amount
        {% for name in needed %}, {{ name | identifier }}{% endfor %}
    FROM current_records
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
        CAST(date_trunc('month', {{ date.column | identifier }}) AS DATE) AS month,
        amount
        {% for unit in units if unit.is_distinct %}, {{ unit.column | identifier }}{% endfor %}
    FROM matched
    WHERE {{ date.column | identifier }} IS NOT NULL
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
{% if units | selectattr("is_distinct") | list %}
-- distinct units cannot be added up, so every record stands in each of its areas and periods before they are counted
spread AS (
    SELECT
        p.measure, p.date_basis, p.area_basis, coalesce(k.area_code, e.area_code) AS area_code, t.period
        {% for unit in units if unit.is_distinct %}, p.{{ unit.column | identifier }}{% endfor %}
    FROM placed p
    JOIN month_periods t USING (month)
    LEFT JOIN rollup k ON k.place = p.place
    LEFT JOIN rollup e ON k.place IS NULL AND e.place = 'elsewhere'
),
{% endif %}
-- rows and sums can be added up, so they are counted by place and month first
by_month AS (
    SELECT measure, date_basis, area_basis, place, month, sum(amount) AS amount
    FROM placed
    GROUP BY ALL
),
added AS (
    SELECT m.measure, m.date_basis, m.area_basis, coalesce(k.area_code, e.area_code) AS area_code, t.period, m.amount
    FROM by_month m
    JOIN month_periods t USING (month)
    LEFT JOIN rollup k ON k.place = m.place
    LEFT JOIN rollup e ON k.place IS NULL AND e.place = 'elsewhere'
)
{% for unit in units %}
{% if unit.is_distinct %}
SELECT
    measure, area_code, area_basis, period, date_basis, {{ unit.name | quoted }} AS unit,
    -- rows without an identifier are never duplicates of each other
    count(DISTINCT {{ unit.column | identifier }}){% if unit.blank_counts %} + count(*) FILTER ({{ unit.column | identifier }} IS NULL){% endif %} AS value
FROM spread WHERE area_code IS NOT NULL GROUP BY ALL
{% else %}
SELECT measure, area_code, area_basis, period, date_basis, {{ unit.name | quoted }} AS unit, sum(amount) AS value
FROM added WHERE area_code IS NOT NULL GROUP BY ALL
{% endif %}
{{ "UNION ALL" if not loop.last }}
{% endfor %}
