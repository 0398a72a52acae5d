"""An agency's report as a workbook after the Government Analysis Function's rules: one table a sheet, no blanks."""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from csp_pipeline.reports import wording
from csp_pipeline.reports.conflicts import Figure
from csp_pipeline.reports.pack import AgencyReport

NOT_AVAILABLE, NOT_APPLICABLE = "[x]", "[z]"
PRINTABLE_WIDTH = 260
EPOCH = datetime(2000, 1, 1)
OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
NOTES = (
    (
        "[c]",
        "Confidential. Another agency's counts of 1 to 4 are not shown, nor any figure or gap from which one could be "
        "worked out.",
    ),
    ("[x]", "Not available."),
    ("[z]", "Not applicable."),
    ("0", "A true zero, never a missing figure."),
    ("Gap", "The other figure less yours; less the first one where both are yours."),
    (
        "Conflict",
        "Two figures for one measure, area and period that lie further apart than the partnership's tolerance.",
    ),
    ("Due", "The last day of the period plus the days allowed for the feed."),
    ("Found", "What the cell held, unless it may be about a person: then [c]."),
    ("Open", "yes: something is still to be done. no: a later file has replaced this one, or the conflict is settled."),
)


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name, title, columns with widths, and rows."""

    name: str
    title: str
    columns: tuple[tuple[str, int], ...]
    rows: list[tuple[Any, ...]]


def write_workbook(path: Path, report: AgencyReport) -> None:
    """Write the workbook; its created date is the as-at date, so that the same report gives the same bytes."""
    created = datetime(report.as_at.year, report.as_at.month, report.as_at.day) if report.as_at else EPOCH
    title = f"Discrepancy report: {report.name}"
    with xlsxwriter.Workbook(str(path), OPTIONS) as book:
        book.set_properties({"title": title, "author": report.partnership, "created": created})
        styles = {
            "title": book.add_format({"bold": True, "font_size": 15}),
            "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
            "number": book.add_format({"num_format": "#,##0.##;-#,##0.##;0", "valign": "top", "align": "right"}),
            "whole": book.add_format({"num_format": "#,##0", "valign": "top", "align": "right"}),
            "right": book.add_format({"valign": "top", "align": "right"}),
            "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
            "link": book.get_default_url_format(),
        }
        sheets = _sheets(report)
        _write_cover(book.add_worksheet("Cover"), report, title, sheets, styles)
        notes = Sheet("Notes", "Notes: what the marks and words mean", (("Mark or word", 16), ("Meaning", 100)), list(NOTES))
        for position, sheet in enumerate((notes, *sheets)):
            _write_sheet(
                book.add_worksheet(sheet.name),
                sheet,
                f"table_{position}_{sheet.name.lower().replace(' ', '_')}",
                styles,
            )


def _write_cover(sheet: Worksheet, report: AgencyReport, title: str, sheets: list[Sheet], styles: dict[str, Any]) -> None:
    sheet.set_column(0, 0, 100)
    sheet.hide_gridlines(2)
    sheet.fit_to_pages(1, 0)
    lines = [
        f"{report.partnership}. Figures as at {wording.long_date(report.as_at)}, the latest extract received.",
        f"For: {report.contact}. It holds your own records' references and rows: keep it inside your agency.",
        "Each sheet holds one table. Marks such as [c] are explained in Notes.",
        report.conflicts.omission,
    ]
    sheet.write_string(0, 0, title, styles["title"])
    for row, line in enumerate(lines, start=1):
        sheet.write_string(row, 0, line, styles["wrap"])
    for row, (name, text) in enumerate(
        [("Notes", "Notes"), *((s.name, f"{s.name}: {wording.counted(len(s.rows), 'row')}") for s in sheets)],
        start=len(lines) + 1,
    ):
        sheet.write_url(row, 0, f"internal:'{name}'!A1", styles["link"], text)


def _write_sheet(sheet: Worksheet, content: Sheet, table_name: str, styles: dict[str, Any]) -> None:
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
        sheet.set_row(row_number, _height(row, content.columns))
        for column, value in enumerate(row):
            _write_cell(sheet, row_number, column, value, styles)
    sheet.freeze_panes(header + 1, 0)
    sheet.set_landscape()
    # a wide table shrunk to one page could not be read
    if sum(width for _, width in content.columns) <= PRINTABLE_WIDTH:
        sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(header)


def _height(row: tuple[Any, ...], columns: tuple[tuple[str, int], ...]) -> float:
    """Height that shows all of a row's wrapped text: not every program works it out on opening."""
    lines = max(
        sum(_lines_of(line, width) for line in str(value).split("\n")) for value, (_, width) in zip(row, columns, strict=True)
    )
    return min(15.0 * lines, 400.0)


@cache
def _lines_of(text: str, width: int) -> int:
    """Lines that a text takes; many rows say the same."""
    return 1 if len(text) <= width else len(textwrap.wrap(text, width))


def _write_cell(sheet: Worksheet, row: int, column: int, value: Any, styles: dict[str, Any]) -> None:
    """Numbers as numbers, everything else as text: no cell a partner filled can become a formula or a link."""
    if isinstance(value, bool):
        sheet.write_string(row, column, "yes" if value else "no", styles["wrap"])
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value, styles["whole" if value == int(value) else "number"])
    else:
        text = NOT_AVAILABLE if value in (None, "") else str(value)
        sheet.write_string(row, column, text, styles["right" if text == "[c]" else "wrap"])


def _sheets(report: AgencyReport) -> list[Sheet]:
    return [
        Sheet(
            "Conflicts",
            f"Conflicts between {report.name}'s figures and others",
            CONFLICT_COLUMNS,
            list(_conflict_rows(report)),
        ),
        Sheet(
            "Rejected rows",
            "Rows that were not taken in, and what to do",
            (
                ("Feed", 24),
                ("File", 44),
                ("Sheet", 16),
                ("Row", 8),
                ("Column", 18),
                ("Found", 20),
                ("What to do", 70),
                ("Open", 7),
            ),
            [
                (
                    r.feed_title,
                    r.file,
                    r.sheet or NOT_APPLICABLE,
                    r.row,
                    r.column,
                    "[c]" if r.found is None else r.found,
                    r.what_to_do,
                    r.is_open,
                )
                for r in report.rejected
            ],
        ),
        Sheet(
            "Refused files",
            "Files that were refused whole, and what to do",
            (
                ("Feed", 24),
                ("File", 44),
                ("Period", 14),
                ("Extracted", 12),
                ("Column", 18),
                ("What to do", 70),
                ("Open", 7),
            ),
            [
                (f.feed_title, f.file, f.coverage, f.extracted, f.column or NOT_APPLICABLE, f.message, f.is_open)
                for f in report.refused
            ],
        ),
        Sheet(
            "Missing periods",
            f"Periods that have not come by {wording.long_date(report.as_at)}",
            (
                ("Feed", 30),
                ("Period", 14),
                ("Due", 12),
                ("Days overdue", 12),
                ("Part came", 10),
                ("Comparisons waiting", 14),
                ("What to do", 70),
            ),
            [
                (m.feed_title, m.period, m.due, m.days_overdue, m.is_partial, m.comparisons_waiting, m.what_to_do)
                for m in report.missing
            ],
        ),
        Sheet(
            "Late periods",
            "Periods that came after they were due",
            (("Feed", 40), ("Period", 14), ("Due", 12), ("First accepted", 14), ("Days late", 10)),
            [(p.feed_title, p.period, p.due, p.first_accepted, p.days_late) for p in report.late],
        ),
        Sheet(
            "Submissions",
            "What was sent, and what became of it",
            (
                ("Feed", 30),
                ("File", 44),
                ("Period", 24),
                ("Extracted", 12),
                ("Outcome", 28),
                ("Rows read", 10),
                ("Rows accepted", 10),
                ("Rows rejected", 10),
                ("In use", 8),
                ("Note", 60),
            ),
            [
                (
                    s.feed_title,
                    s.file,
                    s.coverage,
                    s.extracted,
                    wording.OUTCOMES.get(s.outcome, s.outcome),
                    s.rows_read,
                    s.rows_accepted,
                    s.rows_rejected,
                    s.is_current,
                    s.message or NOT_APPLICABLE,
                )
                for s in report.submissions
            ],
        ),
    ]


CONFLICT_COLUMNS = (
    ("Measure", 24),
    ("Area", 22),
    ("Period", 12),
    ("First figure from", 34),
    ("First figure", 10),
    ("First unit", 11),
    ("Second figure from", 34),
    ("Second figure", 10),
    ("Second unit", 11),
    ("Gap", 10),
    ("Question for you", 60),
    ("Why they may differ", 100),
    ("First date basis", 20),
    ("First area basis", 20),
    ("First coverage", 16),
    ("First extracted", 12),
    ("Second date basis", 20),
    ("Second area basis", 20),
    ("Second coverage", 16),
    ("Second extracted", 12),
    ("In words", 70),
    ("State", 14),
    ("Open", 7),
    ("First seen", 12),
    ("Reference", 60),
)


def _conflict_rows(report: AgencyReport) -> Iterable[tuple[Any, ...]]:
    for c in report.conflicts.listed:
        (first, first_basis), (second, second_basis) = (_side(figure) for figure in c.figures)
        gap = c.gap_shown if c.gap is None else c.gap
        yield (
            c.measure_title,
            c.area,
            c.period,
            *first,
            *second,
            gap,
            c.question,
            " ".join(c.reasons),
            *first_basis,
            *second_basis,
            c.sentence,
            c.state,
            c.is_open,
            c.first_seen,
            c.id,
        )


def _side(figure: Figure) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    shown = figure.shown if figure.value is None else figure.value
    return (
        (f"{figure.agency_name}: {figure.feed_title}", shown, wording.plural(figure.unit)),
        (
            wording.date_basis(figure.date_basis),
            wording.area_basis(figure.area_basis),
            wording.coverage(figure.coverage),
            figure.extracted,
        ),
    )
