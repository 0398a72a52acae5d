-- Each place that a record can name, and for each measure the compared areas that count it, as one number (0 for none): records
-- of two places with the same number count in the same comparisons of their months.
WITH
places AS (
    SELECT place, area_code FROM {{ rollup }}
    UNION ALL
    SELECT 'elsewhere', NULL
)
SELECT
    place AS known_place
    {% for measure in measures %}
    , CASE WHEN bool_or(area_code IN (SELECT area_code FROM compared WHERE measure = {{ measure }})) THEN
        hash(list(area_code ORDER BY area_code) FILTER (area_code IN (SELECT area_code FROM compared WHERE measure = {{ measure }})))
    ELSE 0 END AS areas_{{ measure }}
    {% endfor %}
FROM places
GROUP BY place
