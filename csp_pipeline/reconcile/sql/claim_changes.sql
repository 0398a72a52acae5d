-- The first and the last figure of each claim about one measure in one area over several periods, by each feed: what a
-- test of the change needs, and whether it can be tested.
WITH
-- a run of periods is added up; one missing figure makes the whole missing
added AS (
    SELECT
        claim, feed_order, slot, CASE WHEN count(value) = count(*) THEN sum(value) END AS value, min(base) AS base,
        min(population) AS population, any_value(unit) AS unit, any_value(date_basis) AS date_basis
    FROM claim_figures
    GROUP BY ALL
),
single AS (
    SELECT claim, feed_order, max(slot) AS last_slot FROM claim_figures
    GROUP BY ALL
    HAVING max(slot) > 0 AND count(DISTINCT (measure, area_code)) = 1
)
SELECT
    s.claim, s.feed_order, b.value AS value_before, a.value, b.population AS population_before, a.population,
    b.base AS base_before, a.base, a.unit,
    CASE
        WHEN a.value IS NULL OR b.value IS NULL THEN 'missing'
        WHEN a.unit = 'percent' AND NOT coalesce(least(a.base, b.base) > 0, false) THEN 'no_base'
        WHEN a.unit = 'percent' THEN NULL
        WHEN least(a.value, b.value) < 0 OR a.value <> round(a.value) OR b.value <> round(b.value) THEN 'not_a_count'
        WHEN a.date_basis = 'open' THEN 'same_people'
    END AS reason
FROM single s
JOIN added a ON a.claim = s.claim AND a.feed_order = s.feed_order AND a.slot = s.last_slot
JOIN added b ON b.claim = s.claim AND b.feed_order = s.feed_order AND b.slot = 0
ORDER BY s.claim, s.feed_order
