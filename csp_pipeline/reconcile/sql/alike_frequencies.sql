-- How often two records share a place or code by chance, for each value, on the side where it is the more frequent; of pairs that
-- are candidates only a part could be in several places.
WITH
values_of AS (
    SELECT 'a' AS side, {{ column }} FROM alike_a WHERE {{ column }} IS NOT NULL
    UNION ALL
    SELECT 'b', {{ column }} FROM alike_b WHERE {{ column }} IS NOT NULL
),
counted AS (SELECT side, {{ column }}, count(*) AS records, sum(count(*)) OVER (PARTITION BY side) AS of_side FROM values_of GROUP BY side, {{ column }})
-- one more than there are, so that what is seen once is not taken for what nobody else could have
SELECT {{ column }}, least(max((records + 1) / (of_side + 1)) / {{ reached }}, 1.0) AS tf_{{ column }}
FROM counted GROUP BY {{ column }} ORDER BY {{ column }}
