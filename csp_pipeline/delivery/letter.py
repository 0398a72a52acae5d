"""The short text that goes with a report: what it is, how much is in it, what changed, how to answer."""

from dataclasses import dataclass
from datetime import date

from csp_pipeline.delivery.pack import Pack
from csp_pipeline.reports import wording
from csp_pipeline.reports.sent import Sent
from csp_pipeline.reports.since import open_entries


@dataclass(frozen=True)
class Letter:
    """A subject, and a text of plain lines."""

    subject: str
    text: str


def write_letter(pack: Pack, last: Sent | None, *, by_email: bool, again: bool) -> Letter:
    """The text for one report. `last` is the sending before it; `again`: an earlier sending of this one may have arrived."""
    data = pack.data
    name, day = _one_line(data["agency_name"]), _day(pack.as_at)
    lists = ("conflicts", "rejected_rows", "refused_files", "missing_periods")
    opened, rows, files, periods = (len(open_entries(data, kind)) for kind in lists)
    lines = [
        f"{_one_line(data['partnership'])}: report to {name}.",
        f"It sets your figures, as at {day}, beside those of the other agencies.",
        "",
        "In it:",
        f"- {wording.counted(opened, 'open conflict')} between your figures and others",
        f"- {wording.counted(rows, 'rejected row')} and {wording.counted(files, 'refused file')} of yours to correct",
        f"- {wording.counted(periods, 'missing period')}",
        "",
    ]
    if last is None:
        lines += ["It is the first report that you are sent.", ""]
    elif last.sha256 == pack.sha256 or pack.since is None:
        lines += [f"It says what the report as at {_day(last.as_at)} said; from now on your reports come here.", ""]
    else:
        changes = (f"- {_one_line(line)}" for line in pack.since.lines())
        lines += [f"What changed since the report as at {_day(last.as_at)}:", *changes, ""]
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
    return Letter(f"{'Changed report' if last else 'Report'} on your figures as at {day}: {name}", "\n".join(lines) + "\n")


def _day(as_at: str | None) -> str:
    try:
        return wording.long_date(date.fromisoformat(as_at or ""))
    except ValueError:
        return "[x]"


def _one_line(text: str) -> str:
    """Text on one line: no name can begin a header or a line of its own."""
    return " ".join(str(text).split())
