-- Each column of a view that has no words yet, with those of the column of that name in the first table that the view reads.
SELECT c.table_name, c.column_name, arg_min(t.comment, strpos(v.sql, t.table_name)) AS words
FROM duckdb_views() v
JOIN duckdb_columns() c ON c.table_name = v.view_name AND c.comment IS NULL
JOIN duckdb_columns() t
    ON t.column_name = c.column_name
    AND t.comment IS NOT NULL
    AND regexp_matches(v.sql, '\b(FROM|JOIN) \(*' || t.table_name || '\b')
    AND t.table_name IN (SELECT table_name FROM duckdb_tables())
WHERE NOT v.internal
GROUP BY ALL
ORDER BY ALL
