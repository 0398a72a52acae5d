"""What reports that were sent tell beside today's: small counts as they were then, and have been revised since."""

from collections import defaultdict
from datetime import date
from functools import lru_cache

import pandas as pd

from csp_pipeline.reports.disclosure_cells import Numbers, Seen, figure_numbers, found_in, numbers
from csp_pipeline.reports.read import Facts


def earlier_numbers(facts: Facts, audience: str | None, seen: Seen, figures: pd.DataFrame) -> Numbers:
    """What added up to what when earlier reports were made, as disclosure.protect takes it, among today's `figures` (as in
    `Facts.figures`).

    A figure that has been revised since is a cell of its own, which no report of today shows; one that has not is the same
    number still. So whoever kept a report in which a year of 16 was 7, a 6 that was withheld and a 3 that was not told can
    work out the 3 once today's figures tell the 6.
    """
    found = numbers(figures.iloc[:0][["cell", "value"]])
    for day, shown in _told_as_at(facts, seen).items():
        found += _numbers_as_at(facts, audience, figures, day, shown)
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


def _told_as_at(facts: Facts, seen: Seen) -> dict[date, dict[str, float]]:
    """What earlier reports showed, by the last day before each on which figures changed; not those that no change came after."""
    changes = sorted({day.date() for day in facts.vintages.known_from})
    told: dict[date, dict[str, float]] = defaultdict(dict)
    for as_at, shown in sorted(seen.reports, key=lambda report: report[0]):
        before = [day for day in changes if day <= date.fromisoformat(as_at)]
        if before and before[-1] != changes[-1]:
            told[before[-1]] |= dict(shown)
    return told


def _numbers_as_at(facts: Facts, audience: str | None, figures: pd.DataFrame, day: date, shown: dict[str, float]) -> Numbers:
    """The relations that held on a day and hold some figure that is another one today, with these figures as they were."""
    then = figures.assign(value=_values_as_at(facts, figures, day, shown))
    is_revised = then.value.notna() & (then.value != figures.value)
    revised = then[is_revised]
    if revised.empty:
        return numbers(revised[["cell", "value"]])
    sums = facts.sums_of(then[then.value.notna()]).among(revised.cell)
    # rests, of which nobody sees any, are those of the day as well
    of_the_day, mark = frozenset(revised.cell) | frozenset(sums.cells.cell), f"@{day}"
    relations = sums.relations.assign(
        relation=sums.relations.relation + mark,
        cell=sums.relations.cell.mask(found_in(sums.relations.cell, of_the_day), sums.relations.cell + mark),
    )
    cells = revised.assign(cell=revised.cell + mark, loss=0.0, is_known=found_in(revised.cell, shown))
    return figure_numbers(cells, facts.rules, audience) + Numbers(sums.cells.assign(cell=sums.cells.cell + mark), relations)


def _values_as_at(facts: Facts, figures: pd.DataFrame, day: date, shown: dict[str, float]) -> pd.Series:
    """Figures as they were on a day: as a report showed them, else as known on it; none where nothing had come.

    A figure of which no vintages are kept has always been nothing.
    """
    vintages, at = facts.vintages, pd.Timestamp(day)
    of_day = vintages[(vintages.known_from <= at) & (vintages.known_to.isna() | (vintages.known_to > at))]
    known = figures.cell.map(of_day.set_index("cell").value)
    has_vintages = found_in(figures.cell, vintages.cell)
    return figures.cell.map(shown).astype(float).fillna(known.where(has_vintages, figures.value))
