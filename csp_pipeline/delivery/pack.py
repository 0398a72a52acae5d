"""One addressee's report as it was written: its files, a digest of what it says, and what changed since the one before."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from csp_pipeline.errors import DeliveryError
from csp_pipeline.partnership.configuration import SCORECARD, STRATEGY_GROUP
from csp_pipeline.reports.scorecard_since import card_since
from csp_pipeline.reports.sent import last_report, report_name
from csp_pipeline.reports.since import read_since
from csp_pipeline.settings import Settings

# What moves with the calendar, or follows from what was sent before, does not make a report another one.
IMMATERIAL = frozenset({"as_at", "last_seen", "days_overdue", "since_last_report", "content_id", "shown_cells"})
TYPES = {"html": ("text", "html"), "xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")}


class Changes(Protocol):
    """What changed since the report before, in one clause (empty: nothing) and one to a line."""

    @property
    def in_short(self) -> str: ...

    def lines(self) -> list[str]: ...


@dataclass(frozen=True)
class Pack:
    """A report to deliver: `files` by name, all of which begin with `stem`; `data` what the JSON holds; `since` what changed,
    None where it is the first.
    """

    addressee: str
    stem: str
    files: dict[str, bytes]
    data: dict[str, Any]
    since: Changes | None

    @property
    def as_at(self) -> str:
        """The day of the latest extract in it, in ISO form."""
        return str(self.data.get("as_at") or "undated")

    @cached_property
    def sha256(self) -> str:
        """A digest of what the report says: the same whenever it is written."""
        return digest_of(self.data)

    @property
    def name(self) -> str:
        """Its name wherever it goes: `2017-07-01-0123456789ab`."""
        return report_name(self.as_at, self.sha256)

    @property
    def json(self) -> bytes:
        """The report as JSON, as it was written."""
        return self.files[f"{self.stem}.json"]


def read_pack(settings: Settings, addressee: str) -> Pack:
    """Read page, workbook and JSON from the reports' folder: an agency's, or the scorecard for the strategy group.

    Raises DeliveryError when one of them is not there or cannot be read, PublishError when the scorecard that was sent last
    cannot be read.
    """
    stem = SCORECARD if addressee == STRATEGY_GROUP else addressee
    files: dict[str, bytes] = {}
    for path in settings.report_files(stem):
        try:
            files[path.name] = path.read_bytes()
        except OSError as error:
            raise DeliveryError(f"{path}: cannot be read: {error.strerror}. Write the reports again with csp reports.") from error
    try:
        data = json.loads(files[f"{stem}.json"])
    except ValueError as error:
        raise DeliveryError(f"{settings.reports / stem}.json: not whole. Write the reports again with csp reports.") from error
    return Pack(addressee, stem, files, data, _changes(settings, addressee, data))


def _changes(settings: Settings, addressee: str, data: dict[str, Any]) -> Changes | None:
    """An agency's report says itself what changed; a scorecard, which everybody reads, is compared with the one sent last."""
    if addressee != STRATEGY_GROUP:
        return read_since(data)
    last = last_report(settings.landing, addressee)
    return None if last is None else card_since(last, data)


def digest_of(data: dict[str, Any]) -> str:
    """SHA-256 of what a report says, in hex."""
    content = json.dumps(_material(data), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


def _material(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _material(item) for key, item in value.items() if key not in IMMATERIAL}
    return [_material(item) for item in value] if isinstance(value, list) else value
