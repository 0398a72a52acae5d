"""A path that held one thing, then another, then the first again: the state last seen counts, and nothing else is new."""

import io
import os
import shutil
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from csp_pipeline.figures.coverage import covered_cells, read_all_receipts, refused_and_not_replaced
from csp_pipeline.intake import pull, take_in
from csp_pipeline.intake.arrivals import look_for_new_files
from csp_pipeline.intake.land import blob_path, landed_files
from csp_pipeline.lake import write_json
from tests.conftest import Pipeline
from tests.small_exports import asb, csv_text, street

STREET, NAME = "police/street", "2016-04-leicestershire-street.csv"
ASB, DATED = "police/asb", "asb_2016-04_extracted-2016-05-10.csv"
FIRST_DAY = date(2016, 7, 1)
A, B = (csv_text([street(Location=f"On or near {name}")] * rows) for name, rows in (("High Street", 1), ("Church Street", 3)))
BROKEN = "<html>Down for maintenance</html>"


class Clock:
    """The time of pulling: a minute later at each look, and a day later when told."""

    def __init__(self) -> None:
        self.time = datetime.combine(FIRST_DAY, datetime.min.time(), UTC)

    def now(self, _zone: object) -> datetime:
        self.time += timedelta(minutes=1)
        return self.time

    def pass_days(self, days: int) -> None:
        self.time += timedelta(days=days)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pull, "datetime", clock)
    return clock


def outcomes(desk: Pipeline, feed: str) -> list[tuple[str, str, str | None, int]]:
    """Day of extraction, outcome, code and rows of each submission of the lake, in order."""
    receipts = read_all_receipts(desk.settings, desk.partnership)[feed]
    return sorted((str(r.extracted), r.outcome.split("_")[0], r.code, r.rows_accepted) for r in receipts)


def rows_that_hold(desk: Pipeline, feed: str) -> int:
    """Rows of the submission of a feed's one period that was extracted last."""
    receipts = read_all_receipts(desk.settings, desk.partnership)[feed]
    last = max(covered_cells(desk.partnership.feed(feed), receipts), key=lambda cell: cell.extracted)
    return len(desk.records(last.receipt))


def open_files(desk: Pipeline, feed: str) -> int:
    receipts = read_all_receipts(desk.settings, desk.partnership)
    every = {one.key: receipts[feed] if one.key == feed else [] for one in desk.partnership.every_feed}
    return len(refused_and_not_replaced(desk.partnership, every))


def from_nothing(desk: Pipeline, feed: str) -> list[tuple[str, str, str | None, int]]:
    """The outcomes of a lake that is made anew from what has landed."""
    shutil.rmtree(desk.settings.lake)
    desk.take_in(feed)
    return outcomes(desk, feed)


def send(desk: Pipeline, feed: str, name: str, *contents: str) -> None:
    for content in contents:
        desk.put(feed, name, content)
        desk.take_in(feed)


@pytest.mark.usefixtures("clock")
def test_what_came_back_on_the_same_day_counts_and_what_stood_there_between_does_not(desk: Pipeline) -> None:
    send(desk, STREET, NAME, A, B, A)
    expected = [("2016-07-01", "accepted", None, 1), ("2016-07-01", "refused", "given_anew", 0)]
    assert outcomes(desk, STREET) == expected
    assert (rows_that_hold(desk, STREET), open_files(desk, STREET)) == (1, 0)
    assert desk.take_in(STREET).new == []
    assert outcomes(desk, STREET) == expected == from_nothing(desk, STREET)
    send(desk, STREET, NAME, B)
    assert rows_that_hold(desk, STREET) == 3
    assert outcomes(desk, STREET) == from_nothing(desk, STREET)


def test_what_came_back_on_another_day_holds_from_that_day_on(desk: Pipeline, clock: Clock) -> None:
    for content in (A, B, A, A):
        send(desk, STREET, NAME, content)
        clock.pass_days(1)
    expected = [("2016-07-01", "accepted", None, 1), ("2016-07-02", "accepted", None, 3), ("2016-07-03", "accepted", None, 1)]
    assert outcomes(desk, STREET) == expected, "and the same on the fourth day is no news"
    assert outcomes(desk, STREET) == from_nothing(desk, STREET)


def test_a_version_that_comes_back_with_its_bytes_is_seen(desk: Pipeline, clock: Clock) -> None:
    """As a backup's time of change does, and an ETag that is a hash."""
    padded = {A: A + "\n" * (len(B) - len(A)), B: B}
    for content, changed in ((A, 1), (B, 2), (A, 1)):
        os.utime(desk.put(STREET, NAME, padded[content]), (changed, changed))
        assert look_for_new_files(desk.settings, desk.partnership.feed(STREET), desk.partnership.years, None, FIRST_DAY)[1]
        desk.take_in(STREET)
        clock.pass_days(1)
    assert rows_that_hold(desk, STREET) == 1
    assert look_for_new_files(desk.settings, desk.partnership.feed(STREET), desk.partnership.years, None, FIRST_DAY)[1] is None


def test_two_files_of_one_size_and_time_are_two_files(desk: Pipeline) -> None:
    """As copies that keep the time of an export; the second comes when the first is known."""
    for month in ("04", "05"):
        content = csv_text([asb(1, reported_at=f"15/{month}/2016 10:00")])
        os.utime(desk.put(ASB, f"asb_2016-{month}_extracted-2016-06-10.csv", content), (1, 1))
        desk.take_in(ASB)
    assert [rows for *_, rows in outcomes(desk, ASB)] == [1, 1]


@pytest.mark.usefixtures("clock")
def test_what_comes_back_on_the_day_it_was_asked_for_is_asked_for_again(desk: Pipeline) -> None:
    """A run of the same key would not be started."""
    asked = []
    for content, changed in ((A, 1), (B, 2), (A, 1)):
        os.utime(desk.put(STREET, NAME, content), (changed, changed))
        _, new = look_for_new_files(desk.settings, desk.partnership.feed(STREET), desk.partnership.years, None, FIRST_DAY)
        assert new is not None
        asked.append(new.digest)
        desk.take_in(STREET)
    assert len(set(asked)) == 3


def test_where_names_tell_the_day_the_first_stays_whatever_comes_back(desk: Pipeline, clock: Clock) -> None:
    first, second = csv_text([asb(1)]), csv_text([asb(2), asb(3)])
    for content in (first, second, first):
        send(desk, ASB, DATED, content)
        clock.pass_days(1)
    expected = [("2016-05-10", "accepted", None, 1), ("2016-05-10", "refused", "period_given_twice", 0)]
    assert outcomes(desk, ASB) == expected == from_nothing(desk, ASB)
    assert open_files(desk, ASB) == 1
    assert desk.take_in(ASB).new == []
    _, new = look_for_new_files(desk.settings, desk.partnership.feed(ASB), desk.partnership.years, None, FIRST_DAY)
    assert new is None, "it is not waited for"


def test_a_name_that_is_refused_is_refused_once_however_often_it_comes_back(desk: Pipeline, clock: Clock) -> None:
    for content in ("a", "b", "a"):
        send(desk, ASB, "asb.csv", content)
        clock.pass_days(1)
    assert [code for _, _, code, _ in outcomes(desk, ASB)] == ["unknown_coverage"] * 2
    assert look_for_new_files(desk.settings, desk.partnership.feed(ASB), desk.partnership.years, None, FIRST_DAY)[1] is None


@pytest.mark.parametrize("days", [0, 1])
@pytest.mark.parametrize(("contents", "is_open"), [((BROKEN, A, BROKEN), 1), ((A, BROKEN, A), 0)])
def test_what_cannot_be_read_is_open_while_it_is_the_last_that_was_seen(
    desk: Pipeline, clock: Clock, contents: tuple[str, ...], days: int, is_open: int
) -> None:
    for content in contents:
        send(desk, STREET, NAME, content)
        clock.pass_days(days)
    assert (rows_that_hold(desk, STREET), open_files(desk, STREET)) == (1, is_open)
    assert outcomes(desk, STREET) == from_nothing(desk, STREET)


@pytest.mark.usefixtures("clock")
def test_until_a_run_of_its_years_what_counted_stays(desk: Pipeline) -> None:
    def take_in_year(year: str) -> None:
        feed, partnership = desk.partnership.feed(STREET), desk.partnership
        wanted = [one for one in partnership.years if one.label == year]
        take_in.take_in_feed(feed, desk.specs[STREET], partnership.references, desk.settings, partnership.years, wanted)

    send(desk, STREET, NAME, A, B)
    desk.put(STREET, NAME, A)
    take_in_year("2015-16")
    assert rows_that_hold(desk, STREET) == 3
    take_in_year("2016-17")
    assert rows_that_hold(desk, STREET) == 1


def test_a_clock_that_was_set_back_does_not_turn_what_came_first(desk: Pipeline, clock: Clock) -> None:
    send(desk, STREET, NAME, A)
    clock.pass_days(-3)
    send(desk, STREET, NAME, B)
    assert rows_that_hold(desk, STREET) == 3
    for _ in range(2):
        desk.take_in(STREET)
    assert len(landed_files(desk.settings, desk.partnership.feed(STREET))) == 2


@pytest.mark.parametrize("written", [0, 1, 2])
@pytest.mark.usefixtures("clock")
def test_killed_while_what_came_back_is_taken_in_the_next_run_goes_on(
    desk: Pipeline, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    left = iter(range(written))

    def write(*arguments: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        write_json(*arguments)

    send(desk, STREET, NAME, A, B)
    desk.put(STREET, NAME, A)
    with monkeypatch.context() as patched:
        patched.setattr(take_in, "write_json", write)
        with pytest.raises(KeyboardInterrupt):
            desk.take_in(STREET)
    desk.take_in(STREET)
    assert rows_that_hold(desk, STREET) == 1
    assert outcomes(desk, STREET) == from_nothing(desk, STREET)


def test_what_one_pull_brings_has_one_time_and_its_order_is_that_of_paths(desk: Pipeline) -> None:
    """However the place lists them: of two for one day the first by path stays."""
    for folder, rows in (("b", 2), ("a", 1)):
        desk.put(ASB, f"{folder}/{DATED}", csv_text([asb(number) for number in range(rows)]))
    desk.take_in(ASB)
    landed = landed_files(desk.settings, desk.partnership.feed(ASB))
    assert [file.path for file in landed] == [f"a/{DATED}", f"b/{DATED}"]
    assert landed[0].received == landed[1].received
    assert rows_that_hold(desk, ASB) == 1
    assert open_files(desk, ASB) == 1


def archive(content: str, *beside: str) -> bytes:
    """A ZIP with an export, and other files of the same content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as members:
        for name in (NAME, *beside):
            members.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


@pytest.mark.usefixtures("clock")
def test_what_an_archive_held_that_was_refused_at_first_stood_there_before_what_came_since(desk: Pipeline) -> None:
    desk.agree(STREET, pull={"limits": {"archive_members": 1}})
    for content in (archive(A, "read me.txt"), archive(B)):
        desk.put(STREET, "sent.zip", content)
        desk.take_in(STREET)
    assert outcomes(desk, STREET)[-1][1] == "refused"
    desk.agree(STREET, pull={"limits": {"archive_members": 2}})
    desk.take_in(STREET)
    landed = landed_files(desk.settings, desk.partnership.feed(STREET))
    assert [blob_path(desk.settings, file.sha256).read_text() for file in landed if not file.is_archive] == [A, B]
    assert outcomes(desk, STREET) == [("2016-07-01", "accepted", None, 3), ("2016-07-01", "refused", "given_anew", 0)]


@pytest.mark.usefixtures("clock")
def test_what_an_archive_held_comes_back_with_it_and_stays_where_it_was_when_it_is_unpacked_again(desk: Pipeline) -> None:
    def states() -> list[tuple[str, str, str]]:
        landed = landed_files(desk.settings, desk.partnership.feed(STREET))
        return [(file.path, file.sha256, file.received) for file in landed if not file.is_archive]

    for rows, content in ((1, A), (3, B), (1, A)):
        desk.put(STREET, "sent.zip", archive(content))
        desk.take_in(STREET)
        assert rows_that_hold(desk, STREET) == rows
    before = states()
    assert [path for path, _, _ in before] == [f"sent.zip/{NAME}"] * 3
    desk.agree(STREET, pull={"limits": {"archive_members": 2}})
    assert desk.take_in(STREET).new == []
    assert states() == before
