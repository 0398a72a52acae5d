"""Sheets after the Government Analysis Function's rules: one table a sheet under its title, no blank cells, nothing that runs."""

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from csp_pipeline.reports import wording

NOT_AVAILABLE, NOT_APPLICABLE = "[x]", "[z]"
# characters across a page of A4 that can still be read when a sheet is shrunk to it
PRINTABLE_WIDTH = 260
A4 = 9
EPOCH = datetime(2000, 1, 1)
OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name, title, columns with widths, and rows.

    `decimals` names the columns whose numbers are shown with as many of them as stated, so that a rate of 0.10 is not 0.1.
    `finish` adds what a table of values has not, such as links and drop-downs: it is called with the worksheet and the first
    and last row of data, counted from 0.
    """

    name: str
    title: str
    columns: tuple[tuple[str, int], ...]
    rows: list[tuple[Any, ...]]
    finish: Callable[[Worksheet, int, int], None] | None = None
    decimals: Mapping[str, int] = field(default_factory=dict)


def make_styles(book: xlsxwriter.Workbook) -> dict[str, Any]:
    """The formats of a workbook, by what they are for."""
    return {
        "title": book.add_format({"bold": True, "font_size": 15}),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        "number": book.add_format({"num_format": "#,##0.##;-#,##0.##;0", "valign": "top", "align": "right"}),
        "whole": book.add_format({"num_format": "#,##0", "valign": "top", "align": "right"}),
        **{
            f"decimals_{places}": book.add_format({"num_format": f"#,##0.{'0' * places}", "valign": "top", "align": "right"})
            for places in (1, 2)
        },
        "right": book.add_format({"valign": "top", "align": "right"}),
        "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
        "link": book.get_default_url_format(),
    }


def write_sheet(sheet: Worksheet, content: Sheet, table_name: str, styles: dict[str, Any]) -> None:
    """Write one sheet: its title, what it holds, and its table, with headings that stay in sight."""
    said = f"One table, {wording.counted(len(content.rows), 'row')}." if content.rows else "There are none."
    sheet.write_string(0, 0, content.title, styles["title"])
    sheet.write_string(1, 0, said)
    rows = content.rows or [(NOT_APPLICABLE,) * len(content.columns)]
    header = 2
    sheet.add_table(
        header,
        0,
        header + len(rows),
        len(content.columns) - 1,
        {
            "name": table_name,
            "columns": [{"header": name, "header_format": styles["head"]} for name, _ in content.columns],
            "style": "Table Style Light 1",
            "banded_rows": False,
        },
    )
    for position, (_, width) in enumerate(content.columns):
        sheet.set_column(position, position, width)
    for row_number, row in enumerate(rows, start=header + 1):
        sheet.set_row(row_number, row_height(row, content.columns))
        for column, value in enumerate(row):
            _write_cell(sheet, row_number, column, value, styles, content.decimals.get(content.columns[column][0]))
    sheet.freeze_panes(header + 1, 0)
    sheet.set_row(header, row_height(tuple(f"{name}  " for name, _ in content.columns), content.columns))
    sheet.set_landscape()
    sheet.set_paper(A4)
    # a wide table shrunk to one page could not be read: it is given as many beside each other as it needs
    sheet.fit_to_pages(-(-sum(width for _, width in content.columns) // PRINTABLE_WIDTH), 0)
    sheet.repeat_rows(header)
    if content.finish:
        content.finish(sheet, header + 1, header + len(rows))


def row_height(row: tuple[Any, ...], columns: tuple[tuple[str, int], ...]) -> float:
    """Height that shows all of a row's wrapped text: not every program works it out on opening."""
    lines = 1
    for value, (_, width) in zip(row, columns, strict=True):
        text = str(value)
        # most fit in one line, and need no more looking at
        if len(text) > width or "\n" in text:
            lines = max(lines, sum(_lines_of(line, width) for line in text.split("\n")))
    return min(15.0 * lines, 400.0)


@cache
def _lines_of(text: str, width: int) -> int:
    """Lines that a text takes; many rows say the same."""
    return 1 if len(text) <= width else len(textwrap.wrap(text, width))


def _write_cell(sheet: Worksheet, row: int, column: int, value: Any, styles: dict[str, Any], decimals: int | None) -> None:
    """Numbers as numbers, everything else as text: no cell a partner filled can become a formula or a link."""
    if isinstance(value, bool):
        sheet.write_string(row, column, "yes" if value else "no", styles["wrap"])
    elif isinstance(value, int | float):
        style = f"decimals_{decimals}" if decimals else "whole" if value == int(value) else "number"
        sheet.write_number(row, column, value, styles[style])
    else:
        text = NOT_AVAILABLE if value in (None, "") else str(value)
        sheet.write_string(row, column, text, styles["right" if text == "[c]" and column else "wrap"])
