-- All feeds' headline figures for one measure, area and period, side by side in one join: every two of them in the feeds' order.
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
)
SELECT
    measure, area_code, period, period_start, period_end,
    {% for side in ("a", "b") %}
    {
        'agency': {{ side }}.agency, 'feed': {{ side }}.feed, 'feed_key': {{ side }}.feed_key, 'value': {{ side }}.value,
        'low': {{ side }}.low, 'high': {{ side }}.high, 'status': {{ side }}.status, 'coverage': {{ side }}.coverage,
        'covered': {{ side }}.covered, 'as_at': {{ side }}.as_at, 'unit': {{ side }}.unit, 'date_basis': {{ side }}.date_basis,
        'area_basis': {{ side }}.area_basis, 'break_id': {{ side }}.break_id
    } AS {{ side }}{{ "," if not loop.last }}
    {% endfor %}
FROM headline a
JOIN headline b USING (measure, area_code, period, period_start, period_end)
WHERE a.feed_order < b.feed_order AND (a.status <> 'M' OR b.status <> 'M')
