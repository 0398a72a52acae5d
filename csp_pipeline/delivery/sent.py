"""What was sent, as facts in landing: a copy of each report's JSON, a line for each sending, and sendings under way.

`landing/reports/<agency>/<as_at>-<first 12 of sha256>.json` is written once; `sent.jsonl` beside it has a line for each sending
in time order; `<as_at>-<first 12 of sha256>.sending` stands while a report is on its way, and is left by one cut short.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from csp_pipeline.delivery.pack import Pack
from csp_pipeline.errors import DeliveryError
from csp_pipeline.lake import make_folder, read_json, replacing
from csp_pipeline.settings import Settings


@dataclass(frozen=True)
class Sent:
    """One sending: what (a digest), as at which day, when (UTC), and to which place as the configuration names it."""

    sha256: str
    as_at: str
    sent_at: str
    place: str


def sent_folder(settings: Settings, agency: str) -> Path:
    """Where one agency's sent reports are kept."""
    return settings.landing / "reports" / agency


def read_sent(settings: Settings, agency: str) -> list[Sent]:
    """All sendings to an agency, in time order.

    Raises DeliveryError naming the line that cannot be read: to go on without it could send everything again.
    """
    path = sent_folder(settings, agency) / "sent.jsonl"
    if not path.exists():
        return []
    sent = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            sent.append(Sent(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise DeliveryError(
                f"{path}, line {number}: cannot be read. Put the file back from a backup; without it nothing is sent to {agency}."
            ) from error
    return sent


def read_copy(settings: Settings, agency: str, sent: Sent) -> dict[str, Any] | None:
    """What the sent report said, or None when its copy is gone."""
    return read_json(sent_folder(settings, agency) / f"{sent.as_at}-{sent.sha256[:12]}.json")


def was_cut_short(settings: Settings, pack: Pack) -> bool:
    """Whether an earlier sending of this report began and was never noted as ended: it may have arrived."""
    return _marker(settings, pack).exists()


def note_begun(settings: Settings, pack: Pack, place: str) -> None:
    """Say that a report is on its way, before it is."""
    with replacing(_marker(settings, pack)) as beside:
        beside.write_text(f"{place}\n", encoding="utf-8")


def note_not_sent(settings: Settings, pack: Pack) -> None:
    """Say that a sending ended and did not arrive."""
    _marker(settings, pack).unlink(missing_ok=True)


def note_sent(settings: Settings, pack: Pack, sent: Sent) -> None:
    """Keep what was sent: the copy first, then the line that counts, then the mark of its way goes."""
    folder = sent_folder(settings, pack.agency)
    make_folder(folder)
    copy = folder / f"{pack.name}.json"
    if not copy.exists():
        with replacing(copy) as beside:
            beside.write_bytes(pack.json)
    lines = [*read_sent(settings, pack.agency), sent]
    with replacing(folder / "sent.jsonl") as beside:
        beside.write_text("".join(json.dumps(asdict(line), sort_keys=True) + "\n" for line in lines), encoding="utf-8")
    note_not_sent(settings, pack)


def _marker(settings: Settings, pack: Pack) -> Path:
    return sent_folder(settings, pack.agency) / f"{pack.name}.sending"
