"""Reports by e-mail, against a real mail server on this machine: what arrives, and what each fault does."""

import email
import logging
import socket
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest
import trustme

from csp_pipeline.delivery import Delivery, deliver_reports
from csp_pipeline.partnership.partnership import Partnership
from tests.unit.delivery.desk import AGENCIES, COUNTY, PASSWORD, SECOND, USER, Desk, MailServer

SECRETS = (PASSWORD, USER, COUNTY, SECOND, "wrong-horse")


def send(desk: Desk, partnership: Partnership) -> Delivery:
    return deliver_reports(desk.settings, partnership, send=True, addressees=["county"])[0]


def received(server: MailServer, position: int = -1) -> EmailMessage:
    content = server.inbox.envelopes[position].content
    assert isinstance(content, bytes)
    message = email.message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_report_arrives_encrypted_with_page_and_workbook(
    desk: Desk, start_server: Callable[[str], MailServer], security: str
) -> None:
    server = start_server(security)
    assert send(desk, server.partnership()).outcome == "sent"
    (envelope,) = server.inbox.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("reports@northby.example", [COUNTY, SECOND])
    if security == "starttls":
        assert server.inbox.encrypted == [True]
    message = received(server)
    assert message["Subject"] == "Report on your figures as at 1 July 2017: Northshire County Council"
    attached = {part.get_filename(): part.get_payload(decode=True) for part in message.iter_attachments()}
    assert attached == {name: (desk.settings.reports / name).read_bytes() for name in ("county.html", "county.xlsx")}
    body = message.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "1 open conflict" in text
    assert "Reply to this e-mail with the workbook attached." in text


def test_the_same_is_not_mailed_twice_and_a_change_is(desk: Desk, server: MailServer) -> None:
    assert [send(desk, server.partnership()).outcome for _ in range(2)] == ["sent", "already_sent"]
    desk.write("county", 2)
    assert send(desk, server.partnership()).outcome == "sent"
    assert len(server.inbox.envelopes) == 2
    assert received(server)["Subject"].startswith("Changed report")
    assert "New: Measure 1, Northby, 2016-17" in received(server).get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_a_dry_run_opens_no_connection_and_finds_what_is_not_set(
    desk: Desk, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    partnership = server.partnership(port=1)
    assert deliver_reports(desk.settings, partnership, send=False, addressees=["county"])[0].outcome == "would_be_sent"
    monkeypatch.delenv("COUNTY_RECIPIENTS")
    found = deliver_reports(desk.settings, partnership, send=False, addressees=["county"])[0]
    assert found.outcome == "failed"
    assert "COUNTY_RECIPIENTS" in found.message
    monkeypatch.delenv("MAIL_USER")
    monkeypatch.delenv("MAIL_PASSWORD")
    found = deliver_reports(desk.settings, partnership, send=False, addressees=["county"])[0]
    assert "Not set in the environment: COUNTY_RECIPIENTS, MAIL_USER and MAIL_PASSWORD." in found.message


def test_a_server_that_is_down_is_tried_again_and_holds_nobody(desk: Desk, server: MailServer) -> None:
    with socket.socket() as unused:
        unused.bind(("localhost", 0))
        found = deliver_reports(desk.settings, server.partnership(port=unused.getsockname()[1]), send=True)
    by_agency = {delivery.addressee: delivery for delivery in found}
    assert by_agency["county"].outcome == "failed"
    assert "Tried 4 times" in by_agency["county"].message
    assert {by_agency[agency].outcome for agency in ("police", "fire")} == {"sent"}
    assert desk.sent("county") == []
    assert send(desk, server.partnership()).message == ""  # nothing had arrived, so it is not a second time


def test_a_server_that_is_busy_is_asked_again(desk: Desk, server: MailServer) -> None:
    server.inbox.answers_to_recipients = ["451 4.7.1 try later"]
    assert send(desk, server.partnership()).outcome == "sent"
    assert len(server.inbox.envelopes) == 1


def test_a_refused_recipient_means_that_nobody_is_sent_it(desk: Desk, server: MailServer) -> None:
    server.inbox.answers_to_recipients = ["250 OK", f"550 5.1.1 <{SECOND}> no such user"]
    found = send(desk, server.partnership())
    assert found.outcome == "failed"
    assert "refused recipient 2 of 2 in COUNTY_RECIPIENTS (code 550 5.1.1)" in found.message
    assert "Tried" not in found.message
    assert server.inbox.envelopes == []


def test_a_connection_lost_half_way_is_tried_again(desk: Desk, server: MailServer) -> None:
    server.inbox.answers_to_data = [None]
    assert send(desk, server.partnership()).outcome == "sent"
    assert len(server.inbox.envelopes) == 1
    assert len(desk.sent("county")) == 1


def test_a_report_that_may_have_arrived_says_so_when_it_is_sent_again(desk: Desk, server: MailServer) -> None:
    server.inbox.answers_to_data = [None] * 4
    failed = send(desk, server.partnership())
    assert (failed.outcome, desk.sent("county")) == ("failed", [])
    again = send(desk, server.partnership())
    assert (again.outcome, again.message) == ("sent", "for a second time: a sending was cut short")
    assert "this is the same one" in received(server).get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_every_sending_of_one_report_has_the_same_message_id(desk: Desk, server: MailServer) -> None:
    send(desk, server.partnership())
    for path in (desk.settings.landing / "reports/county").iterdir():
        path.unlink()
    send(desk, server.partnership())
    assert received(server, 0)["Message-ID"] == received(server, 1)["Message-ID"]


def test_a_message_the_server_will_not_take_is_told_once(desk: Desk, server: MailServer) -> None:
    server.inbox.answers_to_data = ["552 5.3.4 too large"]
    found = send(desk, server.partnership())
    assert "refused the message (code 552 5.3.4)" in found.message
    assert len(server.inbox.answers_to_data) == 0


def test_a_wrong_password_is_told_by_the_variables_name(desk: Desk, server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "wrong-horse")
    found = send(desk, server.partnership())
    assert found.outcome == "failed"
    assert "MAIL_PASSWORD" in found.message
    assert "code 535" in found.message


def test_an_untrusted_certificate_is_refused(desk: Desk, server: MailServer) -> None:
    trustme.CA().cert_pem.write_to_path(desk.settings.sources / "other.pem")
    for certificates in (None, "other.pem"):
        found = send(desk, server.partnership(certificates=certificates))
        assert found.outcome == "failed"
        assert "certificate cannot be trusted" in found.message
    assert server.inbox.envelopes == []


def test_a_certificate_of_another_name_is_refused(desk: Desk, server: MailServer) -> None:
    found = send(desk, server.partnership(host="127.0.0.1"))
    assert "certificate cannot be trusted" in found.message


def test_a_server_without_encryption_is_sent_nothing(desk: Desk, start_server: Callable[[str], MailServer]) -> None:
    server = start_server("none")
    found = send(desk, server.partnership(security="starttls"))
    assert found.outcome == "failed"
    assert "nothing was sent" in found.message
    assert server.inbox.envelopes == []


def test_a_missing_authority_file_is_told(desk: Desk, server: MailServer) -> None:
    assert "nowhere.pem" in send(desk, server.partnership(certificates="nowhere.pem")).message


def test_no_address_and_no_secret_is_told_or_written(
    desk: Desk, server: MailServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told = []
    with caplog.at_level(logging.DEBUG):
        server.inbox.answers_to_recipients = [f"550 5.1.1 <{COUNTY}> unknown"]
        told.append(send(desk, server.partnership()))
        server.inbox.answers_to_data = [f"554 {COUNTY} is blocked"]
        told.append(send(desk, server.partnership()))
        with monkeypatch.context() as patched:
            patched.setenv("MAIL_PASSWORD", "wrong-horse")
            told.append(send(desk, server.partnership()))
        with monkeypatch.context() as patched:
            patched.setenv("COUNTY_RECIPIENTS", f"{COUNTY}, not-an-address {SECOND}")
            told.append(send(desk, server.partnership()))
        told.append(send(desk, server.partnership()))
    assert [delivery.outcome for delivery in told] == ["failed"] * 4 + ["sent"]
    logged = "\n".join(record.getMessage() for record in caplog.records if record.name != "mail.log")  # that is the server's
    everything = repr(told) + logged + desk.everything_written()
    assert [secret for secret in SECRETS if secret in everything] == []


@pytest.mark.parametrize(
    "recipients",
    [
        f"{COUNTY}\r\nBcc: spy@elsewhere.example",
        f"{COUNTY}\nRCPT TO:<spy@elsewhere.example>",
        "team@localhost",
        "<a@b.example",
        "@b.c",
    ],
)
def test_what_is_no_address_is_not_sent_to(
    desk: Desk, server: MailServer, monkeypatch: pytest.MonkeyPatch, recipients: str
) -> None:
    monkeypatch.setenv("COUNTY_RECIPIENTS", recipients)
    found = send(desk, server.partnership())
    assert found.outcome == "failed"
    assert "expected an e-mail address" in found.message
    assert server.inbox.envelopes == []


@pytest.mark.parametrize(
    "recipients",
    [f"{COUNTY}; {SECOND}", f"Safety team <{COUNTY}>, {SECOND}", f'"Safety, team" <{COUNTY}>; Duty (office) <{SECOND}>'],
)
def test_recipients_may_be_written_as_address_books_write_them(
    desk: Desk, server: MailServer, monkeypatch: pytest.MonkeyPatch, recipients: str
) -> None:
    monkeypatch.setenv("COUNTY_RECIPIENTS", recipients)
    assert send(desk, server.partnership()).outcome == "sent"
    assert server.inbox.envelopes[0].rcpt_tos == [COUNTY, SECOND]
    assert "team" not in str(received(server)["To"]).replace(COUNTY, "").lower()


def test_a_name_of_several_lines_begins_no_header(desk: Desk, server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(AGENCIES, "county", "County\r\nBcc: spy@elsewhere.example\r\n\r\nCome here")
    desk.write("county")
    assert send(desk, server.partnership()).outcome == "sent"
    message = received(server)
    assert message["Bcc"] is None
    assert message["Subject"].endswith("County Bcc: spy@elsewhere.example Come here")
    assert server.inbox.envelopes[0].rcpt_tos == [COUNTY, SECOND]


def test_a_folder_that_is_not_there_is_not_made(desk: Desk, tmp_path: Path) -> None:
    partnership = desk.partnership(county={"folder": str(tmp_path / "unmounted")})
    found = {delivery.addressee: delivery for delivery in deliver_reports(desk.settings, partnership, send=True)}
    assert "there is no such folder" in found["county"].message
    assert not (tmp_path / "unmounted").exists()
    assert found["fire"].outcome == "sent"


def test_a_full_disk_is_told_and_nothing_is_noted(desk: Desk, tmp_path: Path) -> None:
    share = tmp_path / "share"
    partnership = desk.partnership(county={"folder": str(share)})
    share.mkdir()
    name = deliver_reports(desk.settings, partnership, send=False, addressees=["county"])[0].report
    (share / name).mkdir()
    (share / name / "county.xlsx.part").symlink_to("/dev/full")
    found = send(desk, partnership)
    assert found.outcome == "failed"
    assert "No space left on device" in found.message
    assert desk.sent("county") == []
    (share / name / "county.xlsx.part").unlink()
    assert (send(desk, partnership).outcome, send(desk, partnership).outcome) == ("sent", "already_sent")


def test_a_folder_that_may_not_be_written_to_is_told(desk: Desk, tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    partnership = desk.partnership(county={"folder": str(share)})
    name = deliver_reports(desk.settings, partnership, send=False, addressees=["county"])[0].report
    (share / name).write_text("a file is where the report's folder should be", encoding="utf-8")
    found = send(desk, partnership)
    assert found.outcome == "failed"
    assert "cannot be written there" in found.message
