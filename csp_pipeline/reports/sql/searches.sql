-- What the definition searches of disputed measures found, one row for each pair of feeds.
SELECT
    s.measure, s.agency, s.feed, s.other_agency, s.other_feed, s.area_level, s.period_kind, s.figures_compared, s.variants_tried, s.variants_as_good,
    s.best_variant, s.result, s.exceptions, s.sentence
FROM definition_searches s
WHERE s.measure IN (SELECT measure FROM discrepancies)
ORDER BY s.search_id
