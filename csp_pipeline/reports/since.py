"""What changed since the last report that was sent: conflicts that are new, settled or moved, and what came in or failed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from csp_pipeline.reports import wording
from csp_pipeline.reports.conflicts import Conflict, Conflicts
from csp_pipeline.reports.returns import MissingPeriod, RefusedFile, RejectedRow

Sent = dict[str, Any]


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
    """The changes since the report sent for `as_at`; counts are of the reader's own files, rows and periods."""

    as_at: date | None
    changes: tuple[Change, ...]
    new_rejected_rows: int
    cleared_rejected_rows: int
    new_missing_periods: int
    received_periods: int
    new_refused_files: int

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
        returns = (self.new_rejected_rows, self.cleared_rejected_rows, self.new_missing_periods, self.received_periods)
        return not (self.changes or any(returns) or self.new_refused_files)


def since_last(
    sent: Sent | None,
    conflicts: Conflicts,
    rejected: Iterable[RejectedRow],
    missing: Iterable[MissingPeriod],
    refused: Iterable[RefusedFile],
) -> Since | None:
    """Compare a report's contents with the one that was sent last; None where none was."""
    if sent is None:
        return None
    before, now = {entry["id"]: entry for entry in sent["conflicts"]}, {conflict.id: conflict for conflict in conflicts.listed}
    changes = [change for conflict in now.values() if (change := _change(conflict, before.get(conflict.id)))]
    changes += [_gone(entry, now.get(entry["id"])) for entry in before.values() if _is_settled(entry, now.get(entry["id"]))]
    new_rows, cleared = _new_and_gone(
        sent["rejected_rows"],
        [vars(row) for row in rejected],
        lambda row: (row["file"], row["sheet"], row["row"], row["code"]),
    )
    new_missing, received = _new_and_gone(
        sent["missing_periods"], [vars(period) for period in missing], lambda period: (period["feed"], period["period"])
    )
    new_refused, _ = _new_and_gone(
        sent["refused_files"], [vars(file) for file in refused], lambda file: (file["file"], str(file["extracted"]))
    )
    order = ("reopened", "new", "moved", "settled")
    changes.sort(
        key=lambda change: (order.index(change.kind), not change.is_main, change.measure_title, change.period, change.id)
    )
    return Since(
        as_at=date.fromisoformat(sent["as_at"]) if sent["as_at"] else None,
        changes=tuple(changes),
        new_rejected_rows=new_rows,
        cleared_rejected_rows=cleared,
        new_missing_periods=new_missing,
        received_periods=received,
        new_refused_files=new_refused,
    )


def _change(conflict: Conflict, before: Sent | None) -> Change | None:
    if not conflict.is_open:
        return None
    if before is None:
        return _changed(conflict, "new", conflict.short_sentence)
    if not before["is_open"]:
        return _changed(conflict, "reopened", conflict.short_sentence)
    was = before["gap"]["value"]
    if was is None or conflict.gap is None or was == conflict.gap:
        return None
    return _changed(
        conflict,
        "moved",
        f"{conflict.short_sentence} The gap was {wording.signed(was)} and is now {wording.signed(conflict.gap)}.",
    )


def _changed(conflict: Conflict, kind: str, words: str) -> Change:
    return Change(kind, conflict.id, conflict.measure_title, conflict.area, conflict.period, conflict.is_main, words)


def _is_settled(before: Sent, now: Conflict | None) -> bool:
    return bool(before["is_open"]) and (now is None or not now.is_open)


def _gone(before: Sent, now: Conflict | None) -> Change:
    words = f"{before['period']}: now {now.state}." if now else f"{before['period']}: no longer listed as a conflict."
    is_main = now.is_main if now else bool(before.get("is_main", before["is_leading"]))
    return Change("settled", before["id"], before["measure_title"], before["area"], before["period"], is_main, words)


def _new_and_gone(before: list[Sent], now: list[Sent], key: Callable[[Sent], tuple[Any, ...]]) -> tuple[int, int]:
    """How many entries are new, and how many are gone or no longer open."""
    was, stands = ({key(entry) for entry in entries if entry.get("is_open", True)} for entries in (before, now))
    return len(stands - was), len(was - stands)
