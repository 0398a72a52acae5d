-- Kinds of figures: all that is said of a figure but its number, place and time. There are thousands of kinds where there are
-- millions of figures, so that what may be compared is judged by kinds. `traits` is what a figure is known by; a kind's number
-- follows the order of feeds.
WITH
found AS (
    SELECT
        {{ traits }} AS traits,
        {% for column in columns %}any_value({{ column }}) AS {{ column }}, {% endfor %}

        min(period_start) AS first_start, max(period_start) AS last_start
    FROM {{ figures }}
    GROUP BY ALL
)
SELECT
    CAST(row_number() OVER (ORDER BY o.feed_order, f.measure, f.traits) AS INTEGER) AS kind, f.*, o.feed_order,
    f.agency || '/' || f.feed AS feed_key, CAST(dense_rank() OVER (ORDER BY f.measure) AS BIGINT) AS measure_place
FROM found f JOIN feed_order o USING (agency, feed)
