"""An agency's report as a workbook after the Government Analysis Function's rules: cover, contents, notes, one table a sheet."""

from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from csp_pipeline.agencies.responses import SHEET as ANSWERS_SHEET
from csp_pipeline.reports import wording
from csp_pipeline.reports.answers_sheet import write_answers_sheet
from csp_pipeline.reports.pack import AgencyReport
from csp_pipeline.reports.sheets import EPOCH, OPTIONS, Sheet, make_styles, row_height, write_sheet
from csp_pipeline.reports.workbook_sheets import agency_sheets

COVER_WIDTH = 76
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
    (
        "Step",
        "One cause of a gap between two counts of records: records that only the second figure counts add to it, records that "
        "only the first counts take away. The steps add up to the gap exactly.",
    ),
    ("Adds, Reached", "What a step adds to the first figure (below 0: takes away), and what is reached with it."),
    ("Found", "What the cell held, unless it may be about a person: then [c]."),
    ("Open", "yes: something is still to be done. no: a later file has replaced this one, or the conflict is settled."),
)


def write_workbook(path: Path, report: AgencyReport) -> None:
    """Write the workbook; its created date is the as-at date, so that the same report gives the same bytes."""
    created = datetime(report.as_at.year, report.as_at.month, report.as_at.day) if report.as_at else EPOCH
    title = f"Discrepancy report: {report.name}"
    sheets = [
        Sheet("Notes", "Notes: what the marks and words mean", (("Mark or word", 16), ("Meaning", 100)), list(NOTES)),
        *agency_sheets(report),
    ]
    with xlsxwriter.Workbook(str(path), OPTIONS) as book:
        book.set_properties({"title": title, "author": report.partnership, "created": created})
        styles = make_styles(book)
        _write_cover(book.add_worksheet("Cover"), report, title, styles)
        write_answers_sheet(book, book.add_worksheet(ANSWERS_SHEET), report, styles)
        for sheet in (_contents(sheets, styles), *sheets):
            name = f"table_{sheet.name.lower().replace(' ', '_')}"
            write_sheet(book.add_worksheet(sheet.name), sheet, name, styles)


def _write_cover(sheet: Worksheet, report: AgencyReport, title: str, styles: dict[str, Any]) -> None:
    sheet.set_column(0, 0, COVER_WIDTH)
    sheet.hide_gridlines(2)
    sheet.fit_to_pages(1, 0)
    lines = [
        f"{report.partnership}. Figures as at {wording.long_date(report.as_at)}, the latest extract received.",
        f"For: {report.contact}. It holds your own records' references and rows: keep it inside your agency.",
        "Each sheet holds one table. The sheet Contents lists them, and marks such as [c] are explained in Notes.",
        report.conflicts.omission,
    ]
    sheet.write_string(0, 0, title, styles["title"])
    for row, line in enumerate(lines, start=1):
        sheet.set_row(row, row_height((line,), (("Cover", COVER_WIDTH),)))
        sheet.write_string(row, 0, line, styles["wrap"])
    to_answers = f"{ANSWERS_SHEET}: {'fill in and send back' if report.conflicts.listed else 'there is nothing to answer'}"
    sheet.write_url(len(lines) + 1, 0, f"internal:'{ANSWERS_SHEET}'!A1", styles["link"], to_answers)
    sheet.write_url(len(lines) + 2, 0, "internal:'Contents'!A1", styles["link"], "Contents")


def _contents(sheets: list[Sheet], styles: dict[str, Any]) -> Sheet:
    """The list of all sheets, each a link."""

    def link(worksheet: Worksheet, first: int, last: int) -> None:
        for row, sheet in zip(range(first, last + 1), sheets, strict=True):
            worksheet.write_url(row, 0, f"internal:'{sheet.name}'!A1", styles["link"], sheet.name)

    rows: list[tuple[Any, ...]] = [(sheet.name, sheet.title, len(sheet.rows)) for sheet in sheets]
    return Sheet("Contents", "Contents", (("Sheet", 20), ("What it holds", 80), ("Rows", 8)), rows, finish=link)
