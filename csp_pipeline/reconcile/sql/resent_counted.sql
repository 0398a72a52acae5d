-- Rows of `counted` that count a record again which an earlier row has counted in the same cell.
SELECT c.rowid
FROM counted c JOIN resent_{{ side }} r USING (record)
QUALIFY row_number() OVER (PARTITION BY c.cell, r.record_key ORDER BY r.submission_id, r.sheet, r.row_number) > 1
