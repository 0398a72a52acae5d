-- Counts of one feed's current records: each measure, on each date and area basis and in each unit that the feed offers,
-- for every area and period that holds any.
WITH
-- the records that hold today: those of the latest submission of their covered period
current_records AS MATERIALIZED (
    {{ current_records }}
),
-- one row for each record and measure whose conditions it meets
matched AS (
    {% for measure in measures %}
    SELECT {{ measure.name | quoted }} AS measure, {{ measure.amount }} AS amount, * FROM current_records
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
        CAST({{ date.column | identifier }} AS DATE) AS day,
        amount
        {% for unit in units if unit.is_distinct %}, {{ unit.column | identifier }}{% endfor %}
    FROM matched
    WHERE {{ date.column | identifier }} IS NOT NULL
    {{ "UNION ALL" if not loop.last }}
    {% endfor %}
    {{ "UNION ALL" if not loop.last }}
    {% endfor %}
),
{% if units | selectattr("is_distinct") | list %}
-- distinct units cannot be added up, so every record stands in each of its areas and periods before they are counted
spread AS (
    SELECT p.*, coalesce(k.area_code, e.area_code) AS area_code
    FROM placed p
    LEFT JOIN rollup k ON k.place = p.place
    LEFT JOIN rollup e ON k.place IS NULL AND e.place = 'elsewhere'
),
distinct_counts AS (
    SELECT
        measure, date_basis, area_basis, area_code,
        unnest([{{ period_label("day", "month") }}, {{ period_label("day", "quarter") }},
                {{ period_label("day", "financial_year") }}]) AS period
        {% for unit in units if unit.is_distinct %}, {{ unit.column | identifier }}{% endfor %}
    FROM spread
    WHERE area_code IS NOT NULL
),
{% endif %}
-- rows and sums can be added up, so they are counted by place and day's month first
by_month AS (
    SELECT measure, date_basis, area_basis, place, date_trunc('month', day) AS month, sum(amount) AS amount
    FROM placed
    GROUP BY ALL
),
added AS (
    SELECT
        m.measure, m.date_basis, m.area_basis, coalesce(k.area_code, e.area_code) AS area_code,
        unnest([{{ period_label("month", "month") }}, {{ period_label("month", "quarter") }},
                {{ period_label("month", "financial_year") }}]) AS period,
        m.amount
    FROM by_month m
    LEFT JOIN rollup k ON k.place = m.place
    LEFT JOIN rollup e ON k.place IS NULL AND e.place = 'elsewhere'
)
{% for unit in units %}
{% if unit.is_distinct %}
SELECT
    measure, area_code, area_basis, period, date_basis, {{ unit.name | quoted }} AS unit,
    -- rows without an identifier are never duplicates of each other
    count(DISTINCT {{ unit.column | identifier }}){% if unit.blank_counts %} + count(*) FILTER ({{ unit.column | identifier }} IS NULL){% endif %} AS value
FROM distinct_counts GROUP BY ALL
{% else %}
SELECT measure, area_code, area_basis, period, date_basis, {{ unit.name | quoted }} AS unit, sum(amount) AS value
FROM added WHERE area_code IS NOT NULL GROUP BY ALL
{% endif %}
{{ "UNION ALL" if not loop.last }}
{% endfor %}
