-- The links of quiet pairs, by the records' keys.
SELECT {{ pair }} AS pair, {{ rule }} AS rule, key_a, key_b
FROM joined WHERE is_confirmed AND is_even AND (person_a IS NULL OR person_a NOT IN (FROM asked))
