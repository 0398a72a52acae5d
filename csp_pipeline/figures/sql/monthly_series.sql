-- The district's monthly headline series of counts, complete months only and long enough: their months, calendar months and
-- counts, in order of time.
SELECT
    agency, feed, measure, area_code,
    list(period_start ORDER BY period_start) AS months,
    list(month(period_start) ORDER BY period_start) AS calendar_months,
    list(value ORDER BY period_start) AS counts
FROM read_parquet('{{ figures }}')
WHERE is_headline AND period_kind = 'month' AND area_code = $district AND coverage = 1 AND value >= 0 AND unit <> 'percent'
GROUP BY ALL
HAVING count(*) >= $least
ORDER BY ALL
