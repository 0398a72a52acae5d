"""Which cells of a report to hide: the small counts of others, and what would give them away, at the least loss."""

import numpy as np
import pandas as pd
from scipy import sparse

from csp_pipeline.reports.disclosure_attack import LOWER, Array, Knowledge, components_of, exposed, in_use, solve

SMALL, DERIVABLE = "small", "derivable"
LOWEST, HIGHEST = 1, 4
# How far a cell may move, in a world that shows another one possible, for each unit of the widest one.
REACH = 4
# Programmes with more variables than this are not tried: everything that could be hidden is hidden instead.
LARGEST = 40_000


def protect(cells: pd.DataFrame, relations: pd.DataFrame, highest: int = HIGHEST) -> pd.DataFrame:
    """Choose what one reader may not see, so that no hidden count of 1 to `highest` can be told from what is shown.

    `cells` has one row a number: cell (its name), value, is_protected (another agency's count, of which 1 to `highest` may
    not be told), is_known (the reader sees it anyway, so that it cannot be hidden) and loss (what hiding it costs the reader;
    0 means that it is not shown in any case, and takes part only in relations). Optional columns `lowest` and `highest` hold
    what the reader knows beforehand of a number (NaN: nothing, but that a protected one is a count, so whole and not
    negative). `relations` has the columns relation, cell, coefficient: every relation says that the sum of coefficient times
    value is 0 over its cells.

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
    _check(cells, relations)
    hidden = _always_hidden(cells, highest)
    matrix = _matrix(cells, relations)
    in_play = _in_play(cells, matrix, hidden, highest)
    if len(in_play):
        chosen, part = hidden[in_play], cells.iloc[in_play].reset_index(drop=True)
        for is_told in (True, False):
            chosen = _hide(part, _knowledge(part, in_use(matrix[:, in_play]).tocsc(), highest, is_told), chosen)
        hidden[in_play] = chosen
    names = cells.cell[hidden]
    reasons = np.where(_is_small(cells, highest)[hidden], SMALL, DERIVABLE)
    return pd.DataFrame({"cell": names, "reason": reasons}).reset_index(drop=True)


def _check(cells: pd.DataFrame, relations: pd.DataFrame) -> None:
    repeated = cells.cell[cells.cell.duplicated()]
    if len(repeated):
        raise ValueError(f"cell {repeated.iloc[0]!r} is given twice; give each number once.")
    without = cells.cell[cells.value.isna() | cells.loss.isna() | (cells.loss < 0)]
    if len(without):
        raise ValueError(f"cell {without.iloc[0]!r} has no value or no loss of 0 or more; leave unknown numbers out.")
    unknown = relations.cell[~relations.cell.isin(cells.cell)]
    if len(unknown):
        raise ValueError(f"a relation names the cell {unknown.iloc[0]!r}, which is not among the cells.")
    terms = relations.merge(cells[["cell", "value"]], on="cell")
    terms["product"] = terms.coefficient * terms.value
    terms["size"] = terms["product"].abs()
    sums = terms.groupby("relation")[["product", "size"]].sum()
    wrong = sums.index[sums["product"].abs() > 1e-9 * (1 + sums["size"])]
    if len(wrong):
        raise ValueError(f"relation {wrong[0]!r} does not hold: its sum is {sums['product'][wrong[0]]:g}, expected 0.")


def _matrix(cells: pd.DataFrame, relations: pd.DataFrame) -> sparse.csc_array:
    """Relations by cells, with nothing where a cell is known: that cell cannot differ from its true value."""
    row = pd.factorize(relations.relation, sort=True)[0]
    column = pd.Index(cells.cell).get_indexer(relations.cell)
    shape = (int(row.max(initial=-1)) + 1, len(cells))
    is_open = ~cells.is_known.to_numpy(bool)[column]
    entries = (relations.coefficient.to_numpy(float)[is_open], (row[is_open], column[is_open]))
    return sparse.coo_array(entries, shape=shape).tocsc()


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


def _knowledge(cells: pd.DataFrame, matrix: sparse.csc_array, highest: int, is_told: bool) -> Knowledge:
    """What a reader knows of each cell, were it hidden; `is_told`: also which of the marked ones are small."""
    value = cells.value.to_numpy(float)
    counts = cells.is_protected.to_numpy(bool)
    low, high = np.where(counts, 0.0, -np.inf), np.full(len(cells), np.inf)
    for column, bound in (("lowest", low), ("highest", high)):
        if column in cells:
            given = cells[column].to_numpy(float)
            bound[~np.isnan(given)] = given[~np.isnan(given)]
    small = _is_small(cells, highest)
    if is_told:
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
        is_whole=counts,
        small=targets,
        down=np.minimum(LOWEST - value[targets], 0),
        up=np.maximum(highest - value[targets], 0),
    )


def _hide(cells: pd.DataFrame, knowledge: Knowledge, hidden: Array) -> Array:
    """Hide more until no end is given away that hiding could keep possible."""
    failing = exposed(knowledge, hidden)
    if not failing:
        return hidden
    labels = components_of(knowledge.matrix, np.ones(len(cells), dtype=bool))
    loss = cells.loss.to_numpy(float)
    of_component: dict[int, list[tuple[int, int]]] = {}
    for position, direction in failing:
        of_component.setdefault(int(labels[knowledge.small[position]]), []).append((position, direction))
    chosen, unreachable = hidden.copy(), set()
    for label, ends in of_component.items():
        members = np.flatnonzero(labels == label)
        more, short = _least_loss(knowledge, members, hidden, ends, loss)
        chosen[more] = True
        unreachable |= short
    # the audit: whoever is still exposed, without the programme having said so, is protected by all there is
    for position, _ in [end for end in exposed(knowledge, chosen) if end not in unreachable]:
        chosen |= labels == labels[knowledge.small[position]]
    return chosen


def _least_loss(
    knowledge: Knowledge, members: Array, hidden: Array, ends: list[tuple[int, int]], loss: Array
) -> tuple[Array, set[tuple[int, int]]]:
    """The cells of one component to hide beside those hidden, and the ends that even hiding everything cannot keep possible.

    Variables: one choice for each cell that may be hidden; then for each end a world (a distance from the truth for each
    cell, 0 unless the cell is hidden) and how far it falls short of the end, which costs more than hiding everything.
    """
    open_cells = members[~hidden[members]]
    matrix = in_use(knowledge.matrix[:, members])
    cells, choices, worlds = len(members), len(open_cells), len(ends)
    if not choices:
        return open_cells, set(ends)
    if worlds * cells > LARGEST:
        return open_cells, set()
    widest = REACH * max(np.max(knowledge.up), -np.min(knowledge.down), 1) * _scale(matrix)
    low, high = np.maximum(knowledge.low[members], -widest), np.minimum(knowledge.high[members], widest)
    is_open = ~hidden[members]
    free_low, free_high = np.tile(low, worlds), np.tile(high, worlds)
    identity = sparse.eye_array(worlds, format="csr")
    # each world obeys every relation
    obeys = sparse.hstack(
        [
            sparse.csr_array((worlds * matrix.shape[0], choices)),
            sparse.kron(identity, matrix),
            sparse.csr_array((worlds * matrix.shape[0], worlds)),
        ]
    )
    # an open cell moves only where it is chosen: low · choice <= d <= high · choice
    pick = sparse.eye_array(cells, format="csr")[np.flatnonzero(is_open)]
    moves = sparse.kron(identity, pick)
    ones = np.ones((worlds, 1))
    by_low, by_high = (sparse.kron(ones, sparse.diags_array(bound[is_open])) for bound in (low, high))
    nothing = sparse.csr_array((moves.shape[0], worlds))
    above, below = sparse.hstack([-by_low, moves, nothing]), sparse.hstack([by_high, -moves, nothing])
    # each world reaches its end, or says by how much it falls short
    place = {int(cell): i for i, cell in enumerate(members)}
    positions = np.array([p for p, _ in ends])
    sign = np.array([d for _, d in ends])
    columns = np.array([world * cells + place[int(knowledge.small[p])] for world, (p, _) in enumerate(ends)])
    reaches = sparse.hstack(
        [
            sparse.csr_array((worlds, choices)),
            sparse.coo_array((sign, (np.arange(worlds), columns)), shape=(worlds, worlds * cells)),
            identity,
        ]
    )
    distance = np.where(sign == LOWER, -knowledge.down[positions], knowledge.up[positions])
    constraints = sparse.vstack([obeys, above, below, reaches], format="csr")
    least = np.concatenate([np.zeros(obeys.shape[0] + above.shape[0] + below.shape[0]), distance])
    most = np.concatenate([np.zeros(obeys.shape[0]), np.full(above.shape[0] + below.shape[0] + worlds, np.inf)])
    cost = np.concatenate([loss[open_cells], np.zeros(worlds * cells), np.full(worlds, loss[open_cells].sum() + 1)])
    is_whole = np.concatenate([np.ones(choices), np.zeros(worlds * cells + worlds)])
    found = solve(
        cost,
        constraints,
        (least, most),
        np.concatenate([np.zeros(choices), free_low, np.zeros(worlds)]),
        np.concatenate([np.ones(choices), free_high, distance]),
        is_whole,
    )
    if found.x is None:
        return open_cells, set()
    short = found.x[-worlds:] > 0.5
    return open_cells[found.x[:choices] > 0.5], {end for end, is_short in zip(ends, short, strict=True) if is_short}


def _scale(matrix: sparse.csr_array) -> Array:
    """How far a cell moves, at most, for a unit of another one of its relation: 1 where all coefficients are 1."""
    entries = matrix.tocoo()
    size = abs(entries.data)
    largest = np.zeros(matrix.shape[0])
    np.maximum.at(largest, entries.row, size)
    scale = np.ones(matrix.shape[1])
    np.maximum.at(scale, entries.col, largest[entries.row] / size)
    return scale
