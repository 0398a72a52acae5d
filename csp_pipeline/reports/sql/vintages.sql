-- How figures that add up stood over time: one row for each value that a figure had, from the day on which it was known.
SELECT f.cell, v.agency || '/' || v.feed AS feed, v.known_from, v.known_to, v.value
FROM figure_vintages v
JOIN ({{ figures_that_add_up }}) f USING (agency, feed, measure, area_code, area_basis, period, date_basis, unit)
ORDER BY f.cell, v.known_from
