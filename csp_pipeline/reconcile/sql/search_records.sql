-- What the variants of a feed's measures need of each record that holds today, in a few numbers: which conditions it meets,
-- its month on each date basis and its place on each area basis, and a hash of each identifier.
WITH
current_records AS (
    {{ current_records }}
),
-- a record without a usable place, and one outside the partnership's areas, count in the area that the whole feed covers
placed AS (
    SELECT
        r.*
        {% for area in areas %}
        , coalesce(k{{ loop.index0 }}.code, {{ elsewhere }}) AS search_place_{{ loop.index0 }}
        {% endfor %}
    FROM current_records r
    {% for area in areas %}
    LEFT JOIN search_places k{{ loop.index0 }} ON k{{ loop.index0 }}.place = r.{{ area | identifier }}
    {% endfor %}
),
-- months are numbered from the first month that has figures; 0 is no month, or one outside
dated AS (
    SELECT
        *
        {% for date in dates %}
        , year({{ date | identifier }}) * 12 + month({{ date | identifier }}) - {{ month_before }} AS search_month_{{ loop.index0 }}
        {% endfor %}
    FROM placed
)
SELECT
    {% for trait in traits %}
    CAST({{ trait.sql }} AS BIGINT) * {{ trait.multiplier }} {{ "+" if not loop.last }}
    {% else %}
    CAST(0 AS BIGINT)
    {% endfor %}
    AS traits,
    {% for spot in spots %}
    CAST(
        {% if spot.is_month %}
        CASE WHEN {{ spot.column }} BETWEEN 1 AND {{ months }} THEN {{ spot.column }} ELSE 0 END
        {% else %}
        {{ spot.column }}
        {% endif %}
        AS BIGINT
    ) * {{ spot.multiplier }} {{ "+" if not loop.last }}
    {% endfor %}
    AS spots
    {% for unit in units %}
    , CASE WHEN {{ unit | identifier }} IS NOT NULL THEN hash({{ unit | identifier }}) END AS unit_{{ loop.index0 }}
    {% endfor %}
FROM dated
