"""Being told: one message when something needs a person, with what, whose, since when, what to do; quiet otherwise."""

import email
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from email import policy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from csp_pipeline.alerts import RunOutcome, Told, tell, tell_news
from csp_pipeline.alerts.concerns import Concern
from csp_pipeline.alerts.message import write_message
from csp_pipeline.alerts.news import News, find_news, replay
from csp_pipeline.alerts.send import check_address
from csp_pipeline.cli.alerts import print_told
from csp_pipeline.cli.output import Format
from csp_pipeline.errors import DeliveryError
from csp_pipeline.partnership.alerting import AlertsEntry
from csp_pipeline.partnership.partnership import Partnership
from tests.small_exports import asb, csv_text
from tests.unit.alerts.conftest import ASB, PATH, RECIPIENT, TOKEN, Hook, Watch
from tests.unit.delivery.desk import PASSWORD, USER, MailServer

# May was due on 15 June; on this day it is overdue, and June is not due yet.
DAY = date(2016, 6, 20)
WEBHOOK = {"webhook": "ALERT_WEBHOOK", "webhook_token": "ALERT_TOKEN"}
MAY = "asb_2016-05_extracted-2016-06-25.csv"


def tell_once(watch: Watch, partnership: Partnership, day: date = DAY, **options: Any) -> Told:
    (told,) = tell_news(watch.settings, partnership, today=day, **options)
    return told


def events(body: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(entry["kind"], entry["event"], entry["key"]) for entry in body["news"]]


def test_one_message_tells_what_whose_since_when_what_to_do_and_where(watch: Watch, hook: Hook) -> None:
    watch.conflicts(gap="open", settled="explained")
    failed = RunOutcome("run-1", {"figures": "MemoryError"})
    assert tell_once(watch, watch.partnership(**WEBHOOK), outcome=failed).outcome == "told"
    (body,) = hook.bodies
    assert body["schema"] == "csp-alert/1"
    assert body["run_id"] == "run-1"
    assert [entry["kind"] for entry in body["news"]] == ["failed_run", "refused_file", "late_feed", "conflict"]
    assert body["counts"] == dict.fromkeys(("failed_run_opened", "refused_file_opened", "late_feed_opened", "conflict_opened"), 1)
    step, refused, late, conflict = body["news"]
    assert step["what"] == "figures failed: MemoryError"
    assert refused["what"] == "police/asb: asb_2016-05_extracted-2016-06-10.csv was refused (no_header)"
    assert refused["whose"].startswith("Leicestershire Police, ")
    assert refused["link"] == "https://csp.example.org/reports/police.html"
    assert (late["what"], late["since"]) == ("police/asb: nothing whole has come for 2016-05, due on 15/06/2016", "2016-06-15")
    assert conflict["what"] == "Anti-social behaviour reported, Harborough, 2016-17: police/asb and district/asb_cases disagree"
    assert (conflict["whose"], conflict["since"]) == ("Harborough District Council and Leicestershire Police", "2017-05-10")
    for entry in body["news"]:
        assert entry["to_do"] in body["text"]
    assert "118" not in body["text"]
    assert "97" not in body["text"]


def test_a_conflict_that_no_report_lists_for_all_is_told_nobody(watch: Watch, hook: Hook) -> None:
    partnership = watch.partnership(**WEBHOOK)
    # with a tolerance of 2, whoever knows the 1 reads from the message that the other is a 4
    watch.conflicts(figures=(1.0, 4.0), low="open")
    tell_once(watch, partnership)
    assert "conflict" not in [entry["kind"] for entry in hook.bodies[0]["news"]]
    # and who knows the 6, whichever side it is, that the other is no 4
    for figures in ((1.0, 6.0), (6.0, 1.0)):
        watch.conflicts(figures=figures, low="open")
        assert tell_once(watch, partnership).outcome == "nothing_new", figures
    # beside a 7 every count of 1 to 4 is in conflict
    watch.conflicts(figures=(7.0, 4.0), low="open")
    tell_once(watch, partnership)
    assert events(hook.bodies[1]) == [("conflict", "opened", "low")]


def test_it_is_quiet_when_nothing_changed_even_as_days_pass(watch: Watch, hook: Hook) -> None:
    watch.conflicts(gap="open")
    partnership = watch.partnership(**WEBHOOK)
    assert tell_once(watch, partnership).outcome == "told"
    assert tell_once(watch, partnership).outcome == "nothing_new"
    assert tell_once(watch, partnership, date(2016, 7, 15)).outcome == "nothing_new"
    assert len(hook.bodies) == 1


def test_what_closes_and_what_reopens_is_told_once_each(watch: Watch, hook: Hook) -> None:
    partnership = watch.partnership(**WEBHOOK)
    watch.conflicts(gap="open")
    tell_once(watch, partnership)
    watch.pipeline.put(ASB, MAY, csv_text([asb(3, reported_at="15/05/2016 10:00")]))
    watch.pipeline.take_in(ASB)
    watch.conflicts(gap="resolved")
    tell_once(watch, partnership)
    watch.conflicts(gap="reopened")
    tell_once(watch, partnership)
    closed, reopened = hook.bodies[1:]
    refused = next(entry["key"] for entry in hook.bodies[0]["news"] if entry["kind"] == "refused_file")
    assert events(closed) == [
        ("refused_file", "closed", refused),
        ("late_feed", "closed", "police/asb 2016-05"),
        ("conflict", "closed", "gap"),
    ]
    assert events(reopened) == [("conflict", "reopened", "gap")]
    assert closed["subject"].endswith("1 refused file settled, 1 overdue period settled, 1 conflict settled")


def test_a_step_that_fails_every_day_is_told_once_and_again_when_it_works(watch: Watch, hook: Hook) -> None:
    partnership = watch.partnership(**WEBHOOK)
    for run in ("a", "b"):
        tell_once(watch, partnership, outcome=RunOutcome(run, {"figures": "MemoryError"}, frozenset({"police/asb"})))
    # a run of one feed says nothing about figures
    tell_once(watch, partnership, outcome=RunOutcome("c", {}, frozenset({"police/asb", "run"})))
    assert [len(hook.bodies), hook.bodies[0]["news"][0]["key"]] == [1, "figures"]
    tell_once(watch, partnership, outcome=RunOutcome("d", {}, frozenset({"figures", "run"})))
    assert events(hook.bodies[1]) == [("failed_run", "closed", "figures")]


def test_a_check_that_fails_every_day_is_told_once_without_what_it_found_and_again_when_it_passes(
    watch: Watch, hook: Hook
) -> None:
    partnership, check = watch.partnership(**WEBHOOK), "comparisons: gaps_add_up"
    for run in ("a", "b"):
        tell_once(watch, partnership, outcome=RunOutcome(run, failed_checks={check: "wrong gaps: 712"}))
    # a run that does not come to it says nothing about it
    tell_once(watch, partnership, outcome=RunOutcome("c", passed_checks=frozenset({"figures: one_preferred"})))
    assert len(hook.bodies) == 1
    (told,) = [entry for entry in hook.bodies[0]["news"] if entry["kind"] == "failed_check"]
    assert told["what"] == "the check comparisons: gaps_add_up failed"
    assert "712" not in hook.bodies[0]["text"]
    tell_once(watch, partnership, outcome=RunOutcome("d", passed_checks=frozenset({check})))
    assert events(hook.bodies[1]) == [("failed_check", "closed", check)]


def test_a_run_that_waits_while_another_tells_later_news_does_not_take_them_back(
    watch: Watch, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    partnership, held = watch.partnership(**WEBHOOK), tell.ToldLog.held

    @contextmanager
    def held_after_another(log: tell.ToldLog) -> Iterator[None]:
        monkeypatch.setattr(tell.ToldLog, "held", held)
        watch.conflicts(first="open", second="open")
        assert tell_once(watch, partnership).outcome == "told"
        with log.held():
            yield

    watch.conflicts(first="open")
    monkeypatch.setattr(tell.ToldLog, "held", held_after_another)
    assert tell_once(watch, partnership).outcome == "nothing_new"
    (body,) = hook.bodies
    assert {key for kind, _, key in events(body) if kind == "conflict"} == {"first", "second"}


def test_what_cannot_be_found_out_is_said_and_told_nobody(watch: Watch, hook: Hook) -> None:
    watch.conflicts(gap="open")
    (watch.settings.lake / "tables" / "discrepancies.parquet").write_bytes(b"damaged")
    told = tell_once(watch, watch.partnership(**WEBHOOK))
    assert (told.outcome, hook.bodies) == ("failed", [])
    assert told.message.startswith("What needs a person cannot be found out: ")


def test_before_figures_are_made_no_conflict_is_said_to_be_settled(watch: Watch, hook: Hook) -> None:
    partnership = watch.partnership(**WEBHOOK)
    watch.conflicts(gap="open")
    tell_once(watch, partnership)
    (watch.settings.lake / "tables" / "discrepancies.parquet").unlink()
    assert tell_once(watch, partnership).outcome == "nothing_new"


def test_the_message_arrives_by_encrypted_email(watch: Watch, mail: MailServer) -> None:
    told = tell_once(watch, watch.partnership(mail, email="ALERT_RECIPIENTS"))
    assert told.outcome == "told", told.message
    (envelope,) = mail.inbox.envelopes
    assert (envelope.rcpt_tos, mail.inbox.encrypted) == ([RECIPIENT], [True])
    message = email.message_from_bytes(envelope.content or b"", policy=policy.default)  # type: ignore[arg-type]
    assert message["Subject"] == "Harborough Community Safety Partnership: 1 refused file new, 1 overdue period new"
    body = message.get_body(("plain",))  # type: ignore[attr-defined]
    assert "Ask them to send it" in body.get_content()
    assert tell_once(watch, watch.partnership(mail, email="ALERT_RECIPIENTS")).outcome == "nothing_new"


def test_a_place_that_is_down_fails_nobody_and_is_told_all_of_it_later(watch: Watch, hook: Hook, mail: MailServer) -> None:
    partnership = watch.partnership(mail, email="ALERT_RECIPIENTS", **WEBHOOK)
    hook.answers = [503, 503, 503]
    by_email, by_hook = tell_news(watch.settings, partnership, today=DAY)
    assert (by_email.outcome, by_hook.outcome) == ("told", "failed")
    assert by_hook.message == "ALERT_WEBHOOK: the server answered 503. Tried 3 times."
    watch.conflicts(gap="open")
    assert [told.outcome for told in tell_news(watch.settings, partnership, today=DAY)] == ["told", "told"]
    assert [entry["kind"] for entry in hook.bodies[0]["news"]] == ["refused_file", "late_feed", "conflict"]
    assert len(mail.inbox.envelopes) == 2


@pytest.mark.parametrize(("answer", "words"), [(302, "It leads elsewhere"), (401, "answered 401"), (404, "answered 404")])
def test_what_will_not_pass_is_not_tried_again_and_no_redirect_is_followed(
    watch: Watch, hook: Hook, answer: int, words: str
) -> None:
    hook.answers = [answer, 200]
    told = tell_once(watch, watch.partnership(**WEBHOOK))
    assert told.outcome == "failed"
    assert words in told.message
    assert hook.answers == [200]


def test_a_crash_between_sending_and_noting_tells_once_more_with_the_same_id_and_says_so(
    watch: Watch, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    partnership = watch.partnership(**WEBHOOK)
    with monkeypatch.context() as patch:
        patch.setattr(tell.ToldLog, "note_told", killed)
        with pytest.raises(KeyboardInterrupt):
            tell_once(watch, partnership)
    assert tell_once(watch, partnership).outcome == "told"
    first, second = hook.bodies
    assert first["id"] == second["id"]
    assert [headers["Idempotency-Key"] for headers in hook.headers] == [first["id"]] * 2
    assert "cut short" in second["text"]
    assert "cut short" not in first["text"]
    assert tell_once(watch, partnership).outcome == "nothing_new"


def test_no_secret_is_kept_or_told(watch: Watch, hook: Hook, mail: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    partnership = watch.partnership(mail, email="ALERT_RECIPIENTS", **WEBHOOK)
    told = tell_news(watch.settings, partnership, today=DAY)
    assert hook.headers[0]["Authorization"] == f"Bearer {TOKEN}"
    hook.answers = [500, 500, 500]
    watch.conflicts(gap="open")
    told += tell_news(watch.settings, partnership, today=DAY)
    monkeypatch.setenv("ALERT_WEBHOOK", f"https://127.0.0.1:1{PATH}")
    told += tell_news(watch.settings, partnership, today=DAY)
    said = watch.everything_kept() + " ".join(str(entry) for entry in told)
    for secret in (TOKEN, PATH, RECIPIENT, USER, PASSWORD):
        assert secret not in said


def test_what_is_not_set_is_named(watch: Watch, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALERT_TOKEN")
    told = tell_once(watch, watch.partnership(**WEBHOOK))
    assert told.message == "Not set in the environment: ALERT_TOKEN. Nothing can be posted."


def test_only_to_look_sends_and_writes_nothing(watch: Watch, hook: Hook) -> None:
    told = tell_once(watch, watch.partnership(**WEBHOOK), send=False)
    assert (told.outcome, hook.bodies) == ("would_be_told", [])
    assert "1 refused file new" in told.subject
    assert not list((watch.settings.landing / "alerts").glob("*.jsonl"))


def test_a_damaged_log_of_what_was_told_is_named_and_tells_nothing_twice(watch: Watch, hook: Hook) -> None:
    partnership = watch.partnership(**WEBHOOK)
    tell_once(watch, partnership)
    log = watch.settings.landing / "alerts" / "webhook.jsonl"
    log.write_text(log.read_text("utf-8") + '{"id": \n', "utf-8")
    told = tell_once(watch, partnership)
    assert told.outcome == "failed"
    assert "webhook.jsonl, line 2" in told.message
    assert len(hook.bodies) == 1


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"webhook": "https://chat.example.org/hooks/1"}, "webhook names an environment variable"),
        ({"email": "team@example.org"}, "email names an environment variable"),
        ({"webhook_token": "TOKEN"}, "webhook_token goes with webhook"),
        ({"link": "csp.example.org"}, "expected the address of the reports"),
        ({"link": "https://user:word@csp.example.org"}, "no user and no password"),
    ],
)
def test_an_entry_that_cannot_be_used_is_refused_in_words(entry: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        AlertsEntry(**entry)  # type: ignore[arg-type]


@pytest.mark.parametrize("url", ["http://chat.example.org/1", "ftp://127.0.0.1/1", "chat.example.org", "http://[::1", "https://"])
def test_a_message_never_leaves_in_the_clear(url: str) -> None:
    with pytest.raises(DeliveryError, match="HOOK: "):
        check_address(url, "HOOK")


def test_a_long_list_is_cut_and_counted() -> None:
    concerns = [Concern("conflict", f"c{n:03}", f"What {n}", "Them", "", "Do.", "") for n in range(250)]
    news = find_news(concerns, {}, unknown=frozenset(), done_well={})
    message = write_message("Northby", news, earlier=0, listed=10, link="")
    assert message.text.count("What ") == 10
    assert "and 240 more" in message.text
    payload = message.payload("Northby", "", 10)
    assert (len(payload["news"]), payload["left_off"], payload["counts"]) == (100, 150, {"conflict_opened": 250})
    assert len(message.news) == 250


def test_a_long_list_of_one_owner_hides_no_other_and_each_is_told_once_what_to_do() -> None:
    concerns = [Concern("late_feed", f"asb {n}", f"asb {n}", "Police", "2016-08-15", "Ask police.", "p.html") for n in range(9)]
    concerns += [Concern("late_feed", "fire", "fire, due on 20/07/2016", "Fire service", "2016-07-20", "Ask fire.", "f.html")]
    news = find_news(concerns, {}, unknown=frozenset(), done_well={})
    text = write_message("Northby", news, earlier=0, listed=4, link="").text
    assert "- and 7 more" in text
    assert "- fire, due on 20/07/2016\n" in text
    assert "- asb 0 (since 15/08/2016)" in text
    assert (text.count("Ask police."), text.count("Ask fire."), text.count("p.html")) == (1, 1, 1)


def test_more_owners_than_are_listed_are_counted() -> None:
    concerns = [Concern("conflict", f"{n}", f"What {n}", f"Agency {n}", "", "Do.", "") for n in range(7)]
    news = find_news(concerns, {}, unknown=frozenset(), done_well={})
    text = write_message("Northby", news, earlier=0, listed=3, link="").text
    assert text.count("What ") == 3
    assert "And 4 more of others." in text


def test_what_is_settled_says_how() -> None:
    known = {("late_feed", "a"): News("opened", Concern("late_feed", "a", "nothing has come", "Police", "", "Ask.", ""))}
    news = find_news([], known, unknown=frozenset(), done_well={})
    assert "1 overdue period settled: it has come\n" in write_message("Northby", news, earlier=1, listed=3, link="").text


def test_a_conflict_that_is_left_out_by_now_is_not_said_to_be_gone() -> None:
    known = {("conflict", "a"): News("opened", Concern("conflict", "a", "they disagree", "Police", "", "Answer.", ""))}
    news = find_news([], known, unknown=frozenset(), done_well={})
    text = write_message("Northby", news, earlier=1, listed=3, link="").text
    assert "1 conflict settled: it is explained, resolved, or no longer listed\n" in text


@given(st.lists(st.sets(st.sampled_from("abcde")), max_size=8))
def test_replaying_all_that_was_told_gives_what_stands(days: list[set[str]]) -> None:
    """Whatever opens and closes in whatever order: the messages add up to the state, and equal days are quiet."""
    told: list[dict[str, Any]] = []
    as_concern: Callable[[str], Concern] = lambda key: Concern("conflict", key, key, "", "", "", "")  # noqa: E731
    for day in days:
        for is_first in (True, False):
            now = [as_concern(key) for key in sorted(day)]
            news = find_news(now, replay(told), unknown=frozenset(), done_well={})
            assert is_first or not news
            if news:
                told.append({"news": write_message("P", news, earlier=len(told), listed=1, link="").news})
        standing = {item.concern.key for item in replay(told).values() if item.event != "closed"}
        assert standing == day


@pytest.mark.parametrize(("form", "text"), [("json", "[]\n"), ("csv", "place,outcome,subject,message\n"), ("table", "")])
def test_where_nobody_is_told_a_script_still_reads_its_form(capsys: pytest.CaptureFixture[str], form: str, text: str) -> None:
    assert print_told([], Format(form), sent=False) is False
    told = capsys.readouterr()
    assert told.out == text
    assert "names neither email nor webhook" in told.err
