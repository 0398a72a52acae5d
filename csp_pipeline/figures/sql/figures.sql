-- Every figure in a fixed order, of all feeds, with the rule by which one of several for the same thing is preferred. Headline
-- figures come first: most readers want no others, and then need not look at the rest.
WITH
-- the headline figures of one thing in the order of the rules that prefer one: an authority's comes before others, of which
-- the most complete or the latest comes first
ranked AS (
    SELECT
        f.measure, f.area_code, f.period, f.agency, f.feed, r.rule,
        {
            'rule': r.rule_order, 'first': CASE r.way WHEN 'latest' THEN -epoch(f.as_at) ELSE -f.coverage END,
            'suppressed': f.value IS NULL, 'second': -f.coverage, 'third': -epoch(f.as_at), 'feed': r.feed_order
        } AS rank
    FROM figures_of_feeds f
    JOIN preference_rules r ON r.measure = f.measure AND r.agency = f.agency AND r.feed = f.feed
    WHERE f.is_headline AND f.coverage > 0
),
preferred AS (
    SELECT measure, area_code, period, agency, feed, rule
    FROM ranked
    JOIN (SELECT measure, area_code, period, min(rank) AS rank FROM ranked GROUP BY ALL) USING (measure, area_code, period, rank)
)
SELECT
    f.* EXCLUDE (break_id), CASE WHEN f.is_headline THEN p.rule END AS preferred_by, f.break_id
FROM figures_of_feeds f
LEFT JOIN preferred p USING (agency, feed, measure, area_code, period)
ORDER BY
    f.is_headline DESC, f.agency, f.feed, f.measure, f.area_code, f.area_basis, f.period_kind, f.period_start, f.date_basis, f.unit
