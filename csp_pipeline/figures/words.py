"""The words that name a figure, as numbers while figures are put together: sorting and writing then takes a third."""

from collections.abc import Iterable

import duckdb

# Each column that names a figure, and the columns of other tables that hold the same words.
KINDS = {
    "agency": ("agency",),
    "feed": ("feed",),
    "measure": ("measure",),
    "area_code": ("area_code", "covers_area"),
    "area_basis": ("area_basis",),
    "period": ("period",),
    "period_kind": ("period_kind", "covers"),
    "date_basis": ("date_basis",),
    "unit": ("unit", "counted_unit"),
}


def number_words(connection: duckdb.DuckDBPyConnection, tables: Iterable[str], figures: str | None = None) -> None:
    """Make each table, of these registered frames and temporary tables, a temporary table whose naming columns are ENUMs.

    An ENUM holds all words of its kind in these tables, and in `figures` where SQL for figures made before is given; its order
    is that of the words, so that rows are sorted as by the words themselves.
    """
    columns = {table: [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()] for table in tables}
    for kind, names in KINDS.items():
        found = [f"SELECT {name} AS word FROM {table}" for table, held in columns.items() for name in names if name in held]
        if figures:
            found.append(f"SELECT {kind} FROM ({figures})")
        words = f"SELECT DISTINCT word FROM ({' UNION ALL '.join(found)}) WHERE word IS NOT NULL ORDER BY word"
        connection.execute(f"CREATE TEMP TYPE {kind}_word AS ENUM ({words})").fetchall()
    for table, held in columns.items():
        named = [f"CAST({name} AS {kind}_word) AS {name}" for kind, names in KINDS.items() for name in names if name in held]
        name = table.removesuffix("_frame")
        query = f"SELECT * REPLACE ({', '.join(named)}) FROM {table}"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}").fetchall()
