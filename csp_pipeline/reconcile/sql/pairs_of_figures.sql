-- All feeds' headline figures for one measure, area and period, side by side, in one grouping; then each pair of them.
WITH
headline AS (
    SELECT
        f.*, o.feed_order, f.agency || '/' || f.feed AS feed_key,
        -- only suppressed numbers are intervals here; unlocated records are shown as bounds but excuse nothing
        CASE WHEN f.value IS NULL THEN f.value_low ELSE f.value END AS low,
        CASE WHEN f.value IS NULL THEN f.value_high ELSE f.value END AS high
    FROM figures f
    JOIN feed_order o ON o.agency = f.agency AND o.feed = f.feed
    WHERE f.is_headline
),
-- N figures of one thing: one group, whatever their number; a lone figure has nothing to be compared with
side_by_side AS (
    SELECT
        measure, area_code, period, period_start, period_end,
        list({
            'feed_order': feed_order, 'agency': agency, 'feed': feed, 'feed_key': feed_key, 'value': value, 'low': low, 'high': high,
            'status': status, 'coverage': coverage, 'covered': covered, 'as_at': as_at, 'unit': unit,
            'date_basis': date_basis, 'area_basis': area_basis, 'break_id': break_id
        }) AS figures
    FROM headline
    GROUP BY measure, area_code, period, period_start, period_end
    HAVING count(*) > 1 AND bool_or(status <> 'M')
),
firsts AS (
    SELECT measure, area_code, period, period_start, period_end, figures, unnest(figures) AS a FROM side_by_side
),
pairs AS (
    SELECT measure, area_code, period, period_start, period_end, a, unnest(figures) AS b FROM firsts
)
SELECT * FROM pairs WHERE a.feed_order < b.feed_order AND (a.status <> 'M' OR b.status <> 'M')
