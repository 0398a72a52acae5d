"""Telling what is new at the end of a run: to each place once, never failing the run, and saying what could not be told."""

import os
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from csp_pipeline.alerts.concerns import (
    Concern,
    Kind,
    RunOutcome,
    conflicts_are_known,
    failed_checks,
    failed_steps,
    find_concerns,
)
from csp_pipeline.alerts.message import Message, write_message
from csp_pipeline.alerts.news import find_news, replay
from csp_pipeline.alerts.send import post_to_webhook, send_email
from csp_pipeline.alerts.told import ToldLog
from csp_pipeline.delivery.patience import try_patiently
from csp_pipeline.errors import CspError, DeliveryError, PublishError, is_interruption
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.settings import Settings


@dataclass(frozen=True)
class Told:
    """What became of the message to one place; `text` is the message itself, empty where there is no news."""

    place: str
    outcome: Literal["nothing_new", "would_be_told", "told", "failed"]
    subject: str
    text: str
    message: str


def tell_news(
    settings: Settings,
    partnership: Partnership,
    *,
    outcome: RunOutcome | None = None,
    today: date | None = None,
    send: bool = True,
) -> list[Told]:
    """Tell each configured place what is new since it was last told; one entry for each, none where none is configured.

    With `send=False` it is only said what would be told. Nothing is raised for a place that cannot be reached: its entry says
    so, and what it missed is told at the end of the next run.
    """
    alerts = partnership.file.alerts
    places = [place for place, variable in (("email", alerts.email), ("webhook", alerts.webhook)) if variable]
    day = today or date.today()
    return [_tell_place(settings, partnership, place, day, outcome, send=send) for place in places]


def _tell_place(
    settings: Settings, partnership: Partnership, place: str, day: date, outcome: RunOutcome | None, *, send: bool
) -> Told:
    log = ToldLog(settings, place)
    try:
        with log.held() if send else nullcontext():
            # only now: while this one waited for the log, another run may have ended and told later news
            now = _what_stands(settings, partnership, day, outcome)
            return _tell(settings, partnership, log, now, outcome, send=send)
    except Exception as error:  # the run has ended by now, and must not fail by what is told of it
        if is_interruption(error):
            raise
        return Told(place, "failed", "", "", _words(error))


def _what_stands(settings: Settings, partnership: Partnership, day: date, outcome: RunOutcome | None) -> list[Concern]:
    """What needs a person now; PublishError where that cannot be found out."""
    try:
        found = find_concerns(settings, partnership, day)
    except Exception as error:
        if is_interruption(error):
            raise
        raise PublishError(f"What needs a person cannot be found out: {_words(error)}") from error
    if outcome is None:
        return found
    return [*failed_steps(partnership, outcome, day), *failed_checks(partnership, outcome, day), *found]


def _words(error: Exception) -> str:
    """An error as it may be shown: one that is not worded by us may hold an address or a value."""
    return str(error) if isinstance(error, CspError | OSError) else type(error).__name__


def _tell(
    settings: Settings, partnership: Partnership, log: ToldLog, now: list[Concern], outcome: RunOutcome | None, *, send: bool
) -> Told:
    alerts = partnership.file.alerts
    messages = log.read()
    unknown: frozenset[Kind] = frozenset() if conflicts_are_known(settings) else frozenset({"conflict"})
    done_well: dict[Kind, frozenset[str]] = {
        "failed_run": outcome.succeeded if outcome else frozenset(),
        "failed_check": outcome.passed_checks if outcome else frozenset(),
    }
    news = find_news(now, replay(messages), unknown=unknown, done_well=done_well)
    if not news:
        log.note_not_sent()  # a run cut short after the line was written leaves its mark
        return Told(log.place, "nothing_new", "", "", "")
    link = f"{alerts.link.rstrip('/')}/index.html" if alerts.link else ""

    def write(*, again: bool) -> Message:
        return write_message(partnership.file.name, news, earlier=len(messages), listed=alerts.listed, link=link, again=again)

    message = write(again=False)
    if not send:
        return Told(log.place, "would_be_told", message.subject, message.text, "")
    if log.was_cut_short(message.id):
        message = write(again=True)
    log.note_begun(message.id)
    try:
        try_patiently(partnership.file.delivery, lambda: _send(partnership, log.place, message, outcome))
    except Exception as error:
        if not (isinstance(error, DeliveryError) and error.may_have_arrived):
            log.note_not_sent()
        raise
    log.note_told({"id": message.id, "told_at": datetime.now(UTC).isoformat(timespec="seconds"), "news": message.news})
    return Told(log.place, "told", message.subject, message.text, "")


def _send(partnership: Partnership, place: str, message: Message, outcome: RunOutcome | None) -> None:
    if place == "email":
        send_email(partnership, message, os.environ)
    else:
        run_id = outcome.run_id if outcome else ""
        payload = message.payload(partnership.file.name, run_id, partnership.file.alerts.listed)
        post_to_webhook(partnership, message, payload, os.environ)
