"""What changed from the last report that an agency was sent to this one, and the few lines that tell it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from csp_pipeline.reports import wording

MOST_LISTED = 10
# What identifies an entry of each list, and what the entry is called.
ENTRIES = {
    "rejected_rows": (("file", "sheet", "row", "column", "code"), "rejected row"),
    "refused_files": (("file", "code"), "refused file"),
    "missing_periods": (("feed", "period"), "missing period"),
}


@dataclass(frozen=True)
class Changes:
    """Conflicts by what became of them (as `Measure, area, period`), and how many entries of other lists came and went."""

    new: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    came: tuple[tuple[str, int], ...] = ()
    went: tuple[tuple[str, int], ...] = ()

    @property
    def in_short(self) -> str:
        """`2 new conflicts, 1 settled conflict, 3 new rejected rows`."""
        parts = [wording.counted(n, noun) for n, noun in self._counts() if n]
        return ", ".join(parts) or "no conflict, row, file or period; wording or details only"

    def lines(self) -> list[str]:
        """The changes one to a line, conflicts by name."""
        told = []
        for words, labels in (("New", self.new), ("Settled", self.settled), ("Figures moved", self.moved)):
            told += [f"{words}: {label}" for label in labels[:MOST_LISTED]]
            if len(labels) > MOST_LISTED:
                told.append(f"{words}: {wording.counted(len(labels) - MOST_LISTED, 'more conflict')}, see the page")
        told += [wording.counted(n, f"new {noun}") for noun, n in self.came]
        told += [f"{wording.counted(n, noun)} no longer listed" for noun, n in self.went]
        return told or ["No conflict, row, file or period: wording or details only."]

    def _counts(self) -> list[tuple[int, str]]:
        conflicts = [
            (len(self.new), "new conflict"),
            (len(self.settled), "settled conflict"),
            (len(self.moved), "moved conflict"),
        ]
        return conflicts + [(n, f"new {noun}") for noun, n in self.came] + [(n, f"settled {noun}") for noun, n in self.went]


def changes_between(before: dict[str, Any], now: dict[str, Any]) -> Changes:
    """Compare two reports' JSON: conflicts by their id, other entries by what identifies them."""
    old, new = ({entry["id"]: entry for entry in report.get("conflicts", [])} for report in (before, now))
    came, went = [], []
    for section, (keys, noun) in ENTRIES.items():
        was, is_now = (Counter(_key(entry, keys) for entry in _open(report, section)) for report in (before, now))
        came += [(noun, (is_now - was).total())] if is_now - was else []
        went += [(noun, (was - is_now).total())] if was - is_now else []
    return Changes(
        new=_labels(new[key] for key in new if _is_open(new[key]) and not _is_open(old.get(key))),
        settled=_labels(old[key] for key in old if _is_open(old[key]) and not _is_open(new.get(key))),
        moved=_labels(
            new[key] for key in new if _is_open(new[key]) and _is_open(old.get(key)) and _shown(new[key]) != _shown(old[key])
        ),
        came=tuple(came),
        went=tuple(went),
    )


def _is_open(conflict: dict[str, Any] | None) -> bool:
    return conflict is not None and bool(conflict.get("is_open", True))


def _open(report: dict[str, Any], section: str) -> list[dict[str, Any]]:
    return [entry for entry in report.get(section, []) if entry.get("is_open", True)]


def _key(entry: dict[str, Any], keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(entry.get(key)) for key in keys)


def _shown(conflict: dict[str, Any]) -> list[Any]:
    return [figure.get("shown") for figure in conflict.get("figures", [])]


def _labels(conflicts: Any) -> tuple[str, ...]:
    return tuple(f"{c.get('measure_title')}, {c.get('area')}, {c.get('period')}" for c in conflicts)
