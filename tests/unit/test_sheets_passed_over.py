"""Sheets of a workbook that have the agreed columns and rows, and are not read: the sender is told, or a quarter is lost."""

import pytest

from tests.conftest import Pipeline
from tests.small_exports import case, grid, xlsx

SURVEY, SURVEY_NAME = "county/community_survey", "community_survey_2016-17-Q1_extracted-2016-07-20.xlsx"
CASES, CASES_NAME = "county/domestic_abuse", "domestic_abuse_2016-17-Q1_extracted-2016-07-20.xlsx"
PARISHES, PARISHES_NAME = "district/parish_survey", "parish_survey_2016-17_extracted-2017-04-30.xlsx"
ANSWERS = grid([{"District": "Harborough", "Question": "Feel safe by day", "Base": 100, "Percentage": "95%"}])
HEADER_ALONE = ANSWERS[:1]
RESPONSES = grid([{"Respondent": "P1", "Type": "Parish", "First": "Litter", "Second": "", "Third": "", "Comments": ""}])


def test_a_sheet_whose_name_is_no_period_is_told(desk: Pipeline) -> None:
    content = xlsx({"2016-17 Q1": ANSWERS, "Q2 2016-17": ANSWERS, "Template": HEADER_ALONE, "About": [["District"], ["Notes"]]})
    receipt = desk.take_in_one(SURVEY, SURVEY_NAME, content)
    assert (receipt.outcome, receipt.cells, receipt.rows_read) == ("accepted_with_warnings", ["2016-17 Q1"], 1)
    assert receipt.messages == [
        "Sheets with the agreed columns that were not read: 'Q2 2016-17'. Expected a sheet for each quarter, named like '2016-17 "
        "Q3'; if their rows count, name them so and send the file again."
    ]


@pytest.mark.parametrize(
    ("feed", "name", "read", "rows"),
    [(CASES, CASES_NAME, "Cases", grid([case(1)])), (PARISHES, PARISHES_NAME, "First half", RESPONSES)],
    ids=["the agreed sheet", "the sheet that fits best"],
)
def test_a_second_sheet_with_the_table_is_told(desk: Pipeline, feed: str, name: str, read: str, rows: list[list[object]]) -> None:
    receipt = desk.take_in_one(feed, name, xlsx({read: rows, "More": rows, "Older": rows, "Codes": [["Status"], ["Open"]]}))
    assert receipt.rows_read == 1
    assert receipt.messages == [
        f"Sheets with the agreed columns that were not read: 'More', 'Older'. The table is taken from '{read}' alone; if their "
        "rows count, put them there and send the file again."
    ]
