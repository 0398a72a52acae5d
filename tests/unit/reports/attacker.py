"""An attacker on published tables, written apart from the code it attacks: it bounds numbers that it may not see.

It states its programmes in the numbers themselves (never below 0 where they are counts, whole), and asks for the least and
the most of each: the code under test works with distances from the truth, and only asks whether two ends are possible.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import block_diag, csr_array

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
        programmes = [(cell, sign, *self._programme(cell)) for cell in asked for sign in (1.0, -1.0)]
        if not programmes:
            return {}
        aims, lows, highs, whole, rows, at_least, at_most, places = [], [], [], [], [], [], [], []
        offset = 0
        for cell, sign, names, matrix, limits, bounds, is_whole in programmes:
            aim = np.zeros(len(bounds))
            place = names.index(cell)
            aim[place] = sign
            bounds = bounds.copy()
            if sign > 0:
                bounds[place, 0] = max(bounds[place, 0], min(low, bounds[place, 1]))
            else:
                bounds[place, 1] = min(bounds[place, 1], max(high, bounds[place, 0]))
            aims.append(aim)
            lows.append(bounds[:, 0])
            highs.append(bounds[:, 1])
            whole.append(is_whole)
            rows.append(matrix)
            at_least.append(limits[:, 0])
            at_most.append(limits[:, 1])
            places.append(offset + place)
            offset += len(bounds)
        constraint = LinearConstraint(block_diag(rows, format="csr"), np.concatenate(at_least), np.concatenate(at_most))
        found = milp(
            np.concatenate(aims),
            integrality=np.concatenate(whole),
            bounds=Bounds(np.concatenate(lows), np.concatenate(highs)),
            constraints=[constraint] if constraint.A.shape[0] else [],
        )
        assert found.status == 0, found.message
        ends = found.x[places].round(6)
        return {cell: (float(ends[2 * i]), float(ends[2 * i + 1])) for i, cell in enumerate(asked)}

    def _programme(self, start: str) -> tuple[list[str], csr_array, np.ndarray, np.ndarray, np.ndarray]:
        """All unseen numbers that sums tie to one, directly or through others, with what is known of them."""
        names, sums, waiting = {start: 0}, set(), [start]
        while waiting:
            for number in self._of_cell[waiting.pop()]:
                sums.add(number)
                for cell in self.sums[number]:
                    if cell not in self.seen and cell not in names:
                        names[cell] = len(names)
                        waiting.append(cell)
        bounds = [(-MOST if cell in self.signed else 0.0, MOST) for cell in names]
        whole = [0.0 if cell in self.signed else 1.0 for cell in names]
        entries: list[tuple[int, int, float]] = []
        limits: list[tuple[float, float]] = []
        for number in sorted(sums):
            total = self.sums[number]
            row = len(limits)
            entries += [(row, names[cell], factor) for cell, factor in total.items() if cell in names]
            rest = -sum(factor * self.seen[cell] for cell, factor in total.items() if cell in self.seen)
            limits.append((rest, rest))
        for cell, place in names.items():
            ranges = self.ranges.get(cell)
            if not ranges:
                continue
            bounds[place] = (
                max(bounds[place][0], min(r[0] for r in ranges)),
                min(bounds[place][1], max(r[1] for r in ranges)),
            )
            if len(ranges) > 1:
                # one of the ranges: a choice of 0 or 1 for each, of which one is taken
                picks = list(range(len(bounds), len(bounds) + len(ranges)))
                bounds += [(0.0, 1.0)] * len(ranges)
                whole += [1.0] * len(ranges)
                row = len(limits)
                entries += [(row, pick, 1.0) for pick in picks]
                entries += [(row + 1, place, 1.0)] + [(row + 1, p, -r[0]) for p, r in zip(picks, ranges, strict=True)]
                entries += [(row + 2, place, 1.0)] + [(row + 2, p, -r[1]) for p, r in zip(picks, ranges, strict=True)]
                limits += [(1.0, 1.0), (0.0, np.inf), (-np.inf, 0.0)]
        rows, columns, factors = (list(part) for part in zip(*entries, strict=True)) if entries else ([], [], [])
        matrix = csr_array((factors, (rows, columns)), shape=(len(limits), len(bounds)))
        return list(names), matrix, np.array(limits).reshape(-1, 2), np.array(bounds), np.array(whole)
