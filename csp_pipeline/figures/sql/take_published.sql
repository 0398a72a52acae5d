-- Numbers that a feed gives ready-made: one for each measure, area and period, never added up. One in another unit than its
-- measure's is none of it.
WITH
current_rows AS (
    SELECT r.*, v.valid_from
    FROM read_parquet({{ files }}) r
    JOIN validity v ON v.submission_id = r.submission_id AND v.covered_label = r.covered_label
    WHERE v.valid_to IS NULL
),
taken AS (
    {% for measure in measures %}
    SELECT
        {{ measure.name | quoted }} AS measure, {{ measure.area | identifier }} AS area_code,
        {{ measure.area_basis | quoted }} AS area_basis, {{ period | identifier }} AS period,
        {{ measure.date_basis | quoted }} AS date_basis, {{ measure.unit | quoted }} AS unit,
        {{ measure.value }} AS value, {{ measure.low }} AS value_low, {{ measure.high }} AS value_high,
        {{ measure.base }} AS base, valid_from
    FROM current_rows
    WHERE {{ measure.condition }} AND {{ measure.column | identifier }} IS NOT NULL AND {{ measure.is_in_unit }}
    {{ "UNION ALL" if not loop.last }}
    {% endfor %}
),
-- where a later publication gives the same figure again, the latest holds
latest AS (
    SELECT * EXCLUDE (valid_from), valid_from AS as_at FROM taken
    WHERE area_code IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY measure, area_code, period ORDER BY valid_from DESC, value) = 1
),
-- numbers that add up, in each longer period that has all of its shorter ones; bounds add up like values
added AS (
    SELECT
        l.measure, l.area_code, l.area_basis, long.period, l.date_basis, l.unit,
        CASE WHEN count(l.value) = count(*) THEN sum(l.value) END AS value,
        sum(l.value_low) AS value_low,
        CASE WHEN count(l.value_high) = count(*) THEN sum(l.value_high) END AS value_high,
        max(l.as_at) AS as_at
    FROM latest l
    JOIN periods short USING (period)
    JOIN periods long ON long.months > short.months
        AND short.period_start BETWEEN long.period_start AND long.period_end
    WHERE list_contains({{ adding }}, l.measure)
    GROUP BY l.measure, l.area_code, l.area_basis, long.period, l.date_basis, l.unit, long.months
    HAVING sum(short.months) = long.months
)
SELECT {{ agency | quoted }} AS agency, {{ feed | quoted }} AS feed, *
FROM (
    SELECT * FROM latest
    UNION ALL BY NAME
    SELECT a.* FROM added a ANTI JOIN latest USING (measure, area_code, period)
)
