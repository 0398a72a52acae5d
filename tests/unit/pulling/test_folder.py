"""A folder: what is taken from it, what is left for later, and what a large one costs."""

import os
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path

import fsspec
import pytest

from csp_pipeline.errors import PullError
from csp_pipeline.intake.arrivals import look_for_new_files
from csp_pipeline.intake.land import blob_path
from csp_pipeline.intake.pull import list_arrivals, pull_feed
from csp_pipeline.intake.receipts import Receipt
from csp_pipeline.lake import receipt_path, write_json
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.partnership.periods import parse_period
from csp_pipeline.settings import Settings


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "share"
    folder.mkdir()
    return folder


def test_the_cursor_changes_with_every_arrival_and_change_and_with_nothing_else(
    place: Path, new_feed: Callable[..., Feed]
) -> None:
    feed = new_feed(str(place), files="*.csv")
    (place / "a.csv").write_bytes(b"a")
    first = list_arrivals(feed)
    assert first.files == 1
    (place / "b.csv.part").write_bytes(b"half")
    (place / "notes.txt").write_bytes(b"other")
    assert list_arrivals(feed) == first
    (place / "b.csv").write_bytes(b"b")
    second = list_arrivals(feed)
    (place / "b.csv").write_bytes(b"bb")
    third = list_arrivals(feed)
    assert len({first.cursor, second.cursor, third.cursor}) == 3
    os.unlink(place / "b.csv")
    assert list_arrivals(feed) == first


def test_what_windows_and_office_put_into_a_folder_is_left(place: Path, new_feed: Callable[..., Feed]) -> None:
    for name in ("a.csv", "Thumbs.db", "desktop.ini", "~$a.csv", ".DS_Store"):
        (place / name).write_bytes(b"a")
    assert list_arrivals(new_feed(str(place))).files == 1


def test_the_same_file_under_two_names_is_kept_once_and_said(
    place: Path, new_feed: Callable[..., Feed], settings: Settings
) -> None:
    for name in ("april.csv", "april (1).csv"):
        (place / name).write_bytes(b"same")
    pulled = pull_feed(new_feed(str(place), settle_seconds=0), settings)
    assert [file.path for file in pulled.landed] == ["april (1).csv", "april.csv"]
    assert pulled.remarks == ["police/asb: april.csv holds the same bytes as april (1).csv; they are kept once."]
    assert len([path for path in (settings.landing / "blobs").rglob("*") if path.is_file()]) == 1


def test_a_pipe_which_nobody_writes_to_holds_up_nothing(place: Path, new_feed: Callable[..., Feed], settings: Settings) -> None:
    os.mkfifo(place / "asb_2016-03.csv")
    (place / "asb_2016-04.csv").write_bytes(b"a")
    feed = new_feed(str(place), settle_seconds=0)
    assert list_arrivals(feed).files == 1
    assert [file.path for file in pull_feed(feed, settings).landed] == ["asb_2016-04.csv"]


def test_one_new_file_among_100_000_others_is_found(new_feed: Callable[..., Feed], settings: Settings) -> None:
    # In a place that fsspec keeps in memory: to make so many files takes a disk longer than to list them.
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/drop/asb_2016-04.csv", b"april")
    [old] = memory.store.values()
    memory.store |= {f"/drop/{number:06}.txt": old for number in range(100_000)}
    try:
        feed = new_feed("memory://drop", files="*.csv", settle_seconds=0)
        assert [file.path for file in pull_feed(feed, settings).landed] == ["asb_2016-04.csv"]
        few = new_feed("memory://drop", files="*.csv", limits={"listed_files": 50_000})
        [error] = pull_feed(few, settings).errors
    finally:
        memory.store.clear()
    assert isinstance(error, PullError)
    assert not error.is_transient
    assert "holds more than 50,000 files. Point feed.yml > location" in str(error)


def test_a_share_that_is_away_comes_back(place: Path, new_feed: Callable[..., Feed], settings: Settings) -> None:
    (place / "a.csv").write_bytes(b"a")
    feed = new_feed(str(place), settle_seconds=0)
    pull_feed(feed, settings)
    place.rename(place.with_name("away"))
    pulled = pull_feed(feed, settings)
    [error] = pulled.errors
    assert isinstance(error, PullError)
    assert error.is_transient
    assert "does not exist. Make it, or correct feed.yml > location" in str(error)
    assert [file.path for file in pulled.landed] == ["a.csv"]


def test_what_came_of_a_file_that_was_taken_back_is_removed(
    place: Path, new_feed: Callable[..., Feed], settings: Settings
) -> None:
    (place / "large.csv").write_bytes(b"0" * 5_000_000)
    impatient = new_feed(str(place), settle_seconds=0, limits={"total_seconds": 1e-9})
    [error] = pull_feed(impatient, settings).errors
    assert "total_seconds" in str(error)
    left = settings.landing / "incoming" / "police.asb" / "0.part"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"0")
    (place / "large.csv").unlink()
    assert pull_feed(new_feed(str(place), settle_seconds=0), settings).errors == []
    assert not left.exists()


def test_what_is_not_taken_in_is_asked_for_again_once_a_day(
    place: Path, new_feed: Callable[..., Feed], settings: Settings
) -> None:
    """The run that was asked for may have found the server down or have failed, and the listing does not change by that."""
    (place / "asb_2016-04.csv").write_bytes(b"x")
    feed = new_feed(str(place), settle_seconds=0)
    today, tomorrow = date(2016, 6, 1), date(2016, 6, 2)
    years = [period for period in (parse_period("2016-17", "financial_year"),) if period]
    cursor, first = look_for_new_files(settings, feed, years, None, today)
    assert first is not None
    assert look_for_new_files(settings, feed, years, cursor, today) == (cursor, None)
    cursor, again = look_for_new_files(settings, feed, years, cursor, tomorrow)
    assert again is not None
    assert again.digest != first.digest
    [landed] = pull_feed(feed, settings).landed
    cursor, once_more = look_for_new_files(settings, feed, years, cursor, date(2016, 6, 3))
    assert once_more is not None
    receipt = Receipt(landed, "", "police.asb", "accepted")
    write_json(receipt_path(settings, feed.agency, feed.name, landed.landed_id), asdict(receipt))
    cursor, none = look_for_new_files(settings, feed, years, cursor, date(2016, 6, 4))
    assert none is None
    assert look_for_new_files(settings, feed, years, cursor, date(2016, 6, 5)) == (cursor, None)


@pytest.mark.parametrize("left", [b"all", None])
def test_bytes_that_landing_has_lost_are_fetched_again(
    place: Path, new_feed: Callable[..., Feed], settings: Settings, left: bytes | None
) -> None:
    """By a power cut, a restore of some of it, or somebody's hand; the file at its place is as it was."""
    (place / "asb_2016-04.csv").write_bytes(b"all of it")
    feed = new_feed(str(place), settle_seconds=0)
    [landed] = pull_feed(feed, settings).landed
    blob = blob_path(settings, landed.sha256)
    blob.unlink()
    if left is not None:
        blob.write_bytes(left)
    assert pull_feed(feed, settings).landed == [landed]
    assert blob.read_bytes() == b"all of it"
