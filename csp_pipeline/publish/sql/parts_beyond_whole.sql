-- Counts that exceed the count of the longer period that they lie in: impossible, whatever is counted, unless negative
-- counts (cancellations) were summed.
WITH
counted AS (
    SELECT * FROM figures WHERE value IS NOT NULL AND status IN ('A', 'B', 'P') AND unit <> 'percent'
),
-- feeds that sum signed numbers, or publish totals of their own, are not bound by this law
bound AS (
    SELECT agency, feed FROM figures
    GROUP BY ALL HAVING min(value) >= 0 AND bool_or(period_kind = 'month')
)
SELECT count(*) AS beyond
FROM counted part
JOIN bound USING (agency, feed)
JOIN counted whole
    ON whole.agency = part.agency AND whole.feed = part.feed AND whole.measure = part.measure
    AND whole.area_code = part.area_code AND whole.area_basis = part.area_basis
    AND whole.date_basis = part.date_basis AND whole.unit = part.unit
    AND whole.period_kind = 'financial_year' AND part.period_kind <> 'financial_year'
    AND part.period_start BETWEEN whole.period_start AND whole.period_end
-- where no value is below zero, none of zero exceeds another: most, which need not be looked for
WHERE part.value > whole.value AND part.value > 0
