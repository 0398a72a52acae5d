-- How many of all pairs of two sides' records fall to each level of one column, counted from the values and not from pairs.
WITH
values_a AS (SELECT {% for name in columns %}{{ name }} AS {{ name }}_l, {% endfor %}count(*) AS records_l FROM alike_a WHERE {{ columns[0] }} IS NOT NULL GROUP BY ALL),
values_b AS (SELECT {% for name in columns %}{{ name }} AS {{ name }}_r, {% endfor %}count(*) AS records_r FROM alike_b WHERE {{ columns[0] }} IS NOT NULL GROUP BY ALL),
placed AS (
    SELECT
        CASE {% for level in levels %}WHEN {{ level }} THEN {{ loop.index0 }} {% endfor %}ELSE {{ levels | length }} END AS level,
        records_l * records_r AS pairs
    FROM values_a CROSS JOIN values_b
)
SELECT level, CAST(sum(pairs) AS DOUBLE) AS pairs FROM placed GROUP BY level ORDER BY level
