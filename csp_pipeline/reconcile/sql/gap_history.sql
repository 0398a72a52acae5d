-- The gap of each comparison over time: a row from each day on which it or its verdict changed, with whose figure did it.
WITH
judged AS (
{{ comparisons }}
),
changes AS (
    SELECT *, lag(verdict) OVER so_far AS verdict_before
    FROM judged
    WINDOW so_far AS (PARTITION BY comparison_id ORDER BY known_from)
    QUALIFY row_number() OVER so_far = 1 OR (value_a, low_a, high_a, value_b, low_b, high_b, verdict, rule) IS DISTINCT FROM
        (lag(value_a) OVER so_far, lag(low_a) OVER so_far, lag(high_a) OVER so_far, lag(value_b) OVER so_far,
            lag(low_b) OVER so_far, lag(high_b) OVER so_far, lag(verdict) OVER so_far, lag(rule) OVER so_far)
)
SELECT
    comparison_id, known_from, lead(known_from) OVER (PARTITION BY comparison_id ORDER BY known_from) AS known_to,
    value_a, value_b, gap, verdict, rule,
    CASE
        WHEN verdict = 'conflict' AND verdict_before IS DISTINCT FROM 'conflict' THEN 'opened'
        WHEN verdict_before IS NULL THEN 'first_known'
        WHEN verdict_before = 'conflict' AND verdict <> 'conflict' THEN 'closed'
        ELSE 'changed'
    END AS effect,
    list_filter([
        CASE WHEN since_a = known_from THEN agency_a || '/' || feed_a END,
        CASE WHEN since_b = known_from THEN agency_b || '/' || feed_b END
    ], lambda feed: feed IS NOT NULL) AS changed_by
FROM changes
ORDER BY comparison_id, known_from
