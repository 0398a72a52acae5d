-- Which agency corrects most? Months of districts only, so that a corrected record shows once for each measure that counts it.
SELECT v.agency, v.feed, count(*) AS figures_corrected, sum(v.added + v.removed) AS added_or_removed,
    sum(v.reclassified_in + v.reclassified_out) AS reclassified, sum(v.moved_in + v.moved_out) AS moved
FROM figure_vintages v
JOIN periods p USING (period)
JOIN areas a USING (area_code)
WHERE v.event IN ('revised', 'restated') AND p.period_kind = 'month' AND a.area_level = 'district'
GROUP BY ALL
ORDER BY figures_corrected DESC, v.agency, v.feed;
