"""A file whose name tells no day of extraction, changed at its place on the day it was fetched: what came last counts."""

from collections.abc import Sequence

import pytest

from csp_pipeline.figures.coverage import refused_and_not_replaced
from csp_pipeline.intake.receipts import Receipt
from tests.conftest import Pipeline
from tests.small_exports import csv_text, grid, street, xlsx

STREET, NAME = "police/street", "2016-04-leicestershire-street.csv"
FIRST, CORRECTED = csv_text([street(Location="On or near Church Street")]), csv_text([street(), street(), street()])
SURVEY = "county/community_survey"
UNDATED = r"(?:^|/)survey(?P<extracted>\d{4}-\d{2}-\d{2})?\.xlsx$"


def told(receipts: Sequence[Receipt]) -> list[tuple[str, str | None, int]]:
    return sorted(
        ((receipt.outcome.split("_")[0], receipt.code, receipt.rows_accepted) for receipt in receipts), key=lambda one: one[0]
    )


def test_a_correction_of_the_same_day_counts(desk: Pipeline) -> None:
    """As of a web address with a placeholder: there is no other name under which it could be sent again."""
    desk.take_in_one(STREET, NAME, FIRST)
    desk.put(STREET, NAME, CORRECTED)
    for _ in range(2):  # the next run finds the same
        receipts = desk.take_in(STREET).receipts
        assert told(receipts) == [("accepted", None, 3), ("refused", "given_anew", 0)]
        first = next(receipt for receipt in receipts if receipt.outcome == "refused")
        assert "Nothing has to be sent" in first.messages[0]
        every = {feed.key: receipts if feed.key == STREET else [] for feed in desk.partnership.every_feed}
        assert refused_and_not_replaced(desk.partnership, every) == frozenset()


def test_when_all_is_read_again_the_correction_still_counts(desk: Pipeline) -> None:
    desk.take_in_one(STREET, NAME, FIRST)
    desk.take_in_one(STREET, NAME, CORRECTED)
    for path in desk.settings.lake.rglob("*.json"):
        path.unlink()
    assert told(desk.take_in(STREET).receipts) == [("accepted", None, 3), ("refused", "given_anew", 0)]


@pytest.mark.parametrize("name", [f"again/{NAME}", f"published-2016-07/{NAME}"], ids=["other path", "two of one dated path"])
def test_what_lies_under_another_path_or_tells_its_day_is_refused_as_ever(desk: Pipeline, name: str) -> None:
    desk.take_in_one(STREET, name if name.startswith("published") else NAME, FIRST)
    desk.put(STREET, name, CORRECTED)
    assert told(desk.take_in(STREET).receipts) == [("accepted", None, 1), ("refused", "period_given_twice", 0)]


@pytest.mark.parametrize(("sheets", "is_taken"), [((1, 2, 3), True), ((1,), False)], ids=["a quarter more", "a quarter less"])
def test_a_workbook_that_lacks_a_period_of_the_one_before_does_not_take_it_out(
    desk: Pipeline, sheets: tuple[int, ...], *, is_taken: bool
) -> None:
    def workbook(quarters: Sequence[int], percentage: str) -> bytes:
        rows = grid([{"District": "Harborough", "Question": "Feel safe by day", "Base": 100, "Percentage": percentage}])
        return xlsx({f"2016-17 Q{quarter}": rows for quarter in quarters})

    desk.agree(SURVEY, coverage={"kind": "quarter", "by": "content", "pattern": UNDATED})
    desk.take_in_one(SURVEY, "survey.xlsx", workbook((1, 2), "95%"))
    desk.put(SURVEY, "survey.xlsx", workbook(sheets, "96%"))
    expected = [("accepted", None, 3), ("refused", "given_anew", 0)]
    kept = [("accepted", None, 2), ("refused", "period_given_twice", 0)]
    assert told(desk.take_in(SURVEY).receipts) == (expected if is_taken else kept)


@pytest.mark.parametrize("content", ["<html>Down for maintenance</html>", csv_text([street(Month="2016-05")])])
def test_what_cannot_be_taken_in_does_not_take_out_what_was(desk: Pipeline, content: str) -> None:
    """And it is open, as nothing came after it."""
    desk.take_in_one(STREET, NAME, FIRST)
    desk.put(STREET, NAME, content)
    receipts = desk.take_in(STREET).receipts
    assert [(outcome, rows) for outcome, _, rows in told(receipts)] == [("accepted", 1), ("refused", 0)]
    every = {feed.key: receipts if feed.key == STREET else [] for feed in desk.partnership.every_feed}
    assert len(refused_and_not_replaced(desk.partnership, every)) == 1
