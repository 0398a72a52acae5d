-- The partnership's three-year table, counted from the police's own export, beside what was published.
SELECT measure, feed, max(value) FILTER (period = '2014-15') AS year_2015, max(value) FILTER (period = '2015-16') AS year_2016,
    max(value) FILTER (period = '2016-17') AS year_2017
FROM headline_figures
WHERE area_code = 'E07000131' AND period_kind = 'financial_year' AND feed IN ('crimes', 'asb', 'published_figures')
GROUP BY measure, feed
ORDER BY measure, feed;
