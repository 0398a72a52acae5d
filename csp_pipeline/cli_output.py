"""How the `csp` command prints: tables for people, CSV and JSON for scripts, and the summary of a run."""

import csv
import json
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql


class Format(StrEnum):
    """Ways to print rows."""

    table = "table"
    csv = "csv"
    json = "json"


def print_rows(result: tuple[Sequence[str], Sequence[Sequence[Any]]], format: Format, title: str) -> None:
    """Print rows under their column names, in the chosen way."""
    columns, rows = result
    if format is Format.json:
        json.dump([dict(zip(columns, row, strict=True)) for row in rows], sys.stdout, default=str, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    elif format is Format.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(["" if value is None else value for value in row] for row in rows)
    else:
        table = Table(title=title, title_justify="left", header_style="bold")
        for index, column in enumerate(columns):
            numeric = any(isinstance(row[index], int | float) for row in rows)
            table.add_column(column.replace("_", " "), justify="right" if numeric else "left", overflow="fold")
        for row in rows:
            table.add_row(*(_cell(value) for value in row))
        Console().print(table)
        if not rows:
            Console().print("None.")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:,.2f}"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def print_run(settings: Settings, *, quiet: bool) -> bool:
    """Print what a run loaded, refused and found in conflict, and where things are; true when files were refused."""
    with duckdb.connect(str(settings.database), read_only=True) as database:

        def rows(name: str) -> tuple[list[str], list[tuple[Any, ...]]]:
            result = database.execute(read_sql("csp_pipeline.publish", name))
            return [column[0] for column in result.description or []], result.fetchall()

        refused = rows("run_refused")
        if quiet:
            return bool(refused[1])
        print_rows(rows("run_loaded"), Format.table, "Loaded")
        if refused[1]:
            print_rows(refused, Format.table, "Refused files")
        missing = rows("run_missing")
        if missing[1]:
            print_rows(missing, Format.table, "Missing submissions")
        print_rows(rows("run_conflicts"), Format.table, "In conflict")
    console = Console(soft_wrap=True)
    console.print(f"Warehouse  {settings.database}", highlight=False)
    console.print(f"Reports    {settings.reports / 'index.html'}", highlight=False)
    return bool(refused[1])
