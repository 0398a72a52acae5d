"""What a reader can work out about hidden counts: worlds that agree with all that is shown, found by linear programmes."""

import ctypes
import os
import sys
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse.csgraph import connected_components

Array = np.ndarray[Any, np.dtype[Any]]
LOWER, UPPER = -1, 1
TOLERANCE = 1e-6
STANDARD_OUTPUT = 1
# Branching stops here, not at a time, so that the same input gives the same output on every machine.
NODES = 2000
# So many ends or fewer get worlds of their own at once.
FEW = 8
# A cell with a gap is not followed further than this from it.
FAR = 1000


@dataclass(frozen=True)
class Knowledge:
    """What a reader knows: cells by position, and everything as a distance from the true value.

    `matrix` holds one row a relation over all cells; a world is a vector of distances d with matrix · d = 0, d = 0 where a
    cell is shown, and where it is hidden `low` <= d <= `high`, and either d <= `below` or d >= `above` (NaN: no such gap).
    `is_whole` marks counts, which are whole numbers in every world. `down` and `up` say, for the cells in `small`, how far
    away the ends lie that have to stay possible.
    """

    matrix: sparse.csc_array
    low: Array
    high: Array
    below: Array
    above: Array
    is_whole: Array
    small: Array
    down: Array
    up: Array

    def reaching(self, ends: "list[End]") -> "Knowledge":
        """The same, asking of these ends no more than how far they were reached."""
        down, up = self.down.copy(), self.up.copy()
        for end in ends:
            (down if end.direction == LOWER else up)[end.position] = end.reached
        return replace(self, down=down, up=up)


@dataclass(frozen=True)
class End:
    """One end of a small cell's interval (position within `small`, LOWER or UPPER), and how far it can be from the truth."""

    position: int
    direction: int
    reached: float


@dataclass(frozen=True)
class Sided:
    """Relations over some cells with, after these, one choice of 0 or 1 for each cell that lies on either side of a gap."""

    matrix: sparse.csr_array
    limits: tuple[Array, Array]


def with_sides(matrix: sparse.csr_array, low: Array, high: Array, below: Array, above: Array) -> Sided:
    """Relations, all 0, and for each cell with a gap two more rows: below it where its choice is 0, above it where it is 1."""
    gaps = np.flatnonzero((below >= low) & (above <= high))
    zero = np.zeros(matrix.shape[0])
    if not len(gaps):
        return Sided(matrix, (zero, zero))
    # a world may not lie without bounds, where a choice depends on them
    low, high = np.maximum(low[gaps], below[gaps] - FAR), np.minimum(high[gaps], above[gaps] + FAR)
    pick = sparse.eye_array(len(below), format="csr")[gaps]
    rows = [
        sparse.hstack([matrix, sparse.csr_array((matrix.shape[0], len(gaps)))]),
        sparse.hstack([pick, -sparse.diags_array(above[gaps] - low, format="csr")]),
        sparse.hstack([pick, -sparse.diags_array(high - below[gaps], format="csr")]),
    ]
    none = np.full(len(gaps), np.inf)
    limits = np.concatenate([zero, low, -none]), np.concatenate([zero, none, below[gaps]])
    return Sided(sparse.vstack(rows, format="csr"), limits)


def solve(objective: Array, matrix: Any, limits: tuple[Any, Any], low: Array, high: Array, is_whole: Array) -> Any:
    """Minimise under limits[0] <= matrix · x <= limits[1] with HiGHS, whole numbers where `is_whole`: scipy's result."""
    constraints = [LinearConstraint(matrix, *limits)] if matrix.shape[0] else []
    options = {"node_limit": NODES, "mip_rel_gap": 0.0}
    with _silence:
        return milp(
            objective, integrality=is_whole.astype(int), bounds=Bounds(low, high), constraints=constraints, options=options
        )


class _Silence:
    """Keeps from standard output what HiGHS prints there past all its options, so that the output of a command stays its own.

    HiGHS writes through the C library, whose buffer is emptied before and after. Programmes may be solved in several threads
    at once: the first of them turns standard output away, and the last one turns it back.
    """

    def __init__(self) -> None:
        self._turning, self._solving, self._kept = Lock(), 0, -1

    def __enter__(self) -> None:
        with self._turning:
            if not self._solving:
                sys.stdout.flush()
                self._flush()
                self._kept = os.dup(STANDARD_OUTPUT)
                with open(os.devnull, "wb") as nowhere:
                    os.dup2(nowhere.fileno(), STANDARD_OUTPUT)
            self._solving += 1

    def __exit__(self, *_: object) -> None:
        with self._turning:
            self._solving -= 1
            if not self._solving:
                self._flush()
                os.dup2(self._kept, STANDARD_OUTPUT)
                os.close(self._kept)

    @staticmethod
    def _flush() -> None:
        ctypes.CDLL(None).fflush(None)


_silence = _Silence()


def in_use(matrix: sparse.csc_array) -> sparse.csr_array:
    """The relations that hold at least one of a matrix's cells."""
    rows = matrix.tocsr()
    return rows[np.flatnonzero(np.diff(rows.indptr))]


def components_of(matrix: sparse.csc_array, among: Array) -> Array:
    """A number for each cell: cells tied by relations among the chosen ones share it; -1 where not chosen."""
    chosen = np.flatnonzero(among)
    part = matrix[:, chosen].tocoo()
    # cells and relations are the two sides of one graph
    nodes = len(chosen) + part.shape[0]
    graph = sparse.coo_array((np.ones(part.nnz), (part.col, len(chosen) + part.row)), shape=(nodes, nodes))
    labels = np.full(len(among), -1)
    labels[chosen] = connected_components(graph, directed=False)[1][: len(chosen)]
    return labels


def exposed(knowledge: Knowledge, hidden: Array, among: list[End] | None = None) -> list[End]:
    """The ends of small cells (all, or these) that are given away: not possible in any world that agrees with what is shown.

    Whether an end is possible is the attacker's linear programme of Fischetti and Salazar (see disclosure.protect), in whole
    numbers. One world can show many ends possible at once, so that few programmes are solved.
    """
    if among is None:
        count = len(knowledge.small)
        position, direction = np.tile(np.arange(count), 2), np.repeat([LOWER, UPPER], count)
    else:
        position, direction = np.array([(end.position, end.direction) for end in among], dtype=int).reshape(-1, 2).T
    labels = components_of(knowledge.matrix, hidden)
    left = _without_common_world(knowledge, hidden, labels, position, direction)
    return _without_own_world(knowledge, labels, position[left], direction[left])


def _distance(knowledge: Knowledge, position: Array, direction: Array) -> Array:
    """How far from the truth some ends lie."""
    return np.where(direction == LOWER, knowledge.down[position], knowledge.up[position])


def _without_common_world(knowledge: Knowledge, hidden: Array, labels: Array, position: Array, direction: Array) -> Array:
    """Places of the ends that were not reached while all those left were pushed towards them together: down in one world and
    up in another.
    """
    left = np.arange(len(position))
    target, distance = knowledge.small[position], _distance(knowledge, position, direction)
    cells = np.flatnonzero(hidden)
    relations = in_use(knowledge.matrix[:, cells])
    matrix = sparse.block_diag([relations, relations], format="csr")
    place = np.searchsorted(cells, target) + np.where(direction == UPPER, len(cells), 0)
    low, high, whole = (np.tile(known[cells], 2) for known in (knowledge.low, knowledge.high, knowledge.is_whole))
    below, above = (np.tile(known[cells], 2) for known in (knowledge.below, knowledge.above))
    label = np.concatenate([labels[cells], labels[cells] + labels.max(initial=0) + 1])
    while len(left) > FEW:
        # what is pushed is not pushed beyond its end, which keeps the programme bounded
        at, end, push, least, most = place[left], distance[left], np.zeros(len(low)), low.copy(), high.copy()
        push[at] = -direction[left]
        least[at] = np.where(push[at] > 0, np.maximum(least[at], end), least[at])
        most[at] = np.where(push[at] < 0, np.minimum(most[at], end), most[at])
        found = solve(push, matrix, (0, 0), least, most, np.zeros(len(low)))
        if found.x is None:
            break
        # a world counts only where it is whole: judged for each set of cells tied together
        is_possible = ~np.isin(label, label[~_is_world(found.x, whole, below, above)])
        is_left = ~(is_possible[at] & (direction[left] * (found.x[at] - end) >= -TOLERANCE))
        before, left = len(left), left[is_left]
        if 2 * len(left) > before:
            break
    return left


def _is_world(distance: Array, is_whole: Array, below: Array, above: Array) -> Array:
    """Whether each cell lies where it may in a world: a count at a whole number, and none in its gap."""
    is_broken = is_whole & (abs(distance - np.round(distance)) > TOLERANCE)
    return ~(is_broken | ((distance > below + TOLERANCE) & (distance < above - TOLERANCE)))


@dataclass(frozen=True)
class Search:
    """The programme that looks for the world in which one cell lies furthest to one side."""

    relations: Sided
    aim: Array
    low: Array
    high: Array
    is_whole: Array


def _without_own_world(knowledge: Knowledge, labels: Array, position: Array, direction: Array) -> list[End]:
    """Ends that no world reaches: each has a world of its own, all in one programme."""
    if not len(position):
        return []
    target, distance = knowledge.small[position], _distance(knowledge, position, direction)
    of_label = {int(label): np.flatnonzero(labels == label) for label in np.unique(labels[target])}
    relations = {label: in_use(knowledge.matrix[:, cells]) for label, cells in of_label.items()}
    searches = []
    for cell, side, end in zip(target, direction, distance, strict=True):
        label = int(labels[cell])
        cells = of_label[label]
        low, high = knowledge.low[cells], knowledge.high[cells]
        aim = (cells == cell) * -float(side)
        low[aim > 0], high[aim < 0] = np.maximum(low[aim > 0], end), np.minimum(high[aim < 0], end)
        sided = with_sides(relations[label], low, high, knowledge.below[cells], knowledge.above[cells])
        no, yes = np.zeros(sided.matrix.shape[1] - len(cells)), np.ones(sided.matrix.shape[1] - len(cells))
        searches.append(
            Search(
                sided,
                np.append(aim, no),
                np.append(low, no),
                np.append(high, yes),
                np.append(knowledge.is_whole[cells], yes).astype(bool),
            )
        )
    # most are whole without being asked to be, which takes a fraction of the time
    reached, is_found = _furthest(searches, as_whole=False)
    broken = np.flatnonzero(~is_found)
    if len(broken):
        reached[broken], _ = _furthest([searches[place] for place in broken], as_whole=True)
    is_short = direction * (reached - distance) < -TOLERANCE
    ends = zip(position[is_short], direction[is_short], reached[is_short], strict=True)
    return [End(int(place), int(side), float(far)) for place, side, far in ends]


def _furthest(searches: list[Search], *, as_whole: bool) -> tuple[Array, Array]:
    """How far from the truth each search gets, and whether it ended in a world, all in one programme.

    Without a result, all that is certain is that the truth itself is possible.
    """
    aim, low, high, is_whole = (
        np.concatenate([getattr(search, name) for search in searches]) for name in ("aim", "low", "high", "is_whole")
    )
    limits = tuple(np.concatenate([search.relations.limits[side] for search in searches]) for side in (0, 1))
    matrix = sparse.block_diag([search.relations.matrix for search in searches], format="csr")
    found = solve(aim, matrix, (limits[0], limits[1]), low, high, is_whole & as_whole)
    if found.x is None:
        return np.zeros(len(searches)), np.zeros(len(searches), dtype=bool)
    starts = np.cumsum([0, *(len(search.aim) for search in searches[:-1])])
    is_broken = is_whole & (abs(found.x - np.round(found.x)) > TOLERANCE)
    return found.x[aim != 0], ~np.logical_or.reduceat(is_broken, starts)
