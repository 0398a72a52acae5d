-- The figures that claims rest on, of claims of one verdict or all, in the order of claims.yml.
SELECT
    f.claim, f.agency || '/' || f.feed AS feed, f.measure, a.area_name AS area, f.period, f.value, f.base, f.unit, f.status, f.break_id,
    f.preferred_by
FROM claim_figures f JOIN claims c USING (claim) JOIN areas a USING (area_code)
WHERE ($verdict IS NULL OR c.verdict = $verdict) AND ($claim IS NULL OR f.claim = $claim)
ORDER BY f.rowid
