-- Numbers that a feed gives ready-made: one for each measure, area and period, never added up.
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
        valid_from
    FROM current_rows
    WHERE {{ measure.condition }} AND {{ measure.column | identifier }} IS NOT NULL
    {{ "UNION ALL" if not loop.last }}
    {% endfor %}
)
-- where a later publication gives the same figure again, the latest holds
SELECT * EXCLUDE (valid_from), valid_from AS as_at FROM taken
WHERE area_code IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY measure, area_code, period ORDER BY valid_from DESC, value) = 1
