"""Noting what was sent, as facts in landing that reports.sent reads, and sendings under way.

The copy of a report is written once; `<its name>.sending` stands beside it while it is on its way, and is left by one cut short.
"""

import json
from dataclasses import asdict
from pathlib import Path

from csp_pipeline.delivery.pack import Pack
from csp_pipeline.lake import make_folder, replacing
from csp_pipeline.reports.sent import LOG, Sent, read_sent, sent_folder
from csp_pipeline.settings import Settings


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
    folder = sent_folder(settings.landing, pack.addressee)
    make_folder(folder)
    copy = folder / f"{pack.name}.json"
    if not copy.exists():
        with replacing(copy) as beside:
            beside.write_bytes(pack.json)
    lines = [*read_sent(settings.landing, pack.addressee), sent]
    with replacing(folder / LOG) as beside:
        beside.write_text("".join(json.dumps(asdict(line), sort_keys=True) + "\n" for line in lines), encoding="utf-8")
    note_not_sent(settings, pack)


def _marker(settings: Settings, pack: Pack) -> Path:
    return sent_folder(settings.landing, pack.addressee) / f"{pack.name}.sending"
