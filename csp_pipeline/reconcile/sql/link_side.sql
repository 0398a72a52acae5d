-- The records of one side that have to be looked at, each under its number: twice its place in the table of all of them, and one
-- more on side b, so that no record of the other side has the same. Those that linking has to look at are open.
SELECT
    r.rowid * 2 + {{ offset }} AS record, {{ "NOT j.is_known" if has_quiet else "true" }} AS is_open,
    r.* EXCLUDE ({% for measure in measures %}counts_{{ measure }}{{ ", " if not loop.last }}{% endfor %})
    {% if duplicates %}
    -- what makes two records of an event the same thing entered twice
    , list_filter([
        {% for columns in duplicates %}
        CASE WHEN {% for column in columns %}{{ column }} IS NOT NULL{{ " AND " if not loop.last }}{% endfor %} THEN hash({{ loop.index0 }}, {{ columns | join(", ") }}) END{{ "," if not loop.last }}
        {% endfor %}
    ]::UBIGINT[], lambda same: same IS NOT NULL) AS sames
    {% endif %}
FROM records_{{ side }} r
{% if has_quiet %}
JOIN (SELECT record_{{ side }} AS record, is_known FROM joined WHERE NOT is_quiet) j ON j.record = r.rowid * 2 + {{ offset }}
{% endif %}
