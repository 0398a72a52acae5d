"""The scorecard as a workbook after the Government Analysis Function's rules: one table a sheet."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from csp_pipeline.reports import wording
from csp_pipeline.reports.sheets import EPOCH, NOT_APPLICABLE, OPTIONS, Sheet, make_styles, row_height, write_sheet
from csp_pipeline.scorecard.card import Card, Line
from csp_pipeline.scorecard.numbers import Number

COVER_WIDTH = 76
NOTES = (
    ("[b]", "Break: from this period on something else is counted, or it is counted otherwise."),
    ("[c]", "Confidential: an agency's count of 1 to 4, or what would let one be worked out."),
    ("[e]", "Estimated by its sender."),
    ("[f]", "A forecast."),
    ("[low]", "A count under 20: it moves much by chance."),
    ("[p]", "Provisional: part of the period is not covered."),
    ("[u]", "Of low reliability."),
    ("[x]", "Not available."),
    ("[z]", "Not applicable."),
    ("0", "A true zero, never a missing figure."),
    ("Per 1,000", "The latest year's count for each 1,000 residents, on the mid-year estimate."),
    ("Change", "The latest period less the same one a year before; in percentage points where the figure is a percentage."),
    (
        "Interval",
        "The change lies in it with a confidence of 95%, by an exact test. A wide one says that little is known.",
    ),
    ("Beyond chance", "Whether chance alone would move the figure so far in less than 1 year of 20."),
    ("First", "yes: the figure that the partnership's rules prefer. no: another agency's or file's figure of the same measure."),
    ("Counted", "As the pipeline counts it now from the agencies' records."),
)

TABLE_COLUMNS = (
    ("Table", 26),
    ("Row", 30),
    ("Year", 10),
    ("Published", 10),
    ("Counted", 10),
    ("Difference", 11),
    ("Counted from", 44),
)


def write_workbook(path: Path, card: Card) -> None:
    """Write the workbook; its created date is the as-at date, so that the same scorecard gives the same bytes."""
    created = datetime(card.as_at.year, card.as_at.month, card.as_at.day) if card.as_at else EPOCH
    title = f"Scorecard: {card.district}"
    with xlsxwriter.Workbook(str(path), OPTIONS) as book:
        book.set_properties({"title": title, "author": card.partnership, "created": created})
        styles = make_styles(book)
        notes = Sheet("Notes", "Notes: what the marks and words mean", (("Mark or word", 16), ("Meaning", 100)), list(NOTES))
        sheets = [notes, *sheets_of(card)]
        _write_cover(book.add_worksheet("Cover"), card, title, sheets, styles)
        for position, sheet in enumerate(sheets):
            name = f"table_{position}_{sheet.name.lower().replace(' ', '_')}"
            write_sheet(book.add_worksheet(sheet.name), sheet, name, styles)


def _write_cover(sheet: Worksheet, card: Card, title: str, sheets: list[Sheet], styles: dict[str, Any]) -> None:
    sheet.set_column(0, 0, COVER_WIDTH)
    sheet.hide_gridlines(2)
    sheet.fit_to_pages(1, 0)
    lines = [
        f"{card.partnership}. {card.plan}. Figures as at {wording.long_date(card.as_at)}, the latest extract received.",
        "For everybody in the partnership: counts of 1 to 4, and what gives them away, are [c].",
        "Each sheet holds one table. Marks such as [c] are explained in Notes.",
    ]
    sheet.write_string(0, 0, title, styles["title"])
    for row, line in enumerate(lines, start=1):
        sheet.set_row(row, row_height((line,), (("Cover", COVER_WIDTH),)))
        sheet.write_string(row, 0, line, styles["wrap"])
    for row, entry in enumerate(sheets, start=len(lines) + 1):
        text = f"{entry.name}: {wording.counted(len(entry.rows), 'row')}"
        sheet.write_url(row, 0, f"internal:'{entry.name}'!A1", styles["link"], text)


def sheets_of(card: Card) -> list[Sheet]:
    """The tables of the scorecard, in their order."""
    return [
        Sheet(
            "Measures",
            f"Every measure of {card.district}, by priority of the plan",
            _measure_columns(card),
            list(_measure_rows(card)),
            decimals={"Per 1,000": 2, "Interval from, %": 1, "Interval to, %": 1},
        ),
        Sheet(
            "Discrepancies",
            "Open discrepancies between yearly figures that touch a measure",
            (("Measure", 28), ("Year", 10), ("In words", 90), ("Gap", 10), ("State", 14), ("Reference", 60)),
            [
                (c.measure_title, c.period, c.sentence, c.gap_shown if c.gap is None else c.gap, c.state, c.id)
                for priority in card.priorities
                for c in priority.conflicts
            ],
        ),
        Sheet(
            "Plan tables",
            "The plan's own tables: what was published, and what is counted",
            TABLE_COLUMNS,
            [
                (table.title, row.label, c.period, _cell(c.published), _cell(c.counted), _difference(c.difference), c.source)
                for table in card.tables
                for row in table.rows
                for c in row.cells
            ],
        ),
        Sheet(
            "Claims",
            "What the plan states, and what the figures say",
            (("Statement", 50), ("Where", 22), ("Verdict", 16), ("What the figures say", 90), ("Taken to mean", 50)),
            [(c.statement, c.source, c.verdict.replace("_", " "), c.words, c.reading or NOT_APPLICABLE) for c in card.claims],
        ),
        Sheet(
            "Without figures",
            "Aims of the plan that nobody sends figures about",
            (("Priority", 44), ("Aim", 60), ("Why", 70)),
            [(priority.title, gap.aim, gap.reason) for priority in card.priorities for gap in priority.without_figures],
        ),
    ]


def _measure_columns(card: Card) -> tuple[tuple[str, int], ...]:
    return (
        ("Priority", 36),
        ("Measure", 28),
        ("Figures from", 40),
        ("First", 7),
        ("Unit", 11),
        *((year, 9) for year in card.years),
        ("Per 1,000", 10),
        ("Change on the year", 16),
        ("Interval from, %", 13),
        ("Interval to, %", 13),
        ("Beyond chance", 28),
        *((quarter, 12) for quarter in card.quarters),
        ("Change on the quarter", 16),
        ("Quarter beyond chance", 28),
        ("Open discrepancies", 13),
        ("Notes", 70),
    )


def _measure_rows(card: Card) -> Iterable[tuple[Any, ...]]:
    for priority in card.priorities:
        for measure in priority.measures:
            conflicts = len(measure.conflicts) if measure.others else NOT_APPLICABLE
            yield _measure_row(card, priority.title, measure.line, True, conflicts)
            for line in measure.others:
                yield _measure_row(card, priority.title, line, False, NOT_APPLICABLE)


def _measure_row(card: Card, priority: str, line: Line, is_first: bool, conflicts: Any) -> tuple[Any, ...]:
    change = line.change
    ends = [change.interval if end is None else round(end, 1) for end in (change.low, change.high)]
    return (
        priority,
        line.title,
        line.source,
        is_first,
        wording.plural(line.unit),
        *map(_cell, line.years),
        _cell(line.rate),
        change.text,
        *ends,
        change.words,
        *map(_cell, line.quarters),
        line.quarter_change.text,
        line.quarter_change.words,
        conflicts,
        "; ".join(line.notes) or NOT_APPLICABLE,
    )


def _cell(number: Number) -> float | str:
    return number.text if number.value is None else number.value


def _difference(value: float | None) -> float | str:
    return "[x]" if value is None else value
