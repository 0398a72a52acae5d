-- The records of one side that have to be looked at, each under its number: its place in the table of all of them.
SELECT
    r.rowid AS record, r.* EXCLUDE ({% for measure in measures %}counts_{{ measure }}{{ ", " if not loop.last }}{% endfor %})
    {% if duplicates %}
    -- what makes two records of an event the same thing entered twice
    , list_filter([
        {% for columns in duplicates %}
        CASE WHEN {% for column in columns %}{{ column }} IS NOT NULL{{ " AND " if not loop.last }}{% endfor %} THEN hash({{ loop.index0 }}, {{ columns | join(", ") }}) END{{ "," if not loop.last }}
        {% endfor %}
    ]::UBIGINT[], lambda same: same IS NOT NULL) AS sames
    {% endif %}
FROM records_{{ side }} r {{ "SEMI JOIN (SELECT record_%s FROM joined WHERE NOT is_quiet) ON record_%s = r.rowid" % (side, side) if has_quiet }}
