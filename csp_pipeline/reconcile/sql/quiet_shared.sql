-- Values of one column that several records of a side bear.
WITH
hashed AS (SELECT {{ column }} AS value FROM records_{{ side }} WHERE {{ column }} IS NOT NULL),
-- sorted, equal values are neighbours: half the work of grouping a million that hardly ever repeat
neighbours AS (SELECT value, lag(value) OVER (ORDER BY value) AS previous FROM hashed)
SELECT DISTINCT value FROM neighbours WHERE value = previous
