"""Which definition fits a number best, and what a fit may say: by counts that are given, each variant in each figure."""

from collections.abc import Sequence

import numpy as np
import pytest

from csp_pipeline.reconcile import search_fit
from csp_pipeline.reconcile.search_fit import Fit, Target, _measure, fit_variants, rank_variants
from csp_pipeline.reconcile.search_space import MONTHS, Dimension, Option, Space


def of_numbers(*numbers: int | tuple[float, float], absolute: float = 0, relative: float = 0) -> Target:
    """The other feed's numbers, one for each period; of a suppressed one the interval."""
    bounds = np.array([number if isinstance(number, tuple) else (number, number) for number in numbers], dtype=float)
    places = np.arange(len(numbers))
    return Target(places, places, bounds[:, 0], bounds[:, 1], absolute, relative)


def order(*agreeing_and_misfit: tuple[int, float, int], figures: int) -> list[int]:
    """The variants from the best on, by figures within tolerance, total difference and number of changes."""
    within, misfit, changes = (np.array(values) for values in zip(*agreeing_and_misfit, strict=True))
    return rank_variants(misfit, within, figures, changes).tolist()


@pytest.mark.parametrize(
    ("number", "count", "off", "is_beyond"),
    [
        (100, 100, 0, False),
        (100, 95, 5, False),
        (100, 94, 6, True),
        # of the larger of the two the tolerance is a part
        (95, 100, 5, False),
        (94, 100, 6, True),
        # a suppressed number says no more than its bounds
        ((1, 4), 4, 0, False),
        ((1, 4), 0, 1, True),
        ((1, 4), 5, 1, True),
        ((90, np.inf), 4000, 0, False),
        ((95, np.inf), 90, 5, True),
        ((100, np.inf), 95, 5, False),
        # it may be as large as its upper bound
        ((90, 120), 85, 5, False),
    ],
)
def test_a_count_agrees_within_the_tolerance_of_the_larger_number(
    number: int | tuple[float, float], count: int, off: float, is_beyond: bool
) -> None:
    found, beyond = _measure(of_numbers(number, relative=0.05), np.array([[count]], dtype=float))
    assert (found.tolist(), beyond.tolist()) == ([[off]], [[is_beyond]])


def test_what_agrees_in_most_figures_comes_first_and_else_the_total_difference_decides() -> None:
    # 2 of 3 agree, though the third is far off
    assert order((2, 500, 1), (1, 3, 1), (0, 2, 0), figures=3) == [0, 2, 1]
    # half of the figures are not most of them
    assert order((2, 500, 1), (1, 3, 1), figures=4) == [1, 0]
    # of what fits alike the fewest changes, then the order in which they were tried
    assert order((0, 3, 2), (0, 3, 1), (0, 3, 1), figures=4) == [1, 2, 0]


def fit_of(period_misfit: Sequence[Sequence[float]], shape: Sequence[int] = ()) -> Fit:
    """A fit of one figure in each period (rows) by variants (columns), which agree where they are not off."""
    off = np.array(period_misfit, dtype=float)
    dimensions = tuple(Dimension(f"d{n}", tuple(Option(str(o), str(o)) for o in range(size))) for n, size in enumerate(shape))
    within, changes = (off == 0).sum(axis=0), np.array([bin(variant).count("1") for variant in range(off.shape[1])])
    misfit = off.sum(axis=0)
    return Fit(
        Space((), dimensions), len(off), misfit, within, within, off, (off > 0).astype(int), np.ones(len(off), dtype=int),
        changes, rank_variants(misfit, within, len(off), changes),
    )  # fmt: skip


def test_a_definition_that_is_best_by_the_figure_itself_alone_does_not_predict_it() -> None:
    """Each variant but the headline hits one year by chance; none that is best in two years hits the third."""
    by_chance = [[9, 0, 50, 50], [9, 50, 0, 50], [9, 50, 50, 0]]
    assert fit_of(by_chance).predicted() == 0
    # the second is right in two of three years; but of the others, without one of these, in no more than half
    assert fit_of([[9, 0], [9, 0], [9, 50]]).predicted() == 0
    # it is right in every year
    assert fit_of([[9, 0, 50, 50], [9, 0, 0, 50], [9, 0, 50, 0]]).predicted() == 3
    # from one year nothing can be predicted
    assert fit_of([[0, 9]]).predicted() == 0


def test_the_way_to_the_best_takes_first_the_change_that_helps_most() -> None:
    """Two changes make the best; the second alone (1) comes nearer than the first alone (2)."""
    assert fit_of([[90, 20, 60, 0]], shape=(2, 2)).steps() == [0, 1, 3]
    assert fit_of([[90, 60, 20, 0]], shape=(2, 2)).steps() == [0, 2, 3]


def test_variants_fit_as_well_where_both_their_difference_and_the_figures_that_agree_are_the_same() -> None:
    """Both of the last are 6 off in all; the one in one year, the other in both."""
    fit = fit_of([[90, 6, 3], [90, 0, 3]])
    assert (fit.best, fit.as_good) == (1, 1)


def test_a_pick_that_a_count_of_nothing_equals_in_most_figures_tells_nothing() -> None:
    def tells_nothing(nothing_within: int, best: int = 1) -> bool:
        fit = fit_of([[0, 0, 5], [0, 0, 5], [9, 7, 5]])
        return Fit(**{**vars(fit), "nothing_within": nothing_within, "order": np.array([best])}).tells_nothing

    assert tells_nothing(2)
    assert not tells_nothing(1)
    # the headline was not picked; and of a pick that agrees in few figures it is told otherwise
    assert not tells_nothing(3, best=0)
    assert not tells_nothing(3, best=2)


# one date basis tells the month, the other only the quarter
DATES = Dimension("date", (Option("", "recorded"), Option("", "quarter")), is_basis=True)
ONE_UNIT, ONE_AREA = (Dimension(name, (Option("", name),), is_basis=True) for name in ("unit", "area"))
SPACE = Space((DATES, ONE_UNIT, ONE_AREA), (Dimension(MONTHS, (Option("", "every month"), Option("", "without the last"))),))


def fit_counts(monkeypatch: pytest.MonkeyPatch, target: Target, **counts: Sequence[Sequence[float]]) -> Fit:
    """The fit of counts by date basis, in each figure with every month and without the last."""

    def count_block(_space: Space, _cells: object, _reading: object, date: str) -> object:
        return np.array(counts[date], dtype=float)

    monkeypatch.setattr(search_fit, "count_block", count_block)
    return fit_variants(SPACE, target, None, lambda date, _unit, _area: date, lambda date: date == "recorded")  # type: ignore[arg-type, return-value]


def test_months_are_left_out_only_where_the_date_tells_the_month(monkeypatch: pytest.MonkeyPatch) -> None:
    target = of_numbers(50, 70)
    fit = fit_counts(monkeypatch, target, recorded=[[60, 55], [80, 75]], quarter=[[56, 50], [76, 70]])
    # the last of the four would agree in both, and cannot be counted
    assert fit.misfit.tolist() == [20, 10, 12, np.inf]
    assert fit.order.tolist() == [1, 2, 0]


def test_where_a_count_of_nothing_agrees_as_well_the_headline_that_agrees_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """All lies within a tolerance of 5: the nearest is no more to be told from nothing than the headline is."""
    fit = fit_counts(monkeypatch, of_numbers(2, 3, absolute=5), recorded=[[4, 2], [4, 3]], quarter=[[9, 9], [9, 9]])
    assert (fit.best, fit.nothing_within, fit.tells_nothing) == (0, 2, False)
    # of larger numbers the nearest is the best
    fit = fit_counts(monkeypatch, of_numbers(52, 53, absolute=5), recorded=[[54, 52], [54, 53]], quarter=[[9, 9], [9, 9]])
    assert (fit.best, fit.nothing_within) == (1, 0)
