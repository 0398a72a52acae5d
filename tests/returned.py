"""Returned workbooks for tests: a report's own workbook, filled in as an agency would, and altered as it should not be."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

GOOD = {"Answer": "agree", "Role": "Crime registrar", "Date": date(2017, 7, 4)}


def fill_in(
    workbook: Path | bytes, answers: Mapping[str, Mapping[str, Any]], alter: Callable[[Any], None] | None = None
) -> bytes:
    """The workbook with cells of its Answers sheet filled in, by the start of a row's reference; `alter` changes it further."""
    book = openpyxl.load_workbook(io.BytesIO(workbook) if isinstance(workbook, bytes) else workbook)
    sheet = book["Answers"]
    for start, cells in answers.items():
        row = row_of(sheet, start)
        for header, value in cells.items():
            cell = sheet.cell(row, column_of(sheet, header))
            cell.value = value
            if header == "Reason" and str(value).startswith("=") and not str(value).startswith("=="):
                cell.data_type = "f"
    if alter is not None:
        alter(book)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def row_of(sheet: Worksheet, start: str) -> int:
    """The row whose reference begins so."""
    return next(row for row in range(4, sheet.max_row + 1) if str(sheet.cell(row, 1).value).startswith(start))


def column_of(sheet: Worksheet, header: str) -> int:
    return next(column for column in range(1, sheet.max_column + 1) if sheet.cell(3, column).value == header)


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """The workbook with one more part in its archive."""
    buffer = io.BytesIO(content)
    with zipfile.ZipFile(buffer, "a") as parts:
        parts.writestr(name, part)
    return buffer.getvalue()


def with_changed_part(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one part of its archive changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w") as target:
        for entry in source.infolist():
            part = source.read(entry)
            target.writestr(entry, change(part) if entry.filename == name else part)
    return buffer.getvalue()
