"""Files of a web server: fetched once for each change, taken up where they broke off, and never from where they must not come."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlsplit

import pytest

from csp_pipeline.errors import ConfigurationError, PullError
from csp_pipeline.intake.land import blob_path
from csp_pipeline.intake.pull import Pulled, list_arrivals, pull_feed
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.settings import Settings
from tests.unit.pulling.web_server import WebServer, answer_with, break_off

CSV = b"reference,date\n1,2016-04-01\n"
INSIDE = {"allow_private": True}


def bytes_of(pulled: Pulled, settings: Settings) -> dict[str, bytes]:
    return {file.path: blob_path(settings, file.sha256).read_bytes() for file in pulled.landed}


def only_error(pulled: Pulled) -> PullError | ConfigurationError:
    [error] = pulled.errors
    assert isinstance(error, PullError | ConfigurationError)
    return error


def test_an_unchanged_file_is_not_fetched_again_and_a_changed_one_is(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings
) -> None:
    body, tag = CSV, '"one"'

    def give(request: BaseHTTPRequestHandler) -> None:
        answer_with(request, 200, body, ETag=tag)

    web.pages["/asb_2016-04.csv"] = give
    feed = new_feed(f"{web.url}/asb_2016-04.csv", web=INSIDE)
    assert bytes_of(pull_feed(feed, settings), settings) == {"asb_2016-04.csv": CSV}
    before = list_arrivals(feed)
    pull_feed(feed, settings)
    assert web.count("GET", "/asb_2016-04.csv") == 1
    body, tag = CSV + b"2,2016-04-02\n", '"two"'
    assert list_arrivals(feed).cursor != before.cursor
    landed = pull_feed(feed, settings).landed
    assert [file.size for file in landed] == [len(CSV), len(body)]


@pytest.mark.parametrize("with_tag", [True, False], ids=["ETag", "Last-Modified"])
def test_a_server_that_knows_no_head_is_asked_by_condition(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings, with_tag: bool
) -> None:
    # A clock that stands in the future is handed back as it came, and never compared with ours.
    mark = {"ETag": '"one"'} if with_tag else {"Last_Modified": "Tue, 01 Jan 2115 00:00:00 GMT"}
    statuses = []

    def give(request: BaseHTTPRequestHandler) -> None:
        if request.command == "HEAD":
            answer_with(request, 405, b"")
            return
        asked = request.headers.get("If-None-Match") or request.headers.get("If-Modified-Since")
        statuses.append(304 if asked == next(iter(mark.values())) else 200)
        answer_with(request, statuses[-1], CSV if statuses[-1] == 200 else b"", **mark)

    web.pages["/asb_2016-04.csv"] = give
    feed = new_feed(f"{web.url}/asb_2016-04.csv", web=INSIDE)
    pull_feed(feed, settings)
    pulled = pull_feed(feed, settings)
    assert (statuses, pulled.errors, len(pulled.landed)) == ([200, 304], [], 1)


def give_in_parts(body: bytes, breaks_at: list[int], ranges: list[str | None], tag: str = '"one"') -> Callable[..., None]:
    """Answers that break off at the given bytes, one after another, and then come whole; ranges are honoured."""

    def give(request: BaseHTTPRequestHandler) -> None:
        asked = request.headers.get("Range")
        if request.command == "GET":
            ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and request.headers["If-Range"] == tag else 0
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        request.send_header("Content-Length", str(len(body) - start))
        request.send_header("ETag", tag)
        request.end_headers()
        if request.command == "GET":
            end = breaks_at.pop(0) if breaks_at else len(body)
            request.wfile.write(body[start:end])
            if end < len(body):
                break_off(request)

    return give


def test_a_download_that_breaks_off_goes_on_where_it_stood(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings
) -> None:
    body = bytes(range(256)) * 20_000
    ranges: list[str | None] = []
    web.pages["/asb.csv"] = give_in_parts(body, [3_000_000, 4_000_000], ranges)
    pulled = pull_feed(new_feed(f"{web.url}/asb.csv", web=INSIDE), settings)
    assert (bytes_of(pulled, settings), pulled.errors) == ({"asb.csv": body}, [])
    assert ranges[0] is None
    assert all(asked is not None for asked in ranges[1:])
    assert len(ranges) == 3


def test_the_next_run_goes_on_where_the_last_one_had_to_stop(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings
) -> None:
    body = b"0123456789" * 500_000
    ranges: list[str | None] = []
    web.pages["/asb.csv"] = give_in_parts(body, [2_000_000], ranges)
    feed = new_feed(f"{web.url}/asb.csv", web=INSIDE, limits={"attempts": 1})
    error = only_error(pull_feed(feed, settings))
    assert error.is_transient
    assert "tried again at the next run" in str(error)
    pulled = pull_feed(feed, settings)
    assert bytes_of(pulled, settings) == {"asb.csv": body}
    assert ranges[0] is None
    assert ranges[1] is not None


def test_a_file_that_changed_meanwhile_is_fetched_from_its_start(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings
) -> None:
    feed = new_feed(f"{web.url}/asb.csv", web=INSIDE, limits={"attempts": 1})
    web.pages["/asb.csv"] = give_in_parts(b"old" * 1_000_000, [2_000_000], [])
    pull_feed(feed, settings)
    new = b"new" * 1_000_000
    web.pages["/asb.csv"] = give_in_parts(new, [], [], tag='"two"')
    assert bytes_of(pull_feed(feed, settings), settings) == {"asb.csv": new}


def test_a_fault_of_the_server_is_tried_again_so_often_and_no_more(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings
) -> None:
    statuses = [500, 503, 200, 200]
    web.pages["/asb.csv"] = lambda request: answer_with(request, statuses.pop(0), CSV)
    assert pull_feed(new_feed(f"{web.url}/asb.csv", web=INSIDE), settings).errors == []
    assert statuses == []
    web.pages["/asb.csv"] = lambda request: answer_with(request, 503, b"")
    asked = len(web.asked)
    error = only_error(pull_feed(new_feed(f"{web.url}/asb.csv", web=INSIDE, limits={"attempts": 3}), settings))
    assert error.is_transient
    assert "police/asb" in str(error)
    assert "answers 503" in str(error)
    assert len(web.asked) - asked == 3


def test_a_file_that_ends_too_soon_is_never_landed(web: WebServer, new_feed: Callable[..., Feed], settings: Settings) -> None:
    def give(request: BaseHTTPRequestHandler) -> None:
        answer_with(request, 200, CSV, Content_Length="5000")
        break_off(request)

    web.pages["/asb.csv"] = give
    pulled = pull_feed(new_feed(f"{web.url}/asb.csv", web=INSIDE, limits={"attempts": 2}), settings)
    assert pulled.landed == []
    assert "the connection broke off" in str(only_error(pulled))


def test_a_slow_server_is_given_up_by_its_time_out(web: WebServer, new_feed: Callable[..., Feed], settings: Settings) -> None:
    forever = threading.Event()
    web.pages["/asb.csv"] = lambda request: void(forever.wait(20))
    feed = new_feed(f"{web.url}/asb.csv", web=INSIDE, limits={"attempts": 2, "read_seconds": 0.1})
    error = only_error(pull_feed(feed, settings))
    forever.set()
    assert error.is_transient
    assert "did not answer in time" in str(error)


def test_an_endless_download_is_cut_off_and_leaves_nothing(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings
) -> None:
    def give(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Connection", "close")
        request.end_headers()
        try:
            while request.command == "GET":
                request.wfile.write(b"0" * 65_536)
        except OSError:
            request.close_connection = True

    web.pages["/asb.csv"] = give
    pulled = pull_feed(new_feed(f"{web.url}/asb.csv", web=INSIDE, limits={"file_mb": 2}), settings)
    error = only_error(pulled)
    assert not error.is_transient
    assert "larger than 2 MB, or does not end" in str(error)
    assert [path for path in (settings.landing / "incoming").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("http://localhost:1/asb.csv", ("another host, localhost", "allow_hosts")),
        ("http://169.254.169.254/latest/meta-data/", ("another host, 169.254.169.254",)),
        ("file:///etc/passwd", ("not followed",)),
    ],
)
def test_a_redirect_to_another_host_is_refused(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings, target: str, words: tuple[str, ...]
) -> None:
    web.pages["/asb.csv"] = lambda request: answer_with(request, 302, b"", Location=target)
    error = only_error(pull_feed(new_feed(f"{web.url}/asb.csv", web=INSIDE), settings))
    assert not error.is_transient
    assert all(word in str(error) for word in words)


def test_a_redirect_within_the_host_is_followed_but_not_in_a_circle(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings
) -> None:
    web.pages["/asb.csv"] = lambda request: answer_with(request, 302, b"", Location="/new/place.csv")
    web.pages["/new/place.csv"] = lambda request: answer_with(request, 200, CSV)
    feed = new_feed(f"{web.url}/asb.csv", web=INSIDE)
    assert bytes_of(pull_feed(feed, settings), settings) == {"asb.csv": CSV}
    web.pages["/new/place.csv"] = lambda request: answer_with(request, 302, b"", Location="/asb.csv")
    assert "redirects more than 5 times" in str(only_error(pull_feed(feed, settings)))


def test_secrets_are_not_sent_to_the_host_of_a_redirect(
    web: WebServer,
    new_feed: Callable[..., Feed],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("POLICE_TOKEN", "open-sesame")
    port = web.url.rpartition(":")[2]
    web.pages["/asb.csv"] = lambda request: answer_with(
        request, 302, b"", Location=f"http://localhost:{port}/other.csv?signature=abracadabra"
    )
    web.pages["/other.csv"] = lambda request: answer_with(request, 200, CSV)
    feed = new_feed(f"{web.url}/asb.csv", web=INSIDE | {"token": "POLICE_TOKEN", "allow_hosts": ["localhost"]})
    with caplog.at_level("INFO"):
        pulled = pull_feed(feed, settings)
    assert bytes_of(pulled, settings) == {"asb.csv": CSV}
    assert "abracadabra" not in caplog.text
    sent = {path: headers.get("Authorization") for _, path, headers in web.asked}
    assert sent == {"/asb.csv": "Bearer open-sesame", "/other.csv?signature=abracadabra": None}
    written = b"".join(path.read_bytes() for path in settings.landing.rglob("*") if path.is_file())
    assert b"open-sesame" not in written


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.1.2.3",
        "169.254.169.254",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::10.0.0.1]",
        "[2002:a00:1::]",
    ],
)
def test_an_address_inside_a_network_is_not_asked_unless_the_place_says_so(
    new_feed: Callable[..., Feed], settings: Settings, host: str
) -> None:
    error = only_error(pull_feed(new_feed(f"https://{host}:1/asb.csv"), settings))
    assert not error.is_transient
    assert "address inside a network" in str(error)
    assert "allow_private" in str(error)


def test_a_refused_token_is_told_without_the_token(
    web: WebServer,
    new_feed: Callable[..., Feed],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("POLICE_TOKEN", "open-sesame")
    web.pages["/asb.csv"] = lambda request: answer_with(request, 403, b"open-sesame is wrong")
    feed = new_feed(f"{web.url}/asb.csv", web=INSIDE | {"token": "POLICE_TOKEN"})
    with caplog.at_level("DEBUG"):
        error = only_error(pull_feed(feed, settings))
    assert not error.is_transient
    assert "does not let us in (403)" in str(error)
    assert "open-sesame" not in caplog.text + str(error)
    monkeypatch.delenv("POLICE_TOKEN")
    assert "environment variable POLICE_TOKEN" in str(only_error(pull_feed(feed, settings)))


def test_one_file_for_each_month_that_is_published(web: WebServer, new_feed: Callable[..., Feed], settings: Settings) -> None:
    for month in ("2016-04", "2016-05"):
        web.pages[f"/data/{month}/street.csv"] = lambda request, month=month: answer_with(request, 200, f"{month}\n".encode())
    feed = new_feed(
        f"{web.url}/data", months=("2016-04", "2016-05", "2016-06"), web=INSIDE | {"names": ["{month:%Y-%m}/street.csv"]}
    )
    pulled = pull_feed(feed, settings)
    assert bytes_of(pulled, settings) == {"2016-04/street.csv": b"2016-04\n", "2016-05/street.csv": b"2016-05\n"}
    assert pulled.errors == []  # June is not there yet, and nothing is wrong with that


def void(_: object) -> None:
    """Forget what a call gave."""


@pytest.mark.parametrize("head", [404, 405])
def test_a_file_that_is_not_there_is_told_unless_a_period_explains_it(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings, head: int
) -> None:
    web.pages["/asb.csv"] = lambda request: answer_with(request, head if request.command == "HEAD" else 404, b"")
    error = only_error(pull_feed(new_feed(f"{web.url}/asb.csv", web=INSIDE), settings))
    assert not error.is_transient
    assert "/asb.csv is not there (404). Correct the location" in str(error)


def test_a_place_without_any_period_is_told(web: WebServer, new_feed: Callable[..., Feed], settings: Settings) -> None:
    error = only_error(pull_feed(new_feed(f"{web.url}/asb_{{month}}.csv", web=INSIDE), settings))
    assert error.is_transient
    assert "has nothing for any of the 1 periods that the feed is expected for" in str(error)
    api = new_feed(f"{web.url}/crimes", web=INSIDE, api={"query": {"date": "{month}"}})
    assert "has nothing for any of the 1 periods" in str(only_error(pull_feed(api, settings)))


def page_of(request: BaseHTTPRequestHandler) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.path).query))


def test_the_pages_of_a_month_become_one_file(web: WebServer, new_feed: Callable[..., Feed], settings: Settings) -> None:
    rows = [{"id": number, "category": "violence – other"} for number in range(5)]
    faults = [503]

    def give(request: BaseHTTPRequestHandler) -> None:
        asked = page_of(request)
        if faults and asked["page"] == "2":
            answer_with(request, faults.pop(), b"")
            return
        start = (int(asked["page"]) - 1) * 2
        found = rows[start : start + 2] if asked["date"] == "2016-04" else []
        answer_with(request, 200, json.dumps({"data": {"rows": found}}).encode())

    web.pages["/crimes"] = give
    api = {"query": {"date": "{month:%Y-%m}"}, "rows": "data.rows", "page": "page"}
    feed = new_feed(f"{web.url}/crimes", months=("2016-04", "2016-05"), web=INSIDE, api=api)
    pulled = pull_feed(feed, settings)
    assert pulled.errors == []
    [landed] = pulled.landed
    assert landed.path == "asb_2016-04.json"
    assert json.loads(blob_path(settings, landed.sha256).read_bytes()) == rows
    # The fault of the second page did not cost the first one again.
    assert [page_of_path(path) for _, path, _ in web.asked if "2016-04" in path] == ["1", "2", "2", "3", "4"]


def page_of_path(path: str) -> str:
    return path.rpartition("page=")[2]


def test_pages_are_followed_by_their_links_on_the_same_host_only(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings
) -> None:
    def give(request: BaseHTTPRequestHandler, links: dict[str, str | None]) -> None:
        answer_with(request, 200, json.dumps({"rows": [{"id": request.path}], "next": links[request.path]}).encode())

    def feed() -> Feed:
        return new_feed(f"{web.url}/a", web=INSIDE, api={"rows": "rows", "next_link": "next"})

    web.pages["/a"] = web.pages["/b"] = lambda request: give(request, {"/a": "b", "/b": None})
    [landed] = pull_feed(feed(), settings).landed
    assert json.loads(blob_path(settings, landed.sha256).read_bytes()) == [{"id": "/a"}, {"id": "/b"}]
    web.pages["/a"] = lambda request: give(request, {"/a": "http://localhost/b"})
    assert "next page is on another host, localhost" in str(only_error(pull_feed(feed(), settings)))
    web.pages["/a"] = web.pages["/b"] = lambda request: give(request, {"/a": "b", "/b": "a"})
    assert "pages do not end" in str(only_error(pull_feed(feed(), settings)))


def test_months_that_have_landed_are_asked_for_again_only_while_they_are_among_the_latest(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings
) -> None:
    web.pages["/crimes"] = lambda request: answer_with(request, 200, b'[{"id": 1}]')
    months = ("2016-04", "2016-05", "2016-06")
    api = {"query": {"date": "{month:%Y-%m}"}, "ask_again": 1}
    feed = new_feed(f"{web.url}/crimes", months=months, web=INSIDE, api=api)
    pulled = pull_feed(feed, settings)
    assert len(pulled.landed) == 3
    assert len(pulled.remarks) == 2  # the same bytes under other names, as here, are said
    asked = len(web.asked)
    pull_feed(feed, settings)
    assert [path for _, path, _ in web.asked[asked:]] == ["/crimes?date=2016-06"]


@pytest.mark.parametrize(
    ("body", "words"),
    [(b"<html>", "does not answer with JSON"), (b'{"error": "no"}', "not a JSON array"), (b"[1, 2]", "array of objects")],
)
def test_an_answer_that_is_not_rows_is_told(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings, body: bytes, words: str
) -> None:
    web.pages["/crimes"] = lambda request: answer_with(request, 200, body)
    pulled = pull_feed(new_feed(f"{web.url}/crimes", web=INSIDE, api={}), settings)
    assert pulled.landed == []
    assert words in str(only_error(pulled))


def test_a_file_that_is_there_no_more_leaves_the_others_alone(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings
) -> None:
    web.pages["/a.csv"] = lambda request: answer_with(request, 200, CSV)
    web.pages["/b.csv"] = give_in_parts(b"cut" * 10, [5, 5, 5, 5], [])
    web.pages["/c.csv"] = lambda request: answer_with(request, 200, CSV + CSV)
    feed = new_feed(web.url, web=INSIDE | {"names": ["a.csv", "b.csv", "c.csv"]}, limits={"attempts": 2})
    pulled = pull_feed(feed, settings)
    assert sorted(bytes_of(pulled, settings)) == ["a.csv", "c.csv"]
    assert "b.csv" in str(only_error(pulled))


def test_an_encrypted_place_is_never_left_for_an_open_one(
    secure_web: WebServer, new_feed: Callable[..., Feed], settings: Settings
) -> None:
    port = secure_web.url.rpartition(":")[2]
    secure_web.pages["/asb.csv"] = lambda request: answer_with(request, 302, b"", Location=f"http://localhost:{port}/asb.csv")
    web = INSIDE | {"certificates": "authority.pem", "allow_hosts": ["localhost"]}
    error = only_error(pull_feed(new_feed(f"{secure_web.url}/asb.csv", web=web), settings))
    assert not error.is_transient
    assert "redirects from https to http, which is not followed" in str(error)


def test_a_certificate_has_to_be_trusted(secure_web: WebServer, new_feed: Callable[..., Feed], settings: Settings) -> None:
    secure_web.pages["/asb.csv"] = lambda request: answer_with(request, 200, CSV)
    error = only_error(pull_feed(new_feed(f"{secure_web.url}/asb.csv", web=INSIDE), settings))
    assert not error.is_transient
    assert "its certificate is not trusted" in str(error)
    assert secure_web.asked == []
    trusting = new_feed(f"{secure_web.url}/asb.csv", web=INSIDE | {"certificates": "authority.pem"})
    assert bytes_of(pull_feed(trusting, settings), settings) == {"asb.csv": CSV}
