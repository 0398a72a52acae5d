-- Figures whose latest vintage is not what `figures` says, and vintages that do not follow each other or do not add up.
WITH
kept AS (
    SELECT f.* FROM figures f JOIN (SELECT DISTINCT area_code FROM figure_vintages) USING (area_code)
    WHERE f.is_headline AND f.status <> 'M'
),
latest AS (SELECT * FROM figure_vintages WHERE known_to IS NULL AND status <> 'M'),
unlike AS (
    SELECT 1
    FROM kept f
    FULL JOIN latest v USING (agency, feed, measure, area_code, period)
    WHERE (f.value, f.value_low, f.value_high, f.status, f.coverage, f.covered, f.unit, f.date_basis, f.area_basis)
        IS DISTINCT FROM (v.value, v.value_low, v.value_high, v.status, v.coverage, v.covered, v.unit, v.date_basis, v.area_basis)
),
in_order AS (
    SELECT
        *, lead(known_from) OVER so_far AS next_from, lag(value) OVER so_far AS value_then
    FROM figure_vintages
    WINDOW so_far AS (PARTITION BY agency, feed, measure, area_code, period ORDER BY revision)
),
broken AS (
    SELECT 1 FROM in_order
    WHERE known_to IS DISTINCT FROM next_from OR known_to <= known_from OR value_before IS DISTINCT FROM value_then
        OR value - coalesce(value_before, 0)
            <> added - removed + reclassified_in - reclassified_out + moved_in - moved_out
)
SELECT (SELECT count(*) FROM unlike) + (SELECT count(*) FROM broken) AS wrong
