-- The records of a feed that hold today: those of the latest submission of their covered period.
SELECT {% if columns is defined %}{% for name in columns %}r.{{ name | identifier }}{{ ", " if not loop.last }}{% endfor %}{% else %}r.*{% endif %}

FROM read_parquet({{ files }}) r
JOIN validity v ON v.submission_id = r.submission_id AND v.covered_label = r.covered_label
WHERE v.valid_to IS NULL
