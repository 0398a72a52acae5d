-- What happened to sums of published amounts, day by day: by how much each measure, area and period rose or fell. Amounts
-- have no identifiers, so only the change is known, not what became of single records.
WITH
amounts AS (
    {% for measure in measures %}
    SELECT
        {{ measure.name | quoted }} AS measure, coalesce({{ measure.area | identifier }}, 'unlocated') AS place,
        CAST(date_trunc('month', {{ measure.date | identifier }}) AS DATE) AS month,
        {{ measure.amount }} AS amount, v.valid_from, v.valid_to
    FROM read_parquet({{ files }}) r
    JOIN validity v ON v.submission_id = r.submission_id AND v.covered_label = r.covered_label
    WHERE ({{ measure.condition }}) AND {{ measure.date | identifier }} IS NOT NULL
    {{ "UNION ALL" if not loop.last }}
    {% endfor %}
),
by_place AS (
    SELECT measure, place, month, day, sum(amount) AS change
    FROM (
        SELECT measure, place, month, valid_from AS day, amount FROM amounts
        UNION ALL
        SELECT measure, place, month, valid_to, -amount FROM amounts WHERE valid_to IS NOT NULL
    )
    GROUP BY ALL
)
SELECT
    b.measure, coalesce(k.area_code, e.area_code) AS area_code, p.period, b.day,
    CAST(NULL AS BIGINT) AS added, CAST(NULL AS BIGINT) AS removed,
    CAST(NULL AS BIGINT) AS reclassified_in, CAST(NULL AS BIGINT) AS reclassified_out,
    CAST(NULL AS BIGINT) AS moved_in, CAST(NULL AS BIGINT) AS moved_out,
    CAST(sum(b.change) AS DOUBLE) AS change
FROM by_place b
JOIN periods p ON b.month BETWEEN p.period_start AND p.period_end
LEFT JOIN rollup k ON k.place = b.place
LEFT JOIN rollup e ON k.place IS NULL AND e.place = 'elsewhere'
WHERE coalesce(k.area_code, e.area_code) IS NOT NULL
GROUP BY ALL
HAVING sum(b.change) <> 0
