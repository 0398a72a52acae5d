"""Which refused files somebody still has to see to: one rule for reports, messages, checks and exit codes."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from csp_pipeline.figures.coverage import refused_and_not_replaced
from csp_pipeline.intake.land import LandedFile
from csp_pipeline.intake.receipts import Receipt
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.publish.warehouse import latest_responses
from tests.conftest import ONE_YEAR, Pipeline

ASB, ANSWERS = "police/asb", "police/responses"


@pytest.fixture(scope="module")
def partnership(new_pipeline: Callable[..., Pipeline]) -> Partnership:
    return new_pipeline([ASB], ONE_YEAR).partnership


def receipt(
    name: str,
    outcome: str,
    cells: str = "",
    day: str | None = "2016-06-10",
    scope: str = "",
    code: str | None = None,
    content: str | None = None,
) -> Receipt:
    """A receipt whose name says when it came: `a` before `b`; each of its own content, unless told."""
    landed = LandedFile(name, "police", "asb", name, content or name, 1, "", f"2016-07-01T06:00:00.000{ord(name):03}+00:00")
    return Receipt(landed, "", name, outcome, day, scope, cells.split(), code=code)


def still_open(partnership: Partnership, *receipts: Receipt, feed: str = ASB) -> set[str]:
    every = {one.key: list(receipts) if one.key == feed else [] for one in partnership.every_feed}
    return set(refused_and_not_replaced(partnership, every))


REFUSED = receipt("a", "refused", "2016-04 2016-05", code="no_header")


@pytest.mark.parametrize(
    ("others", "is_open"),
    [
        ([], True),
        ([receipt("b", "accepted", "2016-04 2016-05")], False),
        ([receipt("b", "accepted", "2016-04")], True),
        ([receipt("b", "accepted", "2016-04"), receipt("c", "accepted_with_rejects", "2016-05", "2016-06-12")], False),
        ([receipt("b", "accepted", "2016-04 2016-05", "2016-06-09")], True),
        ([receipt(name, "accepted", "2016-04 2016-05", f"2016-06-{day}") for name, day in (("b", "12"), ("c", "09"))], False),
        ([receipt("b", "accepted", "2016-04 2016-05", scope="leicestershire")], True),
        ([receipt("b", "refused", "2016-04 2016-05", "2016-07-10")], True),
    ],
    ids=[
        "alone",
        "sent again",
        "half of it",
        "in two files",
        "older extract",
        "older extract after a newer one",
        "another force's",
        "refused as well",
    ],
)
def test_a_refused_file_is_open_until_all_its_periods_came_again(
    partnership: Partnership, others: list[Receipt], *, is_open: bool
) -> None:
    assert ("a" in still_open(partnership, REFUSED, *others)) == is_open


@pytest.mark.parametrize(
    ("others", "is_open"),
    [
        ([], True),
        ([receipt("c", "accepted", "2016-04", "2016-06-09")], True),
        ([receipt("c", "accepted", "2016-04", "2016-06-11")], False),
        ([receipt("c", "accepted", "2016-05", "2016-06-11")], True),
    ],
    ids=["alone", "an older extract", "sent again with its own day", "of another month"],
)
def test_a_second_file_of_one_day_is_not_replaced_by_the_first_that_it_contradicts(
    partnership: Partnership, others: list[Receipt], *, is_open: bool
) -> None:
    """Such a file is most often a correction under the old name: closed at once, it would be lost without a word."""
    first = receipt("a", "accepted", "2016-04")
    second = receipt("b", "refused", "2016-04", code="period_given_twice", content="corrected")
    assert still_open(partnership, first, second, *others) == ({"b"} if is_open else set())


def test_a_file_whose_name_tells_no_period_stays_open(partnership: Partnership) -> None:
    nameless = receipt("a", "refused", day=None, code="unknown_coverage")
    assert still_open(partnership, nameless, receipt("b", "accepted", "2016-04")) == {"a"}


@pytest.mark.parametrize(
    ("code", "outcome", "is_open"),
    [("unknown_coverage", "accepted", False), ("unknown_coverage", "refused", True), ("outside_coverage", "accepted", True)],
    ids=["fetched twice", "refused as well", "sent for another month"],
)
def test_a_file_whose_name_tells_no_period_is_a_copy_where_its_bytes_count_already(
    partnership: Partnership, code: str, outcome: str, *, is_open: bool
) -> None:
    """As `asb_2016-04 (1).csv` beside `asb_2016-04.csv`; last month's file under this month's name still has to be seen to."""
    copy = receipt("a", "refused", "" if code == "unknown_coverage" else "2016-05", code=code, content="same")
    assert ("a" in still_open(partnership, copy, receipt("b", outcome, "2016-04", content="same"))) == is_open


def test_refused_answers_are_replaced_by_any_that_could_be_read_and_came_later(partnership: Partnership) -> None:
    def after(*others: Receipt) -> set[str]:
        return still_open(partnership, receipt("b", "refused", code="damaged_workbook"), *others, feed=ANSWERS)

    assert after() == after(receipt("a", "accepted")) == {"b"}
    assert after(receipt("c", "accepted")) == set()
    assert after(receipt("c", "refused", code="no_row_accepted")) == {"c"}
    assert after(receipt("c", "refused", code="not_a_workbook")) == {"b", "c"}


@pytest.mark.parametrize("refused", ["a", "c"])
def test_what_came_with_a_refused_file_does_not_replace_it_whatever_their_names(partnership: Partnership, refused: str) -> None:
    """Nobody had been told of it yet; a name may not decide whether somebody is."""
    came_with = together(receipt(refused, "refused", "2016-04", code="no_header"), receipt("b", "accepted", "2016-04"))
    assert still_open(partnership, *came_with) == {refused}
    answers = together(receipt(refused, "refused", code="damaged_workbook"), receipt("b", "accepted"))
    assert still_open(partnership, *answers, feed=ANSWERS) == {refused}
    assert still_open(partnership, *answers, receipt("d", "accepted"), feed=ANSWERS) == set()


def test_answers_that_came_together_are_all_the_latest(partnership: Partnership) -> None:
    """What was wrong in rows of one is open beside another one that was good; what came before them is not."""

    def latest(*answers: Receipt) -> set[str]:
        every = {one.key: list(answers) if one.key == ANSWERS else [] for one in partnership.every_feed}
        return latest_responses(partnership, every)

    assert latest() == set()
    both = together(receipt("b", "accepted_with_rejects"), receipt("c", "accepted"))
    assert latest(receipt("a", "accepted_with_rejects"), *both) == {"b", "c"}
    assert latest(*both, receipt("d", "refused", code="no_row_accepted")) == {"d"}
    assert latest(*both, receipt("d", "refused", code="damaged_workbook")) == {"b", "c"}


def together(*receipts: Receipt) -> list[Receipt]:
    """The same receipts, all of one pull."""
    at = receipts[0].landed.received
    return [replace(one, landed=replace(one.landed, received=at)) for one in receipts]
