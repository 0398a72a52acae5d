"""Feeds are pulled side by side: a dead or slow place holds up none of the others."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

from csp_pipeline.intake.pull import pull_ahead
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.settings import Settings
from tests.unit.pulling.web_server import WebServer, answer_with

PATIENCE_SECONDS = 120


def test_ten_feeds_on_slow_places_are_pulled_at_the_same_time(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings
) -> None:
    # The server answers nobody until all ten have asked: one after another they would wait for ever.
    all_here = threading.Barrier(10, timeout=PATIENCE_SECONDS)

    def give(request: BaseHTTPRequestHandler) -> None:
        if request.command == "HEAD":
            all_here.wait()
        answer_with(request, 200, request.path.encode())

    feeds = []
    for number in range(10):
        web.pages[f"/{number}.csv"] = give
        limits = {"attempts": 1, "read_seconds": 2 * PATIENCE_SECONDS}
        feeds.append(new_feed(f"{web.url}/{number}.csv", name=f"feed_{number}", web={"allow_private": True}, limits=limits))
    with pull_ahead(feeds, settings) as ahead:
        landed = {feed.name: [file.path for file in ahead.of(feed).landed] for feed in feeds}
    assert landed == {f"feed_{number}": [f"{number}.csv"] for number in range(10)}


def test_a_dead_place_is_told_and_the_other_feeds_are_landed_meanwhile(
    web: WebServer, new_feed: Callable[..., Feed], settings: Settings
) -> None:
    landed = threading.Event()

    def never(request: BaseHTTPRequestHandler) -> None:
        # The slow place gives up only when the other one has landed.
        assert landed.wait(PATIENCE_SECONDS)
        answer_with(request, 503, b"")

    web.pages["/slow.csv"] = never
    web.pages["/good.csv"] = lambda request: answer_with(request, 200, b"good")
    inside = {"web": {"allow_private": True}, "limits": {"attempts": 1, "read_seconds": 2 * PATIENCE_SECONDS}}
    slow = new_feed(f"{web.url}/slow.csv", name="slow", **inside)
    good = new_feed(f"{web.url}/good.csv", name="good", **inside)
    with pull_ahead([slow, good], settings) as ahead:
        assert [file.path for file in ahead.of(good).landed] == ["good.csv"]
        landed.set()
        assert "answers 503" in str(ahead.of(slow).errors[0])
