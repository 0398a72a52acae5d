-- Headline recounts of the definition searches that are not the figure that they recount.
SELECT count(*)
FROM definition_figures d
JOIN definition_searches s USING (search_id)
LEFT JOIN figures f ON f.agency = s.agency AND f.feed = s.feed AND f.measure = s.measure
    AND f.area_code = d.area_code AND f.period = d.period AND f.is_headline
WHERE d.headline IS DISTINCT FROM f.value
