-- Each headline figure beside the same feed's a year before. A break between the two periods, or inside the later one,
-- makes them not comparable.
WITH
headline AS (SELECT * FROM figures WHERE is_headline),
pairs AS (
    SELECT
        f.agency, f.feed, f.measure, f.area_code, b.period AS period_before, f.period,
        b.value AS value_before, f.value, b.coverage AS coverage_before, f.coverage, f.period_kind,
        b.period_start AS start_before, f.period_end AS period_end, f.period_start
    FROM headline f
    JOIN headline b USING (agency, feed, measure, area_code, area_basis, date_basis, unit, period_kind)
    WHERE b.period_start = f.period_start - INTERVAL 1 YEAR
),
broken AS (
    SELECT p.agency, p.feed, p.measure, p.period, min(k.break_id) AS break_id
    FROM (SELECT DISTINCT agency, feed, measure, period, start_before, period_end FROM pairs) p
    JOIN breaks k ON k.agency = p.agency AND k.feed = p.feed AND k.measure = p.measure
        AND k.break_date > p.start_before AND k.break_date <= p.period_end
    GROUP BY ALL
),
judged AS (
    SELECT
        p.*,
        CASE
            WHEN p.value IS NULL OR p.value_before IS NULL THEN 'missing'
            WHEN b.break_id IS NOT NULL THEN b.break_id
            WHEN p.coverage < 1 OR p.coverage_before < 1 THEN 'incomplete_period'
        END AS rule
    FROM pairs p LEFT JOIN broken b USING (agency, feed, measure, period)
)
SELECT
    agency, feed, measure, area_code, period_before, period, value_before, value,
    CASE WHEN rule IS NULL THEN value - value_before END AS change,
    CASE WHEN rule IS NULL THEN 'like_for_like' ELSE 'not_comparable' END AS comparability,
    rule
FROM judged
ORDER BY agency, feed, measure, area_code, period_kind, period_start
