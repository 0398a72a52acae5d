-- Headline counts of one feed over time: the value after each day on which something happened to it, or on which more of
-- its period came to be covered. While nothing is covered a figure is missing, whatever stray records fall in it.
WITH
grid AS (
    SELECT f.measure, f.area_code, f.period, s.known_from AS day, s.coverage, s.covered
    FROM headline_figures f
    JOIN {{ steps }} s ON s.agency = {{ agency | quoted }} AND s.feed = {{ feed | quoted }} AND s.period = f.period
        AND s.area_code IN ('', f.area_code)
    WHERE f.agency = {{ agency | quoted }} AND f.feed = {{ feed | quoted }}
),
cells AS (SELECT DISTINCT measure, area_code, period FROM grid),
-- records without a usable place could belong to any area below the one that the whole feed covers
unlocated AS (
    SELECT c.measure, c.area_code, c.period, e.day, e.change AS unlocated
    FROM events e
    JOIN cells c ON c.measure = e.measure AND c.period = e.period AND c.area_code <> {{ covers_area | quoted }}
    WHERE e.area_code = 'unlocated'
),
moments AS (
    SELECT
        measure, area_code, period, day, max(coverage) AS coverage, max(covered) AS covered,
        coalesce(sum(change), 0) AS change, coalesce(sum(unlocated), 0) AS unlocated,
        {% for name in reasons %}
        {{ "coalesce(sum(" ~ name ~ "), 0)" if has_units else "NULL" }} AS {{ name }}{{ "," if not loop.last }}
        {% endfor %}
    FROM (
        SELECT * FROM grid
        UNION ALL BY NAME SELECT e.* FROM events e SEMI JOIN cells USING (measure, area_code, period)
        UNION ALL BY NAME SELECT * FROM unlocated
    )
    GROUP BY measure, area_code, period, day
),
running AS (
    SELECT
        * EXCLUDE (coverage, covered, change, unlocated),
        sum(change) OVER so_far AS value, sum(change + unlocated) OVER so_far AS value_high,
        last_value(coverage IGNORE NULLS) OVER so_far AS coverage,
        -- an empty text where the whole is covered or nothing is, so that it is not passed over
        nullif(last_value(CASE WHEN coverage IN (0, 1) THEN '' ELSE covered END IGNORE NULLS) OVER so_far, '') AS covered
    FROM moments
    WINDOW so_far AS (PARTITION BY measure, area_code, period ORDER BY day)
)
SELECT
    {{ agency | quoted }} AS agency, {{ feed | quoted }} AS feed, measure, area_code, period, day AS known_from,
    CASE WHEN coverage > 0 THEN value END AS value, CASE WHEN coverage > 0 THEN value END AS value_low,
    CASE WHEN coverage > 0 THEN value_high END AS value_high,
    coverage, covered,
    {{ reasons | join(", ") }}
FROM running
-- from the first day on which anything is covered; after that, what is covered no more was withdrawn
QUALIFY bool_or(coverage > 0) OVER (PARTITION BY measure, area_code, period ORDER BY day)
