-- The crimes recorded in September 2016 as they were known on 1 January 2017, before the late extract.
SELECT offence_subgroup, count(*) AS crimes
FROM police_crimes
WHERE recorded_date BETWEEN DATE '2016-09-01' AND DATE '2016-09-30' AND status = 'recorded'
    AND valid_from <= DATE '2017-01-01' AND (valid_to IS NULL OR valid_to > DATE '2017-01-01')
GROUP BY ALL ORDER BY crimes DESC;
