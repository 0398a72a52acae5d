-- Mid-year populations of districts, and of counties and forces as far as those of all their districts are known. The
-- estimate inside a financial year is the base of the year, its quarters and months.
SELECT p.area_code, p.mid_year, p.population FROM populations p
UNION ALL BY NAME
SELECT whole.area_code, y.mid_year, sum(p.population) AS population
FROM areas whole
JOIN areas part ON part.area_level = 'district' AND whole.area_code IN (part.county_code, part.force_code)
CROSS JOIN (SELECT DISTINCT mid_year FROM populations) y
LEFT JOIN populations p ON p.area_code = part.area_code AND p.mid_year = y.mid_year
WHERE whole.area_level IN ('county', 'force') AND whole.area_code NOT IN (SELECT area_code FROM populations)
GROUP BY ALL
HAVING count(p.population) = count(*)
