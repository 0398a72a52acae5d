"""Counting for a definition search: the records are read once, whatever the number of variants.

Each record is boiled down to the conditions it meets (its *traits*), its month on each date basis and its place on each area
basis. Records that are alike in all of these are counted together, so that a variant is a sum over kinds of records. Distinct
units do not add up; but a unit that has one record does, so only the few units with several are looked at one by one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from csp_pipeline.figures.count import units_of
from csp_pipeline.reconcile.search_space import FIRST, LAST, MIDDLE, ONLY, PART, Trait
from csp_pipeline.sql import read_sql
from csp_pipeline.tables import FeedSpec

PARTS = 4
# Identifiers are sorted this many at a time, which bounds the memory.
SORTED_AT_ONCE = 4_000_000
Numbers = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Grid:
    """Areas and periods that are counted for one area level and one kind of period; a *cell* is one area in one period.

    `area_of_place` and `period_of_month` give numbers, -1 for none; `part_of_month` says where the month lies in its period.
    """

    areas: tuple[str, ...]
    periods: tuple[str, ...]
    area_of_place: Numbers
    period_of_month: Numbers
    part_of_month: Numbers

    def cells_of(self, areas: pd.Series, periods: pd.Series) -> Numbers:
        """The cells of areas and periods given pairwise."""
        area = {code: number for number, code in enumerate(self.areas)}
        period = {label: number for number, label in enumerate(self.periods)}
        pairs = zip(areas.tolist(), periods.tolist(), strict=True)
        return np.array([area[code] * len(period) + period[label] for code, label in pairs], dtype=int)


@dataclass(frozen=True)
class Tally:
    """How many units there are in each cell, by traits: a variant's count is the sum over the traits that it accepts.

    `cell`, `element` and `number` stand for units with a single kind of record, `element` being traits and part of the period
    in one number. Unit number `member_unit`, in `unit_cell`, has several kinds of records, and counts once for any of them.
    """

    cell: Numbers
    element: Numbers
    number: Numbers
    unit_cell: Numbers
    member_unit: Numbers
    member_element: Numbers


@dataclass(frozen=True)
class Places:
    """The places that records name, numbered, and the months that have figures: `table` has `place` and `code`."""

    table: pd.DataFrame
    elsewhere: int
    first_month: int
    months: int

    @property
    def size(self) -> int:
        """One more than the largest code."""
        return int(self.table.code.max()) + 1 if len(self.table) else 1


def place_codes(rollup: pd.DataFrame, searched: pd.Series, periods: pd.DataFrame) -> Places:
    """Number the places of a feed's rollup (`place`, `area_code`), alike where they lie in the same of the searched areas.

    Code 0 stands for places in none of them. `periods` are the rows of the months that have figures.
    """
    wanted = set(searched)
    lies_in: dict[str, tuple[str, ...]] = {}
    for place, area in sorted(zip(rollup.place.tolist(), rollup.area_code.tolist(), strict=True)):
        lies_in[place] = (*lies_in.get(place, ()), *([area] if area in wanted else []))
    numbers = {areas: number for number, areas in enumerate(sorted({(), *lies_in.values()}))}
    table = pd.DataFrame({"place": list(lies_in), "code": [numbers[areas] for areas in lies_in.values()]})
    elsewhere = numbers[lies_in.get("elsewhere", ())]
    return Places(table, elsewhere, _month_number(periods.period_start.min()), len(periods))


def make_grid(places: Places, rollup: pd.DataFrame, level: pd.DataFrame, periods: pd.DataFrame) -> Grid:
    """The grid of one area level (`level`: rows of `areas`) and one kind of period (`periods`: its rows).

    Areas of one level do not overlap, nor do periods of one kind: a record lies in one cell at most.
    """
    areas = tuple(sorted(level.area_code))
    number_of = {code: number for number, code in enumerate(areas)}
    code_of = dict(zip(places.table.place.tolist(), places.table.code.tolist(), strict=True))
    area_of_place = np.full(places.size, -1)
    for place, area in zip(rollup.place.tolist(), rollup.area_code.tolist(), strict=True):
        if area in number_of:
            area_of_place[code_of[place]] = number_of[area]
    ordered = periods.sort_values("period_start")
    period_of_month, part_of_month = np.full(places.months + 1, -1), np.zeros(places.months + 1, dtype=int)
    for number, (start, length) in enumerate(zip(ordered.period_start, ordered.months, strict=True)):
        first = _month_number(start) - places.first_month + 1
        period_of_month[first : first + length] = number
        part_of_month[first : first + length] = [ONLY] if length == 1 else [FIRST, *[MIDDLE] * (length - 2), LAST]
    return Grid(areas, tuple(ordered.period), area_of_place, period_of_month, part_of_month)


class RecordReading:
    """One feed's current records, read once for the traits given, and tallied as often as wanted.

    Identifiers are compared by their 64-bit hashes.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        current_records: str,
        spec: FeedSpec,
        traits: Mapping[str, Trait],
        places: Places,
    ) -> None:
        """Read the records that the SQL text `current_records` selects; duckdb.Error when a condition fails on one."""
        self.connection = connection
        self.places = places
        self.units = {str(unit["name"]): unit for unit in units_of(spec)}
        self.columns = [str(unit["column"]) for unit in self.units.values() if unit["column"] is not None]
        self.dates, self.areas = spec.columns_with_role("date"), spec.columns_with_role("area")
        blanks = [Trait(f"blank {column}", f'CASE WHEN "{column}" IS NULL THEN 1 ELSE 0 END', 2) for column in self.columns]
        self.traits = _multiplied([(trait.name, trait.size) for trait in [*traits.values(), *blanks]])
        self.spots = _multiplied(
            [(f"search_month_{i}", places.months + 1) for i in range(len(self.dates))]
            + [(f"search_place_{i}", places.size) for i in range(len(self.areas))]
        )
        connection.register("search_places_frame", places.table)
        connection.execute("CREATE OR REPLACE TEMP TABLE search_places AS SELECT * FROM search_places_frame").fetchall()
        query = read_sql(
            "csp_pipeline.reconcile",
            "search_records",
            current_records=current_records,
            areas=list(self.areas.values()),
            dates=list(self.dates.values()),
            elsewhere=places.elsewhere,
            month_before=places.first_month - 1,
            months=places.months,
            traits=[{"sql": trait.sql, "multiplier": self.traits[trait.name][0]} for trait in [*traits.values(), *blanks]],
            spots=[
                {"column": name, "multiplier": multiplier, "is_month": name.startswith("search_month")}
                for name, (multiplier, _) in self.spots.items()
            ],
            units=self.columns,
        )
        connection.execute(f"CREATE OR REPLACE TEMP TABLE search_records AS {query}").fetchall()

    @cached_property
    def kinds(self) -> dict[str, Numbers]:
        """Every kind of record with its number: arrays `traits`, `spots`, `n`."""
        return self._fetch("SELECT traits, spots, count(*) AS n FROM search_records GROUP BY ALL ORDER BY ALL")

    @cached_property
    def repeats(self) -> dict[str, list[dict[str, Numbers]]]:
        """For each identifier's column, the records of values that occur more than once: arrays `unit`, `traits`, `spots`."""
        return {column: self._repeats_of(f"unit_{index}") for index, column in enumerate(self.columns)}

    def digits(self, element: Numbers, trait: str) -> Numbers:
        """The codes of one trait in elements."""
        if trait == PART:
            return element % PARTS
        multiplier, size = self.traits[trait]
        return element // PARTS // multiplier % size

    def tally(self, date: str, unit: str, area: str, grid: Grid) -> Tally:
        """Count one unit on one date and area basis."""
        spots = (f"search_month_{list(self.dates).index(date)}", f"search_place_{list(self.areas).index(area)}")
        column = self.units[unit]["column"]
        cell, element, number = self._lay_out(self.kinds, grid, *spots)
        kept = cell >= 0
        if column is not None and not self.units[unit]["blank_counts"]:
            kept &= self._digit(self.kinds["traits"], self.traits[f"blank {column}"]) == 0
        singles = [(cell[kept], element[kept], number[kept])]
        units: list[tuple[Numbers, Numbers, Numbers]] = []
        for rows in self.repeats[str(column)] if column is not None else []:
            cell, element, _ = self._lay_out(rows, grid, *spots)
            kept = cell >= 0
            cell, element, number = cell[kept], element[kept], rows["unit"][kept]
            records, once, several = _group_units(number, cell, element)
            # they do not count one by one, as all records above do
            singles.append((*records, np.full(len(records[0]), -1)))
            singles.append((*once, np.ones(len(once[0]), dtype=int)))
            units.append(several)
        cell, element, number = (np.concatenate(arrays) for arrays in zip(*singles, strict=True))
        counts = np.cumsum([0, *(len(unit_cell) for unit_cell, _, _ in units)])
        return Tally(
            cell,
            element,
            number,
            _joined([unit_cell for unit_cell, _, _ in units]),
            _joined([member + start for (_, member, _), start in zip(units, counts, strict=False)]),
            _joined([element for _, _, element in units]),
        )

    def _lay_out(self, rows: dict[str, Numbers], grid: Grid, month: str, place: str) -> tuple[Numbers, Numbers, Numbers]:
        """Cell, element and number of rows; the cell is -1 where a row lies in none."""
        at = self._digit(rows["spots"], self.spots[month])
        period = grid.period_of_month[at]
        area = grid.area_of_place[self._digit(rows["spots"], self.spots[place])]
        cell = np.where((period < 0) | (area < 0), -1, area * len(grid.periods) + period)
        # which identifiers are blank says how a record counts, not what it is
        blanks = min((self.traits[f"blank {column}"][0] for column in self.columns), default=None)
        traits = rows["traits"] % blanks if blanks is not None else rows["traits"]
        return cell, traits * PARTS + grid.part_of_month[at], rows.get("n", cell)

    def _repeats_of(self, column: str) -> list[dict[str, Numbers]]:
        total = int(self.kinds["n"].sum())
        shares = 1 + total // SORTED_AT_ONCE
        found = []
        for share in range(shares):
            within = f"{column} IS NOT NULL AND {column} % {shares} = {share}" if shares > 1 else f"{column} IS NOT NULL"
            values = np.sort(self._fetch(f"SELECT {column} AS unit FROM search_records WHERE {within}")["unit"])
            repeated = np.unique(values[1:][values[1:] == values[:-1]])
            if not len(repeated):
                continue
            self.connection.register("search_repeated", pa.table({"value": repeated, "unit": np.arange(len(repeated))}))
            found.append(
                self._fetch(
                    f"SELECT r.unit, s.traits, s.spots FROM search_records s JOIN search_repeated r ON r.value = s.{column}"
                )
            )
            self.connection.unregister("search_repeated")
        return found

    def _fetch(self, query: str) -> dict[str, Numbers]:
        return {name: np.asarray(values) for name, values in self.connection.execute(query).fetchnumpy().items()}

    @staticmethod
    def _digit(packed: Numbers, place: tuple[int, int]) -> Numbers:
        return packed // place[0] % place[1]


def _group_units(
    unit: Numbers, cell: Numbers, element: Numbers
) -> tuple[tuple[Numbers, Numbers], tuple[Numbers, Numbers], tuple[Numbers, Numbers, Numbers]]:
    """Records to units, where a unit has several in a cell: cell and element of these records; of the units among them that have
    one kind of record; and of the others the cell of each unit, and unit and element of each kind of record it has.
    """
    key = unit * (int(cell.max(initial=0)) + 1) + cell
    order = np.argsort(key)
    key, cell, element = key[order], cell[order], element[order]
    follows = np.zeros(len(key) + 1, dtype=bool)
    follows[1:-1] = key[1:] == key[:-1]
    alone = ~(follows[:-1] | follows[1:])
    key, cell, element = key[~alone], cell[~alone], element[~alone]
    records = (cell, element)
    # of records of one unit that are alike, one is enough
    order = np.lexsort((element, key))
    key, cell, element = key[order], cell[order], element[order]
    differs = np.ones(len(key), dtype=bool)
    differs[1:] = (key[1:] != key[:-1]) | (element[1:] != element[:-1])
    key, cell, element = key[differs], cell[differs], element[differs]
    _, first, member, size = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    alike = size[member] == 1
    renumbered = np.cumsum(size > 1) - 1
    several = (cell[first][size > 1], renumbered[member[~alike]], element[~alike])
    return records, (cell[alike], element[alike]), several


def _multiplied(sizes: Sequence[tuple[str, int]]) -> dict[str, tuple[int, int]]:
    """Multiplier and size of each place in a number of mixed bases."""
    places, multiplier = {}, 1
    for name, size in sizes:
        places[name] = (multiplier, size)
        multiplier *= size
    return places


def _joined(arrays: Sequence[Numbers]) -> Numbers:
    return np.concatenate(arrays) if arrays else np.zeros(0, dtype=int)


def _month_number(day: Any) -> int:
    return pd.Timestamp(day).year * 12 + pd.Timestamp(day).month
