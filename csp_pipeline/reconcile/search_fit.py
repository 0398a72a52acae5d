"""How well each variant of a measure fits the numbers of another feed, over all their areas and periods at once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from csp_pipeline.reconcile.search_count import Numbers, RecordReading, Tally
from csp_pipeline.reconcile.search_space import MONTHS, Dimension, Option, Space

# Cells times kinds of records that are held at once while variants are counted.
HELD_AT_ONCE = 4_000_000
# Multiplications up to which OpenBLAS keeps a product in one thread.
UNSPLIT_PRODUCT = 200_000
NEVER = np.inf


@dataclass(frozen=True)
class Target:
    """The other feed's numbers: one for each cell, ordered by period; suppressed ones are intervals from `low` to `high`.

    `period` numbers the periods from 0 without gaps; `absolute` and `relative` are the pair's tolerance.
    """

    cell: Numbers
    period: Numbers
    low: Numbers
    high: Numbers
    absolute: float
    relative: float

    @property
    def periods(self) -> int:
        """How many periods there are."""
        return int(self.period.max(initial=-1)) + 1


@dataclass(frozen=True)
class Fit:
    """For each variant (in the order of the space): how far it is from the numbers, and in how many it agrees.

    `figures` is the number of figures compared; `misfit` is the total absolute difference; `agreeing` and `within` count the
    figures that are equal, and equal or within tolerance; `period_misfit` and `period_beyond` hold, by period, the difference
    and the figures beyond tolerance, and `period_figures` how many there are. `changes` counts the changes from the headline,
    which is variant 0. `order` lists the variants from the best on (see `rank_variants`); those that cannot be counted (misfit
    infinite) are not in it. In `nothing_within` figures a count of nothing at all would be within tolerance.
    """

    space: Space
    figures: int
    misfit: Numbers
    agreeing: Numbers
    within: Numbers
    period_misfit: Numbers
    period_beyond: Numbers
    period_figures: Numbers
    changes: Numbers
    order: Numbers
    nothing_within: int = 0

    @property
    def tells_nothing(self) -> bool:
        """The best was picked, and a count of nothing at all would agree in as many figures: so would any narrow condition."""
        within = int(self.within[self.best])
        return self.best != 0 and self.nothing_within >= within > self.figures / 2

    @property
    def best(self) -> int:
        """The variant that fits best; of several the one with the fewest changes."""
        return int(self.order[0])

    @property
    def as_good(self) -> int:
        """How many variants fit as well as the best, itself included."""
        return int(((self.misfit == self.misfit[self.best]) & (self.within == self.within[self.best])).sum())

    @property
    def as_many(self) -> int:
        """How many others agree in as many figures as the best, where it agrees in any; their differences are larger."""
        if not self.within[self.best]:
            return 0
        return int((self.within[self.order] >= self.within[self.best]).sum()) - self.as_good

    @cached_property
    def periods_agreeing(self) -> Numbers:
        """For each variant, the periods all of whose figures are within tolerance."""
        return np.asarray((self.period_beyond == 0).sum(axis=0))

    def options(self, variant: int) -> tuple[Option, ...]:
        """The settings of a variant, dimension by dimension."""
        places = np.unravel_index(variant, self.space.shape)
        return tuple(d.options[int(i)] for d, i in zip(self.space.dimensions, places, strict=True))

    def predicted(self) -> int:
        """Chance made visible: in how many periods the variant that fits the *other* periods best agrees too."""
        if self.period_misfit.shape[0] < 2:
            return 0
        count = 0
        for misfit, beyond, figures in zip(self.period_misfit, self.period_beyond, self.period_figures, strict=True):
            left = self.figures - int(figures)
            picked = rank_variants(self.misfit - misfit, self.within - (figures - beyond), left, self.changes)[0]
            count += int(beyond[picked] == 0)
        return count

    def steps(self) -> list[int]:
        """The way from the headline to the best, one change at a time, each time the one that helps most."""
        shape = self.space.shape
        here, goal = [0] * len(shape), np.unravel_index(self.best, shape)
        way = [0]
        while list(here) != [int(i) for i in goal]:
            nexts = []
            for place, wanted in enumerate(goal):
                if here[place] != wanted:
                    changed = [*here]
                    changed[place] = int(wanted)
                    nexts.append((float(self.misfit[np.ravel_multi_index(changed, shape)]), place, changed))
            here = min(nexts)[2]
            way.append(int(np.ravel_multi_index(here, shape)))
        return way

    def neighbours(self, variant: int) -> list[tuple[int, int]]:
        """Every variant that differs from one in a single dimension, with the number of that dimension."""
        shape = self.space.shape
        places = [int(i) for i in np.unravel_index(variant, shape)]
        found = []
        for dimension, size in enumerate(shape):
            for option in range(size):
                if option != places[dimension]:
                    changed = [*places]
                    changed[dimension] = option
                    found.append((int(np.ravel_multi_index(changed, shape)), dimension))
        return [(other, dimension) for other, dimension in found if np.isfinite(self.misfit[other])]


def fit_variants(
    space: Space,
    target: Target,
    reading: RecordReading,
    tally: Callable[[str, str, str], Tally],
    tells_months: Callable[[str], bool],
) -> Fit:
    """Count every variant of the space in the target's cells and measure how far each is from the numbers there.

    `tally` gives the tally of a date basis, unit and area basis; `tells_months` says whether a date basis tells the month:
    with one that does not, months of a period cannot be left out.
    """
    parts = [_fit_block(space, target, reading, tally(*block)) for block in outer_blocks(space)]
    misfit, agreeing, within, period_misfit, period_beyond = (
        np.concatenate(arrays, axis=-1) for arrays in zip(*parts, strict=True)
    )
    places = np.unravel_index(np.arange(space.size), space.shape)
    for number, dimension in enumerate(space.dimensions):
        if dimension.name == MONTHS:
            unknown = np.array([not tells_months(option.value) for option in space.outer[0].options])
            cannot = unknown[places[0]] & (places[number] > 0)
            misfit[cannot], within[cannot] = NEVER, 0
    changes = np.sum([place > 0 for place in places], axis=0)
    figures = len(target.cell)
    order = rank_variants(misfit, within, figures, changes)
    order = order[np.isfinite(misfit[order])]
    period_figures = np.bincount(target.period)
    nothing = int((~_measure(target, np.zeros((figures, 1)))[1]).sum())
    if nothing >= within[order[0]] == within[0] > figures / 2:
        # no pick can be told from a count of nothing, so that what was not picked stands
        order = np.concatenate([[0], order[order != 0]])
    return Fit(space, figures, misfit, agreeing, within, period_misfit, period_beyond, period_figures, changes, order, nothing)


def rank_variants(misfit: Numbers, within: Numbers, figures: int, changes: Numbers) -> Numbers:
    """The order of variants from the best on.

    Those under which more than half of the figures are equal or within tolerance come first, by how many: a single period that
    was counted otherwise does not decide. Then the total absolute difference decides, then the number of changes.
    """
    missed = np.where(2 * within > figures, figures - within, figures)
    return np.lexsort((np.arange(len(misfit)), changes, misfit, missed))


def outer_blocks(space: Space) -> list[tuple[str, str, str]]:
    """Every date basis with every unit and area basis, in the order of the space."""
    date, unit, area = space.outer
    return [(d.value, u.value, a.value) for d in date.options for u in unit.options for a in area.options]


def count_variant(variant: int, space: Space, cells: Numbers, reading: RecordReading, tally: Tally) -> Numbers:
    """The counts of one variant in some cells."""
    places = np.unravel_index(variant, space.shape)[len(space.outer) :]
    chosen = tuple(Dimension(d.name, (d.options[int(i)],)) for d, i in zip(space.inner, places, strict=True))
    return count_block(Space(space.outer, chosen), cells, reading, tally)[:, 0]


def count_block(space: Space, cells: Numbers, reading: RecordReading, tally: Tally) -> Numbers:
    """Counts in the given cells (rows) of all inner variants (columns) on one date basis, unit and area basis."""
    size = 1 + max(int(array.max(initial=0)) for array in (cells, tally.cell, tally.unit_cell))
    row_of_cell = np.full(size, -1)
    row_of_cell[cells] = np.arange(len(cells))
    row = row_of_cell[tally.cell]
    kind, accepted = _accepted(space, reading, tally.element[row >= 0])
    number = np.bincount(
        row[row >= 0] * len(accepted) + kind, weights=tally.number[row >= 0], minlength=len(cells) * len(accepted)
    )
    counts = _multiply(number.reshape(len(cells), len(accepted)), accepted)
    if not len(tally.member_unit):
        return counts
    # a unit with several kinds of records counts once where a variant accepts any of them
    held = row_of_cell[tally.unit_cell][tally.member_unit] >= 0
    unit = tally.member_unit[held]
    kind, accepted = _accepted(space, reading, tally.member_element[held])
    starts = np.flatnonzero(np.diff(unit, prepend=-1))
    row = row_of_cell[tally.unit_cell[unit[starts]]]
    ends = np.append(starts, len(unit))
    at_once = max(1, HELD_AT_ONCE // max(space.inner_size, len(cells)))
    for first in range(0, len(starts), at_once):
        until = min(first + at_once, len(starts))
        members = kind[ends[first] : ends[until]]
        counted = np.maximum.reduceat(accepted[members], starts[first:until] - ends[first], axis=0)
        lies_in = (row[first:until] == np.arange(len(cells))[:, None]).astype(float)
        counts += _multiply(lies_in, counted)
    return counts


def _accepted(space: Space, reading: RecordReading, element: Numbers) -> tuple[Numbers, Numbers]:
    """The kind of each element as far as the space tells them apart, and for each kind (rows) which inner variants accept it."""
    names = sorted({option.trait for dimension in space.inner for option in dimension.options if option.trait})
    digits = {name: reading.digits(element, name) for name in names}
    code = np.zeros(len(element), dtype=np.int64)
    for name in names:
        code = code * (int(digits[name].max(initial=0)) + 1) + digits[name]
    _, first, kind = np.unique(code, return_index=True, return_inverse=True)
    accepted = np.ones((len(first), 1), dtype=bool)
    for dimension in space.inner:
        options = [
            _is_in(digits[option.trait][first], option.codes) if option.trait else np.ones(len(first), dtype=bool)
            for option in dimension.options
        ]
        accepted = (accepted[:, :, None] & np.stack(options, axis=1)[:, None, :]).reshape(
            len(first), accepted.shape[1] * len(options)
        )
    return kind, accepted.astype(float)


def _is_in(digits: Numbers, codes: frozenset[int]) -> Numbers:
    table = np.zeros(1 + max([*codes, int(digits.max(initial=0))]), dtype=bool)
    table[list(codes)] = True
    return np.asarray(table[digits])


def _multiply(left: Numbers, right: Numbers) -> Numbers:
    """A matrix product in slices that are too small for the library to split among threads: waiting would cost more."""
    rows = max(1, UNSPLIT_PRODUCT // max(1, right.size))
    return np.concatenate([left[first : first + rows] @ right for first in range(0, len(left), rows)])


def _measure(target: Target, counts: Numbers) -> tuple[Numbers, Any]:
    """How far each count lies outside the numbers' intervals, and whether beyond tolerance: a row for each figure, a column for
    each variant.
    """
    low, high = target.low[:, None], target.high[:, None]
    off = np.maximum(low - counts, 0) + np.maximum(counts - high, 0)
    larger = np.maximum(counts, np.where(np.isfinite(high), high, low))
    return off, off > np.maximum(target.absolute, target.relative * larger)


def _fit_block(space: Space, target: Target, reading: RecordReading, tally: Tally) -> tuple[Any, ...]:
    counts = count_block(space, target.cell, reading, tally)
    off, beyond = _measure(target, counts)
    starts = np.flatnonzero(np.diff(target.period, prepend=-1))
    return (
        off.sum(axis=0), (off == 0).sum(axis=0), (~beyond).sum(axis=0),
        np.add.reduceat(off, starts, axis=0), np.add.reduceat(beyond.astype(int), starts, axis=0),
    )  # fmt: skip
