"""Files taken before all of them was there: what comes later under the same name counts, and a sudden loss of rows is told."""

from collections.abc import Sequence

import pytest

from csp_pipeline.intake.pull import pull_feed
from csp_pipeline.intake.receipts import Receipt
from tests.conftest import Pipeline
from tests.small_exports import asb, csv_text

ASB = "police/asb"
NAME = "asb_2016-04_extracted-2016-05-10.csv"
LATER = "asb_2016-04_extracted-2016-06-10.csv"
WHOLE = csv_text([asb(number) for number in range(1, 61)])
HALF = WHOLE[: len(WHOLE) // 2]


def told(receipts: Sequence[Receipt]) -> list[tuple[str, str | None, int]]:
    return [(receipt.outcome.split("_")[0], receipt.code, receipt.rows_accepted) for receipt in receipts]


def test_a_file_taken_while_it_was_being_copied_gives_way_to_the_whole_one(desk: Pipeline) -> None:
    half = desk.take_in_one(ASB, NAME, HALF)
    assert half.rows_accepted in (28, 29, 30)
    desk.put(ASB, NAME, WHOLE)
    for _ in range(2):  # the next run finds the same
        receipts = desk.take_in(ASB).receipts
        assert sorted(told(receipts)) == [("accepted", None, 60), ("refused", "half_written", 0)]
    refused, whole = sorted(receipts, key=lambda receipt: receipt.rows_accepted)
    assert "a longer file of the same name that begins with it came later" in refused.messages[0]
    assert (len(desk.records(whole)), desk.records(refused)) == (60, [])
    assert desk.take_in(ASB).new == [], "and reads nothing again"


def test_a_file_that_is_read_again_in_the_run_in_which_the_whole_one_came_is_new_once_only(desk: Pipeline) -> None:
    """What a run has taken in is told file by file: the half is refused in it, and no file accepted and refused at once."""
    desk.put(ASB, NAME, HALF)
    pull_feed(desk.partnership.feed(ASB), desk.settings)
    desk.put(ASB, NAME, WHOLE)
    assert sorted(told(desk.take_in(ASB).new)) == [("accepted", None, 60), ("refused", "half_written", 0)]


def test_when_all_is_read_again_the_whole_file_still_counts(desk: Pipeline) -> None:
    desk.take_in_one(ASB, NAME, HALF)
    desk.put(ASB, NAME, WHOLE)
    desk.take_in(ASB)
    for path in desk.settings.lake.rglob("*.json"):
        path.unlink()
    assert sorted(told(desk.take_in(ASB).receipts)) == [("accepted", None, 60), ("refused", "half_written", 0)]


def test_what_came_between_a_file_and_the_whole_of_it_does_not_take_its_place_in_the_next_run(desk: Pipeline) -> None:
    desk.take_in_one(ASB, NAME, HALF)
    desk.take_in_one(ASB, NAME, csv_text([asb(number) for number in range(2, 12)]))
    desk.put(ASB, NAME, WHOLE)
    for _ in range(2):  # of files that are the same, each ends the same
        told_now = sorted(told(desk.take_in(ASB).receipts), key=str)
        assert told_now == [("accepted", None, 60), ("refused", "half_written", 0), ("refused", "period_given_twice", 0)]


@pytest.mark.parametrize("path", [f"again/{NAME}", NAME], ids=["another name", "another beginning"])
def test_other_contents_for_the_same_day_are_still_refused(desk: Pipeline, path: str) -> None:
    desk.take_in_one(ASB, NAME, HALF)
    desk.put(ASB, path, WHOLE if path != NAME else csv_text([asb(number) for number in range(2, 61)]))
    outcomes = told(desk.take_in(ASB).receipts)
    assert [code for outcome, code, _ in outcomes if outcome == "refused"] == ["period_given_twice"]


@pytest.mark.parametrize(("rows", "is_told"), [(29, True), (30, False), (61, False)])
def test_a_file_with_less_than_half_the_rows_of_the_one_it_replaces_says_so(desk: Pipeline, rows: int, is_told: bool) -> None:
    desk.take_in_one(ASB, NAME, WHOLE)
    receipt = desk.take_in_one(ASB, LATER, csv_text([asb(number) for number in range(1, rows + 1)]))
    words = f"It has {rows} rows; {NAME}, which it replaces, had 60."
    assert any(words in message for message in receipt.messages) == is_told
