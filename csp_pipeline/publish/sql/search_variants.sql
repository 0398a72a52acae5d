-- The variants of a definition search that fit best.
SELECT rank, variant, misfit, figures_agreeing, figures_within, periods_agreeing, is_headline
FROM definition_variants
WHERE search_id = $search_id AND (rank <= $best OR is_headline)
ORDER BY rank
