-- Records that stand in several current files, with what tells whether they are one thing: their person, and the months they count in.
WITH
-- hashes are quicker to group than keys; what they wrongly bring together falls out again
suspected AS (SELECT hash(record_key) AS key_hash FROM open_{{ side }} WHERE is_current GROUP BY ALL HAVING count(*) > 1),
known AS (
    SELECT record, record_key, submission_id, sheet, row_number, person{% for measure in measures %}, month_{{ measure }}{% endfor %}

    FROM open_{{ side }} s SEMI JOIN suspected ON key_hash = hash(s.record_key) WHERE is_current
)
SELECT * FROM known QUALIFY count(*) OVER (PARTITION BY record_key) > 1
