"""What the doctor says of one thing."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: `fine`, `warning` (a run works, but not all of it) or `wrong`; and how to mend it."""

    area: str
    what: str
    verdict: Literal["fine", "warning", "wrong"]
    found: str
    mend: str = ""


def fine(area: str, what: str, found: str) -> Finding:
    """All is well with it."""
    return Finding(area, what, "fine", found)


def warning(area: str, what: str, found: str, mend: str) -> Finding:
    """A run works, but something will be missing."""
    return Finding(area, what, "warning", found, mend)


def wrong(area: str, what: str, found: str, mend: str) -> Finding:
    """It has to be mended before all works."""
    return Finding(area, what, "wrong", found, mend)
