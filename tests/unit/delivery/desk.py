"""A small partnership with written reports, and a mail server on this machine with a certificate made for the test."""

import json
import ssl
from dataclasses import asdict
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from csp_pipeline.partnership.configuration import PartnershipFile
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.reports.sent import last_report
from csp_pipeline.reports.since import since_last
from csp_pipeline.settings import Settings

USER, PASSWORD = "reports-desk", "correct-horse-9"
COUNTY, SECOND = "safety.team@county.example", "analyst@county.example"
# What starting a mail server may take on a busy machine.
PATIENCE_SECONDS = 60
AGENCIES = {"police": "Northshire Police", "county": "Northshire County Council", "fire": "Ember Fire Service"}


def conflict(number: int, shown: str = "90", **more: Any) -> dict[str, Any]:
    """A conflict as the reports' JSON holds it."""
    entry = {"id": f"c{number}", "measure_title": f"Measure {number}", "area": "Northby", "period": "2016-17", "is_open": True}
    values = [120.0, None if shown == "[c]" else float(shown)]
    entry |= {"figures": [{"shown": "120", "value": values[0]}, {"shown": shown, "value": values[1]}], "last_seen": "2017-06-01"}
    gap = None if values[1] is None else values[1] - 120
    entry |= {"gap": {"value": gap, "shown": str(gap)}, "state": "open", "is_main": True, "sentence": f"Measure {number}."}
    return entry | more


class Desk:
    """Where reports are written and delivered from: each test says what stands in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(sources=folder / "sources", warehouse=folder / "warehouse")
        self.settings.reports.mkdir(parents=True)
        (folder / "sources").mkdir()
        for agency in AGENCIES:
            self.write(agency)

    def write(self, agency: str, conflicts: int | list[dict[str, Any]] = 1, as_at: str = "2017-07-01", **more: Any) -> None:
        """Write an agency's report as csp reports does: page, workbook and JSON."""
        listed = [conflict(number) for number in range(conflicts)] if isinstance(conflicts, int) else conflicts
        sections: dict[str, Any] = {"rejected_rows": [], "refused_files": [], "missing_periods": []}
        sections |= {name: more.pop(name) for name in list(more) if name in sections}
        data = {"schema": "csp-discrepancy-report/1", "agency": agency, "agency_name": AGENCIES[agency]}
        data |= {"partnership": "Northby Community Safety Partnership", "as_at": as_at, **more}
        data |= {"summary": {"conflicts": len(listed), **{name: len(rows) for name, rows in sections.items()}}}
        data |= {"conflicts": listed, **sections}
        last = last_report(self.settings.landing, agency)
        data["since_last_report"] = asdict(since_last(last, data)) if last else None
        place = self.settings.reports
        (place / f"{agency}.json").write_text(json.dumps(data, default=str), encoding="utf-8")
        (place / f"{agency}.html").write_text(f"<!doctype html><title>{agency}, {as_at}</title>", encoding="utf-8")
        (place / f"{agency}.xlsx").write_bytes(b"PK workbook of " + agency.encode())

    def write_scorecard(self, as_at: str = "2017-07-01", **sheets: list[dict[str, Any]]) -> None:
        """Write the strategy group's scorecard as csp scorecard does; `sheets` change its tables by name."""
        measure = {"Priority": "Crime", "Measure": "Arson", "Figures from": "Ember Fire Service: Incidents", "2016-17": 20}
        claim = {"Statement": "Arson is up", "Where": "page 1", "Verdict": "supported", "Taken to mean": "[z]"}
        tables: dict[str, Any] = {"Measures": [measure], "Discrepancies": [], "Plan tables": [], "Claims": [claim]}
        data = {"schema": "csp-scorecard/1", "partnership": "Northby Community Safety Partnership", "plan": "The plan"}
        data |= {"district": "Northby", "as_at": as_at, "sheets": tables | {"Without figures": []} | sheets}
        data |= {"shown_cells": ["fire/incidents|arson|E07000901|2016-17"]}
        (self.settings.sources / "scorecard.yml").write_text("plan: The plan\n", encoding="utf-8")
        (self.settings.reports / "scorecard.json").write_text(json.dumps(data), encoding="utf-8")
        (self.settings.reports / "scorecard.html").write_text("<!doctype html><title>Scorecard</title>", encoding="utf-8")
        (self.settings.reports / "scorecard.xlsx").write_bytes(b"PK workbook of the scorecard")

    def partnership(self, **agencies: dict[str, str]) -> Partnership:
        """The partnership, with an entry under delivery > agencies for each agency named."""
        return self.configured(agencies=agencies)

    def configured(self, **delivery: Any) -> Partnership:
        """The partnership with this delivery; nobody waits between two tries."""
        content = dict.fromkeys(("district", "force", "county"), "E07000901")
        content |= dict.fromkeys(("areas", "populations", "lsoas_issued", "offence_codes", "forces"), "x.csv")
        years = dict.fromkeys(("first", "last", "expected_first", "expected_last"), "2016-17")
        file = {
            "name": "Northby Community Safety Partnership",
            **content,
            "financial_years": years,
            "agencies": {agency: {"name": name, "contact": "The team"} for agency, name in AGENCIES.items()},
            "discrepancies": {"area_levels": ["district"], "periods": ["financial_year"]},
            "delivery": {"first_wait_seconds": 0, **delivery},
        }
        return Partnership(sources=self.settings.sources, file=PartnershipFile.model_validate(file), feeds=())

    def sent(self, agency: str) -> list[dict[str, Any]]:
        """The lines of what was sent to an agency."""
        path = self.settings.landing / "reports" / agency / "sent.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    def everything_written(self) -> str:
        """Every text that the delivery left in the warehouse, apart from the reports."""
        places = [self.settings.landing, self.settings.warehouse / "outbox"]
        return "\n".join(p.read_text("utf-8", "replace") for place in places for p in place.rglob("*") if p.is_file())


class Inbox:
    """Takes e-mail in, unless a test tells it what to answer instead."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.encrypted: list[bool] = []
        self.answers_to_recipients: list[str] = []
        self.answers_to_data: list[str | None] = []

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answers_to_recipients.pop(0) if self.answers_to_recipients else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers_to_data.pop(0) if self.answers_to_data else "250 OK"
        if answer is None:
            server.transport.abort()
            return "250 never heard"
        if answer.startswith("250"):
            self.envelopes.append(envelope)
            self.encrypted.append(session.ssl is not None)
        return answer


def check_login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
    is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=is_right)


class AnyPort(Controller):
    """Listens on a port that the machine chooses, so that tests can run side by side."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class MailServer:
    """A mail server on loopback, and what the configuration and the environment say of it."""

    def __init__(self, desk: Desk, security: str) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(desk.settings.sources / "authority.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        self.inbox = Inbox()
        login: dict[str, Any] = {"authenticator": check_login}
        options: dict[str, dict[str, Any]] = {
            "starttls": {"tls_context": context, "require_starttls": True, "auth_required": True, **login},
            "tls": {"ssl_context": context, "auth_require_tls": False, **login},
            "none": {},
        }
        # One address: for a name of two, as localhost often is, there are two ports, in an order that changes.
        self.controller = AnyPort(self.inbox, hostname="127.0.0.1", port=0, ready_timeout=PATIENCE_SECONDS, **options[security])
        self.controller.start()
        self.port = self.controller.port
        self.security = security
        self.desk = desk

    def partnership(self, agencies: dict[str, dict[str, str]] | None = None, **server: Any) -> Partnership:
        """The partnership that e-mails the county; options change what is said of the server."""
        entry = {"host": "localhost", "port": self.port, "security": self.security, "sender": "reports@northby.example"}
        entry |= {"user": "MAIL_USER", "password": "MAIL_PASSWORD", "certificates": "authority.pem"}
        entry = {key: value for key, value in (entry | server).items() if value is not None}
        return self.desk.configured(mail_server=entry, agencies={"county": {"email": "COUNTY_RECIPIENTS"}, **(agencies or {})})
