-- The records of one side that are in no quiet pair.
SELECT record_{{ side }} AS record FROM joined
WHERE record_{{ side }} IS NOT NULL AND NOT (is_confirmed AND is_even AND (person_a IS NULL OR person_a NOT IN (FROM asked)))
