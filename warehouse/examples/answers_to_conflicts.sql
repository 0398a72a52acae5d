-- Whose answer does each unsettled yearly conflict of Harborough wait for, and what has been answered so far?
SELECT d.discrepancy_id, d.gap, d.state, d.state_rule, d.unanswered_by, r.agency, r.answered_on, r.answer, r.reason, r.status
FROM discrepancies d
JOIN periods p ON p.period = d.period AND p.period_kind = 'financial_year'
LEFT JOIN responses r USING (discrepancy_id)
WHERE d.area_code = 'E07000131' AND d.state NOT IN ('explained', 'resolved')
ORDER BY d.period DESC, abs(d.gap) DESC, d.discrepancy_id, r.answered_on, r.agency;
