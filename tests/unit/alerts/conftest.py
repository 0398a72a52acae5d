"""A small partnership with something to tell, and real servers on loopback that take messages in."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest

from csp_pipeline.lake import table_path
from csp_pipeline.partnership.alerting import AlertsEntry
from csp_pipeline.partnership.configuration import DeliveryEntry
from csp_pipeline.partnership.partnership import Partnership
from tests.conftest import ONE_YEAR, Pipeline
from tests.small_exports import asb, csv_text
from tests.unit.delivery.desk import PASSWORD, USER, Desk, MailServer

ASB = "police/asb"
TOKEN, PATH = "hush-hush-token", "/hooks/very-secret-place"
RECIPIENT = "night.watch@northby.example"


class Hook:
    """Takes messages in over HTTP, unless a test tells it what to answer instead."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                code = hook.answers.pop(0) if hook.answers else 200
                if code == 200:
                    hook.bodies.append(json.loads(body))
                    hook.headers.append(dict(self.headers))
                self.send_response(code)
                if code == 302:
                    self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}{PATH}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


class Watch:
    """A partnership that tells by webhook, by e-mail or both, and ways to make something happen in it."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline, self.settings = pipeline, pipeline.settings

    def partnership(self, mail: MailServer | None = None, **alerts: Any) -> Partnership:
        delivery: dict[str, Any] = {"first_wait_seconds": 0, "attempts": 3}
        if mail is not None:
            server = {"host": "localhost", "port": mail.port, "security": "starttls", "sender": "csp@northby.example"}
            server |= {"user": "MAIL_USER", "password": "MAIL_PASSWORD", "certificates": "authority.pem"}
            delivery["mail_server"] = server
        entry = {"link": "https://csp.example.org/reports/"} | alerts
        changes = {"alerts": AlertsEntry(**entry), "delivery": DeliveryEntry.model_validate(delivery)}
        return replace(self.pipeline.partnership, file=self.pipeline.partnership.file.model_copy(update=changes))

    def conflicts(self, figures: tuple[float, float] = (118.0, 97.0), **states: str) -> None:
        """Write the table of discrepancies as a run does, with these states, all of two figures."""
        path = table_path(self.settings, "discrepancies")
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [
            f"('{name}', 'asb_reported', 'E07000131', '2016-17', "
            f"'police', 'asb', {figures[0]}, 'district', 'asb_cases', {figures[1]}, "
            f"['district', 'police'], '{state}', DATE '2017-05-10', 'two_agencies')"
            for name, state in states.items()
        ]
        columns = "discrepancy_id, measure, area_code, period, agency_a, feed_a, value_a, agency_b, feed_b, value_b"
        made = f"SELECT * FROM (VALUES {', '.join(rows)}) t({columns}, owner_agencies, state, first_seen, rule)"
        duckdb.execute(f"COPY ({made}) TO '{path}' (FORMAT parquet)").fetchall()

    def everything_kept(self) -> str:
        """Every text that being told leaves in landing."""
        return "\n".join(p.read_text("utf-8") for p in (self.settings.landing / "alerts").iterdir() if p.is_file())


@pytest.fixture(scope="module")
def taken_in(new_pipeline: Callable[..., Pipeline]) -> Pipeline:
    """April has come whole, May was refused."""
    made = new_pipeline([ASB], ONE_YEAR)
    made.put(ASB, "asb_2016-04_extracted-2016-05-10.csv", csv_text([asb(1), asb(2)]))
    made.put(ASB, "asb_2016-05_extracted-2016-06-10.csv", "no,such,column\n1,2,3\n")
    made.take_in(ASB)
    return made


@pytest.fixture
def watch(taken_in: Pipeline, tmp_path: Path) -> Watch:
    """A warehouse of its own for each test, with what was taken in."""
    shutil.copytree(taken_in.settings.warehouse, tmp_path / "warehouse")
    own = Pipeline(taken_in.sources, tmp_path / "warehouse")
    own.__dict__["partnership"] = taken_in.partnership
    return Watch(own)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    hook = Hook()
    monkeypatch.setenv("ALERT_WEBHOOK", hook.url)
    monkeypatch.setenv("ALERT_TOKEN", TOKEN)
    yield hook
    hook.server.shutdown()
    hook.server.server_close()


@pytest.fixture
def mail(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    for name, value in (("MAIL_USER", USER), ("MAIL_PASSWORD", PASSWORD), ("ALERT_RECIPIENTS", RECIPIENT)):
        monkeypatch.setenv(name, value)
    server = MailServer(cast(Desk, SimpleNamespace(settings=watch.settings)), "starttls")
    yield server
    server.controller.stop()
