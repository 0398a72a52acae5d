"""`csp explain`: one comparison as an analyst reads it: both figures, what they count, and the bridge or search for it."""

import json
import sys
from typing import Any

import duckdb
from rich.console import Console

from csp_pipeline.cli.output import Format, Rows, print_rows, query_rows
from csp_pipeline.publish.describe_search import describe_search

STEPS = ["step", "cause", "contribution", "reached", "records_a", "records_b", "sentence"]
RECORDS = ["cause", "feed", "record_key", "contribution", "counterpart_key", "detail", "other_differences"]


def read_comparison(database: duckdb.DuckDBPyConnection, comparison_id: str) -> dict[str, Any] | None:
    """One comparison with what each of its figures counts; None when there is no such comparison."""
    columns, rows = query_rows(database, "explain", {"comparison_id": comparison_id})
    return dict(zip(columns, rows[0], strict=True)) if rows else None


def print_explanation(
    database: duckdb.DuckDBPyConnection, comparison: dict[str, Any], format: Format, *, records: bool, cause: str | None
) -> None:
    """Print a comparison, its bridge, and where asked for the records behind it (of one cause, or of all).

    Where one side is only a number, or nothing can be linked, the definition search of the pair is printed too.
    """
    search = describe_search(database, comparison["comparison_id"])
    steps = query_rows(database, "explain_steps", {"comparison_id": comparison["comparison_id"]})
    behind = query_rows(database, "explain_records", {"comparison_id": comparison["comparison_id"], "cause": cause})
    if format is Format.json:
        content = {"comparison": comparison, "steps": _entries(steps)} | ({"records": _entries(behind)} if records else {})
        content |= {"search": {name: _entries(rows) for name, rows in search.items()}} if search else {}
        json.dump(content, sys.stdout, default=str, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
        return
    if format is Format.csv:
        print_rows(behind if records else steps, format, "")
        return
    _print_figures(comparison)
    if steps[1]:
        print_rows(steps, format, f"From {comparison['feed_a']} to {comparison['feed_b']}", STEPS)
    else:
        Console().print(_why_no_bridge(comparison), highlight=False)
    if search:
        _print_search(search)
    if records:
        print_rows(behind, format, "Records behind the steps", RECORDS)


def _entries(rows: Rows) -> list[dict[str, Any]]:
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1]]


def _print_figures(comparison: dict[str, Any]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"{comparison['title']}, {comparison['area']}, {comparison['period']}", style="bold")
    console.print(str(comparison["definition"]))
    for side in ("a", "b"):
        console.print(
            f"\n  {_figure(comparison, side)}  {comparison[f'agency_{side}']}, {comparison[f'feed_title_{side}']} "
            f"({comparison[f'feed_{side}']})",
            markup=False,
        )
        console.print(
            f"      counts {comparison[f'unit_{side}']}, by date {comparison[f'date_basis_{side}']}, by area of "
            f"{comparison[f'area_basis_{side}']}; {_extent(comparison, side)}",
            markup=False,
        )
        if comparison[f"condition_{side}"]:
            console.print(f"      where {comparison[f'condition_{side}']}", markup=False)
    gap = comparison["gap"]
    state = f", {comparison['state']}" if comparison["state"] else ""
    console.print(
        f"\nGap {'unknown' if gap is None else _number(gap, sign='+')}: {comparison['verdict']} ({comparison['rule']}){state}\n",
        markup=False,
    )
    if comparison["changed_on"] is not None:
        before = " and ".join(_number(comparison[f"value_before_{side}"]) for side in ("a", "b"))
        console.print(
            f"A conflict since {comparison['changed_on']}, when the figure of {' and '.join(comparison['changed_by'])} changed: "
            f"until then they were {before} ({comparison['verdict_before']}).\n",
            markup=False,
        )


def _figure(comparison: dict[str, Any], side: str) -> str:
    """A figure as told to people: of a suppressed number, what it can be."""
    value, low, high = (comparison[f"{part}_{side}"] for part in ("value", "low", "high"))
    if value is not None:
        return _number(value)
    if comparison[f"coverage_{side}"] == 0:
        return "no figure"
    return "suppressed" if high is None else f"{_number(low)} to {_number(high)}"


def _number(value: float, sign: str = "") -> str:
    return f"{value:{sign},.0f}" if float(value).is_integer() else f"{value:{sign},.1f}"


def _extent(comparison: dict[str, Any], side: str) -> str:
    if comparison[f"coverage_{side}"] == 0:
        return "covers nothing of the period"
    covered = comparison[f"covered_{side}"] or "the whole period"
    return f"covers {covered}; as known on {comparison[f'as_at_{side}']}"


def _print_search(search: dict[str, Rows]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    console.print("\nDefinition search", style="bold")
    for row in _entries(search["search"]):
        console.print(str(row["sentence"]), markup=False)
    console.print()
    print_rows(search["steps"], Format.table, "From the headline to the best variant, one change at a time")
    print_rows(search["variants"], Format.table, "The variants that fit best, and the headline")


def _why_no_bridge(comparison: dict[str, Any]) -> str:
    if comparison["gap"] is None:
        return "There is nothing to bridge: one of the two figures is missing or suppressed."
    return "There is no bridge: one of the two figures is only a number, with no records of its own behind it."
