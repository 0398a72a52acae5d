"""An attacker on published tables, written apart from the code it attacks: it bounds numbers that it may not see.

It states its programmes in the numbers themselves (never below 0 where they are counts, whole), and asks for the least and
the most of each: the code under test works with distances from the truth, and only asks whether two ends are possible.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

MOST = 1_000_000.0


@dataclass
class Attacker:
    """What an attacker knows: numbers it sees, sums that are 0, and for what it does not see ranges, several where disjoint.

    `signed` are the numbers that may be negative or broken. Any other is a whole number from 0 up.
    """

    seen: Mapping[str, float]
    sums: list[dict[str, float]]
    ranges: Mapping[str, list[tuple[float, float]]] = field(default_factory=dict)
    signed: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._of_cell: dict[str, list[int]] = defaultdict(list)
        for number, total in enumerate(self.sums):
            for cell in total:
                self._of_cell[cell].append(number)

    def bounds_of(self, cells: Iterable[str], low: float = -MOST, high: float = MOST) -> dict[str, tuple[float, float]]:
        """The least and most of each unseen cell; it is not asked how far they go beyond `low` and `high`."""
        asked = sorted(cells)
        if not asked:
            return {}
        whole = Programme()
        places = []
        for cell in asked:
            tied, sums = self._tied_to(cell)
            for sign in (1.0, -1.0):
                place = self._add(whole, cell, tied, sums)
                least, most = whole.bounds[place]
                whole.bounds[place] = (max(least, min(low, most)), most) if sign > 0 else (least, min(most, max(high, least)))
                whole.aims[place] = sign
                places.append(place)
        ends = whole.solution()[places].round(6)
        return {cell: (float(ends[2 * i]), float(ends[2 * i + 1])) for i, cell in enumerate(asked)}

    def _tied_to(self, start: str) -> tuple[list[str], list[int]]:
        """All unseen numbers that sums tie to one, directly or through others, and these sums."""
        cells, sums, waiting = {start: None}, dict[int, None](), [start]
        while waiting:
            for number in self._of_cell[waiting.pop()]:
                sums[number] = None
                new = [cell for cell in self.sums[number] if cell not in self.seen and cell not in cells]
                cells |= dict.fromkeys(new)
                waiting += new
        return list(cells), list(sums)

    def _add(self, whole: "Programme", asked: str, cells: list[str], sums: list[int]) -> int:
        """Add variables for these cells with all that is known of them; gives the place of the one asked for."""
        place = {
            cell: whole.variable(-MOST if cell in self.signed else 0.0, MOST, is_whole=cell not in self.signed) for cell in cells
        }
        for number in sums:
            total = self.sums[number]
            rest = -sum(factor * self.seen[cell] for cell, factor in total.items() if cell in self.seen)
            whole.row([(place[cell], factor) for cell, factor in total.items() if cell in place], rest, rest)
        for cell in cells:
            ranges = self.ranges.get(cell, [])
            if ranges:
                least, most = whole.bounds[place[cell]]
                whole.bounds[place[cell]] = (max(least, min(r[0] for r in ranges)), min(most, max(r[1] for r in ranges)))
            if len(ranges) > 1:
                # one of the ranges: a choice of 0 or 1 for each, of which one is taken
                picks = [whole.variable(0.0, 1.0, is_whole=True) for _ in ranges]
                whole.row([(pick, 1.0) for pick in picks], 1.0, 1.0)
                whole.row([(place[cell], 1.0), *((p, -r[0]) for p, r in zip(picks, ranges, strict=True))], 0.0, np.inf)
                whole.row([(place[cell], 1.0), *((p, -r[1]) for p, r in zip(picks, ranges, strict=True))], -np.inf, 0.0)
        return place[asked]


@dataclass
class Programme:
    """A linear programme in whole numbers as it is put together."""

    aims: list[float] = field(default_factory=list)
    bounds: list[tuple[float, float]] = field(default_factory=list)
    is_whole: list[bool] = field(default_factory=list)
    entries: list[tuple[int, int, float]] = field(default_factory=list)
    limits: list[tuple[float, float]] = field(default_factory=list)

    def variable(self, low: float, high: float, *, is_whole: bool) -> int:
        self.aims.append(0.0)
        self.bounds.append((low, high))
        self.is_whole.append(is_whole)
        return len(self.bounds) - 1

    def row(self, terms: list[tuple[int, float]], least: float, most: float) -> None:
        self.entries += [(len(self.limits), place, factor) for place, factor in terms]
        self.limits.append((least, most))

    def solution(self) -> np.ndarray:
        constraints = []
        if self.entries:
            rows, columns, factors = zip(*self.entries, strict=True)
            matrix = csr_array((factors, (rows, columns)), shape=(len(self.limits), len(self.bounds)))
            constraints = [LinearConstraint(matrix, *zip(*self.limits, strict=True))]
        bounds = Bounds(*(np.array(side) for side in zip(*self.bounds, strict=True)))
        found = milp(self.aims, integrality=np.array(self.is_whole, dtype=int), bounds=bounds, constraints=constraints)
        assert found.status == 0, found.message
        return found.x
