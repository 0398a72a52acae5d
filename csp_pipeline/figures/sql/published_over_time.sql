-- Published numbers of one feed over time: on each day on which a publication comes or is replaced, the number that holds.
WITH
taken AS (
    {% for measure in measures %}
    SELECT
        {{ measure.name | quoted }} AS measure, {{ measure.area | identifier }} AS area_code, {{ period | identifier }} AS period,
        {{ measure.value }} AS value, {{ measure.low }} AS value_low, {{ measure.high }} AS value_high, v.valid_from, v.valid_to
    FROM read_parquet({{ files }}) r
    JOIN validity v ON v.submission_id = r.submission_id AND v.covered_label = r.covered_label
    WHERE ({{ measure.condition }}) AND {{ measure.column | identifier }} IS NOT NULL AND {{ measure.is_in_unit }} AND {{ measure.area | identifier }} IS NOT NULL
    {{ "UNION ALL" if not loop.last }}
    {% endfor %}
),
-- a publication may look further back than the years that the partnership takes in
days AS (
    SELECT DISTINCT measure, area_code, period, unnest([valid_from, valid_to]) AS day FROM taken SEMI JOIN periods USING (period)
),
-- of those that hold on a day the latest publication counts; where nothing holds any more, the number was withdrawn
printed AS (
    SELECT
        d.measure, d.area_code, d.period, d.day, t.value, t.value_low, t.value_high, t.valid_from IS NOT NULL AS holds,
        lead(d.day) OVER (PARTITION BY d.measure, d.area_code, d.period ORDER BY d.day) AS next_day
    FROM days d
    LEFT JOIN taken t ON t.measure = d.measure AND t.area_code = d.area_code AND t.period = d.period
        AND t.valid_from <= d.day AND (t.valid_to IS NULL OR t.valid_to > d.day)
    WHERE d.day IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY d.measure, d.area_code, d.period, d.day ORDER BY t.valid_from DESC, t.value) = 1
),
-- numbers that add up, in each longer period, on each day on which one of its shorter ones or its own comes or changes
long_days AS (
    SELECT p.measure, p.area_code, long.period, long.period_start, long.period_end, long.months, p.day
    FROM printed p
    JOIN periods short USING (period)
    JOIN periods long ON long.months > short.months AND short.period_start BETWEEN long.period_start AND long.period_end
    WHERE list_contains({{ adding }}, p.measure)
    UNION
    SELECT p.measure, p.area_code, p.period, l.period_start, l.period_end, l.months, p.day
    FROM printed p JOIN periods l USING (period)
    WHERE list_contains({{ adding }}, p.measure) AND l.months > 1
),
added AS (
    SELECT
        l.measure, l.area_code, l.period, l.day,
        CASE WHEN count(p.value) = count(*) THEN sum(p.value) END AS value,
        sum(p.value_low) AS value_low,
        CASE WHEN count(p.value_high) = count(*) THEN sum(p.value_high) END AS value_high,
        sum(short.months) = any_value(l.months) AS holds
    FROM long_days l
    JOIN periods short ON short.months < l.months AND short.period_start BETWEEN l.period_start AND l.period_end
    JOIN printed p ON p.measure = l.measure AND p.area_code = l.area_code AND p.period = short.period
        AND p.holds AND p.day <= l.day AND (p.next_day IS NULL OR p.next_day > l.day)
    GROUP BY l.measure, l.area_code, l.period, l.day
),
-- a number that is printed for the longer period itself comes before one added up
every AS (
    SELECT measure, area_code, period, day, value, value_low, value_high, holds, CASE WHEN holds THEN 1 ELSE 3 END AS rank
    FROM printed
    UNION ALL
    SELECT a.measure, a.area_code, a.period, a.day, a.value, a.value_low, a.value_high, a.holds, CASE WHEN a.holds THEN 2 ELSE 4 END
    FROM added a
    ANTI JOIN (SELECT * FROM printed WHERE holds) p ON p.measure = a.measure AND p.area_code = a.area_code AND p.period = a.period
        AND p.day <= a.day AND (p.next_day IS NULL OR p.next_day > a.day)
),
chosen AS (
    SELECT * FROM every
    QUALIFY row_number() OVER (PARTITION BY measure, area_code, period, day ORDER BY rank) = 1
)
-- from the first day on which a number holds; after that, one that does not hold was withdrawn
SELECT
    {{ agency | quoted }} AS agency, {{ feed | quoted }} AS feed, measure, area_code, period, day AS known_from,
    CASE WHEN holds THEN value END AS value, CASE WHEN holds THEN value_low END AS value_low,
    CASE WHEN holds THEN value_high END AS value_high, CASE WHEN holds THEN 1 ELSE 0 END AS coverage, NULL AS covered,
    {% for name in reasons %}
    NULL AS {{ name }}{{ "," if not loop.last }}
    {% endfor %}
FROM chosen
QUALIFY bool_or(holds) OVER (PARTITION BY measure, area_code, period ORDER BY day)
