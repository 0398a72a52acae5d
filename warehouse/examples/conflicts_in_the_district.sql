-- Which yearly figures of Harborough are in conflict, largest gap first?
SELECT measure, period, agency_a, feed_a, value_a, agency_b, feed_b, value_b, gap, reasons
FROM comparisons
WHERE area_code = 'E07000131' AND period LIKE '____-__' AND length(period) = 7 AND verdict = 'conflict'
    AND period IN (SELECT period FROM periods WHERE period_kind = 'financial_year')
ORDER BY abs(gap) DESC;
