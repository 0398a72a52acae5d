-- The figures of some feeds: counts completed on a full grid, published numbers completed by what has not come, each with its
-- observation status and the break inside its period. Each feed's rest on that feed alone.
WITH
-- What was counted has a figure for every measure, variant, area and period.
grid AS (
    SELECT
        v.* EXCLUDE (grain_months, is_sum), a.area_code, c.period, c.period_kind, c.period_start, c.period_end,
        -- a table of sums covers the areas that it has rows for
        CASE WHEN v.is_sum THEN coalesce(s.coverage, 0) ELSE c.coverage END AS coverage,
        CASE WHEN v.is_sum THEN nullif(s.covered, '') ELSE c.covered END AS covered,
        CASE WHEN v.is_sum THEN s.as_at ELSE c.as_at END AS as_at, a.area_code = f.covers_area AS is_whole
    FROM variants v
    JOIN variant_areas a USING (agency, feed, area_basis)
    JOIN coverage c USING (agency, feed)
    JOIN feeds f USING (agency, feed)
    LEFT JOIN coverage_of_areas s ON v.is_sum AND s.agency = v.agency AND s.feed = v.feed AND s.area_code = a.area_code
        AND s.period = c.period
    -- a date that only tells the quarter or the year gives no figures for shorter periods
    WHERE date_diff('month', c.period_start, c.period_end) + 1 >= v.grain_months
),
-- what is covered and counts nothing is a true zero; what is not covered is missing, whatever stray records fall in it
filled AS (
    SELECT
        g.*, CASE WHEN g.coverage > 0 THEN coalesce(n.value, 0) END AS value,
        CASE WHEN g.is_whole THEN 0 ELSE coalesce(u.value, 0) END AS unlocated
    FROM grid g
    LEFT JOIN counts n ON n.agency = g.agency AND n.feed = g.feed AND n.measure = g.measure AND n.area_code = g.area_code
        AND n.area_basis = g.area_basis AND n.period = g.period AND n.date_basis = g.date_basis AND n.unit = g.counted_unit
    LEFT JOIN counts u ON u.agency = g.agency AND u.feed = g.feed AND u.measure = g.measure AND u.area_code = 'unlocated'
        AND u.area_basis = g.area_basis AND u.period = g.period AND u.date_basis = g.date_basis AND u.unit = g.counted_unit
),
-- records without a usable place could belong to any area below the one that the whole feed covers
counted AS (
    SELECT * EXCLUDE (counted_unit, is_whole, unlocated), value AS value_low, value + unlocated AS value_high FROM filled
),
-- a published number covers its period whole, whoever counted it; one that was expected and has not come is missing
expected AS (
    SELECT DISTINCT
        n.agency, n.feed, n.measure, n.area_code, n.area_basis, c.period, n.date_basis, n.unit
    FROM published n
    JOIN feeds f USING (agency, feed)
    JOIN coverage c ON c.agency = n.agency AND c.feed = n.feed AND c.period_kind = f.covers AND c.coverage = 0
),
published_and_expected AS (
    SELECT *, 1 AS coverage FROM published
    UNION ALL BY NAME
    SELECT e.*, 0 AS coverage FROM expected e ANTI JOIN published USING (agency, feed, measure, area_code, period)
),
every AS (
    SELECT * FROM counted
    UNION ALL BY NAME
    SELECT n.*, true AS is_headline, p.period_kind, p.period_start, p.period_end
    FROM published_and_expected n JOIN periods p USING (period)
),
-- a break lies inside a period when it comes after the period's first day and not after its last
broken AS (
    SELECT f.agency, f.feed, f.measure, p.period, min(f.break_id) AS break_id
    FROM breaks f JOIN periods p ON f.break_date > p.period_start AND f.break_date <= p.period_end
    GROUP BY ALL
)
SELECT
    f.agency, f.feed, f.measure, f.area_code, f.area_basis, f.period, f.period_kind, f.period_start, f.period_end,
    f.date_basis, f.unit,
    CAST(f.value AS DOUBLE) AS value, CAST(f.value_low AS DOUBLE) AS value_low, CAST(f.value_high AS DOUBLE) AS value_high,
    CAST(f.base AS DOUBLE) AS base,
    {{ observation_status("f.coverage", "b.break_id", "f.value") }} AS status,
    CAST(f.coverage AS DOUBLE) AS coverage, CAST(f.covered AS VARCHAR) AS covered, CAST(f.as_at AS DATE) AS as_at,
    f.is_headline, b.break_id
FROM every f
LEFT JOIN broken b USING (agency, feed, measure, period)
