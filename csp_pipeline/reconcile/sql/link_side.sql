-- The records of one side that have to be looked at, each under its number: its place in the table of all of them.
SELECT
    r.rowid AS record, r.*,
    -- what makes two records of an event the same thing entered twice
    {% if duplicates %}
    list_filter([
        {% for columns in duplicates %}
        CASE WHEN {% for column in columns %}{{ column }} IS NOT NULL{{ " AND " if not loop.last }}{% endfor %} THEN hash({{ loop.index0 }}, {{ columns | join(", ") }}) END{{ "," if not loop.last }}
        {% endfor %}
    ]::UBIGINT[], lambda same: same IS NOT NULL) AS sames
    {% else %}
    CAST(NULL AS UBIGINT[]) AS sames
    {% endif %}
FROM records_{{ side }} r SEMI JOIN rest_{{ side }} rest ON rest.record = r.rowid
