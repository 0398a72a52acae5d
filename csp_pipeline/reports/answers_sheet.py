"""The sheet `Answers` of an agency's workbook: a row for each conflict, with cells to fill in and send back."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from csp_pipeline.agencies.responses import ANSWERS, LONGEST_REASON, LONGEST_ROLE, SHEET, Responses, report_reference
from csp_pipeline.reports.conflicts import Conflict
from csp_pipeline.reports.pack import AgencyReport, report_id
from csp_pipeline.tables import feed_spec

HEADERS = {column.name: column.header for column in feed_spec(Responses).columns}
TO_FILL = feed_spec(Responses).traits.layout.to_fill
WIDTHS = {
    "discrepancy_id": 20,
    "in_words": 48,
    "first_figure": 10,
    "second_figure": 10,
    "state": 13,
    "said_so_far": 40,
    "answer": 26,
    "reason": 50,
    "role": 22,
    "answered_on": 12,
    "valid_until": 12,
    "report": 20,
}
HEADER_ROW = 2
EARLIEST = date(2000, 1, 1)
# What protection leaves free: looking around, and making a column wider.
ALLOWED = {"select_locked_cells": True, "format_columns": True, "format_rows": True, "sort": True, "autofilter": True}


def write_answers_sheet(book: xlsxwriter.Workbook, sheet: Worksheet, report: AgencyReport, styles: dict[str, Any]) -> None:
    """Write the sheet: locked but for the cells to fill in, which open with drop-downs, limits and a word of help.

    An answer of the agency that still holds is filled in already.
    """
    reference = report_reference(report.agency, report.as_at, report_id(report))
    conflicts = report.conflicts.listed
    said = (
        "Fill in the shaded cells of the conflicts that you can answer, save the workbook and send it back. Leave the rest as "
        f"it is: it tells which report you answer ({reference})."
    )
    sheet.write_string(0, 0, f"{SHEET}: what {report.name} says of each conflict", styles["title"])
    sheet.write_string(1, 0, said if conflicts else "There is nothing to answer.")
    columns = list(WIDTHS)
    sheet.add_table(
        HEADER_ROW,
        0,
        HEADER_ROW + max(len(conflicts), 1),
        len(columns) - 1,
        {
            "name": "table_answers",
            "columns": [{"header": HEADERS[name], "header_format": styles["head"]} for name in columns],
            "style": "Table Style Light 1",
            "banded_rows": False,
        },
    )
    for position, width in enumerate(WIDTHS.values()):
        sheet.set_column(position, position, width)
    sheet.set_row(HEADER_ROW, 30)
    to_fill, small = _styles_to_fill(book), book.add_format({"text_wrap": True, "valign": "top", "font_size": 8})
    locked = {"discrepancy_id": small, "report": small}
    if not conflicts:
        for position in range(len(columns)):
            sheet.write_string(HEADER_ROW + 1, position, "[z]" if columns[position] not in TO_FILL else "", styles["wrap"])
    for row, conflict in enumerate(conflicts, start=HEADER_ROW + 1):
        for position, (name, value) in enumerate(_cells(conflict, reference)):
            _write(sheet, row, position, value, to_fill[name] if name in TO_FILL else locked.get(name, styles["wrap"]))
        lines = max(
            sum(1 + len(line) // 42 for line in _in_words(conflict).split("\n")),
            sum(1 + len(a.sentence) // 34 for a in conflict.answers),
        )
        sheet.set_row(row, min(15.0 * max(lines, 3), 400.0))
    if conflicts:
        for name, rule in _rules(report.as_at or EARLIEST).items():
            column = columns.index(name)
            sheet.data_validation(HEADER_ROW + 1, column, HEADER_ROW + len(conflicts), column, rule)
    sheet.protect("", ALLOWED)
    sheet.freeze_panes(HEADER_ROW + 1, 2)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEADER_ROW)


def _cells(conflict: Conflict, reference: str) -> Iterable[tuple[str, Any]]:
    """The cells of a row by column, in order; an earlier answer of the reader's that holds is filled in."""
    own = next((answer for answer in conflict.answers if answer.is_yours), None)
    first, second = (figure.shown if figure.value is None else figure.value for figure in conflict.figures)
    yield "discrepancy_id", conflict.id
    yield "in_words", _in_words(conflict)
    yield "first_figure", first
    yield "second_figure", second
    yield "state", conflict.state
    yield "said_so_far", _said_so_far(conflict)
    yield "answer", own.answer if own else None
    yield "reason", own.reason if own else None
    yield "role", own.role if own else None
    yield "answered_on", own.answered_on if own else None
    yield "valid_until", own.valid_until if own else None
    yield "report", reference


def _in_words(conflict: Conflict) -> str:
    """The conflict, and what is asked about it."""
    return f"{conflict.sentence}\n{conflict.question}" if conflict.is_asked else conflict.sentence


def _said_so_far(conflict: Conflict) -> str:
    return "\n".join(answer.sentence for answer in conflict.answers) or "[z]"


def _write(sheet: Worksheet, row: int, column: int, value: Any, style: Any) -> None:
    """Numbers and dates as such, text as text: nothing that an agency wrote can become a formula."""
    if value is None:
        sheet.write_blank(row, column, None, style)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), style)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value, style)
    else:
        sheet.write_string(row, column, str(value), style)


def _styles_to_fill(book: xlsxwriter.Workbook) -> dict[str, Any]:
    """Styles of the cells to fill in: unlocked and shaded; text stays text, so that a `=` begins no formula."""
    common = {"locked": False, "text_wrap": True, "valign": "top", "bg_color": "#FFF8DC", "border": 1, "border_color": "#8C8C8C"}
    text, day = book.add_format(common | {"num_format": "@"}), book.add_format(common | {"num_format": "dd/mm/yyyy"})
    return {name: day if name in ("answered_on", "valid_until") else text for name in TO_FILL}


def _rules(as_at: date) -> dict[str, dict[str, Any]]:
    """What each cell to fill in accepts, with the help that opens beside it and what is said of anything else."""
    since = f"{as_at:%d/%m/%Y}"
    after = {"validate": "date", "criteria": ">=", "value": as_at, "ignore_blank": True}
    return {
        "answer": {
            "validate": "list",
            "source": list(ANSWERS),
            "input_title": "Your answer",
            "input_message": "agree: leave it as described. we will correct: new figures will come. definition differs, other "
            "agency should correct: give the reason. need records: we cannot tell without them.",
            "error_title": "Choose from the list",
            "error_message": f"The answer is one of: {', '.join(ANSWERS)}.",
        },
        "reason": {
            "validate": "length",
            "criteria": "<=",
            "value": LONGEST_REASON,
            "input_title": "Reason",
            "input_message": "Other agencies of this conflict read it. No names of people, no counts of 1 to 4. Needed with "
            "'definition differs' and 'other agency should correct'.",
            "error_title": "Too long",
            "error_message": f"At most {LONGEST_REASON} characters.",
        },
        "role": {
            "validate": "length",
            "criteria": "between",
            "minimum": 1,
            "maximum": LONGEST_ROLE,
            "input_title": "Role, not a name",
            "input_message": "The role that answers, such as Crime registrar. No person's name, address or number.",
            "error_title": "Too long",
            "error_message": f"A role of at most {LONGEST_ROLE} characters.",
        },
        "answered_on": after
        | {
            "input_title": "Day of the answer",
            "input_message": f"The day on which you answer, such as {since}: not before the report's date.",
            "error_title": "Not a day since the report",
            "error_message": f"Expected a date on or after {since}, the date of this report.",
        },
        "valid_until": after
        | {
            "input_title": "Valid until",
            "input_message": "The last day on which the answer holds, or by which you will have corrected. Blank: until the "
            "figures move.",
            "error_title": "Not a day since the report",
            "error_message": f"Expected a date on or after {since}, the date of this report; or leave it blank.",
        },
    }
