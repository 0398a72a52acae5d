"""The short text that goes with a report: what it is, how much is in it, what changed, how to answer."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from csp_pipeline.delivery.pack import Pack
from csp_pipeline.partnership.configuration import STRATEGY_GROUP
from csp_pipeline.reports import wording
from csp_pipeline.reports.sent import Sent
from csp_pipeline.reports.since import open_entries, stands_for


@dataclass(frozen=True)
class Letter:
    """A subject, and a text of plain lines."""

    subject: str
    text: str


def write_letter(pack: Pack, last: Sent | None, *, by_email: bool, again: bool) -> Letter:
    """The text for one report. `last` is the sending before it; `again`: an earlier sending of this one may have arrived."""
    changes = [*_what_changed(pack, last), *_once_more(again)]
    if pack.addressee == STRATEGY_GROUP:
        return _with_scorecard(pack, last, changes)
    return _with_report(pack, last, changes, by_email=by_email)


def _with_report(pack: Pack, last: Sent | None, changes: list[str], *, by_email: bool) -> Letter:
    data = pack.data
    name, day = _one_line(data["agency_name"]), _day(pack.as_at)
    lists = ("conflicts", "rejected_rows", "refused_files", "missing_periods")
    opened, rows, files, periods = (sum(map(stands_for, open_entries(data, kind))) for kind in lists)
    lines = [
        f"{_one_line(data['partnership'])}: report to {name}.",
        f"It sets your figures, as at {day}, beside those of the other agencies.",
        "",
        "In it:",
        f"- {wording.counted(opened, 'open conflict')} between your figures and others",
        f"- {wording.counted(rows, 'rejected row')} and {wording.counted(files, 'refused file')} of yours to correct",
        f"- {wording.counted(periods, 'missing period')}",
        "",
        *changes,
        *_how_to_answer(pack, by_email=by_email),
        "",
        "It names your own files and rows: keep it inside your agency.",
    ]
    return Letter(f"{'Changed report' if last else 'Report'} on your figures as at {day}: {name}", "\n".join(lines) + "\n")


def _how_to_answer(pack: Pack, *, by_email: bool) -> list[str]:
    if not pack.data["conflicts"]:
        return [f"Open {pack.stem}.html: it begins with what is asked of you. No conflict is listed, so there is none to answer."]
    return [
        "How to answer:",
        f"1. Open {pack.stem}.html. It begins with what is asked of you.",
        f"2. Write your answers in the workbook, {pack.stem}.xlsx.",
        "3. Reply to this e-mail with the workbook attached."
        if by_email
        else "3. Send the workbook back to the partnership's data engineer, the way you send your exports.",
    ]


def _with_scorecard(pack: Pack, last: Sent | None, changes: list[str]) -> Letter:
    sheets, day = pack.data["sheets"], _day(pack.as_at)
    measures = len({row["Measure"] for row in sheets["Measures"]})
    verdicts = Counter(row["Verdict"] for row in sheets["Claims"])
    found = wording.joined([f"{verdicts[verdict]} {verdict}" for verdict in sorted(verdicts)]) if verdicts else "none"
    lines = [
        f"{_one_line(pack.data['partnership'])}: scorecard for the strategy group.",
        f"It follows {_one_line(pack.data['plan'])} in {_one_line(pack.data['district'])}, with the figures as at {day}.",
        "",
        "In it:",
        f"- {wording.counted(measures, 'measure')} with the change on the year, tested against chance",
        f"- {wording.counted(len(sheets['Discrepancies']), 'open discrepancy')} between agencies' figures",
        f"- statements of the plan: {found}",
        "",
        *changes,
        f"Open {pack.stem}.html; {pack.stem}.xlsx holds the same as tables.",
        "It is for everybody in the partnership: counts of 1 to 4, and what gives them away, are hidden in it.",
    ]
    subject = f"{'Changed scorecard' if last else 'Scorecard'} as at {day}: {_one_line(pack.data['partnership'])}"
    return Letter(subject, "\n".join(lines) + "\n")


def _what_changed(pack: Pack, last: Sent | None) -> list[str]:
    if last is None:
        return ["It is the first report that you are sent.", ""]
    if last.sha256 == pack.sha256 or pack.since is None:
        return [f"It says what the report as at {_day(last.as_at)} said; from now on your reports come here.", ""]
    changes = (f"- {_one_line(line)}" for line in pack.since.lines())
    return [f"What changed since the report as at {_day(last.as_at)}:", *changes, ""]


def _once_more(again: bool) -> list[str]:
    said = "An earlier sending of this report was cut short. If you have it already, this is the same one."
    return [said, ""] if again else []


def _day(as_at: str | None) -> str:
    try:
        return wording.long_date(date.fromisoformat(as_at or ""))
    except ValueError:
        return "[x]"


def _one_line(text: str) -> str:
    """Text on one line: no name can begin a header or a line of its own."""
    return " ".join(str(text).split())
