"""What was sent, as facts in landing: each report's JSON, and a line for each sending. Delivery writes them; they are read here.

`landing/reports/<addressee>/<as_at>-<first 12 of sha256>.json` is a copy of a report, `sent.jsonl` beside it has a line for each
sending, in time order. An addressee is an agency, or the strategy group, which is sent the scorecard.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from csp_pipeline.errors import PublishError
from csp_pipeline.partnership.configuration import STRATEGY_GROUP

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


def sent_folder(landing: Path, addressee: str) -> Path:
    """Where the reports are kept that one addressee was sent."""
    return landing / "reports" / addressee


def read_sent(landing: Path, addressee: str) -> list[Sent]:
    """All sendings to an addressee, in time order.

    Raises PublishError naming the line that cannot be read: to go on without it could send everything again.
    """
    path = sent_folder(landing, addressee) / LOG
    if not path.exists():
        return []
    sent = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            sent.append(Sent(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise PublishError(
                f"{path}, line {number}: expected JSON with sha256, as_at, sent_at and place; it cannot be read. Put the file "
                f"back from a backup; without it nothing is written for {addressee} nor sent to it."
            ) from error
    return sent


def last_sent(landing: Path, addressee: str) -> Sent | None:
    """The last sending to an addressee: what the next report is compared with, whichever day it is as at."""
    sent = read_sent(landing, addressee)
    return sent[-1] if sent else None


def last_report(landing: Path, addressee: str) -> Report | None:
    """The report that an addressee was sent last, None where there is none.

    Raises PublishError when the log or the copy that it names cannot be read.
    """
    last = last_sent(landing, addressee)
    return None if last is None else _read_copy(sent_folder(landing, addressee) / f"{last.name}.json", addressee)


def all_reports(landing: Path, addressee: str) -> Iterator[Report]:
    """Every report that an addressee was sent, in the order of their names; a reader may keep them all.

    Raises PublishError for a copy that cannot be read.
    """
    for path in sorted(sent_folder(landing, addressee).glob("*.json")):
        yield _read_copy(path, addressee)


def shown_on_sent_scorecards(landing: Path) -> tuple[frozenset[str], frozenset[tuple[str, float]]]:
    """The figures that scorecards showed which were sent, as everybody may have kept them: cells with the numbers shown, and
    before them the cells of the scorecards of the first version, which did not say the numbers.

    Raises PublishError for a copy that cannot be read.
    """
    shown = [card["shown_cells"] for card in all_reports(landing, STRATEGY_GROUP)]
    cells = frozenset(cell for listed in shown if isinstance(listed, list) for cell in listed)
    return cells, frozenset((cell, value) for listed in shown if isinstance(listed, dict) for cell, value in listed.items())


def _read_copy(path: Path, addressee: str) -> Report:
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        report["shown_cells" if addressee == STRATEGY_GROUP else "conflicts"]  # a report without them is none
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise PublishError(
            f"{path}: this copy of a sent report cannot be read ({error!r}), so it is not known which numbers its readers have "
            "seen. Restore it from a backup; without it the reports are not written."
        ) from error
    return dict(report)
