"""What Dagster's UI shows beside an asset: short Markdown tables, and months as a line of bars."""

from collections.abc import Sequence

import pandas as pd

from csp_pipeline.intake.take_in import FeedIntake

BARS = "▁▂▃▄▅▆▇█"


def markdown_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; bars and line breaks in cells are escaped."""

    def cell(value: object) -> str:
        text = "" if value is None or value is pd.NA or value != value else str(value)
        return text.replace("|", "\\|").replace("\n", " ")

    lines = ["| " + " | ".join(headers) + " |", "|" + "---|" * len(headers)]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def preview_submissions(intake: FeedIntake, most: int = 12) -> str:
    """The latest submissions of a feed with their outcomes and counts."""
    latest = sorted(intake.receipts, key=lambda r: (str(r.extracted), r.submission_id))[-most:]
    rows = [
        (r.landed.path, ", ".join(r.cells[:1]), r.outcome, r.rows_read, r.rows_accepted, r.rows_rejected)
        for r in reversed(latest)
    ]
    return markdown_table(("file", "covers", "outcome", "read", "accepted", "rejected"), rows)


def preview_rejects(intake: FeedIntake, most: int = 12) -> str:
    """Files that were refused or hold rejected rows, with what their sender is told."""
    told = [r for r in intake.receipts if r.outcome in ("refused", "accepted_with_rejects")]
    if not told:
        return "Nothing was refused or rejected."
    rows = [(r.landed.path, r.outcome, r.rows_rejected, " ".join(r.messages)) for r in told[:most]]
    return markdown_table(("file", "outcome", "rows rejected", "message"), rows)


def draw_bars(values: Sequence[float | None]) -> str:
    """A series as one line of bars; a missing value is a dot."""
    present = [value for value in values if value is not None and value == value]
    top = max(present, default=0) or 1
    return "".join(
        "·" if value is None or value != value else BARS[min(int(max(value, 0) / top * len(BARS)), len(BARS) - 1)]
        for value in values
    )
