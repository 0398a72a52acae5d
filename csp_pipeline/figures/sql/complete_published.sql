-- Published numbers, and a missing figure for each that was expected and has not come.
WITH
own_coverage AS (SELECT * FROM coverage WHERE agency = {{ agency | quoted }} AND feed = {{ feed | quoted }}),
variants AS (SELECT DISTINCT measure, area_code, area_basis, date_basis, unit FROM counts),
expected AS (
    SELECT v.*, c.period, c.as_at FROM variants v CROSS JOIN own_coverage c
    WHERE c.period_kind = {{ covers_kind | quoted }} AND c.coverage = 0
),
every AS (
    SELECT measure, area_code, area_basis, period, date_basis, unit, value, value_low, value_high, as_at FROM counts
    UNION ALL
    SELECT e.measure, e.area_code, e.area_basis, e.period, e.date_basis, e.unit, NULL, NULL, NULL, NULL
    FROM expected e ANTI JOIN counts n USING (measure, area_code, period)
)
SELECT
    {{ agency | quoted }} AS agency, {{ feed | quoted }} AS feed,
    e.measure, e.area_code, e.area_basis, e.period, p.period_kind, p.period_start, p.period_end, e.date_basis, e.unit,
    e.value, e.value_low, e.value_high,
    -- a published number covers its period whole, whoever counted it
    CASE WHEN e.as_at IS NULL THEN 0 ELSE 1 END AS coverage, NULL AS covered, e.as_at, true AS is_headline
FROM every e JOIN periods p USING (period)
