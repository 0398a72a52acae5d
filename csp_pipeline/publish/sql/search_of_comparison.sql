-- The definition searches of the pair that a comparison sets side by side, with the comparison's own figures where they were
-- among those compared: a search looks at the smallest areas and shortest periods that both feeds give.
SELECT
    s.search_id, s.sentence, s.result, s.area_level, s.period_kind, s.figures_compared, s.periods_compared, s.variants_tried,
    s.variants_as_good, s.periods_predicted, s.best_variant, s.headline_misfit, s.best_misfit, s.exceptions,
    f.number_low, f.number_high, f.headline, f.best
FROM comparisons c
JOIN definition_searches s ON s.measure = c.measure
    AND ((s.agency = c.agency_a AND s.feed = c.feed_a AND s.other_agency = c.agency_b AND s.other_feed = c.feed_b)
        OR (s.agency = c.agency_b AND s.feed = c.feed_b AND s.other_agency = c.agency_a AND s.other_feed = c.feed_a))
LEFT JOIN definition_figures f ON f.search_id = s.search_id AND f.area_code = c.area_code AND f.period = c.period
WHERE c.comparison_id = $comparison_id
ORDER BY s.search_id
