-- The headline figures of some feeds as they were known over time: one row from each day on which one was first published or
-- changed.
WITH
kept AS (
    SELECT
        *,
        lag(value) OVER so_far AS value_before, lag(coverage) OVER so_far AS coverage_before,
        row_number() OVER so_far AS place,
        coalesce(value IS DISTINCT FROM lag(value) OVER so_far OR coverage <> lag(coverage) OVER so_far
            OR value_low IS DISTINCT FROM lag(value_low) OVER so_far OR value_high IS DISTINCT FROM lag(value_high) OVER so_far
            OR {{ reasons | join(" + ") }} > 0, false) AS differs
    FROM over_time
    WINDOW so_far AS (PARTITION BY agency, feed, measure, area_code, period ORDER BY known_from)
    QUALIFY place = 1 OR differs
),
broken AS (SELECT DISTINCT agency, feed, measure, period, break_id FROM headline_figures WHERE break_id IS NOT NULL)
SELECT
    k.agency, k.feed, k.measure, k.area_code, w.area_basis, k.period, w.date_basis, w.unit,
    CAST(row_number() OVER so_far - 1 AS INTEGER) AS revision,
    CAST(k.known_from AS DATE) AS known_from, CAST(lead(k.known_from) OVER so_far AS DATE) AS known_to,
    CASE
        WHEN k.place = 1 THEN 'first_published'
        WHEN k.coverage = 0 THEN 'withdrawn'
        WHEN k.coverage_before = 0 THEN 'republished'
        WHEN k.coverage > k.coverage_before THEN 'extended'
        WHEN k.value IS NOT DISTINCT FROM k.value_before AND coalesce(k.{{ reasons | join(" + k.") }}, 0) = 0 THEN 'bounds'
        WHEN k.added IS NULL THEN 'restated'
        ELSE 'revised'
    END AS event,
    CAST(k.value AS DOUBLE) AS value, CAST(k.value_low AS DOUBLE) AS value_low, CAST(k.value_high AS DOUBLE) AS value_high,
    CAST(k.value_before AS DOUBLE) AS value_before, CAST(k.value - k.value_before AS DOUBLE) AS change,
    {{ observation_status("k.coverage", "b.break_id", "k.value") }} AS status,
    CAST(k.coverage AS DOUBLE) AS coverage, CAST(k.covered AS VARCHAR) AS covered, b.break_id,
    {% for name in reasons %}
    -- what is counted when a figure is first published has come by then, by whatever way
    CAST(CASE WHEN k.place = 1 AND k.{{ name }} IS NOT NULL THEN {{ "k.value" if name == "added" else 0 }} ELSE k.{{ name }} END AS BIGINT)
        AS {{ name }}{{ "," if not loop.last }}
    {% endfor %}
FROM kept k
JOIN ways w USING (agency, feed, measure)
LEFT JOIN broken b USING (agency, feed, measure, period)
WINDOW so_far AS (PARTITION BY k.agency, k.feed, k.measure, k.area_code, k.period ORDER BY k.known_from)
