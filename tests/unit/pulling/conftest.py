"""Feeds as a feed.yml would declare them, and a web server on loopback."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from csp_pipeline.partnership.configuration import FeedEntry
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.partnership.periods import parse_period
from csp_pipeline.settings import Settings
from tests.unit.pulling.web_server import Handler, WebServer

# Tests wait for nothing: a try is repeated at once, and a server that is there has the time that a busy machine may take.
SOON = {"first_wait_seconds": 0, "connect_seconds": 60, "read_seconds": 60}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(sources=tmp_path / "sources", warehouse=tmp_path / "warehouse")


@pytest.fixture
def new_feed(tmp_path: Path) -> Callable[..., Feed]:
    """Makes a monthly feed of the given place; what else is given stands under `pull`."""

    def make(
        location: str, *, files: str = "**/*", name: str = "asb", months: tuple[str, ...] = ("2016-04",), **pull: Any
    ) -> Feed:
        folder = tmp_path / "sources" / "police" / name
        folder.mkdir(parents=True, exist_ok=True)
        entry = FeedEntry.model_validate(
            {
                "title": "Incidents",
                "contact": "Analysts",
                "cadence": "monthly",
                "deadline_days": 15,
                "location": location,
                "files": files,
                "coverage": {"kind": "month", "pattern": "(?P<coverage>[0-9]{4}-[0-9]{2})"},
                "covers_area": "E07000131",
                "sharing_basis": "Agreement",
                "pull": pull | {"limits": SOON | pull.get("limits", {})},
            }
        )
        periods = tuple(period for month in months if (period := parse_period(month, "month")))
        return Feed("police", name, folder, entry, periods)

    return make


@contextmanager
def serving(server: Any, scheme: str, host: str) -> Iterator[WebServer]:
    server.daemon_threads = True
    server.web = WebServer(f"{scheme}://{host}:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server.web
    server.shutdown()
    server.server_close()


@pytest.fixture
def web() -> Iterator[WebServer]:
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler), "http", "127.0.0.1") as web:
        yield web


@pytest.fixture
def secure_web(new_feed: Callable[..., Feed]) -> Iterator[WebServer]:
    """The same over TLS; `authority.pem` beside feed.yml is of the authority that signed its certificate."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(new_feed("exports").folder / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server, "https", "localhost") as web:
        yield web
