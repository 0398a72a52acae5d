"""What a reader can work out about hidden counts: worlds that agree with all that is shown, found by linear programmes."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
# After so many worlds that show many ends possible at once, those left get worlds of their own.
PUSHES = 4
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
    with _silence():
        return milp(
            objective, integrality=is_whole.astype(int), bounds=Bounds(low, high), constraints=constraints, options=options
        )


@contextmanager
def _silence() -> Iterator[None]:
    """Keep from standard output what HiGHS prints there past all its options, so that the output of a command stays its own.

    HiGHS writes through the C library, whose buffer is emptied before and after.
    """
    c_library = ctypes.CDLL(None)
    sys.stdout.flush()
    c_library.fflush(None)
    kept = os.dup(STANDARD_OUTPUT)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), STANDARD_OUTPUT)
        yield
    finally:
        c_library.fflush(None)
        os.dup2(kept, STANDARD_OUTPUT)
        os.close(kept)


def in_use(matrix: sparse.csc_array) -> sparse.csr_array:
    """The relations that hold at least one of a matrix's cells."""
    rows = matrix.tocsr()
    return rows[np.flatnonzero(np.diff(rows.indptr))]


def components_of(matrix: sparse.csc_array, among: Array) -> Array:
    """A number for each cell: cells tied by relations among the chosen ones share it; -1 where not chosen."""
    chosen = np.flatnonzero(among)
    part = matrix[:, chosen]
    labels = np.full(len(among), -1)
    # cells and relations are the two sides of one graph
    graph = sparse.block_array([[None, abs(part.T)], [abs(part), None]], format="csr") if part.nnz else None
    labels[chosen] = (
        connected_components(graph, directed=False)[1][: len(chosen)] if graph is not None else np.arange(len(chosen))
    )
    return labels


def exposed(knowledge: Knowledge, hidden: Array, among: list[End] | None = None) -> list[End]:
    """The ends of small cells (all, or these) that are given away: not possible in any world that agrees with what is shown.

    Whether an end is possible is the attacker's linear programme of Fischetti and Salazar (see disclosure.protect), in whole
    numbers. One world can show many ends possible at once, so that few programmes are solved.
    """
    labels = components_of(knowledge.matrix, hidden)
    ends = []
    for direction in (LOWER, UPPER):
        if among is None:
            left = np.arange(len(knowledge.small))
        else:
            left = np.array([end.position for end in among if end.direction == direction], dtype=int)
        left = _without_common_world(knowledge, hidden, labels, direction, left)
        ends += _without_own_world(knowledge, labels, direction, left)
    return ends


def _end(knowledge: Knowledge, direction: int) -> Array:
    return knowledge.down if direction == LOWER else knowledge.up


def _bounds(knowledge: Knowledge, cells: Array, direction: int, small: Array) -> tuple[Array, Array]:
    """Bounds of some cells; what is pushed is not pushed beyond its end, which keeps the programme bounded."""
    low, high = knowledge.low.copy(), knowledge.high.copy()
    targets = knowledge.small[small]
    if direction == LOWER:
        low[targets] = np.maximum(low[targets], knowledge.down[small])
    else:
        high[targets] = np.minimum(high[targets], knowledge.up[small])
    return low[cells], high[cells]


def _without_common_world(knowledge: Knowledge, hidden: Array, labels: Array, direction: int, left: Array) -> Array:
    """Those small cells whose end was not reached while all those left were pushed towards it together."""
    cells = np.flatnonzero(hidden)
    matrix = in_use(knowledge.matrix[:, cells])
    for _ in range(PUSHES):
        if not len(left):
            break
        push = np.zeros(len(hidden))
        push[knowledge.small[left]] = -direction
        found = solve(push[cells], matrix, (0, 0), *_bounds(knowledge, cells, direction, left), np.zeros(len(cells)))
        if found.x is None:
            return left
        world = np.zeros(len(hidden))
        world[cells] = found.x
        # a world counts only where it is whole: judged for each set of cells tied together
        broken = knowledge.is_whole & (abs(world - np.round(world)) > TOLERANCE)
        broken |= (world > knowledge.below + TOLERANCE) & (world < knowledge.above - TOLERANCE)
        is_possible = ~np.isin(labels, np.unique(labels[broken & hidden]))
        target = knowledge.small[left]
        reached = is_possible[target] & (direction * (world[target] - _end(knowledge, direction)[left]) >= -TOLERANCE)
        left = left[~reached]
        if not reached.any():
            break
    return left


def _without_own_world(knowledge: Knowledge, labels: Array, direction: int, left: Array) -> list[End]:
    """Ends that no world reaches: each small cell has a world of its own, all in one programme."""
    if not len(left):
        return []
    of_label = {int(label): np.flatnonzero(labels == label) for label in np.unique(labels[knowledge.small[left]])}
    relations = {label: in_use(knowledge.matrix[:, cells]) for label, cells in of_label.items()}
    aims, lows, highs, wholes, worlds = [], [], [], [], []
    for position in left:
        label = int(labels[knowledge.small[position]])
        cells = of_label[label]
        low, high = _bounds(knowledge, cells, direction, np.array([position]))
        worlds.append(with_sides(relations[label], low, high, knowledge.below[cells], knowledge.above[cells]))
        sides = worlds[-1].matrix.shape[1] - len(cells)
        aims.append(np.append(cells == knowledge.small[position], np.zeros(sides)))
        lows.append(np.append(low, np.zeros(sides)))
        highs.append(np.append(high, np.ones(sides)))
        wholes.append(np.append(knowledge.is_whole[cells], np.ones(sides)))
    target = np.concatenate(aims).astype(bool)
    matrix = sparse.block_diag([world.matrix for world in worlds], format="csr")
    limits = tuple(np.concatenate([world.limits[i] for world in worlds]) for i in (0, 1))
    bounds = np.concatenate(lows), np.concatenate(highs)
    found = solve(-direction * target.astype(float), matrix, (limits[0], limits[1]), *bounds, np.concatenate(wholes))
    # without a result, all that is certain is that the truth itself is possible
    reached = np.zeros(len(left)) if found.x is None else found.x[target]
    is_short = direction * (reached - _end(knowledge, direction)[left]) < -TOLERANCE
    return [End(int(p), direction, float(distance)) for p, distance in zip(left[is_short], reached[is_short], strict=True)]
