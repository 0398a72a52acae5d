"""What reports that were sent tell beside today's: small counts as they were then, and have been revised since."""

from collections import defaultdict
from datetime import date
from functools import lru_cache

import numpy as np
import pandas as pd

from csp_pipeline.reports.disclosure_cells import Numbers, Seen, figure_numbers, found_in, numbers
from csp_pipeline.reports.read import Facts

# The day of each feed on which its figures had last changed.
State = tuple[tuple[str, pd.Timestamp], ...]


def earlier_numbers(facts: Facts, audience: str | None, seen: Seen, figures: pd.DataFrame) -> Numbers:
    """What added up to what when earlier reports were made, as disclosure.protect takes it, among today's `figures` (as in
    `Facts.figures`).

    A figure that has been revised since is a cell of its own, which no report of today shows; one that has not is the same
    number still. So whoever kept a report in which a year of 16 was 7, a 6 that was withheld and a 3 that was not told can
    work out the 3 once today's figures tell the 6.
    """
    found = numbers(figures.iloc[:0][["cell", "value"]])
    for number, (state, shown) in enumerate(_told_of_states(facts, seen).items()):
        values = _values_of_state(facts, figures, state, shown)
        then = figures.assign(value=values, is_known=found_in(figures.cell, shown))
        found += _numbers_of_then(facts, audience, figures, then, f"@{number}")
    return found


def stood_beside_a_small_count(facts: Facts, cell: str, known_from: date, known_to: date | None) -> bool:
    """Whether, while a figure was what it is no more, a count was small that adds up to it, or to which it adds up, and that has
    been revised since: that one could be worked out from the figure of then and others that have not moved.
    """
    if known_to is None:
        return False
    return any(start < known_to and end > known_from for start, end in _small_once(facts).get(cell, []))


@lru_cache(maxsize=1)
def _small_once(facts: Facts) -> dict[str, list[tuple[date, date]]]:
    """When a count was small that has been revised since: by the cells that it stands in a sum with."""
    former = facts.vintages[facts.vintages.known_to.notna()]
    now = former.cell.map(facts.figures.set_index("cell").value)
    small = former[(former.value > 0) & (former.value < facts.rules.highest + 1) & (former.value != now)]
    relations = facts.sums.relations[["relation", "cell"]]
    tied = small.merge(relations, on="cell").merge(relations, on="relation", suffixes=("_small", ""))
    found: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for cell, start, end in zip(tied.cell, tied.known_from, tied.known_to, strict=True):
        found[cell].append((start.date(), end.date()))
    return dict(found)


def _told_of_states(facts: Facts, seen: Seen) -> dict[State, dict[str, float]]:
    """What earlier reports showed, by the state of the figures that they were made from."""
    of_feeds = {str(feed): vintages for feed, vintages in facts.vintages.groupby("feed")}
    told: dict[State, dict[str, float]] = defaultdict(dict)
    for as_at, shown in sorted(seen.reports, key=lambda report: report[0]):
        values = dict(shown)
        days = {feed: _day_of(vintages, pd.Timestamp(as_at), values) for feed, vintages in of_feeds.items()}
        told[tuple((feed, day) for feed, day in days.items() if day is not None)] |= values
    return told


def _day_of(vintages: pd.DataFrame, as_at: pd.Timestamp, shown: dict[str, float]) -> pd.Timestamp | None:
    """The last day on which a feed's figures changed before a report, as far as what it showed tells: a file may have been
    extracted before, and have come after it.
    """
    fitting = vintages[vintages.cell.map(shown) == vintages.value]
    days = np.unique(vintages.known_from[vintages.known_from <= as_at])
    if not len(days):
        return None
    begun, over = (
        np.searchsorted(np.sort(changes.dropna()), days, "right") for changes in (fitting.known_from, fitting.known_to)
    )
    return pd.Timestamp(days[begun - over == (begun - over).max()][-1])


def _numbers_of_then(facts: Facts, audience: str | None, figures: pd.DataFrame, then: pd.DataFrame, mark: str) -> Numbers:
    """The relations that held when figures were as they were `then`, and hold some that is another one today; what is of then
    is named with a mark.
    """
    revised = then[then.value.notna() & (then.value != figures.value)]
    if revised.empty:
        return numbers(revised[["cell", "value"]])
    sums = facts.sums_of(then[then.value.notna()]).among(revised.cell)
    # rests, of which nobody sees any, are those of then as well
    of_then = frozenset(revised.cell) | frozenset(sums.cells.cell)
    relations = sums.relations.assign(
        relation=sums.relations.relation + mark,
        cell=sums.relations.cell.mask(found_in(sums.relations.cell, of_then), sums.relations.cell + mark),
    )
    cells = revised.assign(cell=revised.cell + mark, loss=0.0)
    return figure_numbers(cells, facts.rules, audience) + Numbers(sums.cells.assign(cell=sums.cells.cell + mark), relations)


def _values_of_state(facts: Facts, figures: pd.DataFrame, state: State, shown: dict[str, float]) -> pd.Series:
    """Figures as they were in a state: as a report showed them, else as known; none where nothing had come.

    A figure of which no vintages are kept has always been nothing.
    """
    vintages, at = facts.vintages, pd.to_datetime(facts.vintages.feed.map(dict(state)))  # none where nothing had come
    of_state = vintages[(vintages.known_from <= at) & (vintages.known_to.isna() | (vintages.known_to > at))]
    known = figures.cell.map(of_state.set_index("cell").value)
    has_vintages = found_in(figures.cell, vintages.cell)
    return figures.cell.map(shown).astype(float).fillna(known.where(has_vintages, figures.value))
