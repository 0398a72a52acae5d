-- Records of one person on the two sides that lie within the window by the first date that both have: two known days of an incident
-- that lie further apart are two incidents, whatever their other dates. A record is free where no sure link has taken it or
-- another record of the same incident; one of the two has to be.
WITH
{% for side in ("a", "b") %}
taken_{{ side }} AS (SELECT DISTINCT record FROM kin_{{ side }} SEMI JOIN (SELECT kin FROM kin_{{ side }} WHERE is_settled) USING (kin)),
known_{{ side }} AS (
    SELECT s.*, t.record IS NULL AS is_free
    FROM open_{{ side }} s SEMI JOIN kin_{{ side }} USING (record) LEFT JOIN taken_{{ side }} t USING (record)
),
{% endfor %}
near AS (
    SELECT
        a.record AS record_a, b.record AS record_b, a.is_free AS is_free_a, b.is_free AS is_free_b,
        a.record_key AS key_a, b.record_key AS key_b, a.submission_id AS submission_a, b.submission_id AS submission_b,
        a.row_number AS row_a, b.row_number AS row_b,
        least({% for _ in windows %}abs(date_diff('day', a.date_{{ loop.index0 }}, b.date_{{ loop.index0 }})), {% endfor %}NULL) AS days,
        {{ first_days }} AS first_days,
        coalesce({% for days in windows %}CASE WHEN a.date_{{ loop.index0 }} IS NOT NULL AND b.date_{{ loop.index0 }} IS NOT NULL THEN {{ days }} END, {% endfor %}NULL) AS within_days
    FROM known_a a JOIN known_b b ON a.person = b.person AND (a.is_free OR b.is_free)
)
SELECT * FROM near WHERE first_days <= within_days
