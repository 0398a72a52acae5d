"""One agency's report as it was written: its files, and a digest of what it says."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from csp_pipeline.errors import DeliveryError
from csp_pipeline.reports.sent import report_name
from csp_pipeline.reports.since import Since, read_since
from csp_pipeline.settings import Settings

# What moves with the calendar, or follows from what was sent before, does not make a report another one.
IMMATERIAL = frozenset({"as_at", "last_seen", "days_overdue", "since_last_report", "content_id"})
TYPES = {"html": ("text", "html"), "xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")}


@dataclass(frozen=True)
class Pack:
    """A report to deliver: `files` by name, `data` what the JSON holds."""

    agency: str
    files: dict[str, bytes]
    data: dict[str, Any]

    @property
    def as_at(self) -> str:
        """The day of the latest extract in it, in ISO form."""
        return str(self.data.get("as_at") or "undated")

    @cached_property
    def sha256(self) -> str:
        """A digest of what the report says: the same whenever it is written."""
        return digest_of(self.data)

    @property
    def since(self) -> Since | None:
        """What it says of the changes since the report before it; None where it was written as the first."""
        return read_since(self.data)

    @property
    def name(self) -> str:
        """Its name wherever it goes: `2017-07-01-0123456789ab`."""
        return report_name(self.as_at, self.sha256)

    @property
    def json(self) -> bytes:
        """The report as JSON, as it was written."""
        return self.files[f"{self.agency}.json"]


def read_pack(settings: Settings, agency: str) -> Pack:
    """Read an agency's page, workbook and JSON from the reports' folder.

    Raises DeliveryError when one of them is not there or cannot be read.
    """
    files: dict[str, bytes] = {}
    for kind in ("html", "xlsx", "json"):
        path = settings.reports / f"{agency}.{kind}"
        try:
            files[path.name] = path.read_bytes()
        except OSError as error:
            raise DeliveryError(f"{path}: cannot be read: {error.strerror}. Write the reports again with csp reports.") from error
    try:
        data = json.loads(files[f"{agency}.json"])
    except ValueError as error:
        raise DeliveryError(f"{settings.reports / agency}.json: not whole. Write the reports again with csp reports.") from error
    return Pack(agency, files, data)


def digest_of(data: dict[str, Any]) -> str:
    """SHA-256 of what a report says, in hex."""
    content = json.dumps(_material(data), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


def _material(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _material(item) for key, item in value.items() if key not in IMMATERIAL}
    return [_material(item) for item in value] if isinstance(value, list) else value
