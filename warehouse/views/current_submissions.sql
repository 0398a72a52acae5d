-- The submissions whose records hold today.
CREATE VIEW current_submissions AS
SELECT * FROM submissions WHERE is_current AND outcome <> 'refused';
COMMENT ON VIEW current_submissions IS 'The submissions whose records hold today.';
