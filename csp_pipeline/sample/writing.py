"""Bytes out: delimited text in a partner's own layout, from Arrow columns or small rows, and plain workbooks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter

_SLICE = 250_000
_EPOCH = date(1970, 1, 1)
_FIRST_DAY = (date(1990, 1, 1) - _EPOCH).days
_LAST_DAY = (date(2045, 1, 1) - _EPOCH).days
_UK_DAYS = pa.array(
    [d.strftime("%d/%m/%Y") for d in np.arange(_FIRST_DAY, _LAST_DAY).astype("datetime64[D]").astype(object)],
    pa.string(),
)
_TIMES = pa.array([f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(1440)], pa.string())


@dataclass(frozen=True)
class Layout:
    """How a partner writes its delimited text."""

    delimiter: str = ","
    newline: str = "\r\n"
    encoding: str = "utf-8"
    quote_all: bool = False


def number_day(day: date) -> int:
    """Number a day since 1970."""
    return (day - _EPOCH).days


def render_days(days: np.ndarray) -> pa.Array:
    """Render day numbers as dd/mm/yyyy."""
    return _UK_DAYS.take(pa.array(np.asarray(days, dtype=np.int64) - _FIRST_DAY))


def render_minutes(minutes: np.ndarray) -> pa.Array:
    """Render minutes since 1970 as dd/mm/yyyy HH:MM; negative ones are blank."""
    minutes = np.asarray(minutes, dtype=np.int64)
    known = np.maximum(minutes, 0)
    known = np.where(minutes < 0, _FIRST_DAY * 1440, known)
    text = pc.binary_join_element_wise(render_days(known // 1440), _TIMES.take(pa.array(known % 1440)), " ")
    if (minutes < 0).any():
        return pc.if_else(pa.array(minutes >= 0), text, "")
    return text


def look_up(values: Sequence[str], indices: np.ndarray) -> pa.Array:
    """Look values up by index; a negative index is blank."""
    table = pa.array([*values, ""], pa.string())
    indices = np.asarray(indices, dtype=np.int64)
    return table.take(pa.array(np.where(indices < 0, len(values), indices)))


def pad_number(numbers: np.ndarray, width: int) -> pa.Array:
    """Render whole numbers padded with zeros to a width."""
    return pc.utf8_lpad(pc.cast(pa.array(np.asarray(numbers, dtype=np.int64)), pa.string()), width, "0")


def join_text(*parts: pa.Array | str) -> pa.Array:
    """Join columns and constant words into one column of text."""
    return pc.binary_join_element_wise(*[pa.scalar(part) if isinstance(part, str) else part for part in parts], "")


def replace_value(column: pa.Array, row: int, value: str) -> pa.Array:
    """Replace one value of a column of text."""
    mask = np.zeros(len(column), dtype=bool)
    mask[row] = True
    return pc.replace_with_mask(column, pa.array(mask), pa.array([value]))


def quote_needed(values: Iterable[str], delimiter: str = ",") -> list[str]:
    """Quote those values that hold a delimiter or a quote."""
    marks = (delimiter, '"', "\n", "\r")
    return ['"' + v.replace('"', '""') + '"' if any(mark in v for mark in marks) else v for v in values]


def write_columns(path: Path, columns: dict[str, pa.Array], layout: Layout = Layout()) -> int:
    """Write columns of finished text as a delimited file, a slice at a time; return the number of rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = [array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array for array in columns.values()]
    rows = len(arrays[0])
    with path.open("wb") as out:
        out.write((layout.delimiter.join(columns) + layout.newline).encode(layout.encoding))
        for start in range(0, rows, _SLICE):
            parts = [array.slice(start, _SLICE) for array in arrays]
            lines = pc.binary_join_element_wise(*parts, layout.delimiter, null_handling="replace", null_replacement="")
            lines = pc.binary_join_element_wise(lines, layout.newline, "")
            _, offsets, data = lines.buffers()
            ends = np.frombuffer(offsets, dtype=np.int32)[lines.offset : lines.offset + len(lines) + 1]
            out.write(memoryview(data)[int(ends[0]) : int(ends[-1])])
    return rows


def write_rows(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]], layout: Layout = Layout()) -> int:
    """Write a small table as a delimited file; return the number of rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    writer = csv.writer(
        text,
        delimiter=layout.delimiter,
        lineterminator=layout.newline,
        quoting=csv.QUOTE_ALL if layout.quote_all else csv.QUOTE_MINIMAL,
    )
    writer.writerow(header)
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(layout.encoding))
    return len(rows)


@dataclass
class Sheet:
    """One sheet of a workbook: title lines, a blank line, a header, rows, a blank line, footnotes."""

    name: str
    titles: Sequence[str]
    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    footnotes: Sequence[str] = ()
    merged_titles: bool = False


def write_workbook(path: Path, sheets: Sequence[Sheet], created: date) -> int:
    """Write a workbook whose bytes depend on nothing but its content; return the number of rows of all sheets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path), {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"created": datetime(created.year, created.month, created.day)})
        bold = book.add_format({"bold": True})
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            line = 0
            for title in sheet.titles:
                if sheet.merged_titles:
                    page.merge_range(line, 0, line, len(sheet.header) - 1, title, bold)
                else:
                    page.write_string(line, 0, title, bold)
                line += 1
            line += bool(sheet.titles)
            page.write_row(line, 0, sheet.header, bold)
            for values in sheet.rows:
                line += 1
                for column, value in enumerate(values):
                    if isinstance(value, date):
                        page.write_datetime(line, column, datetime(value.year, value.month, value.day), day)
                    elif isinstance(value, str):
                        if value:
                            page.write_string(line, column, value)
                    elif value is not None:
                        page.write_number(line, column, value)
            line += 1
            for note in sheet.footnotes:
                line += 1
                page.write_string(line, 0, note)
    return sum(len(sheet.rows) for sheet in sheets)
