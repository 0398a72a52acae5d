-- The figures that claims ask for, one row for each that is needed, whether there is one or not; with the break that lies
-- between the claim's first and last day, and the population that a test of counts needs.
WITH
area_years AS (
    {{ area_years }}
),
headline AS (SELECT * FROM figures WHERE is_headline),
-- the same rule as for changes: a break counts when it comes after the first day and not after the last
broken AS (
    SELECT n.claim, n.agency, n.feed, arg_min(k.break_id, (k.break_date, k.break_id)) AS break_id
    FROM needed n
    JOIN breaks k ON k.agency = n.agency AND k.feed = n.feed AND k.measure = n.measure
        AND k.break_date > n.first_day AND k.break_date <= n.last_day
    GROUP BY ALL
)
SELECT
    n.claim, n.feed_order, n.agency, n.feed, n.slot, n.measure, n.area_code, n.period, f.value, f.base, f.unit, f.date_basis,
    coalesce(f.status, 'M') AS status, coalesce(f.coverage, 0) AS coverage, b.break_id, p.population,
    n.preferred_by
FROM needed n
LEFT JOIN headline f ON f.agency = n.agency AND f.feed = n.feed AND f.measure = n.measure AND f.area_code = n.area_code
    AND f.period = n.period AND f.period_kind = n.period_kind
LEFT JOIN broken b ON b.claim = n.claim AND b.agency = n.agency AND b.feed = n.feed
LEFT JOIN area_years p ON p.area_code = n.area_code AND p.mid_year = year(n.period_start - INTERVAL 3 MONTH)
ORDER BY n.claim_order, n.feed_order, n.slot, n.position
