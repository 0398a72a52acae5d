"""A desk with written reports, and mail servers that the tests start."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.delivery.desk import COUNTY, PASSWORD, SECOND, USER, Desk, MailServer


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def start_server(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], MailServer]]:
    """Starts a mail server with `starttls`, `tls` or `none`; the environment holds what it needs."""
    for name, value in (("MAIL_USER", USER), ("MAIL_PASSWORD", PASSWORD), ("COUNTY_RECIPIENTS", f"{COUNTY}, {SECOND}")):
        monkeypatch.setenv(name, value)
    started: list[MailServer] = []

    def start(security: str) -> MailServer:
        started.append(MailServer(desk, security))
        return started[-1]

    yield start
    for server in started:
        server.controller.stop()


@pytest.fixture
def server(start_server: Callable[[str], MailServer]) -> MailServer:
    return start_server("starttls")
