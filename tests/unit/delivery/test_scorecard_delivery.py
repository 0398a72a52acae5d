"""The strategy group is delivered the scorecard by the rules of the agencies' reports."""

from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from csp_pipeline.delivery import Delivery, deliver_reports
from csp_pipeline.doctor.secrets import named_variables
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.reports.scorecard_since import card_since
from tests.unit.delivery.desk import Desk, MailServer

GROUP = "strategy_group"
MEASURE = {"Priority": "Crime", "Measure": "Arson", "Figures from": "Ember Fire Service: Incidents", "2016-17": 20}
THEFT = MEASURE | {"Measure": "Theft"}
DISPUTE = {"Measure": "Arson", "Year": "2016-17", "Reference": "arson.e07000901.2016-17.police.fire", "Gap": 8}
CLAIM = {"Statement": "Arson is up", "Where": "page 1", "Taken to mean": "[z]"}


def to_group(desk: Desk, partnership: Partnership | None = None, *, send: bool = True) -> Delivery:
    (found,) = deliver_reports(desk.settings, partnership or desk.partnership(), send=send, addressees=[GROUP])
    return found


def test_the_strategy_group_finds_page_workbook_and_text_after_the_agencies_had_theirs(desk: Desk) -> None:
    desk.write_scorecard()
    shown = deliver_reports(desk.settings, desk.partnership(), send=False)
    assert [(d.addressee, d.outcome) for d in shown] == [(name, "would_be_sent") for name in ("police", "county", "fire", GROUP)]
    assert shown[-1].place == "outbox/strategy_group"
    assert not (desk.settings.warehouse / "outbox").exists()
    sent = deliver_reports(desk.settings, desk.partnership(), send=True)[-1]
    folder = desk.settings.warehouse / "outbox/strategy_group" / sent.report
    assert {path.name for path in folder.iterdir()} == {f"scorecard.{kind}" for kind in ("html", "xlsx", "json", "txt")}
    text = (folder / "scorecard.txt").read_text(encoding="utf-8")
    for line in ("- 1 measure with the change on the year, tested against chance", "- statements of the plan: 1 supported"):
        assert line in text.splitlines()
    assert "It is the first report that you are sent." in text


def test_where_nothing_is_declared_there_is_no_scorecard_to_deliver(desk: Desk) -> None:
    assert [d.addressee for d in deliver_reports(desk.settings, desk.partnership(), send=False)] == ["police", "county", "fire"]


def test_the_same_scorecard_is_not_sent_twice_even_as_the_calendar_moves_on(desk: Desk) -> None:
    desk.write_scorecard()
    assert to_group(desk).outcome == "sent"
    desk.write_scorecard(as_at="2017-08-09")
    assert to_group(desk).outcome == "already_sent"
    assert len(desk.sent(GROUP)) == 1


def test_a_changed_scorecard_says_what_changed(desk: Desk) -> None:
    desk.write_scorecard(Measures=[MEASURE, THEFT], Discrepancies=[DISPUTE], Claims=[CLAIM | {"Verdict": "supported"}])
    to_group(desk)
    changed = [MEASURE | {"2016-17": 21}, MEASURE | {"Measure": "Shoplifting"}]
    desk.write_scorecard(Measures=changed, Claims=[CLAIM | {"Verdict": "contradicted"}])
    found = to_group(desk)
    assert found.changes == "1 measure new, 1 measure changed, 1 measure gone, 1 discrepancy gone and 1 statement changed"
    text = (desk.settings.warehouse / "outbox" / GROUP / found.report / "scorecard.txt").read_text(encoding="utf-8")
    for line in (
        "What changed since the report as at 1 July 2017:",
        "- 1 measure new: Shoplifting",
        "- 1 measure changed: Arson",
        "- 1 measure gone: Theft",
        "- 1 discrepancy gone: Arson 2016-17",
        "- 1 statement changed: \u201cArson is up\u201d",
    ):
        assert line in text.splitlines()


def test_of_many_changes_ten_are_named() -> None:
    rows = [MEASURE | {"Measure": f"Measure {number}"} for number in range(12)]
    cards: list[dict[str, Any]] = [{"sheets": {"Measures": listed}} for listed in ([], rows)]
    (line,) = card_since(*cards).lines()
    assert line.startswith("12 measures new: Measure 0, Measure 1,")
    assert line.endswith("Measure 9 and 2 more")


def test_it_is_mailed_to_the_recipients_that_the_environment_names(
    desk: Desk, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write_scorecard()
    monkeypatch.setenv("GROUP_RECIPIENTS", "chair@northby.example")
    entry = server.partnership().file.delivery
    assert entry.mail_server is not None
    mailed = desk.configured(mail_server=entry.mail_server.model_dump(), strategy_group={"email": "GROUP_RECIPIENTS"})
    assert named_variables(mailed)["GROUP_RECIPIENTS"] == ["delivery > strategy_group > email"]
    found = to_group(desk, mailed)
    assert (found.outcome, found.place) == ("sent", "email:GROUP_RECIPIENTS")
    (envelope,) = server.inbox.envelopes
    assert envelope.rcpt_tos == ["chair@northby.example"]
    message = message_from_bytes(envelope.content or b"", policy=policy.default)
    assert [part.get_filename() for part in message.iter_attachments()] == ["scorecard.html", "scorecard.xlsx"]
    assert message["Subject"] == "Scorecard as at 1 July 2017: Northby Community Safety Partnership"
    assert "chair@" not in desk.everything_written()
    monkeypatch.delenv("GROUP_RECIPIENTS")
    desk.write_scorecard(Claims=[])
    assert "Not set in the environment: GROUP_RECIPIENTS" in to_group(desk, mailed, send=False).message


def test_a_sent_scorecard_that_cannot_be_read_holds_no_agency(desk: Desk) -> None:
    desk.write_scorecard()
    name = to_group(desk).report
    (desk.settings.landing / "reports" / GROUP / f"{name}.json").write_text("{", encoding="utf-8")
    *agencies, group = deliver_reports(desk.settings, desk.partnership(), send=True)
    assert {d.outcome for d in agencies} == {"sent"}
    assert (group.outcome, f"{name}.json: this copy of a sent report cannot be read" in group.message) == ("failed", True)


def test_a_scorecard_that_was_not_written_is_told(desk: Desk) -> None:
    desk.write_scorecard()
    Path(desk.settings.reports / "scorecard.xlsx").unlink()
    assert "scorecard.xlsx: cannot be read" in to_group(desk).message


def test_an_agency_cannot_have_the_name_of_another_report(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("index", "scorecard", GROUP):
        monkeypatch.setattr("tests.unit.delivery.desk.AGENCIES", {name: "Northshire Police"})
        with pytest.raises(ValidationError, match=f"'{name}' is the name of a report that is no agency's"):
            desk.partnership()
