"""Servers that are slow on purpose, half right, or answer what nobody expects: told within the time allowed, no file lost."""

import io
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import fsspec
import pytest

from csp_pipeline.errors import PullError
from csp_pipeline.intake import fetch
from csp_pipeline.intake.land import blob_path
from csp_pipeline.intake.places import web as web_place
from csp_pipeline.intake.pull import Pulled, list_arrivals, pull_feed
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.settings import Settings
from tests.unit.pulling.web_server import WebServer, answer_with

CSV = b"reference,date\n1,2016-04-01\n"
INSIDE = {"allow_private": True}
ROWS = [{"id": number, "month": "2016-04"} for number in range(5)]


def paths_of(pulled: Pulled) -> list[str]:
    return [file.path for file in pulled.landed]


def give(body: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda request: answer_with(request, 200, body)


class Clock:
    """Stands still until a test moves it on, so that a busy machine takes no time of a feed's."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What a feed's time in a run is measured by."""
    clock = Clock()
    for module in (fetch, web_place):
        monkeypatch.setattr(module, "time", clock)
    return clock


def give_drop_by_drop(request: BaseHTTPRequestHandler, clock: Clock, left: threading.Event) -> None:
    """A byte every now and then, so that no time-out for reading ever ends it, until the reader has `left`; an hour passes
    with the first.
    """
    request.send_response(200)
    request.send_header("Content-Length", "2400")
    request.end_headers()
    request.close_connection = True
    if request.command == "HEAD":
        return
    try:
        for _ in range(2400):
            request.wfile.write(b"1")
            request.wfile.flush()
            clock.now = 3600
            time.sleep(0.05)
    except OSError:
        left.set()


@pytest.mark.parametrize("pull", [{}, {"api": {"query": {"date": "{month:%Y-%m}"}}}], ids=["file", "API"])
def test_a_server_that_sends_a_byte_now_and_then_is_left_when_the_feeds_time_is_over(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings, clock: Clock, pull: dict[str, Any]
) -> None:
    left = threading.Event()
    web.pages["/asb_2016-04.csv"] = lambda request: give_drop_by_drop(request, clock, left)
    feed = new_feed(f"{web.url}/asb_2016-04.csv", web=INSIDE, limits={"total_seconds": 3600}, **pull)
    pulled = pull_feed(feed, settings)
    [error] = pulled.errors
    assert "takes longer than the 3,600 seconds that pull > limits > total_seconds allows a run" in str(error)
    assert pulled.landed == []
    assert left.wait(60), "the server had sent all that it has"


def test_one_name_that_is_not_there_does_not_hold_back_the_others(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings
) -> None:
    web.pages["/outbox/asb_2016-04.csv"] = give(CSV)
    names = ["asb_2016-03.csv", "asb_2016-04.csv"]
    pulled = pull_feed(new_feed(f"{web.url}/outbox", web=INSIDE | {"names": names}), settings)
    assert paths_of(pulled) == ["asb_2016-04.csv"]
    [error] = pulled.errors
    assert "asb_2016-03.csv is not there (404)" in str(error)


def rows_by_page(request: BaseHTTPRequestHandler, size: int = 2) -> None:
    """Pages of two rows; 404 beyond the last, as some frameworks answer."""
    page = int(request.path.rpartition("page=")[2])
    rows = ROWS[(page - 1) * size : page * size]
    answer_with(request, 200 if rows else 404, json.dumps({"rows": rows}).encode())


def test_an_api_that_answers_404_after_its_last_page_gives_all_rows(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings
) -> None:
    web.pages["/incidents"] = rows_by_page
    feed = new_feed(f"{web.url}/incidents", web=INSIDE, api={"page": "page", "rows": "rows", "query": {"month": "{month}"}})
    pulled = pull_feed(feed, settings)
    assert pulled.errors == []
    [landed] = pulled.landed
    assert json.loads(blob_path(settings, landed.sha256).read_bytes()) == ROWS


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (json.dumps({"rows": ROWS, "next": "http://nowhere:port/"}).encode(), "its next page is no URL"),
        (json.dumps({"rows": ROWS, "next": "/gone"}).encode(), "/gone is not there (404)"),
        (b"[" * 100_000, "does not answer with JSON"),
    ],
    ids=["no URL", "a link that leads nowhere", "brackets without end"],
)
def test_an_api_that_answers_nonsense_is_told_and_nothing_of_it_is_kept(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings, page: bytes, words: str
) -> None:
    web.pages["/incidents"] = give(page)
    feed = new_feed(f"{web.url}/incidents", web=INSIDE, api={"next_link": "next", "rows": "rows", "query": {"month": "{month}"}})
    pulled = pull_feed(feed, settings)
    [error] = pulled.errors
    assert words in str(error)
    assert pulled.landed == []


@pytest.mark.parametrize("host", ["a..b.example", f"{'a' * 70}.example"])
def test_a_host_that_cannot_be_one_is_told(new_feed: Callable[..., Feed], settings: Settings, host: str) -> None:
    [error] = pull_feed(new_feed(f"https://{host}/asb_2016-04.csv"), settings).errors
    assert host in str(error)


def test_a_busy_server_is_asked_again_when_it_says(web: WebServer, new_feed: Callable[..., Feed], settings: Settings) -> None:
    busy, asked = [True], []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(time.monotonic())
        answer_with(request, 429 if busy else 200, CSV, **({"Retry_After": "1"} if busy else {}))
        busy.clear()

    web.pages["/asb_2016-04.csv"] = answer
    assert paths_of(pull_feed(new_feed(f"{web.url}/asb_2016-04.csv", web=INSIDE), settings)) == ["asb_2016-04.csv"]
    assert asked[1] - asked[0] >= 1


def test_a_server_that_is_busy_for_longer_than_the_feed_has_is_left_at_once(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings
) -> None:
    web.pages["/asb_2016-04.csv"] = lambda request: answer_with(request, 503, b"", Retry_After="3600")
    feed = new_feed(f"{web.url}/asb_2016-04.csv", web=INSIDE)
    [error] = pull_feed(feed, settings).errors
    assert isinstance(error, PullError)
    assert error.is_transient
    assert web.count("HEAD", "/asb_2016-04.csv") == 1


def test_links_in_a_circle_do_not_hold_back_the_files_beside_them(
    new_feed: Callable[..., Feed], settings: Settings, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (place / "round.csv").symlink_to(place / "round.csv")
    (place / "asb_2016-04.csv").write_bytes(CSV)
    feed = new_feed(str(place), settle_seconds=0)
    assert list_arrivals(feed).files == 2
    pulled = pull_feed(feed, settings)
    assert paths_of(pulled) == ["asb_2016-04.csv"]
    [error] = pulled.errors
    assert "round.csv" in str(error)


class CloudError(Exception):
    """What a cloud's library raises: of no kind that Python knows."""


class Cloud(fsspec.AbstractFileSystem):  # type: ignore[misc] # fsspec has no types
    """A file system whose library fails at what it is told to, with its key in the words."""

    protocol = "cloudy"
    fails_at = ""

    def _fail(self, what: str) -> None:
        if Cloud.fails_at == what:
            raise CloudError("key hunter2 is not known")

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        self._fail("list")
        if path.strip("/") == "bucket/asb_2016-04.csv":
            return [{"name": path, "size": len(CSV), "type": "file", "mtime": 1}]
        return [{"name": "bucket/asb_2016-04.csv", "size": len(CSV), "type": "file", "mtime": 1}]

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        if path.strip("/") == "bucket":
            return {"name": "bucket", "size": 0, "type": "directory"}
        return {"name": path, "size": len(CSV), "type": "file", "mtime": 1}

    def _open(self, path: str, *_: Any, **__: Any) -> io.BytesIO:
        self._fail("open")
        file = io.BytesIO(CSV)
        if Cloud.fails_at == "read":
            file.read = lambda *_: self._fail("read")  # type: ignore[assignment,method-assign]
        return file


@pytest.mark.parametrize("fails_at", ["", "list", "open", "read"])
def test_a_clouds_own_errors_are_told_without_their_words(
    new_feed: Callable[..., Feed], settings: Settings, monkeypatch: pytest.MonkeyPatch, fails_at: str
) -> None:
    fsspec.register_implementation("cloudy", Cloud, clobber=True)
    monkeypatch.setattr(Cloud, "fails_at", fails_at)
    pulled = pull_feed(new_feed("cloudy://bucket", settle_seconds=0), settings)
    if not fails_at:
        assert paths_of(pulled) == ["asb_2016-04.csv"]
        return
    [error] = pulled.errors
    assert "CloudError" in str(error)
    assert "hunter2" not in str(error)
    assert pulled.landed == []
