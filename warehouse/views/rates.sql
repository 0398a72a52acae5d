-- Headline counts of districts per 1,000 residents, on the mid-year estimate inside the financial year. A rate on a
-- count under 20 is marked low: it moves too much by chance.
CREATE VIEW rates AS
SELECT
    f.measure, f.agency, f.feed, f.area_code, f.period, f.value, p.population,
    round(1000.0 * f.value / p.population, 2) AS rate_per_1000,
    f.value < 20 AS is_low, f.status, f.coverage
FROM figures f
JOIN populations p ON p.area_code = f.area_code AND p.mid_year = year(f.period_start)
WHERE f.is_headline AND f.period_kind = 'financial_year' AND f.coverage = 1 AND f.unit <> 'percent' AND f.value IS NOT NULL;
COMMENT ON VIEW rates IS 'Headline counts of districts per 1,000 residents (mid-year estimate), with counts under 20 marked.';
COMMENT ON COLUMN rates.rate_per_1000 IS 'The figure per 1,000 residents.';
COMMENT ON COLUMN rates.is_low IS 'Whether the figure is under 20, so that its rate moves much by chance.';
