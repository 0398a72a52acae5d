"""The definition searches of one feed: its records are read once, then each measure's variants are counted and fitted."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod

import duckdb
import pandas as pd

from csp_pipeline.figures.count import rollup_of, units_of
from csp_pipeline.partnership.measures import MeasureBook
from csp_pipeline.partnership.partnership import Feed, Partnership
from csp_pipeline.partnership.periods import MONTHS_IN
from csp_pipeline.reconcile.search_count import PARTS, Grid, Places, RecordReading, Tally, make_grid, place_codes
from csp_pipeline.reconcile.search_fit import Target, count_variant, fit_variants
from csp_pipeline.reconcile.search_rows import FoundRows, Subject
from csp_pipeline.reconcile.search_space import Conditions, Space, closed_columns, space_of, traits_needed
from csp_pipeline.tables import FeedSpec

# The traits of a record are kept in one 64-bit number.
MOST_KINDS = 2**60


@dataclass(frozen=True)
class Search:
    """One search to be made: its subject, the comparisons that are searched, and the variants to try."""

    subject: Subject
    rows: pd.DataFrame
    space: Space


def search_feed(
    connection: duckdb.DuckDBPyConnection,
    partnership: Partnership,
    book: MeasureBook,
    spec: FeedSpec,
    feed: Feed,
    current_records: str | None,
    comparisons: pd.DataFrame,
    periods: pd.DataFrame,
    found: FoundRows,
) -> None:
    """Make all searches that count one feed's records; each adds its rows to `found`.

    `current_records` is SQL for the records that hold today, None where there are none; `comparisons` are rows of
    `read_comparisons` for this feed, in its order; `periods` is the `periods` table.
    """
    conditions = Conditions(connection, closed_columns(spec))
    searches = []
    for (measure, other), rows in comparisons.groupby(["measure", "other"], sort=False):
        # of a pair that may be compared nowhere there is a single row, which says so
        is_comparable = bool(rows.is_comparable.iloc[0])
        level, kind = (str(rows[name].iloc[0]) if is_comparable else None for name in ("area_level", "period_kind"))
        subject = Subject.of(partnership, book, str(measure), feed.key, str(other), level, kind)
        if kind is None or current_records is None:
            found.add_nothing_to_compare(subject)
        else:
            space = space_of(book.measures[subject.measure].feeds[feed.key], spec, kind, conditions)
            searches.append(Search(subject, rows, space))
    if not searches or current_records is None:
        return
    rollup = rollup_of(partnership, feed, spec, adds_up=True)
    searched = partnership.areas[partnership.areas.area_level.isin({search.subject.area_level for search in searches})]
    places = place_codes(rollup, searched.area_code, periods[periods.months == 1])
    tolerances = {rule.name: rule for rule in book.tolerances}
    grids = {
        (level, kind): make_grid(places, rollup, searched[searched.area_level == level], periods[periods.period_kind == kind])
        for level, kind in sorted({(str(s.subject.area_level), str(s.subject.period_kind)) for s in searches})
    }
    for batch in _batches(searches, conditions, len(units_of(spec))):
        tallies = Tallies(read_records(connection, current_records, spec, [s.space for s in batch], conditions, places))
        for search in batch:
            rule = tolerances[search.rows.rule.iloc[0]]
            grid = grids[str(search.subject.area_level), str(search.subject.period_kind)]
            _search(search, make_target(search.rows, grid, rule.absolute, rule.relative), tallies, grid, spec, found)


@dataclass
class Tallies:
    """The tallies made from one reading of the records, each made once."""

    reading: RecordReading
    _made: dict[tuple[str, str, str, int], Tally] = field(default_factory=dict)

    def get(self, date: str, unit: str, area: str, grid: Grid) -> Tally:
        """The tally of one date basis, unit and area basis on a grid."""
        key = (date, unit, area, id(grid))
        if key not in self._made:
            self._made[key] = self.reading.tally(date, unit, area, grid)
        return self._made[key]


def read_records(
    connection: duckdb.DuckDBPyConnection,
    current_records: str,
    spec: FeedSpec,
    spaces: list[Space],
    conditions: Conditions,
    places: Places,
) -> RecordReading:
    """Read the records once for all variants of some measures.

    A condition may rely on another one to keep from it the records that it cannot be computed for; tried without that other
    one, it does not hold for those.
    """
    try:
        traits = {name: trait for space in spaces for name, trait in traits_needed(space, conditions).items()}
        return RecordReading(connection, current_records, spec, traits, places)
    except (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException):
        traits = {name: t for space in spaces for name, t in traits_needed(space, conditions, guarded=True).items()}
        return RecordReading(connection, current_records, spec, traits, places)


def make_target(rows: pd.DataFrame, grid: Grid, absolute: float, relative: float) -> Target:
    """The numbers of comparable rows, which are in order of period."""
    period, _ = pd.factorize(rows.period)
    cell = grid.cells_of(rows.area_code, rows.period)
    return Target(cell, period, rows.low.to_numpy(float), rows.high.to_numpy(float), absolute, relative)


def _search(search: Search, target: Target, tallies: Tallies, grid: Grid, spec: FeedSpec, found: FoundRows) -> None:
    grains = {item.name: item.grain for item in spec.derived}
    columns = spec.columns_with_role("date")

    def tells_months(date: str) -> bool:
        return MONTHS_IN[grains.get(columns[date], "month")] == 1

    def tally(date: str, unit: str, area: str) -> Tally:
        return tallies.get(date, unit, area, grid)

    fit = fit_variants(search.space, target, tallies.reading, tally, tells_months)
    headline, best = (
        count_variant(variant, search.space, target.cell, tallies.reading, tally(*(o.value for o in fit.options(variant)[:3])))
        for variant in (0, fit.best)
    )
    found.add(search.subject, fit, search.rows, headline, best)


def _batches(searches: list[Search], conditions: Conditions, units: int) -> Iterator[list[Search]]:
    """Searches in order, as many together as the traits of a record fit into one number."""
    batch: list[Search] = []
    traits: dict[str, int] = {}
    for search in searches:
        more = traits | {name: trait.size for name, trait in traits_needed(search.space, conditions).items()}
        if batch and prod(more.values()) * 2**units * PARTS > MOST_KINDS:
            yield batch
            batch, more = [], {name: trait.size for name, trait in traits_needed(search.space, conditions).items()}
        batch, traits = [*batch, search], more
    yield batch
