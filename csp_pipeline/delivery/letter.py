"""The short text that goes with a report: what it is, how much is in it, what changed, how to answer."""

from dataclasses import dataclass
from datetime import date

from csp_pipeline.delivery.changes import Changes
from csp_pipeline.delivery.pack import Pack
from csp_pipeline.reports import wording


@dataclass(frozen=True)
class Letter:
    """A subject, and a text of plain lines."""

    subject: str
    text: str


def write_letter(pack: Pack, changes: Changes | None, last_as_at: str | None, *, by_email: bool, again: bool) -> Letter:
    """The text for one report. `changes` is None when there is no earlier report, or its copy is gone; `last_as_at` is the day
    of the earlier one; `again` says that an earlier sending may have arrived.
    """
    data = pack.data
    name, day = _one_line(data["agency_name"]), _day(pack.as_at)
    opened = sum(bool(conflict.get("is_open", True)) for conflict in data["conflicts"])
    rows, files = (sum(entry["is_open"] for entry in data[kind]) for kind in ("rejected_rows", "refused_files"))
    periods = len(data["missing_periods"])
    lines = [
        f"This is the report of {_one_line(data['partnership'])} to {name}: how your figures compare with those of the",
        f"other agencies, as at {day}.",
        "",
        "In it:",
        f"- {wording.counted(opened, 'open conflict')} between your figures and others",
        f"- {wording.counted(rows, 'rejected row')} and {wording.counted(files, 'refused file')} of yours to correct",
        f"- {wording.counted(periods, 'missing period')}",
        "",
    ]
    if changes is not None:
        lines += [f"What changed since the report as at {_day(last_as_at)}:", *(f"- {_one_line(c)}" for c in changes.lines()), ""]
    elif last_as_at is not None:
        lines += [f"What changed since the report as at {_day(last_as_at)} cannot be told: no copy of it is left.", ""]
    else:
        lines += ["It is the first report that you are sent.", ""]
    if again:
        lines += ["An earlier sending of this report was cut short. If you have it already, this is the same one.", ""]
    lines += [
        "How to answer:",
        f"1. Open {pack.agency}.html. It begins with what is asked of you.",
        f"2. Write your answers in the workbook, {pack.agency}.xlsx.",
        "3. Reply to this e-mail with the workbook attached."
        if by_email
        else "3. Send the workbook back to the partnership's data engineer, the way you send your exports.",
        "",
        "It names your own files and rows: keep it inside your agency.",
    ]
    return Letter(f"{'Changed report' if last_as_at else 'Report'} on your figures as at {day}: {name}", "\n".join(lines) + "\n")


def _day(as_at: str | None) -> str:
    try:
        return wording.long_date(date.fromisoformat(as_at or ""))
    except ValueError:
        return "[x]"


def _one_line(text: str) -> str:
    """Text on one line: no name can begin a header or a line of its own."""
    return " ".join(str(text).split())
