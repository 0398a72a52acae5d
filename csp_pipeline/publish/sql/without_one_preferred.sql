-- Measures of an area and period that have figures, but not just one that is preferred among them.
SELECT count(*) AS wrong
FROM (
    SELECT count(*) FILTER (preferred_by IS NOT NULL) AS preferred
    FROM figures
    WHERE (is_headline AND status <> 'M') OR preferred_by IS NOT NULL
    GROUP BY measure, area_code, period
)
WHERE preferred <> 1
