-- For each covered period of a feed (and scope), which submission's records hold, from when and until when.
-- Later extracts come after earlier ones; on the same day the one received later would, but intake refuses that.
SELECT
    submission_id, agency, feed, scope, covered_label, covered_from, covered_until, is_whole,
    extracted AS valid_from,
    lead(extracted) OVER (
        PARTITION BY agency, feed, scope, covered_label ORDER BY extracted, received, submission_id
    ) AS valid_to
FROM cells
ORDER BY agency, feed, scope, covered_label, valid_from, submission_id
