-- Points outside their control limits, or every point.
SELECT
    measure, agency || '/' || feed AS feed, period, unit, value, round(centre, 2) AS centre, round(lower, 2) AS lower,
    round(upper, 2) AS upper, signal, chart_start, points, reason
FROM control_limits
WHERE ($measure IS NULL OR measure = $measure) AND ($every OR signal IN ('above', 'below'))
ORDER BY measure, agency, feed, period_kind, period
