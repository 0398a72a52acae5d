"""Receipts: what became of each landed file, kept as JSON that is written last, so that it vouches for the rest."""

import functools
import json
import logging
import os
from dataclasses import dataclass, field
from pathlib import Path

from csp_pipeline.intake.land import LandedFile, identity_of
from csp_pipeline.lake import receipt_path
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.settings import Settings

log = logging.getLogger(__name__)


@dataclass
class Receipt:
    """What became of one landed file; `cells` are the labels of the periods it covers.

    `corrections` are rows by the known error that was corrected in them, `not_corrected` why others did not fit.
    """

    landed: LandedFile
    fingerprint: str
    submission_id: str
    outcome: str
    extracted: str | None = None
    scope: str = ""
    cells: list[str] = field(default_factory=list)
    rows_read: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    code: str | None = None
    messages: list[str] = field(default_factory=list)
    corrections: dict[str, int] = field(default_factory=dict)
    not_corrected: dict[str, str] = field(default_factory=dict)


def read_receipt(path: Path) -> Receipt | None:
    """A stored receipt, or None when there is none or it is not whole. It is shared: never change it."""
    try:
        return _parse_receipt(str(path), *identity_of(os.stat(path)))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):
        log.warning("%s is not a whole receipt; its file is taken in again", path)
        return None


# Each stage asks for the receipts of every feed, to tell whether its inputs changed.
@functools.lru_cache(maxsize=100_000)
def _parse_receipt(path: str, *identity: int) -> Receipt:
    with open(path, "rb", buffering=0) as file:
        content = json.loads(file.read())
    return Receipt(**(content | {"landed": LandedFile(**content["landed"])}))


def read_receipts(settings: Settings, feed: Feed) -> list[Receipt]:
    """Every stored receipt of a feed, in the order received."""
    folder = receipt_path(settings, feed.agency, feed.name, "x").parent
    receipts = [receipt for path in folder.glob("*.json") if (receipt := read_receipt(path))]
    return sorted(receipts, key=lambda r: (r.landed.received, r.landed.path, r.landed.sha256))


def rejects_path(settings: Settings, feed: Feed, submission_id: str) -> Path:
    """Parquet of one submission's rejects."""
    return noted_path(settings, "rejects", feed, submission_id)


def noted_path(settings: Settings, table: str, feed: Feed, submission_id: str) -> Path:
    """Parquet of one submission's rows of a table that intake fills: rejects, column changes, corrections, unmapped codes."""
    return settings.lake / table / feed.agency / feed.name / f"{submission_id}.parquet"
