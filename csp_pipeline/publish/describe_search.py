"""What the definition search of a comparison found, as rows to print."""

from collections.abc import Sequence
from typing import Any

import duckdb

from csp_pipeline.sql import read_sql

Rows = tuple[Sequence[str], Sequence[Sequence[Any]]]


def describe_search(database: duckdb.DuckDBPyConnection, comparison_id: str, best: int = 5) -> dict[str, Rows]:
    """The definition search of a comparison's pair, from the published warehouse: column names and rows by heading.

    `search` (its sentence, result and counts, and the comparison's own figures where they were compared), `steps` (the single
    changes from the headline to the best variant) and `variants` (the `best` ones and the headline); empty when the pair was
    not searched, as where both feeds' records can be linked.
    """
    search = _query(database, "search_of_comparison", {"comparison_id": comparison_id})
    if not search[1]:
        return {}
    found = {"search_id": search[1][0][list(search[0]).index("search_id")]}
    return {
        "search": search,
        "steps": _query(database, "search_steps", found),
        "variants": _query(database, "search_variants", found | {"best": best}),
    }


def _query(database: duckdb.DuckDBPyConnection, name: str, values: dict[str, Any]) -> Rows:
    result = database.execute(read_sql("csp_pipeline.publish", name), values)
    return [column[0] for column in result.description or []], result.fetchall()
