"""What was sent, as facts in landing: each report's JSON, and a line for each sending. Delivery writes them; they are read here.

`landing/reports/<agency>/<as_at>-<first 12 of sha256>.json` is a copy of a report, `sent.jsonl` beside it has a line for each
sending, in time order.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from csp_pipeline.errors import PublishError

LOG = "sent.jsonl"
Report = dict[str, Any]


@dataclass(frozen=True)
class Sent:
    """One sending: what (a digest), as at which day, when (UTC), and to which place as the configuration names it."""

    sha256: str
    as_at: str
    sent_at: str
    place: str

    @property
    def name(self) -> str:
        """The report's name wherever it goes."""
        return report_name(self.as_at, self.sha256)


def report_name(as_at: str, sha256: str) -> str:
    """What a report is called in landing and wherever it is put: `2017-07-01-0123456789ab`."""
    return f"{as_at}-{sha256[:12]}"


def sent_folder(landing: Path, agency: str) -> Path:
    """Where one agency's sent reports are kept."""
    return landing / "reports" / agency


def read_sent(landing: Path, agency: str) -> list[Sent]:
    """All sendings to an agency, in time order.

    Raises PublishError naming the line that cannot be read: to go on without it could send everything again.
    """
    path = sent_folder(landing, agency) / LOG
    if not path.exists():
        return []
    sent = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            sent.append(Sent(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise PublishError(
                f"{path}, line {number}: expected JSON with sha256, as_at, sent_at and place; it cannot be read. Put the file "
                f"back from a backup; without it nothing is written for {agency} nor sent to it."
            ) from error
    return sent


def last_sent(landing: Path, agency: str) -> Sent | None:
    """The last sending to an agency: what it got last is what the next report is compared with, whichever day that is as at."""
    sent = read_sent(landing, agency)
    return sent[-1] if sent else None


def last_report(landing: Path, agency: str) -> Report | None:
    """The report that an agency was sent last, None where there is none.

    Raises PublishError when the log or the copy that it names cannot be read.
    """
    last = last_sent(landing, agency)
    return None if last is None else _read_copy(sent_folder(landing, agency) / f"{last.name}.json")


def all_reports(landing: Path, agency: str) -> Iterator[Report]:
    """Every report that an agency was sent, in the order of their names; a reader may keep them all.

    Raises PublishError for a copy that cannot be read.
    """
    for path in sorted(sent_folder(landing, agency).glob("*.json")):
        yield _read_copy(path)


def _read_copy(path: Path) -> Report:
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        report["conflicts"]  # a report without them is none
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise PublishError(
            f"{path}: this copy of a sent report cannot be read ({error!r}), so it is not known which numbers its agency has "
            "seen. Restore it from a backup; without it the reports are not written."
        ) from error
    return dict(report)
