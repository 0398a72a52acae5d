"""What changed since the last report that was sent: conflicts that are new, settled or moved, and what came in or failed.

Each report says so of itself (`since_last_report` of its JSON); page, workbook and the text that delivery sends tell that.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from csp_pipeline.reports import wording

Report = dict[str, Any]
MOST_LISTED = 10
# What identifies an entry of each list.
ENTRIES = {
    "rejected_rows": ("file", "sheet", "row", "column", "code"),
    "missing_periods": ("feed", "period"),
    "refused_files": ("file", "extracted"),
}


KINDS = ("reopened", "new", "moved", "settled")


@dataclass(frozen=True)
class Change:
    """What became of one conflict: `kind` is `new`, `reopened`, `moved` or `settled`."""

    kind: str
    id: str
    measure_title: str
    area: str
    period: str
    is_main: bool
    words: str


@dataclass(frozen=True)
class Since:
    """The changes since the report sent for `as_at`; counts are of the reader's own files, rows and periods, and of
    anybody's answers in force to its conflicts.
    """

    as_at: date | None
    changes: tuple[Change, ...]
    new_rejected_rows: int
    cleared_rejected_rows: int
    new_missing_periods: int
    received_periods: int
    new_refused_files: int
    replaced_refused_files: int
    new_answers: int

    @property
    def main(self) -> tuple[Change, ...]:
        """The changes of the partnership's own district and whole years."""
        return tuple(change for change in self.changes if change.is_main)

    def count(self, kind: str) -> int:
        """How many changes are of one kind."""
        return sum(change.kind == kind for change in self.changes)

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not self.in_short

    @property
    def in_short(self) -> str:
        """All changes in one clause, `2 conflicts new and 3 rejected rows cleared`; nothing where there are none."""
        said = [
            (self.count("new"), "conflict", "new"),
            (self.count("reopened"), "conflict", "reopened"),
            (self.count("moved"), "conflict", "with figures that moved"),
            (self.count("settled"), "conflict", "settled or no longer listed"),
            *self._of_returns(),
        ]
        parts = [f"{wording.counted(amount, noun)} {what}" for amount, noun, what in said if amount]
        return wording.joined(parts) if parts else ""

    def lines(self) -> list[str]:
        """The changes one to a line, conflicts by name, for a short text."""
        told = []
        for kind in KINDS:
            labels = [f"{c.measure_title}, {c.area}, {c.period}" for c in self.changes if c.kind == kind]
            told += [f"{wording.capitalised(kind)}: {label}" for label in labels[:MOST_LISTED]]
            if len(labels) > MOST_LISTED:
                more = wording.counted(len(labels) - MOST_LISTED, "more conflict")
                told.append(f"{wording.capitalised(kind)}: {more}, see the page")
        told += [f"{wording.counted(amount, noun)} {what}" for amount, noun, what in self._of_returns() if amount]
        return told or ["No conflict, row, file, period or answer: wording or details only."]

    def _of_returns(self) -> list[tuple[int, str, str]]:
        return [
            (self.new_rejected_rows, "rejected row", "new"),
            (self.cleared_rejected_rows, "rejected row", "cleared"),
            (self.new_refused_files, "refused file", "new"),
            (self.replaced_refused_files, "refused file", "replaced"),
            (self.new_missing_periods, "missing period", "new"),
            (self.received_periods, "missing period", "received"),
            (self.new_answers, "answer", "new"),
        ]


def read_since(report: Report) -> Since | None:
    """What a report's JSON says of the changes since the one before; None where it was the first."""
    told = report["since_last_report"]
    if told is None:
        return None
    return Since(**told | {"as_at": _day(told["as_at"]), "changes": tuple(Change(**change) for change in told["changes"])})


def since_last(sent: Report, now: Report) -> Since:
    """Compare a report (`now`, as its JSON but for `since_last_report`) with the one that was sent last."""
    before, listed = ({entry["id"]: entry for entry in report["conflicts"]} for report in (sent, now))
    changes = [change for conflict in listed.values() if (change := _change(conflict, before.get(conflict["id"])))]
    changes += [_gone(entry, listed.get(entry["id"])) for entry in before.values() if _is_settled(entry, listed.get(entry["id"]))]
    changes.sort(key=lambda c: (KINDS.index(c.kind), not c.is_main, c.measure_title, c.period, c.id))
    new_rows, cleared = _new_and_gone("rejected_rows", sent, now)
    new_missing, received = _new_and_gone("missing_periods", sent, now)
    new_refused, replaced = _new_and_gone("refused_files", sent, now)
    return Since(
        as_at=_day(sent["as_at"]),
        changes=tuple(changes),
        new_rejected_rows=new_rows,
        cleared_rejected_rows=cleared,
        new_missing_periods=new_missing,
        received_periods=received,
        new_refused_files=new_refused,
        replaced_refused_files=replaced,
        new_answers=len(_answers(now) - _answers(sent)),
    )


def _change(conflict: Report, before: Report | None) -> Change | None:
    if not conflict["is_open"]:
        return None
    short = conflict["sentence"].removeprefix(f"{conflict['measure_title']}, {conflict['area']}, ")
    if before is None:
        return _changed(conflict, "new", short)
    if not before["is_open"]:
        return _changed(conflict, "reopened", short)
    was, stands = ([figure["value"] for figure in entry["figures"]] for entry in (before, conflict))
    # a figure that is hidden in one of the two has not moved for its reader
    if None in (*was, *stands) or was == stands:
        return None
    old, new = before["gap"]["value"], conflict["gap"]["value"]
    gap = f"The gap was {wording.signed(old)} and is now {wording.signed(new)}."
    same = f"Both figures moved: they were {wording.number(was[0])} and {wording.number(was[1])}."
    return _changed(conflict, "moved", f"{short} {same if old == new else gap}")


def _changed(conflict: Report, kind: str, words: str) -> Change:
    names = ("id", "measure_title", "area", "period", "is_main")
    return Change(kind, words=words, **{name: conflict[name] for name in names})


def _is_settled(before: Report, now: Report | None) -> bool:
    return bool(before["is_open"]) and (now is None or not now["is_open"])


def _gone(before: Report, now: Report | None) -> Change:
    words = f"{before['period']}: now {now['state']}." if now else f"{before['period']}: no longer listed as a conflict."
    # reports of the first version did not say which conflicts are main
    return _changed({"is_main": before.get("is_leading", False), **before, **(now or {})}, "settled", words)


def _new_and_gone(entries: str, sent: Report, now: Report) -> tuple[int, int]:
    """How many entries of a list are new, and how many are gone or no longer open."""
    names = ENTRIES[entries]
    was, stands = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    for counted, report in ((was, sent), (stands, now)):
        for entry in open_entries(report, entries):
            counted[tuple(str(entry.get(name)) for name in names)] += stands_for(entry)
    return (stands - was).total(), (was - stands).total()


def open_entries(report: Report, entries: str) -> list[Report]:
    """The entries of a list of a report that nothing has replaced."""
    return [entry for entry in report[entries] if entry.get("is_open", True)]


def stands_for(entry: Report) -> int:
    """How many an entry of a list stands for: itself, and the rejected rows that are not listed after it."""
    return 1 + int(entry.get("more", 0))


def _answers(report: Report) -> set[tuple[str, ...]]:
    """The answers in force to a report's conflicts."""
    names = ("agency", "answer", "answered_on")
    return {(c["id"], *(str(a[name]) for name in names)) for c in report["conflicts"] for a in c.get("answers", [])}


def _day(as_at: str | date | None) -> date | None:
    return date.fromisoformat(as_at) if isinstance(as_at, str) and as_at else None
