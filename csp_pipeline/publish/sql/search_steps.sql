-- The way from the headline definition to the best variant of a definition search, one change at a time.
SELECT step, variant, misfit, figures_agreeing, figures_within, periods_agreeing
FROM definition_variants
WHERE search_id = $search_id AND step IS NOT NULL
ORDER BY step
