"""A form that was sent out, filled in by people in a spreadsheet, and read back."""

from pathlib import Path

import openpyxl
import pytest

from csp_pipeline.agencies.responses import EXAMPLE, Responses
from csp_pipeline.intake.read_form import read_form
from csp_pipeline.tables import feed_spec

SPEC = feed_spec(Responses)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("agree", "agree"),
        # spreadsheets begin a cell with a capital unasked
        ("Agree", "agree"),
        (" We will correct ", "we will correct"),
        ("NEED RECORDS", "need records"),
        # not in the list, so left as it was for the message
        ("Agre", "Agre"),
    ],
)
def test_a_word_of_the_list_is_taken_however_it_is_typed(tmp_path: Path, typed: str, read: str) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Answers"
    book.active.append([column.header for column in SPEC.columns])
    cells = {"discrepancy_id": "abuse.1", "answer": typed, "role": "Analyst", "answered_on": "04/07/2017", "report": EXAMPLE}
    book.active.append([cells.get(column.name) for column in SPEC.columns])
    book.save(tmp_path / "answers.xlsx")
    found = read_form(tmp_path / "answers.xlsx", SPEC.columns, SPEC.traits.layout, "police", 100)
    assert [row["answer"] for batch in found.batches for row in batch.to_pylist()] == [read]
