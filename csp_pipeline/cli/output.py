"""How the `csp` command answers: tables for people, CSV and JSON for scripts, the summary of a run, errors and exit codes."""

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import astuple
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from csp_pipeline.lake import read_database
from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql

if TYPE_CHECKING:
    from csp_pipeline.delivery import Delivery

# Cells up to this length are kept on one line; longer ones fold at the second.
SHORT, LONG = 32, 44

EXIT_FAILED, EXIT_USAGE, EXIT_REFUSED, EXIT_CONFIGURATION, EXIT_UNDELIVERED, EXIT_CHECK = 1, 2, 3, 4, 5, 6
errors = Console(stderr=True, soft_wrap=True)

Rows = tuple[Sequence[str], Sequence[Sequence[Any]]]


class Format(StrEnum):
    """Ways to print rows."""

    table = "table"
    csv = "csv"
    json = "json"


def query_rows(database: duckdb.DuckDBPyConnection, name: str, values: dict[str, Any] | None = None) -> Rows:
    """Column names and rows of one of the warehouse's named queries."""
    result = database.execute(read_sql("csp_pipeline.publish", name), values or {})
    return [column[0] for column in result.description or []], result.fetchall()


def print_rows(result: Rows, format: Format, title: str, shown: Sequence[str] | None = None) -> None:
    """Print rows under their column names; a table for people shows only the `shown` columns, if given."""
    columns, rows = result
    if format is Format.json:
        entries = [dict(zip(columns, row, strict=True)) for row in rows]
        json.dump(entries, sys.stdout, default=str, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    elif format is Format.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_csv_cell(value) for value in row] for row in rows)
    elif not rows:
        Console().print(f"{title}: none.")
    else:
        _print_table(columns, rows, title, shown)


def with_bounds(shown: Sequence[str], result: Rows) -> list[str]:
    """The columns to show of figures, with the bounds of the values where one of these is suppressed."""
    columns, rows = result
    value, low = columns.index("value"), columns.index("value_low")
    is_suppressed = any(row[value] is None and row[low] is not None for row in rows)
    return [*shown, "value_low", "value_high"] if is_suppressed else list(shown)


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str, shown: Sequence[str] | None) -> None:
    """A table for people: short cells are never cut, long ones fold; wider than the terminal rather than unreadable."""
    table = Table(title=title, title_justify="left", header_style="bold", box=None, padding=(0, 2, 0, 0))
    needed = 0
    for index in [index for index, column in enumerate(columns) if shown is None or column in shown]:
        header = columns[index].replace("_", " ")
        numeric = any(isinstance(row[index], int | float) and not isinstance(row[index], bool) for row in rows)
        longest = max(len(header), *(len(_cell(row[index])) for row in rows))
        is_short = longest <= SHORT or columns[index].endswith("_id")  # ids are copied whole
        width = longest if is_short else min(longest, LONG)
        needed += width + 2
        table.add_column(header, justify="right" if numeric else "left", overflow="fold", no_wrap=is_short, min_width=width)
    for row in rows:
        # a mark such as [c] is text, not rich's markup
        table.add_row(
            *(escape(_cell(value)) for value, column in zip(row, columns, strict=True) if shown is None or column in shown)
        )
    console = Console()
    console.width = max(console.width, needed)
    console.print(table)
    console.print()


def _csv_cell(value: Any) -> Any:
    return _cell(value) if value is None or isinstance(value, list) else value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:,.2f}"
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def print_deliveries(deliveries: Sequence["Delivery"], format: Format, *, sent: bool) -> None:
    """Print what became of each report; on the error stream, for a person, what failed and how to send."""
    columns = ("addressee", "outcome", "place", "report", "changes", "message")
    print_rows((columns, [astuple(delivery) for delivery in deliveries]), format, "Deliveries", columns[:-1])
    console = Console(stderr=True, soft_wrap=True)
    for delivery in deliveries:
        if delivery.message:
            words = "not delivered" if delivery.outcome == "failed" else delivery.outcome.replace("_", " ")
            console.print(f"{delivery.addressee}: {words}: {delivery.message}", markup=False, highlight=False)
    if not sent:
        console.print("Nothing was sent. Send with --deliver --send.", markup=False, highlight=False)


def print_run(settings: Settings, district: str) -> None:
    """Print what the warehouse holds after a run: loaded, refused, missing, in conflict, and where things are."""
    with read_database(settings) as database:
        print_rows(query_rows(database, "run_loaded"), Format.table, "Loaded (files by outcome)")
        for name, title in (("run_refused", "Refused files"), ("run_missing", "Missing submissions")):
            print_rows(query_rows(database, name), Format.table, title)
        conflicts = query_rows(database, "run_conflicts", {"district": district})
        print_rows(conflicts, Format.table, "In conflict in the partnership's own district, latest year")
        total = database.execute("SELECT count(*) FROM discrepancies").fetchall()[0][0]
    console = Console(soft_wrap=True)
    console.print(f"{total:,} conflicts in all: see csp discrepancies, or the reports.", highlight=False)
    console.print(f"Warehouse  {settings.database}", highlight=False)
    console.print(f"Reports    {settings.reports / 'index.html'}", highlight=False)
