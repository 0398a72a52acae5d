-- From a figure to its origin: the submissions behind the county's domestic abuse cases of 2016-17.
SELECT f.value, f.coverage, s.file, s.coverage AS covers, s.extracted, s.rows_accepted, s.rows_rejected, s.outcome
FROM headline_figures f
JOIN submissions s ON s.agency = f.agency AND s.feed = f.feed AND s.is_current
    AND s.covered_from >= DATE '2016-04-01' AND s.covered_until <= DATE '2017-03-31'
WHERE f.measure = 'domestic_abuse' AND f.agency = 'county' AND f.area_code = 'E07000131' AND f.period = '2016-17'
ORDER BY s.covered_from, s.extracted;
