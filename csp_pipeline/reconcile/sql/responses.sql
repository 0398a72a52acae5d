-- Every answer with what became of it. Answers are a set: the order in which their files came changes nothing.
WITH
-- the latest day of which anything is known; there is no clock in results
today AS (
    SELECT
        (SELECT max(valid_from) FROM validity) AS last_extract,
        greatest((SELECT max(valid_from) FROM validity), (SELECT max(answered_on) FROM answers WHERE answered_on <= received_on)) AS day
),
-- the comparisons that may be raised, with the tolerance that the partnership set for them
raised AS (
    SELECT c.comparison_id, c.agency_a, c.agency_b, c.verdict, t.absolute, t.relative
    FROM comparisons c
    JOIN areas a USING (area_code)
    JOIN periods p USING (period)
    JOIN pair_rules t ON t.measure = c.measure AND t.feed_a = c.agency_a || '/' || c.feed_a AND t.feed_b = c.agency_b || '/' || c.feed_b
    WHERE list_contains($area_levels, a.area_level) AND list_contains($periods, p.period_kind)
),
placed AS (
    SELECT
        w.*,
        r.comparison_id IS NOT NULL AS is_known,
        w.agency IN (r.agency_a, r.agency_b) AS is_owner,
        -- a sheet sent back holds earlier answers too: the same answer of the same day was given once, to the first of them
        min(w.report_as_at) OVER (PARTITION BY w.agency, w.discrepancy_id, w.answered_on, w.answer) AS first_as_at
    FROM answers w
    LEFT JOIN raised r ON r.comparison_id = w.discrepancy_id
),
doubted AS (
    SELECT
        p.*,
        CASE
            WHEN NOT is_known
                THEN 'No conflict has this reference. Leave references as they are, and answer in the sheet of your latest report.'
            WHEN NOT is_owner
                THEN 'The reference is of a conflict between other agencies. Answer in the sheet of your own latest report.'
            WHEN answered_on > received_on
                THEN 'It is dated ' || {{ long_date("answered_on") }} || ', after the day on which it came. Write the day of the answer.'
            WHEN report_as_at > t.last_extract
                THEN 'No report was as at ' || {{ long_date("report_as_at") }} || '. Answer in the sheet of your latest report.'
            WHEN answered_on < first_as_at
                THEN 'It is dated ' || {{ long_date("answered_on") }} || ', before the report of ' || {{ long_date("first_as_at") }}
                    || ' that it answers. Write the day of the answer.'
        END AS doubt
    FROM placed p, today t
),
-- the latest day on which an agency answered a discrepancy, and what it said on each day
by_day AS (
    SELECT
        agency, discrepancy_id, answered_on, count(DISTINCT answer) AS answers,
        string_agg(DISTINCT '''' || {{ as_worded("answer") }} || '''', ' and ' ORDER BY '''' || {{ as_worded("answer") }} || '''') AS said,
        answered_on = max(answered_on) OVER (PARTITION BY agency, discrepancy_id) AS is_latest,
        max(answered_on) OVER (PARTITION BY agency, discrepancy_id) AS latest_day
    FROM doubted WHERE doubt IS NULL GROUP BY agency, discrepancy_id, answered_on
),
-- of the same answer given several times the last wording stands
ranked AS (
    SELECT
        d.*, b.answers, b.said, b.is_latest, b.latest_day,
        row_number() OVER (
            PARTITION BY d.agency, d.discrepancy_id, d.answered_on, d.answer, d.doubt IS NULL
            ORDER BY d.report_as_at DESC, d.valid_until DESC NULLS FIRST, d.reason NULLS LAST, d.role, d.submission_id, d.row_number
        ) AS place
    FROM doubted d
    LEFT JOIN by_day b ON b.agency = d.agency AND b.discrepancy_id = d.discrepancy_id AND b.answered_on = d.answered_on
),
-- the gaps known from the report on, each beside the one that the report showed
since AS (
    SELECT
        q.discrepancy_id, q.first_as_at, shown.verdict AS verdict_shown,
        min(later.known_from) FILTER (
            later.verdict <> 'conflict'
            OR (later.value_a IS NULL) <> (shown.value_a IS NULL)
            OR (later.value_b IS NULL) <> (shown.value_b IS NULL)
            OR abs(later.value_a - shown.value_a) > greatest(r.absolute, r.relative * greatest(abs(later.value_a), abs(shown.value_a)))
            OR abs(later.value_b - shown.value_b) > greatest(r.absolute, r.relative * greatest(abs(later.value_b), abs(shown.value_b)))
        ) AS moved_on
    FROM (SELECT DISTINCT discrepancy_id, first_as_at FROM ranked) q
    JOIN raised r ON r.comparison_id = q.discrepancy_id
    LEFT JOIN gap_history shown ON shown.comparison_id = q.discrepancy_id
        AND shown.known_from <= q.first_as_at AND (shown.known_to IS NULL OR shown.known_to > q.first_as_at)
    LEFT JOIN gap_history later ON later.comparison_id = q.discrepancy_id AND later.known_from > q.first_as_at
    GROUP BY ALL
),
judged AS (
    SELECT
        k.*, s.moved_on, s.verdict_shown, t.day AS today,
        CASE
            WHEN k.doubt IS NOT NULL THEN 'not_applied'
            WHEN NOT k.is_latest THEN 'superseded'
            WHEN k.answers > 1 THEN 'contradicted'
            WHEN k.place > 1 THEN 'superseded'
            WHEN s.verdict_shown IS DISTINCT FROM 'conflict' OR s.moved_on IS NOT NULL THEN 'overtaken'
            WHEN k.valid_until < t.day THEN 'expired'
            ELSE 'in_force'
        END AS status
    FROM ranked k
    CROSS JOIN today t
    LEFT JOIN since s USING (discrepancy_id, first_as_at)
)
SELECT
    discrepancy_id, agency, answer, reason, role, answered_on, valid_until, report_as_at, report_id, submission_id, row_number, status,
    CASE
        WHEN status = 'not_applied' THEN doubt
        WHEN status = 'contradicted' THEN
            'On ' || {{ long_date("answered_on") }} || ' you answered ' || said || ': neither is applied. Send the right one, with a later date.'
        WHEN status = 'superseded' AND is_latest THEN 'The same answer was sent again, and stands.'
        WHEN status = 'superseded' THEN 'Your later answer, of ' || {{ long_date("latest_day") }} || ', stands in its place.'
        WHEN status = 'overtaken' AND moved_on IS NOT NULL THEN
            'A figure moved beyond the tolerance on ' || {{ long_date("moved_on") }} || ', after the report of '
            || {{ long_date("first_as_at") }} || ' that it answers. Answer again in the sheet of your latest report, if it is still asked.'
        WHEN status = 'overtaken' THEN
            'As known now, the two figures were not in conflict in the report of ' || {{ long_date("first_as_at") }}
            || '. Answer again in the sheet of your latest report, if it is still asked.'
        WHEN status = 'expired' THEN
            'It was valid until ' || {{ long_date("valid_until") }} || '. Answer again in the sheet of your latest report, if it still holds.'
    END AS told
FROM judged
ORDER BY discrepancy_id, agency, answered_on, submission_id, row_number
