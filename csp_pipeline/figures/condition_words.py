"""What a condition of a measure names: its syntax tree, and words in it that a column with declared values never holds."""

import json
from collections.abc import Iterator, Mapping, Sequence

import duckdb


def tree_of_condition(connection: duckdb.DuckDBPyConnection, condition: str) -> object:
    """The syntax tree of a condition, as DuckDB writes it."""
    query = f"SELECT 1 FROM records WHERE ({condition})"
    return json.loads(connection.execute("SELECT json_serialize_sql($query)", {"query": query}).fetchall()[0][0])


def unknown_words(tree: object, values: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Column and word of each comparison (`=`, `<>`, `IN`) of a column with a word that is none of its `values`.

    Such a comparison is never true, or always: a condition that excludes nobody looks like one that does.
    """
    if isinstance(tree, list):
        for child in tree:
            yield from unknown_words(child, values)
    elif isinstance(tree, dict):
        if str(tree.get("type")).startswith("COMPARE_"):
            operands = tree.get("children") or [tree.get("left"), tree.get("right")]
            named = [name for operand in operands if (name := _column_of(operand)) in values]
            words = [word for operand in operands if (word := _word_of(operand)) is not None]
            # a column beside a column says nothing of either's words
            if len(named) == 1 and len(words) == len(operands) - 1:
                yield from ((named[0], word) for word in words if word not in values[named[0]])
        for child in tree.values():
            yield from unknown_words(child, values)


def _column_of(node: object) -> str:
    return str(node["column_names"][-1]).lower() if isinstance(node, dict) and node.get("class") == "COLUMN_REF" else ""


def _word_of(node: object) -> str | None:
    """The text that a constant is; None for another expression, a number or NULL."""
    if not isinstance(node, dict) or node.get("class") != "CONSTANT":
        return None
    if literal := node.get("literal"):  # as DuckDB writes it from 2.0 on
        return str(literal["text"]) if literal["kind"] == "STRING" else None
    constant = node["value"]
    return str(constant["value"]) if constant["type"]["id"] == "VARCHAR" and not constant["is_null"] else None
