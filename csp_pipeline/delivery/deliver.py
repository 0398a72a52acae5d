"""Delivering every agency its report and the strategy group the scorecard: what would be sent, sending, noting what was."""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from csp_pipeline.delivery.letter import Letter, write_letter
from csp_pipeline.delivery.mail import compose, open_mailbox, send_message
from csp_pipeline.delivery.pack import Pack, read_pack
from csp_pipeline.delivery.patience import try_patiently
from csp_pipeline.delivery.places import put_in_place
from csp_pipeline.delivery.sent import note_begun, note_not_sent, note_sent, was_cut_short
from csp_pipeline.errors import CspError, DeliveryError
from csp_pipeline.intake.places.file_systems import why_not_opened
from csp_pipeline.partnership.configuration import STRATEGY_GROUP, PlaceEntry
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.reports.sent import Sent, last_sent
from csp_pipeline.settings import Settings

Outcome = Literal["would_be_sent", "sent", "already_sent", "failed"]
AT_ONCE = 8


@dataclass(frozen=True)
class Delivery:
    """What became of one report: `addressee` is an agency or the strategy group, `place` as the configuration names it,
    `changes` since the last one in short.
    """

    addressee: str
    outcome: Outcome
    place: str
    report: str
    changes: str
    message: str


def deliver_reports(
    settings: Settings, partnership: Partnership, *, send: bool, addressees: Iterable[str] | None = None
) -> list[Delivery]:
    """Deliver the reports that were written, or say what would be; one entry for each addressee: the agencies in the
    configuration's order, then the strategy group, where there is a scorecard.

    A report whose content the addressee was last sent, to the same place, is not sent again. What fails for one does not hold
    the others, and stands in its entry.
    """
    wanted = addressees_of(partnership) if addressees is None else list(addressees)
    with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(wanted) or 1)) as pool:
        return list(pool.map(lambda addressee: _Errand(settings, partnership, addressee).run(send), wanted))


def look_at_places(settings: Settings, partnership: Partnership) -> list[tuple[str, str, str | None]]:
    """Each addressee, where it is delivered its report, and what is wrong there as far as that can be told without sending."""
    errands = [_Errand(settings, partnership, addressee) for addressee in addressees_of(partnership)]
    return [(errand.addressee, errand.place, errand.problem) for errand in errands]


def addressees_of(partnership: Partnership) -> list[str]:
    """Who is delivered something: every agency, and the strategy group where there is a scorecard."""
    has_scorecard = (partnership.sources / "scorecard.yml").exists()
    return [*partnership.file.agencies, *([STRATEGY_GROUP] if has_scorecard else [])]


@dataclass(frozen=True)
class _Errand:
    """The way of one report."""

    settings: Settings
    partnership: Partnership
    addressee: str

    @property
    def entry(self) -> PlaceEntry | None:
        return self.partnership.file.delivery.places.get(self.addressee)

    @property
    def place(self) -> str:
        """The place as it may be told and noted: without an address."""
        if self.entry is None:
            return f"outbox/{self.addressee}"
        return f"email:{self.entry.email}" if self.entry.email else str(self.entry.folder or self.entry.place)

    @property
    def problem(self) -> str | None:
        """What can be found wrong without sending."""
        try:
            self._check()
        except DeliveryError as error:
            return str(error)
        return None

    def run(self, send: bool) -> Delivery:
        told = Delivery(self.addressee, "failed", self.place, "", "", "")
        try:
            return self._deliver(told, send)
        except CspError as error:
            return replace(told, message=str(error))
        except Exception as error:  # noqa: BLE001 (whatever a file system of fsspec raises must not hold the others)
            return replace(told, message=f"{self.place}: {type(error).__name__}; its text is not repeated, it may hold a secret.")

    def _deliver(self, told: Delivery, send: bool) -> Delivery:
        pack = read_pack(self.settings, self.addressee)
        last = last_sent(self.settings.landing, self.addressee)
        told = replace(told, report=pack.name)
        if last is not None and (last.sha256, last.place) == (pack.sha256, self.place):
            if send:
                note_not_sent(self.settings, pack)  # a run cut short after the line was written leaves its mark
            return replace(told, outcome="already_sent", message=f"on {last.sent_at[:10]}")
        again = was_cut_short(self.settings, pack)
        told = replace(told, changes=_in_short(last, pack))
        letter = write_letter(pack, last, by_email=self._is_email, again=again)
        self._check()
        if not send:
            return replace(told, outcome="would_be_sent", message="for a second time: a sending was cut short" if again else "")
        note_begun(self.settings, pack, self.place)
        try:
            try_patiently(self.partnership.file.delivery, lambda: self._send(pack, letter))
        except Exception as error:
            if not (isinstance(error, DeliveryError) and error.may_have_arrived):
                note_not_sent(self.settings, pack)
            raise
        self._note(pack)
        return replace(told, outcome="sent", message="for a second time: a sending was cut short" if again else "")

    def _note(self, pack: Pack) -> None:
        sent = Sent(pack.sha256, pack.as_at, datetime.now(UTC).isoformat(timespec="seconds"), self.place)
        try:
            note_sent(self.settings, pack, sent)
        except (OSError, CspError) as error:
            raise DeliveryError(
                f"{self.place}: the report was sent, but that cannot be noted in landing ({error}). The next "
                "delivery sends it once more, and says so."
            ) from error

    @property
    def _is_email(self) -> bool:
        return self.entry is not None and self.entry.email is not None

    def _check(self) -> None:
        """Raise DeliveryError for what can be found wrong without sending."""
        delivery = self.partnership.file.delivery
        if self.entry and self.entry.email and delivery.mail_server:
            open_mailbox(delivery.mail_server, self.partnership.sources, self.entry.email, dict(os.environ))
        elif self.entry and self.entry.folder and not self._folder(self.entry.folder).is_dir():
            raise DeliveryError(f"{self.entry.folder}: there is no such folder. Make it, or mount the share.")
        elif self.entry and self.entry.place and (why := why_not_opened(self.entry.place)):
            raise DeliveryError(f"{self.entry.place}: nothing can be sent there. {why}")

    def _send(self, pack: Pack, letter: Letter) -> None:
        delivery, entry = self.partnership.file.delivery, self.entry
        if entry is not None and entry.email is not None and delivery.mail_server is not None:
            mailbox = open_mailbox(delivery.mail_server, self.partnership.sources, entry.email, dict(os.environ))
            send_message(mailbox, compose(mailbox, pack, letter, datetime.now(UTC)))
        elif entry is not None and entry.place is not None:
            put_in_place(entry.place, pack, letter, may_be_made=True)
        elif entry is not None and entry.folder is not None:
            put_in_place(str(self._folder(entry.folder)), pack, letter, may_be_made=False)
        else:
            put_in_place(str(self.settings.warehouse / "outbox" / self.addressee), pack, letter, may_be_made=True)

    def _folder(self, folder: str) -> Path:
        """A folder as written, or below the warehouse's when it is relative."""
        return self.settings.warehouse / folder


def _in_short(last: Sent | None, pack: Pack) -> str:
    if last is None:
        return "first report"
    if last.sha256 == pack.sha256 or pack.since is None:
        return "none: the same report, to another place"
    return pack.since.in_short or "wording or details only"
