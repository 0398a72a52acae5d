"""What changed between two scorecards, by what stands in their sheets."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from csp_pipeline.reports import wording

MOST_NAMED = 10
Card = dict[str, Any]
Row = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """How the rows of one sheet are told: what one is, the columns that say which it is, and its name in words."""

    noun: str
    key: tuple[str, ...]
    name: Callable[[Row], str]


TOLD = {
    "Measures": Told("measure", ("Priority", "Measure", "Figures from"), lambda row: row["Measure"]),
    "Discrepancies": Told("discrepancy", ("Reference",), lambda row: f"{row['Measure']} {row['Year']}"),
    "Plan tables": Told("published number", ("Table", "Row", "Year"), lambda row: f"{row['Row']} {row['Year']}"),
    "Claims": Told("statement", ("Statement", "Where", "Taken to mean"), lambda row: f"\u201c{row['Statement']}\u201d"),
    "Without figures": Told("aim", ("Priority", "Aim"), lambda row: row["Aim"]),
}
WAYS = ("new", "changed", "gone")


@dataclass(frozen=True)
class CardSince:
    """The changes since the scorecard that was sent last: names by sheet and way, each once, in the scorecard's order."""

    names: dict[tuple[str, str], tuple[str, ...]]

    @property
    def in_short(self) -> str:
        """All changes in one clause, `3 measures changed and 1 discrepancy new`; nothing where there are none."""
        parts = [f"{wording.counted(len(names), TOLD[sheet].noun)} {way}" for (sheet, way), names in self.names.items()]
        return wording.joined(parts) if parts else ""

    def lines(self) -> list[str]:
        """The changes one to a line, with the names of what changed, for a short text."""
        told = []
        for (sheet, way), names in self.names.items():
            more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
            told.append(f"{wording.counted(len(names), TOLD[sheet].noun)} {way}: {', '.join(names[:MOST_NAMED])}{more}")
        return told or ["No figure, discrepancy or verdict: wording or details only."]


def card_since(sent: Card, now: Card) -> CardSince:
    """Compare two scorecards as `scorecard.data` writes them."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for sheet, told in TOLD.items():
        before, after = (_by_key(card["sheets"].get(sheet, []), told) for card in (sent, now))
        ways: dict[str, dict[str, None]] = {way: {} for way in WAYS}
        for key, rows in after.items():
            if key not in before or rows != before[key]:
                ways["changed" if key in before else "new"] |= dict.fromkeys(map(told.name, rows))
        for key in (key for key in before if key not in after):
            ways["gone"] |= dict.fromkeys(map(told.name, before[key]))
        found |= {(sheet, way): tuple(names) for way, names in ways.items() if names}
    return CardSince(found)


def _by_key(rows: list[Row], told: Told) -> dict[tuple[str, ...], list[Row]]:
    found: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(str(row.get(column)) for column in told.key)].append(row)
    return dict(found)
