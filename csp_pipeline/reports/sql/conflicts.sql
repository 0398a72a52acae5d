-- Every discrepancy with its two figures and how each is counted: what an agency's report says of a conflict.
WITH
sides AS (
    SELECT agency_a AS agency, feed_a AS feed, measure, area_code, period FROM discrepancies
    UNION
    SELECT agency_b, feed_b, measure, area_code, period FROM discrepancies
),
-- the headline figures of the few places in question: to look both sides up among all figures takes ten times as long
headline AS MATERIALIZED (
    SELECT agency, feed, measure, area_code, period, unit, date_basis, area_basis, coverage, as_at
    FROM figures
    SEMI JOIN sides USING (agency, feed, measure, area_code, period)
    WHERE is_headline
),
titles AS (
    SELECT measure, any_value(title) AS title FROM measures GROUP BY measure
),
-- a feed may take a measure from a publication rather than count it: then the question to its owner is another one
ways AS (
    SELECT agency, feed, measure, any_value(way) AS way FROM measures GROUP BY agency, feed, measure
)
SELECT
    d.discrepancy_id, d.measure, t.title AS measure_title,
    d.area_code, a.area_name, a.area_level, d.period, p.period_kind, p.period_start,
    d.state, d.first_seen, d.last_seen, d.rule, d.reasons, d.owner_agencies, d.gap,
    d.agency_a, d.feed_a, d.value_a, d.rejected_a, ha.unit AS unit_a, ha.date_basis AS date_basis_a, ha.area_basis AS area_basis_a,
    ha.coverage AS coverage_a, ha.as_at AS extracted_a, wa.way AS way_a,
    d.agency_b, d.feed_b, d.value_b, d.rejected_b, hb.unit AS unit_b, hb.date_basis AS date_basis_b, hb.area_basis AS area_basis_b,
    hb.coverage AS coverage_b, hb.as_at AS extracted_b, wb.way AS way_b
FROM discrepancies d
JOIN areas a USING (area_code)
JOIN periods p USING (period)
JOIN titles t USING (measure)
LEFT JOIN headline ha
    ON ha.agency = d.agency_a AND ha.feed = d.feed_a AND ha.measure = d.measure AND ha.area_code = d.area_code AND ha.period = d.period
LEFT JOIN headline hb
    ON hb.agency = d.agency_b AND hb.feed = d.feed_b AND hb.measure = d.measure AND hb.area_code = d.area_code AND hb.period = d.period
LEFT JOIN ways wa ON wa.agency = d.agency_a AND wa.feed = d.feed_a AND wa.measure = d.measure
LEFT JOIN ways wb ON wb.agency = d.agency_b AND wb.feed = d.feed_b AND wb.measure = d.measure
ORDER BY t.title, a.area_name, d.area_code, p.period_start, p.period_kind, d.discrepancy_id
