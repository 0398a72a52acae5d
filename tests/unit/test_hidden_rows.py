"""Rows and sheets that are hidden count: who sends them may not know, and is told."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import openpyxl
import pytest
from defusedxml.ElementTree import iterparse  # type: ignore[import-untyped]

from csp_pipeline.intake import workbook_parts
from tests.conftest import Pipeline
from tests.returned import saved, with_changed_part
from tests.small_exports import case, grid, ods, xlsx

CASES = "county/domestic_abuse"
NAME = "domestic_abuse_2016-17-Q1_extracted-2016-07-20.xlsx"
SURVEY, SURVEY_NAME = "county/community_survey", "community_survey_2016-17-Q1_extracted-2016-07-20.xlsx"
# the header in row 2, five cases in rows 3 to 7, a footnote in row 9
TABLE = grid([case(number) for number in range(1, 6)], above=[["Cases"]], below=[[], ["Counts are of cases"]])
AFTERWARDS = "If they should not, delete them and send the file again."


def altered(sheets: Mapping[str, Sequence[Sequence[Any]]], alter: Callable[[openpyxl.Workbook], None]) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(xlsx(sheets)))
    alter(book)
    return saved(book)


def hiding(sheet: str, *rows: int) -> Callable[[openpyxl.Workbook], None]:
    def hide(book: openpyxl.Workbook) -> None:
        for row in rows:
            book[sheet].row_dimensions[row].hidden = True

    return hide


def test_hidden_rows_count_and_are_told(desk: Pipeline) -> None:
    receipt = desk.take_in_one(CASES, NAME, altered({"Cases": TABLE, "Notes": [["x"]] * 4}, hiding("Cases", 4, 6)))
    assert (receipt.outcome, receipt.rows_accepted) == ("accepted_with_warnings", 5)
    assert receipt.messages == [
        f"Rows that are hidden or filtered out count like the others: 2 on the sheet 'Cases', the first in row 4. {AFTERWARDS}"
    ]


def _nothing_of_the_table(book: openpyxl.Workbook) -> None:
    hiding("Cases", 1, 9)(book)  # title and footnote
    hiding("Notes", 2, 3, 4)(book)  # another sheet
    book["Cases"].column_dimensions["C"].hidden = True
    book["Notes"].sheet_state = "hidden"


def test_what_is_hidden_beside_the_table_is_nobodys_concern(desk: Pipeline) -> None:
    receipt = desk.take_in_one(CASES, NAME, altered({"Cases": TABLE, "Notes": [["x"]] * 4}, _nothing_of_the_table))
    assert (receipt.outcome, receipt.messages) == ("accepted", [])


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_that_was_read_is_told(desk: Pipeline, state: str) -> None:
    quarter = grid([{"District": "Harborough", "Question": "Feel safe by day", "Base": 100, "Percentage": "95%"}])

    def hide(book: openpyxl.Workbook) -> None:
        book["2016-17 Q1"].sheet_state = state
        hiding("2016-17 Q2", 2)(book)

    receipt = desk.take_in_one(SURVEY, SURVEY_NAME, altered({f"2016-17 Q{n}": quarter for n in (1, 2, 3)}, hide))
    assert receipt.rows_accepted == 3
    assert receipt.messages[0] == (
        "Hidden sheets are read like the others: '2016-17 Q1'. Rows that are hidden or filtered out count like the others: "
        f"1 on the sheet '2016-17 Q2', the first in row 2. {AFTERWARDS}"
    )


@pytest.mark.parametrize("visibility", ["collapse", "filter"])
def test_rows_of_an_open_document_are_told_too(desk: Pipeline, visibility: str) -> None:
    """Equal rows are written once there, with their number: rows 4 and 5 as one; and empty ones at the end a million times."""
    rows = grid([case(1), case(2), case(2), case(3)])
    mark = f'<table:table-row table:visibility="{visibility}"'.encode()

    def hide(content: bytes) -> bytes:
        repeated = content.replace(b'<table:table-row table:number-rows-repeated="2"', mark + b' table:number-rows-repeated="2"')
        empty = mark + b' table:number-rows-repeated="1048000"><table:table-cell/></table:table-row></table:table>'
        return repeated.replace(b"</table:table>", empty, 1)

    receipt = desk.take_in_one(CASES, NAME.replace(".xlsx", ".ods"), with_changed_part(ods({"Cases": rows}), "content.xml", hide))
    assert receipt.rows_read == 4
    assert any("2 on the sheet 'Cases', the first in row 3." in message for message in receipt.messages)


def test_an_open_document_is_gone_through_once_with_all_its_sheets(desk: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them lie in one part: a workbook of dozens would take minutes."""
    read: list[Any] = []
    monkeypatch.setattr(workbook_parts, "iterparse", lambda *asked, **how: read.append(asked) or iterparse(*asked, **how))
    question = {"District": "Harborough", "Base": 100, "Percentage": "95%"}
    quarter = grid([question | {"Question": f"Feel safe by {time}"} for time in ("day", "night")])

    def hide(content: bytes) -> bytes:
        first, *sheets = content.split(b"<table:table-row>")
        # the second row of the first sheet, and the third of the last one
        marks = {1: b' table:visibility="collapse"', 8: b' table:visibility="filter"'}
        return first + b"".join(b"<table:table-row%b>%b" % (marks.get(n, b""), row) for n, row in enumerate(sheets))

    sheets = ods({f"2016-17 Q{n}": quarter for n in (1, 2, 3)})
    receipt = desk.take_in_one(SURVEY, SURVEY_NAME.replace(".xlsx", ".ods"), with_changed_part(sheets, "content.xml", hide))
    told = "1 on the sheet '2016-17 Q1', the first in row 2; 1 on the sheet '2016-17 Q3', the first in row 3."
    assert any(told in message for message in receipt.messages)
    assert len(read) == 1


def test_a_hidden_row_is_found_where_pieces_meet_and_by_any_spelling(desk: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csp_pipeline.intake.workbook_parts.CHUNK", 100)
    content = altered({"Cases": TABLE}, hiding("Cases", 4, 5, 6, 7))
    spelt = with_changed_part(content, "xl/worksheets/sheet1.xml", lambda part: part.replace(b'hidden="1"', b"hidden='true'"))
    for name, book in ((NAME, content), (NAME.replace("07-20", "07-21"), spelt)):
        receipt = desk.take_in_one(CASES, name, book)
        assert any("4 on the sheet 'Cases', the first in row 4." in message for message in receipt.messages)
