"""The scorecard as plain data, fit to be seen by everybody: priorities with their measures, the plan's tables, its claims."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from csp_pipeline.partnership.scorecard import PriorityEntry, WithoutFiguresEntry
from csp_pipeline.reports.conflicts import (
    Conflict,
    Conflicts,
    conflicts_for_everybody,
    leading_for_everybody,
    listed_for,
    readers,
    seen_before,
)
from csp_pipeline.reports.disclosure_cells import Seen
from csp_pipeline.reports.disclosure_conflicts import conflict_numbers, told_by_lists
from csp_pipeline.reports.disclosure_rules import EVERYBODY
from csp_pipeline.reports.read import Facts
from csp_pipeline.scorecard.changes import NO_TEST, Change, word_change
from csp_pipeline.scorecard.numbers import MISSING, Number, shown_number, whole_note
from csp_pipeline.scorecard.protection import find_hidden
from csp_pipeline.scorecard.published import PublishedTable, published_tables
from csp_pipeline.scorecard.read import CardFacts, Row

HIDDEN = Number("[c]", None)
NOT_COME = "No figure of the district has come."


@dataclass(frozen=True)
class Line:
    """One feed's figures of one measure: the years, the latest quarter after that of a year before, and how it moved."""

    measure: str
    title: str
    agency: str
    agency_name: str
    feed_title: str
    unit: str
    years: tuple[Number, ...]
    quarters: tuple[Number, ...]
    rate: Number
    change: Change
    quarter_change: Change
    notes: tuple[str, ...]

    @property
    def source(self) -> str:
        """`Leicestershire Police: Recorded crimes`."""
        return f"{self.agency_name}: {self.feed_title}"

    @property
    def main_change(self) -> Change:
        """That of the year, or of the quarter where no year is counted."""
        return self.quarter_change if self.is_quarterly else self.change

    @property
    def is_quarterly(self) -> bool:
        """Whether it is counted by quarters only."""
        return self.change is NO_TEST and self.quarter_change is not NO_TEST


@dataclass(frozen=True)
class Measure:
    """A measure: the preferred figures first, what other feeds give, and the open discrepancies about it."""

    name: str
    definition: str
    line: Line
    others: tuple[Line, ...]
    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True)
class Priority:
    """A priority of the plan: its measures that have figures, and those and its aims that have none."""

    key: str
    title: str
    measures: tuple[Measure, ...]
    without_figures: tuple[WithoutFiguresEntry, ...]

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """The open yearly discrepancies about its measures."""
        return tuple(conflict for measure in self.measures for conflict in measure.conflicts)

    @property
    def others(self) -> tuple[Line, ...]:
        """What other feeds give of its measures."""
        return tuple(line for measure in self.measures for line in measure.others)


@dataclass(frozen=True)
class Claim:
    """A published statement and its verdict; `words` are `[c]` where they would tell a protected count."""

    statement: str
    source: str
    reading: str | None
    verdict: str
    words: str


@dataclass(frozen=True)
class Card:
    """The whole scorecard; `shown_cells` are the figures that it tells, by cell in order."""

    partnership: str
    plan: str
    district: str
    as_at: date | None
    years: tuple[str, ...]
    quarters: tuple[str, ...]
    priorities: tuple[Priority, ...]
    tables: tuple[PublishedTable, ...]
    claims: tuple[Claim, ...]
    omission: str
    shown_cells: dict[str, float]

    @property
    def lines(self) -> tuple[Line, ...]:
        """The first line of every measure, each measure once."""
        return tuple({m.name: m.line for priority in self.priorities for m in priority.measures}.values())

    def moved(self, verdict: str) -> list[str]:
        """Titles of the measures whose latest change has a verdict: `rise`, `fall`, `within_chance`, `not_tested`."""
        return [line.title for line in self.lines if line.main_change.verdict == verdict]

    @property
    def disputed(self) -> dict[str, int]:
        """Open yearly discrepancies by measure."""
        found = {m.line.title: len(m.conflicts) for priority in self.priorities for m in priority.measures}
        return {title: count for title, count in found.items() if count}

    @property
    def verdicts(self) -> dict[str, int]:
        """Claims by verdict."""
        counts: dict[str, int] = {}
        for claim in self.claims:
            counts[claim.verdict] = counts.get(claim.verdict, 0) + 1
        return counts


def build_card(facts: Facts, card_facts: CardFacts) -> Card:
    """Put the scorecard together, without what may not be shown."""
    conflicts, file = conflicts_for_everybody(facts), card_facts.file
    hidden = _hidden(facts, card_facts)
    builder = _Builder(facts, card_facts, conflicts, hidden)
    return Card(
        partnership=facts.partnership,
        plan=file.plan,
        district=facts.area_name(facts.district),
        as_at=facts.as_at,
        years=card_facts.years,
        quarters=card_facts.quarters,
        priorities=tuple(builder.priority(key, entry) for key, entry in file.priorities.items()),
        tables=published_tables(file.published, builder.rows, builder.show, builder.source),
        claims=tuple(builder.claim(row) for row in card_facts.claims),
        omission=conflicts.omission,
        shown_cells=builder.shown_cells(),
    )


def cells_shown(facts: Facts, card_facts: CardFacts) -> frozenset[str]:
    """The cells of the figures that the scorecard shows, and so everybody knows."""
    return _cells(card_facts) - _hidden(facts, card_facts)


def _cells(card_facts: CardFacts) -> frozenset[str]:
    """The cells that the scorecard is made of, whether or not they may be shown."""
    figures = card_facts.figures
    shown = frozenset(figures.cell[figures.period.isin(_shown_periods(card_facts))])
    return shown | {used["cell"] for claim in card_facts.claims for used in claim["figures"]}


def _shown_periods(card_facts: CardFacts) -> list[str]:
    published = card_facts.file.published
    printed = [period for table in (published.tables if published else []) for period in table.periods]
    return [*card_facts.years, *card_facts.quarters, *printed]


@lru_cache(maxsize=1)
def _hidden(facts: Facts, card_facts: CardFacts) -> frozenset[str]:
    conflicts, file = conflicts_for_everybody(facts), card_facts.file
    on_front_page: dict[bool, set[str]] = {True: set(), False: set()}
    for conflict in conflicts.listed:
        for figure in conflict.figures:
            cell = f"{figure.agency}/{figure.feed}|{conflict.measure}|{conflict.area_code}|{conflict.period}"
            on_front_page[figure.value is not None].add(cell)
    shown, withheld, hidden = _cells(card_facts), frozenset(on_front_page[False]), frozenset[str]()
    leading = leading_for_everybody(facts)
    # each agency reads it with its own figures, and with its report
    for reader in readers(facts):
        seen = Seen(frozenset(on_front_page[True])) | seen_before(facts, reader)
        elsewhere = [] if reader is EVERYBODY else listed_for(facts, reader)
        numbers = conflict_numbers(facts, leading, reader, seen, elsewhere) if leading or elsewhere else None
        figures = card_facts.figures.merge(told_by_lists(facts, [*leading, *elsewhere], reader, seen), on="cell", how="left")
        hidden |= find_hidden(figures, shown, seen, withheld, file.sums, facts.rules, numbers, facts.parts, reader)
    return hidden


class _Builder:
    """Makes the parts of a card from rows; knows what is hidden."""

    def __init__(self, facts: Facts, card_facts: CardFacts, conflicts: Conflicts, hidden: frozenset[str]) -> None:
        self.facts, self.card_facts, self.conflicts, self.hidden = facts, card_facts, conflicts, hidden
        figures = card_facts.figures.astype(object).where(card_facts.figures.notna(), None)
        self.rows: list[Row] = [dict(zip(figures.columns, row, strict=True)) for row in figures.itertuples(index=False)]
        self.of_measure: dict[str, dict[str, list[Row]]] = {}
        for row in self.rows:
            self.of_measure.setdefault(row["measure"], {}).setdefault(row["feed"], []).append(row)
        self.changes = {(row["feed"], row["measure"], row["period"]): row for row in card_facts.changes}

    def priority(self, key: str, entry: PriorityEntry) -> Priority:
        known = [name for name in entry.measures if name in self.of_measure]
        not_come = [
            WithoutFiguresEntry(aim=self.card_facts.titles[name], reason=NOT_COME) for name in entry.measures if name not in known
        ]
        return Priority(key, entry.title, tuple(self.measure(name) for name in known), (*not_come, *entry.without_figures))

    def measure(self, name: str) -> Measure:
        feeds = self.of_measure[name]
        first, *others = (self.line(name, feeds[feed]) for feed in self.ranked(feeds))
        others.sort(key=lambda line: (line.agency_name, line.feed_title))
        about = tuple(conflict for conflict in self.conflicts.listed if conflict.measure == name)
        return Measure(name, feeds[next(iter(feeds))][0]["definition"], first, tuple(others), about)

    def ranked(self, feeds: dict[str, list[Row]]) -> list[str]:
        """The feed first whose figure is preferred in the latest period shown; the others in their order."""
        order = [*self.card_facts.quarters, *self.card_facts.years]

        def latest_preferred(feed: str) -> int:
            return max((order.index(r["period"]) for r in feeds[feed] if r["is_preferred"] and r["period"] in order), default=-1)

        return sorted(feeds, key=latest_preferred, reverse=True)

    def line(self, name: str, rows: list[Row]) -> Line:
        by_period, some = {row["period"]: row for row in rows}, rows[0]
        years, quarters = self.card_facts.years, self.card_facts.quarters
        shown = [by_period[period] for period in (*years, *quarters) if period in by_period]
        change, quarter_change = (self.change(some["feed"], name, periods, by_period) for periods in (years, quarters))
        return Line(
            measure=name,
            title=some["title"],
            agency=some["agency"],
            agency_name=self.facts.agency_name(some["agency"]),
            feed_title=self.facts.feed_title(some["agency"], some["feed"].partition("/")[2]),
            unit=some["unit"],
            years=tuple(self.show(by_period.get(period)) for period in years),
            quarters=tuple(self.show(by_period.get(period)) for period in quarters),
            rate=self.rate(by_period.get(years[-1]) if years else None),
            change=change,
            quarter_change=quarter_change,
            notes=self.notes(shown, change, quarter_change),
        )

    def show(self, row: Row | None) -> Number:
        return HIDDEN if row is not None and row["cell"] in self.hidden else shown_number(row)

    def source(self, row: Row) -> str:
        agency, _, feed = row["feed"].partition("/")
        return f"{self.facts.agency_name(agency)}: {self.facts.feed_title(agency, feed)}"

    def rate(self, row: Row | None) -> Number:
        if row is None or row["per_1000"] is None:
            return Number("[z]", None)
        return HIDDEN if row["cell"] in self.hidden else Number(f"{row['per_1000']:,.2f}", row["per_1000"])

    def change(self, feed: str, measure: str, periods: tuple[str, ...], by_period: dict[str, Row]) -> Change:
        if len(periods) < 2 or (feed, measure, periods[-1]) not in self.changes:
            return NO_TEST
        before, now = (by_period.get(period) for period in periods[-2:])
        if any(row is not None and row["cell"] in self.hidden for row in (before, now)):
            return Change("[c]", "[c]", "withheld", None, None, None, None)
        return word_change(self.changes[feed, measure, periods[-1]])

    def notes(self, rows: list[Row], change: Change, quarter_change: Change) -> tuple[str, ...]:
        notes = [note for row in rows if row["cell"] not in self.hidden and (note := whole_note(row))]
        if change.is_low or (change is NO_TEST and quarter_change.is_low):
            notes.append("[low] a count under 20, which moves much by chance")
        if quarter_change.verdict in ("rise", "fall") and change is not NO_TEST:
            notes.append(f"{self.card_facts.quarters[-1]}: {quarter_change.words}")
        return tuple(dict.fromkeys(notes))

    def is_withheld(self, claim: Row) -> bool:
        """Whether the figures of a statement may not be told."""
        rules = self.facts.rules
        return any(
            used["cell"] in self.hidden
            or (rules.is_small(used["value"]) and rules.is_protected(used["feed"], used["unit"], EVERYBODY))
            for used in claim["figures"]
        )

    def shown_cells(self) -> dict[str, float]:
        """The figures that are told, by cell in order: in tables, and in what the figures say to statements."""
        figures = self.card_facts.figures
        in_tables = figures[figures.period.isin(_shown_periods(self.card_facts)) & figures.value.notna()]
        told = dict(zip(in_tables.cell, in_tables.value.astype(float), strict=True))
        for row in self.card_facts.claims:
            if not self.is_withheld(row):
                told |= {used["cell"]: float(used["value"]) for used in row["figures"] if used["value"] is not None}
        return {cell: told[cell] for cell in sorted(told) if cell not in self.hidden}

    def claim(self, row: Row) -> Claim:
        is_withheld, highest = self.is_withheld(row), self.facts.rules.highest
        words = f"[c] The figures would tell a count of 1 to {highest}." if is_withheld else row["sentence"]
        return Claim(row["statement"], row["source"], row["reading"], row["verdict"], words)


def rows_of(card: Card, *, as_numbers: bool = False) -> list[dict[str, Any]]:
    """The first line of every measure as plain rows, for the command and the preview.

    `as_numbers`: for programs, with figures, rates and changes in per cent as numbers; a mark such as `[c]` stands where
    there is none.
    """

    def cell(number: Number) -> float | str:
        return number.text if number.value is None or not as_numbers else number.value

    def change(line: Line) -> float | str:
        moved = line.main_change
        return moved.text if moved.percent is None or not as_numbers else moved.percent

    return [
        {
            "priority": priority.title,
            "measure": measure.line.title,
            "source": measure.line.source,
            **{year: cell(number) for year, number in zip(card.years, measure.line.years, strict=True)},
            "per_1000": cell(measure.line.rate),
            "change_percent" if as_numbers else "change": change(measure.line),
            "verdict": measure.line.main_change.words,
            **{quarter: cell(number) for quarter, number in zip(card.quarters, measure.line.quarters, strict=True)},
            "open_discrepancies": len(measure.conflicts) if measure.others else "[z]",
        }
        for priority in card.priorities
        for measure in priority.measures
    ]


__all__ = ["MISSING", "Card", "Claim", "Line", "Measure", "Priority", "build_card", "rows_of"]
