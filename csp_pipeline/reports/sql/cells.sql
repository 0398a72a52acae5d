-- What figures that add up are today. They are never shown; they tell which shown figures would give a small one away.
SELECT cell, agency, agency || '/' || feed AS feed, measure, area_code, period, unit, value
FROM ({{ figures_that_add_up }})
WHERE value IS NOT NULL
ORDER BY cell
