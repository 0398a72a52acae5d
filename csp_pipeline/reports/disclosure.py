"""Which cells of a report to hide: the small counts of others, and what would give them away, at the least loss."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from csp_pipeline.reports.disclosure_attack import LOWER, Array, End, Knowledge, components_of, exposed, in_use, solve, with_sides

SMALL, DERIVABLE = "small", "derivable"
LOWEST, HIGHEST = 1, 4
# How far a cell may move in a world that moves another one by 1. Where relations are sums of a table, 1 is enough.
REACH = 2
# So many more ends are asked for in one programme, before looking which ones still fail.
AT_ONCE = 16
# Programmes with more variables than this are not tried: everything that could be hidden is hidden instead.
LARGEST = 40_000


def protect(cells: pd.DataFrame, relations: pd.DataFrame, highest: int = HIGHEST) -> pd.DataFrame:
    """Choose what one reader may not see, so that no hidden count of 1 to `highest` can be told from what is shown.

    `cells` has one row a number: cell (its name), value, is_protected (another agency's count, of which 1 to `highest` may
    not be told), is_known (the reader sees it anyway, so that it cannot be hidden) and loss (what hiding it costs the reader;
    0 means that it is not shown in any case, and takes part only in relations). Optional columns hold what the reader knows
    beforehand of a number (NaN: nothing, but that a protected one is a count, so whole and not negative): that it is at least
    `lowest` and at most `highest`; that it is at most `below` or at least `above`. `relations` has the columns relation, cell,
    coefficient: every relation says that the sum of coefficient times value is 0 over its cells.

    Returns cell and reason of the hidden cells, ordered by cell. `small` is a protected count of 1 to `highest`, `derivable`
    any other. The reason is for our own sums and tests: a report has to mark both alike, and name no reason for one cell.

    Method: the cell suppression problem of M. Fischetti and J. J. Salazar, "Solving the cell suppression problem on tabular
    data with linear constraints", Management Science 47(7), 2001, pages 1008-1026, solved as a mixed integer programme: for
    each small cell and each end of its interval a world that agrees with everything shown has to exist. The protection is
    the whole interval from 1 to `highest`: nobody may learn more of a small count than that it is one. It has to hold
    against a reader who was told which of the hidden cells are the small ones, as far as any hiding can reach that, and
    in any case against one who was not. A programme that is too large, or fails the attack that every result is put to,
    is replaced by hiding everything in reach: never by hiding less.

    Raises ValueError where cells repeat or lack a value, a relation names an unknown cell or does not hold.
    """
    cells = cells.sort_values("cell", ignore_index=True)
    _check(cells)
    hidden = _always_hidden(cells, highest)
    matrix = _matrix(cells, relations)
    in_play = _in_play(cells, matrix, hidden, highest)
    if len(in_play):
        chosen, part = hidden[in_play], cells.iloc[in_play].reset_index(drop=True)
        relations_in_play = in_use(matrix[:, in_play]).tocsc()
        ends = None
        for reader in READERS:
            chosen, ends = _hide(part, _knowledge(part, relations_in_play, highest, reader), chosen, ends)
            if not ends:
                break
        hidden[in_play] = chosen
    names = cells.cell[hidden]
    reasons = np.where(_is_small(cells, highest)[hidden], SMALL, DERIVABLE)
    return pd.DataFrame({"cell": names, "reason": reasons}).reset_index(drop=True)


def _check(cells: pd.DataFrame) -> None:
    repeated = cells.cell[cells.cell.duplicated()]
    if len(repeated):
        raise ValueError(f"cell {repeated.iloc[0]!r} is given twice; give each number once.")
    without = cells.cell[cells.value.isna() | cells.loss.isna() | (cells.loss < 0)]
    if len(without):
        raise ValueError(f"cell {without.iloc[0]!r} has no value or no loss of 0 or more; leave unknown numbers out.")


def _matrix(cells: pd.DataFrame, relations: pd.DataFrame) -> sparse.csc_array:
    """Relations by cells, with nothing where a cell is known: that cell cannot differ from its true value.

    Raises ValueError where a relation names an unknown cell or does not hold.
    """
    row, names = pd.factorize(relations.relation, sort=True)
    column = pd.Index(cells.cell).get_indexer(relations.cell)
    if (column < 0).any():
        raise ValueError(f"a relation names the cell {relations.cell.iloc[np.argmin(column)]!r}, which is not among the cells.")
    coefficient = relations.coefficient.to_numpy(float)
    product = coefficient * cells.value.to_numpy(float)[column]
    total, size = (np.bincount(row, weights=part, minlength=len(names)) for part in (product, abs(product)))
    wrong = np.flatnonzero(abs(total) > 1e-9 * (1 + size))
    if len(wrong):
        raise ValueError(f"relation {names[wrong[0]]!r} does not hold: its sum is {total[wrong[0]]:g}, expected 0.")
    is_open = ~cells.is_known.to_numpy(bool)[column]
    entries = (coefficient[is_open], (row[is_open], column[is_open]))
    return sparse.coo_array(entries, shape=(len(names), len(cells))).tocsc()


def _is_small(cells: pd.DataFrame, highest: int) -> Array:
    is_small = cells.is_protected & ~cells.is_known & (cells.value > 0) & (cells.value < highest + 1)
    return is_small.to_numpy(bool)


def _always_hidden(cells: pd.DataFrame, highest: int) -> Array:
    return _is_small(cells, highest) | (~cells.is_known & (cells.loss == 0)).to_numpy(bool)


def _in_play(cells: pd.DataFrame, matrix: sparse.csc_array, hidden: Array, highest: int) -> Array:
    """The cells that relations tie to a small one and to one that may be shown or hidden: only there is a choice."""
    is_open = ~cells.is_known.to_numpy(bool)
    labels = components_of(matrix, is_open)
    with_small, with_choice = labels[_is_small(cells, highest)], labels[is_open & ~hidden]
    return np.flatnonzero(np.isin(labels, np.intersect1d(with_small, with_choice)) & is_open)


@dataclass(frozen=True)
class Reader:
    """Somebody to be kept from small counts: told which of the marked cells are small; told on which side a cell lies."""

    knows_small: bool
    knows_side: bool


# From the one who knows most: each is asked about only where hiding cannot keep the one before from everything.
READERS = (Reader(True, True), Reader(False, True), Reader(False, False))


def _knowledge(cells: pd.DataFrame, matrix: sparse.csc_array, highest: int, reader: Reader) -> Knowledge:
    """What a reader knows of each cell, were it hidden, as distances from the truth."""
    value = cells.value.to_numpy(float)
    counts = cells.is_protected.to_numpy(bool)
    low, high = np.where(counts, 0.0, -np.inf), np.full(len(cells), np.inf)
    for column, bound in (("lowest", low), ("highest", high)):
        if column in cells:
            given = cells[column].to_numpy(float)
            bound[~np.isnan(given)] = given[~np.isnan(given)]
    below, above = (cells[side].to_numpy(float) if side in cells else np.full(len(cells), np.nan) for side in ("below", "above"))
    if reader.knows_side:
        low = np.where(value >= above, np.maximum(low, above), low)
        high = np.where(value <= below, np.minimum(high, below), high)
        below, above = np.full((2, len(cells)), np.nan)
    # what conflicts with a 1 cannot lie below it: where one side of a gap is out of reach, everybody knows the side
    low, high = np.where(below < low, np.maximum(low, above), low), np.where(above > high, np.minimum(high, below), high)
    small = _is_small(cells, highest)
    if reader.knows_small:
        marked = counts & (cells.loss > 0).to_numpy(bool)
        low = np.where(marked & small, np.maximum(low, LOWEST), low)
        high = np.where(marked & small, np.minimum(high, highest), high)
        low = np.where(marked & ~small & (value > highest), np.maximum(low, highest + 1), low)
        high = np.where(marked & (value == 0), 0.0, high)
    targets = np.flatnonzero(small)
    # what a reader believes beforehand is never taken to exclude the truth
    return Knowledge(
        matrix=matrix,
        low=np.minimum(low - value, 0),
        high=np.maximum(high - value, 0),
        below=np.where((value <= below) | (value >= above), below - value, np.nan),
        above=above - value,
        is_whole=counts,
        small=targets,
        down=np.minimum(LOWEST - value[targets], 0),
        up=np.maximum(highest - value[targets], 0),
    )


def _hide(cells: pd.DataFrame, knowledge: Knowledge, hidden: Array, ends: list[End] | None) -> tuple[Array, list[End]]:
    """Hide more until every end (all, or these) stays possible that hiding everything would keep possible; and the others.

    An end that is possible stays so when more is hidden, or when the reader knows less.
    """
    ends = exposed(knowledge, hidden, ends)
    if not ends:
        return hidden, []
    everything = np.ones(len(cells), dtype=bool)
    out_of_reach = exposed(knowledge, everything, ends)
    knowledge = knowledge.reaching(out_of_reach)
    labels = components_of(knowledge.matrix, everything)
    loss = cells.loss.to_numpy(float)
    chosen, asked = hidden.copy(), dict[int, list[End]]()
    # ends are asked for as they fail: most hold by what is hidden for others
    while failing := exposed(knowledge, chosen, ends):
        for label, of_component in _by_component(knowledge, labels, failing).items():
            is_member = labels == label
            known = {(end.position, end.direction) for end in asked.get(label, [])}
            new = [end for end in of_component if (end.position, end.direction) not in known]
            asked.setdefault(label, []).extend(new[:AT_ONCE])
            more = _least_loss(knowledge, np.flatnonzero(is_member), hidden, asked[label], loss) if new else None
            # an end that was asked for and fails all the same, or no result: all there is
            chosen[is_member] = True if more is None else hidden[is_member] | more
    return chosen, out_of_reach


def _by_component(knowledge: Knowledge, labels: Array, ends: list[End]) -> dict[int, list[End]]:
    found: dict[int, list[End]] = {}
    for end in ends:
        found.setdefault(int(labels[knowledge.small[end.position]]), []).append(end)
    return found


def _least_loss(knowledge: Knowledge, members: Array, hidden: Array, ends: list[End], loss: Array) -> Array | None:
    """Which cells of one component to hide beside those hidden, so that some ends stay possible; None where it is not found.

    Variables: one choice for each cell that may be hidden; then for each end a world: a distance from the truth for each
    cell, 0 unless the cell is hidden, which obeys every relation and lies at that end.
    """
    matrix = in_use(knowledge.matrix[:, members])
    is_open = ~hidden[members]
    cells, choices, worlds = len(members), int(is_open.sum()), len(ends)
    if worlds * cells > LARGEST:
        return None
    distance = [knowledge.down[end.position] if end.direction == LOWER else knowledge.up[end.position] for end in ends]
    # to the other side of a gap is further than the end itself
    crossing = np.nan_to_num(np.abs([knowledge.below[members], knowledge.above[members]])).max()
    widest = (REACH * np.max(np.abs(distance)) + crossing) * _scale(matrix)
    low, high = np.maximum(knowledge.low[members], -widest), np.minimum(knowledge.high[members], widest)
    world_low, world_high = np.tile(low, (worlds, 1)), np.tile(high, (worlds, 1))
    target = np.searchsorted(members, knowledge.small[[end.position for end in ends]])
    world_low[np.arange(worlds), target] = world_high[np.arange(worlds), target] = distance
    # every world obeys every relation; an open cell moves only where it is chosen: low · choice <= distance <= high · choice
    of_world = with_sides(matrix, low, high, knowledge.below[members], knowledge.above[members])
    each = sparse.eye_array(worlds, format="csr")
    sides = of_world.matrix.shape[1] - cells
    obeys = sparse.hstack([sparse.csr_array((worlds * of_world.matrix.shape[0], choices)), sparse.kron(each, of_world.matrix)])
    pick = sparse.eye_array(cells, cells + sides, format="csr")[np.flatnonzero(is_open)]
    moves = sparse.kron(each, pick)
    by_low, by_high = (
        sparse.kron(np.ones((worlds, 1)), sparse.diags_array(bound[is_open], format="csr")) for bound in (low, high)
    )
    above, below = sparse.hstack([-by_low, moves]), sparse.hstack([by_high, -moves])
    free = np.zeros(2 * worlds * choices), np.full(2 * worlds * choices, np.inf)
    side_low, side_high = np.zeros((worlds, sides)), np.ones((worlds, sides))
    found = solve(
        np.concatenate([loss[members[is_open]], np.zeros(worlds * (cells + sides))]),
        sparse.vstack([obeys, above, below], format="csr"),
        (np.append(np.tile(of_world.limits[0], worlds), free[0]), np.append(np.tile(of_world.limits[1], worlds), free[1])),
        np.concatenate([np.zeros(choices), np.hstack([world_low, side_low]).ravel()]),
        np.concatenate([np.ones(choices), np.hstack([world_high, side_high]).ravel()]),
        np.concatenate([np.ones(choices), np.tile(np.arange(cells + sides) >= cells, worlds)]),
    )
    if found.x is None:
        return None
    chosen = np.zeros(cells, dtype=bool)
    chosen[is_open] = found.x[:choices] > 0.5
    return chosen


def _scale(matrix: sparse.csr_array) -> Array:
    """How far a cell moves, at most, for a unit of another one of its relation: 1 where all coefficients are 1."""
    entries = matrix.tocoo()
    size = abs(entries.data)
    largest = np.zeros(matrix.shape[0])
    np.maximum.at(largest, entries.row, size)
    scale = np.ones(matrix.shape[1])
    np.maximum.at(scale, entries.col, largest[entries.row] / size)
    return scale
