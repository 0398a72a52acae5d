"""What became of a file is judged anew when that of another file changes: the lake then says what one made from nothing would."""

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import yaml

from csp_pipeline.doctor.files import examine_files
from csp_pipeline.errors import PublishError
from csp_pipeline.figures.coverage import read_all_receipts
from csp_pipeline.intake.land import blob_path, landed_files
from csp_pipeline.intake.read_again import forget_receipts
from tests.conftest import ONE_YEAR, Pipeline
from tests.small_exports import asb, csv_text

ASB = "police/asb"
APRIL = "asb_2016-04_extracted-2016-05-10.csv"
MAY = "asb_2016-05_extracted-2016-06-10.csv"


@pytest.fixture
def desk(new_pipeline: Callable[..., Pipeline]) -> Pipeline:
    return new_pipeline([ASB], ONE_YEAR)


def rows(count: int, month: str = "04") -> str:
    return csv_text([asb(number, reported_at=f"15/{month}/2016 10:00") for number in range(count)])


def change(desk: Pipeline, **entries: Any) -> None:
    path = desk.sources / ASB / "feed.yml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text(encoding="utf-8")) | entries), encoding="utf-8")
    desk.reread_configuration()


def outcomes(desk: Pipeline) -> dict[str, tuple[str, str | None, int]]:
    """What became of each file, after taking the feed in."""
    desk.take_in(ASB)
    receipts = read_all_receipts(desk.settings, desk.partnership)[ASB]
    return {receipt.landed.path: (str(receipt.extracted), receipt.code, receipt.rows_accepted) for receipt in receipts}


def from_nothing(desk: Pipeline) -> dict[str, tuple[str, str | None, int]]:
    """The same in a warehouse that holds what has landed, and nothing else."""
    warehouse = desk.settings.warehouse.with_name("from-nothing")
    shutil.rmtree(warehouse, ignore_errors=True)
    shutil.copytree(desk.settings.landing, warehouse / "landing")
    return outcomes(Pipeline(desk.sources, warehouse, threads=1))


def set_aside(files: str) -> list[dict[str, Any]]:
    return [{"files": files, "counts": False, "reason": "A trial export"}]


def test_a_file_is_taken_in_once_the_one_that_gave_its_period_is_set_aside(desk: Pipeline) -> None:
    for folder, count in (("first", 3), ("second", 5)):
        desk.put(ASB, f"{folder}/{APRIL}", rows(count))
        before = outcomes(desk)
    first, second = f"first/{APRIL}", f"second/{APRIL}"
    assert before == {first: ("2016-05-10", None, 3), second: ("2016-05-10", "period_given_twice", 0)}
    change(desk, landed=set_aside("first/*"))
    assert outcomes(desk) == {second: ("2016-05-10", None, 5)}
    assert outcomes(desk) == from_nothing(desk)
    # and the other way round: both may never count
    change(desk, landed=[])
    assert outcomes(desk) == before == from_nothing(desk)


def test_a_copy_leaves_nothing_behind_once_the_names_of_both_say_the_same(desk: Pipeline) -> None:
    """Two copies, whose names were not read for the day of extraction: the later would hold in place of any re-extract."""
    month = r"asb_(?P<coverage>\d{4}-\d{2})"
    change(desk, coverage={"kind": "month", "by": "file_name", "pattern": month})
    for folder in ("first", "second"):
        desk.put(ASB, f"{folder}/{APRIL}", rows(3))
    desk.take_in(ASB)
    _received_the_day_before(desk, f"first/{APRIL}")
    assert len(outcomes(desk)) == 2, "received on two days, they are two submissions"
    change(desk, coverage={"kind": "month", "by": "file_name", "pattern": rf"{month}_extracted-(?P<extracted>[-\d]{{10}})"})
    assert outcomes(desk) == from_nothing(desk) == {f"first/{APRIL}": ("2016-05-10", None, 3)}


def _received_the_day_before(desk: Pipeline, name: str) -> None:
    notes = {path: json.loads(path.read_bytes()) for path in desk.settings.landing.rglob("received/*/*/*.json")}
    [(note, content)] = [(path, content) for path, content in notes.items() if content["path"] == name]
    day = date.fromisoformat(content["received"][:10])
    note.write_text(json.dumps(content | {"received": f"{date.fromordinal(day.toordinal() - 1)}{content['received'][10:]}"}))
    shutil.rmtree(desk.settings.lake)


def test_an_extract_of_a_day_that_has_not_come_is_warned_of(desk: Pipeline) -> None:
    """A slip in the year, 2099 for 2019, would hold in place of all that is sent again until then."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    names = {day: f"asb_2016-04_extracted-{day}.csv" for day in (tomorrow, date(2099, 5, 10))}
    for name in names.values():
        desk.put(ASB, name, rows(1))
    told = {receipt.extracted: (receipt.outcome, receipt.messages) for receipt in desk.take_in(ASB).receipts}
    assert told[str(tomorrow)] == ("accepted", [])
    outcome, [message] = told["2099-05-10"]
    assert outcome == "accepted_with_warnings"
    assert "extracted on 10/05/2099, after the day it was received" in message


def test_an_archive_that_was_refused_is_not_once_its_limit_is_raised(desk: Pipeline) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr(APRIL, rows(3))
        members.writestr(MAY, rows(2, "05"))
    desk.put(ASB, "sent.zip", archive.getvalue())
    change(desk, pull={"archives": "*.zip", "limits": {"archive_members": 1}})
    assert outcomes(desk) == {"sent.zip": ("None", "too_many_members", 0)}
    change(desk, pull={"archives": "*.zip", "limits": {"archive_members": 2, "archive_mb": 0.0001}})
    assert outcomes(desk) == from_nothing(desk) == {"sent.zip": ("None", "archive_too_large", 0)}
    change(desk, pull={"archives": "*.zip", "limits": {"archive_members": 2}})
    expected = {f"sent.zip/{APRIL}": ("2016-05-10", None, 3), f"sent.zip/{MAY}": ("2016-06-10", None, 2)}
    assert outcomes(desk) == from_nothing(desk) == expected


def test_a_file_whose_bytes_landing_has_lost_is_named_and_keeps_the_feed_from_being_read_without_it(desk: Pipeline) -> None:
    def found() -> list[tuple[str, str]]:
        return [(finding.verdict, finding.found) for finding in examine_files(desk.settings, desk.partnership)]

    left_at = desk.put(ASB, APRIL, rows(3))
    desk.take_in(ASB)
    left_at.unlink()
    [landed] = landed_files(desk.settings, desk.partnership.feed(ASB))
    blob_path(desk.settings, landed.sha256).unlink()
    assert outcomes(desk)[APRIL][2] == 3
    [(verdict, words)] = found()
    assert verdict == "wrong"
    assert f"the bytes of 1 file ({APRIL}) are no longer in landing" in words
    forget_receipts(desk.settings, desk.partnership.feed(ASB), None)
    with pytest.raises(PublishError, match=f"{APRIL} was received on .* its bytes are no longer in landing .* restore landing"):
        desk.take_in(ASB)
    desk.put(ASB, APRIL, rows(3))
    assert outcomes(desk)[APRIL][2] == 3
    assert found() == [("fine", "1, each there and named by its feed")]


def test_records_of_a_file_that_landing_knows_nothing_of_are_told(desk: Pipeline) -> None:
    """After an older copy of landing was put under a newer lake."""
    left_at = desk.put(ASB, APRIL, rows(3))
    desk.take_in(ASB)
    left_at.unlink()
    shutil.rmtree(desk.settings.landing / "received")
    assert outcomes(desk)[APRIL][2] == 3
    [finding] = examine_files(desk.settings, desk.partnership)
    assert finding.verdict == "wrong"
    assert f"landing has no note of 1 file ({APRIL})" in finding.found
    forget_receipts(desk.settings, desk.partnership.feed(ASB), None)  # as csp backfill --all does
    assert outcomes(desk) == from_nothing(desk) == {}
