"""How one figure is shown: a number, or the mark that stands in its place, and the note that goes with it."""

from dataclasses import dataclass

from csp_pipeline.reports import wording
from csp_pipeline.scorecard.read import Row

# The Government Analysis Function's marks for SDMX observation statuses that go with a number.
MARKS = {"B": "[b]", "E": "[e]", "F": "[f]", "P": "[p]", "U": "[u]"}
WORDS = {"E": "estimated", "F": "a forecast", "U": "of low reliability"}


@dataclass(frozen=True)
class Number:
    """What stands in a cell: `text` for people, and `value` where it is a number."""

    text: str
    value: float | None


MISSING = Number("[x]", None)


def shown_number(row: Row | None) -> Number:
    """A figure that may be shown: `[x]` where there is none, `[c]` where its sender suppressed it."""
    if row is None or row["status"] == "M":
        return MISSING
    return Number("[c]", None) if row["value"] is None else Number(wording.number(row["value"]), row["value"])


def whole_note(row: Row) -> str | None:
    """The mark of a figure with its period and reason: a break, an incomplete period, an estimate."""
    status, period = row["status"], row["period"]
    if status not in MARKS or row["value"] is None:
        return None
    if status == "B":
        words = f"{row['break_title'] or 'a break in the series'}"
    elif status == "P":
        words = f"covers {row['coverage']:.0%} of the period" if row["coverage"] is not None else "provisional"
    else:
        words = WORDS[status]
    return f"{MARKS[status]} {period}: {words}"
