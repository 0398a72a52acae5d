-- How each figure changed from the same period a year before, tested against chance.
SELECT
    c.agency || '/' || c.feed AS feed, c.measure, c.period, c.period_kind, c.unit, c.change, c.percent,
    c.ratio_low, c.ratio_high, c.points_low, c.points_high, c.low_count, c.verdict, c.reason
FROM change_tests c
WHERE c.area_code = $district AND c.measure IN (SELECT unnest($measures)) AND c.period IN (SELECT unnest($periods))
ORDER BY ALL
