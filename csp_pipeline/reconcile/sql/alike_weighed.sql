-- How likely each pair is the right one of all that either of its records could be in: its odds against those of its rivals and
-- of no counterpart at all. Records of one incident are no rivals; the likeliest two stand for two incidents.
WITH
scored AS (
    SELECT
        a.incident AS incident_a, b.incident AS incident_b, a.record AS record_a, b.record AS record_b,
        -- splink tells its odds as a power of two
        pow(2.0, least(p.match_weight, 100)) AS odds, a.record_key AS key_a, b.record_key AS key_b
    FROM {{ predicted }} p
    JOIN alike_a a ON a.unique_id = p.unique_id_l
    JOIN alike_b b ON b.unique_id = p.unique_id_r
),
likeliest AS (
    SELECT * FROM scored
    QUALIFY row_number() OVER (PARTITION BY incident_a, incident_b ORDER BY round(log2(odds), 6) DESC, key_a, key_b) = 1
)
SELECT
    incident_a, incident_b, record_a, record_b, round(odds / (1 + odds), 6) AS alone,
    -- rounded, so that the order of a sum cannot change a link
    round(odds / (1 + sum(odds) OVER (PARTITION BY incident_a) + sum(odds) OVER (PARTITION BY incident_b) - odds), 6) AS probability
FROM likeliest
