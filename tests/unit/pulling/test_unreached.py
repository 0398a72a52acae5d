"""A place that could not be reached stays told by `csp status`, from the first vain look at it until it is reached again."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from csp_pipeline.cli.output import Format
from csp_pipeline.cli.status import status
from csp_pipeline.errors import PullError
from csp_pipeline.intake.arrivals import look_for_new_files
from csp_pipeline.intake.pull import pull_feed
from csp_pipeline.intake.unreached import Unreached, read_unreached
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.settings import Settings
from tests.conftest import ONE_YEAR, Pipeline
from tests.unit.pulling.web_server import WebServer, answer_with

ASB, FIRE = "police/asb", "fire/incidents"


def noted(settings: Settings, feed: Feed) -> Unreached:
    found = read_unreached(settings, feed)
    assert found is not None
    return found


def test_a_server_that_does_not_answer_is_noted_until_it_does(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings
) -> None:
    feed = new_feed(f"{web.url}/asb.csv", web={"allow_private": True}, limits={"attempts": 1})
    web.pages["/asb.csv"] = lambda request: answer_with(request, 503, b"")
    before = datetime.now(UTC)
    assert pull_feed(feed, settings).errors
    first = noted(settings, feed)
    assert before <= first.since == first.last_tried <= datetime.now(UTC)
    assert first.place == f"{web.url}/asb.csv"
    assert "answers 503" in first.why
    assert not first.why.startswith("police/asb")  # the feed stands beside it
    assert "tried again at the next run" in first.to_do
    pull_feed(feed, settings)
    again = noted(settings, feed)
    assert again.since == first.since < again.last_tried
    web.pages["/asb.csv"] = lambda request: answer_with(request, 200, b"reference\n1\n")
    assert pull_feed(feed, settings).errors == []
    assert read_unreached(settings, feed) is None


def test_a_look_at_the_place_counts_as_a_pull_does(new_feed: Callable[..., Feed], settings: Settings, tmp_path: Path) -> None:
    feed = new_feed(str(tmp_path / "share"), settle_seconds=0)
    with pytest.raises(PullError):
        look_for_new_files(settings, feed, [], None, date(2017, 7, 4))
    assert "share does not exist" in noted(settings, feed).why
    (tmp_path / "share").mkdir()
    look_for_new_files(settings, feed, [], None, date(2017, 7, 4))
    assert read_unreached(settings, feed) is None


def test_a_secret_that_is_not_set_is_to_be_mended(new_feed: Callable[..., Feed], settings: Settings) -> None:
    feed = new_feed("https://127.0.0.1/asb.csv", web={"allow_private": True, "token": "CSP_TEST_NOT_SET"})
    assert pull_feed(feed, settings).errors
    told = noted(settings, feed)
    assert "CSP_TEST_NOT_SET" in told.why
    assert "tried again" not in told.to_do


def test_a_place_with_one_file_that_cannot_be_kept_was_reached(
    new_feed: Callable[..., Feed], settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / "back\\slash.csv").write_bytes(b"1")
    feed = new_feed(str(tmp_path / "share"), settle_seconds=0)
    assert "backslash" in str(pull_feed(feed, settings).errors[0])
    assert read_unreached(settings, feed) is None


def test_status_tells_which_place_since_when_why_and_what_to_do(
    new_pipeline: Callable[..., Pipeline], capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline = new_pipeline([ASB, FIRE], ONE_YEAR)
    path = pipeline.sources / ASB / "feed.yml"
    entry = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(entry | {"location": "nowhere"}), encoding="utf-8")
    pipeline.reread_configuration()
    (pipeline.sources / FIRE / "exports").mkdir(exist_ok=True)
    before = datetime.now(UTC).date()
    for feed in (ASB, FIRE):
        pipeline.take_in(feed)

    def asked(format: Format) -> str:
        status(sources=pipeline.sources, warehouse=pipeline.settings.warehouse, format=format)
        return capsys.readouterr().out

    place = str(pipeline.sources / ASB / "nowhere")
    in_json = {row["feed"]: row for row in json.loads(asked(Format.json))}
    in_csv = {row["feed"]: row for row in csv.DictReader(io.StringIO(asked(Format.csv)))}
    told = in_json[ASB]
    since = told["unreached_since"]
    assert before <= datetime.fromisoformat(since).date() <= datetime.now(UTC).date()
    assert told["unreached_place"] == in_csv[ASB]["unreached_place"] == place
    assert in_csv[ASB]["unreached_since"] == since
    assert "does not exist" in told["unreached_why"]
    assert in_csv[ASB]["unreached_to_do"] == told["unreached_to_do"] != ""
    assert (in_json[FIRE]["unreached_since"], in_csv[FIRE]["unreached_since"]) == (None, "")
    [line] = [line for line in asked(Format.table).splitlines() if "could not be reached" in line]
    assert line == f"{ASB}: {place} could not be reached since {since} UTC: {told['unreached_why']} {told['unreached_to_do']}"
