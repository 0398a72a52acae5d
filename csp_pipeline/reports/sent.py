"""What was sent before: the last report of each agency, as delivery landed a copy of it. Nothing here is ever written."""

import json
from pathlib import Path
from typing import Any

from csp_pipeline.errors import PublishError

LOG = "sent.jsonl"


def last_reports(landing: Path) -> dict[str, dict[str, Any]]:
    """The latest sent report of each agency that was sent one, from `landing/reports/<agency>/`.

    The latest is that of the latest extract received (`as_at`), of several the one that the log of deliveries names last.
    Raises PublishError when the log or the copy that it names cannot be read.
    """
    return {log.parent.name: _last_of(log) for log in sorted(landing.glob(f"reports/*/{LOG}")) if log.stat().st_size}


def _last_of(log: Path) -> dict[str, Any]:
    try:
        entries = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.strip()]
        place, latest = max(enumerate(entries), key=lambda numbered: (str(numbered[1]["as_at"]), numbered[0]))
        path = log.parent / f"{latest['as_at']}-{latest['sha256'][:12]}.json"
    except (KeyError, TypeError, ValueError) as error:
        raise PublishError(
            f"{log}: each line should be JSON with sha256, as_at, sent_at and place ({error}). Restore it from a copy of landing."
        ) from error
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        report["conflicts"]  # a report without them is none
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise PublishError(
            f"{path}: the report that line {place + 1} of {log.name} says was sent cannot be read ({error}). "
            "Restore it from a copy of landing."
        ) from error
    return dict(report)
