"""Exact tests and intervals: worked examples published elsewhere, and laws that hold for all counts."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csp_pipeline.reconcile.exact import compare_counts, compare_percentages, count_interval

counts = st.integers(0, 3_000)
exposures = st.floats(1, 1e6, allow_nan=False)


def compare(before: float, after: float, exposure_before: float = 1, exposure_after: float = 1) -> tuple[float, ...]:
    """Ratio, low, high and p-value of one comparison."""
    given = (np.array([value], dtype=float) for value in (before, after, exposure_before, exposure_after))
    return tuple(float(part[0]) for part in compare_counts(*given))


# Worked examples


def test_two_counts_as_in_rs_documentation_of_poisson_test() -> None:
    """R 4, ?poisson.test, second example: poisson.test(c(11, 6+8+7), c(800, 1083+1050+878)), rate ratio and interval."""
    ratio, low, high, _ = compare(21, 11, 3011, 800)
    assert (ratio, low, high) == pytest.approx((1.971488, 0.8584264, 4.2772659), rel=1e-6)


def test_two_counts_whose_interval_holds_one_are_within_chance() -> None:
    """R, poisson.test(c(10, 2), c(20000, 17887)): interval 0.9529548 to 41.9743814, although R's own p-value is 0.0421."""
    ratio, low, high, p_value = compare(2, 10, 17887, 20000)
    assert (ratio, low, high) == pytest.approx((4.47175, 0.9529548, 41.9743814), rel=1e-6)
    assert p_value > 0.05


def test_two_counts_as_in_rateratio_test() -> None:
    """R package rateratio.test (Fay), its example c(2, 9) out of c(17877, 16660): p 0.0501065, 0.0217741 to 1.0005491."""
    _, low, high, p_value = compare(9, 2, 16660, 17877)
    assert (low, high, p_value) == pytest.approx((0.0217740627591, 1.00054910449, 0.0501064956141), rel=1e-9)


def test_equal_exposures_are_a_sign_test() -> None:
    """8 against 2 in equal times: 56 of the 1,024 ways to toss ten coins are 8 or more heads, so p is 112 in 1,024."""
    assert compare(2, 8)[3] == pytest.approx(112 / 1024)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [
        (0, 0, 3.688879),  # epitools' documentation of pois.exact: 3.689, which is -log(0.025)
        (10, 4.795389, 18.390356),  # R: poisson.test(10)
        (137, 115.0205, 161.9564),  # R: ?poisson.test, first example, before it is divided by 24.19893
    ],
)
def test_the_interval_of_a_count(count: int, low: float, high: float) -> None:
    found = count_interval(np.array([float(count)]))
    assert (found[0][0], found[1][0]) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [  # Newcombe 1998, table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((10, 10), (0, 20), 0.6791, 1.0000),
    ],
)
def test_the_interval_of_two_percentages(first: tuple[int, int], second: tuple[int, int], low: float, high: float) -> None:
    shares = [np.array([100.0 * part / whole]) for part, whole in (second, first)]
    bases = [np.array([float(whole)]) for _, whole in (second, first)]
    found = compare_percentages(*shares, *bases)
    assert (found.low[0], found.high[0]) == pytest.approx((100 * low, 100 * high), abs=0.006)


def test_two_percentages_by_hand() -> None:
    """60 and 40 of 100 each: pooled 50%, standard error 7.07 points, z 2.83, p 0.00468."""
    found = compare_percentages(*(np.array([value]) for value in (40.0, 60.0, 100.0, 100.0)))
    assert found.p_value[0] == pytest.approx(math.erfc(math.sqrt(8) / math.sqrt(2)))
    assert found.p_value[0] == pytest.approx(0.00468, abs=5e-6)


def test_percentages_without_any_difference_are_chance() -> None:
    found = compare_percentages(*(np.array([value]) for value in (100.0, 100.0, 80.0, 120.0)))
    assert found.p_value[0] == 1


# Laws


@given(counts, counts, exposures, exposures)
def test_the_order_of_the_two_years_does_not_matter(before: int, after: int, first: float, second: float) -> None:
    ratio, low, high, p_value = compare(before, after, first, second)
    other_ratio, other_low, other_high, other_p = compare(after, before, second, first)
    assert other_p == pytest.approx(p_value, rel=1e-6, abs=1e-12)
    if before and after:
        assert (1 / other_high, 1 / other_low, 1 / other_ratio) == pytest.approx((low, high, ratio), rel=1e-6)


@given(counts, counts, exposures, exposures)
def test_the_interval_holds_the_ratio_and_a_small_p_value_means_that_one_is_outside(
    before: int, after: int, first: float, second: float
) -> None:
    ratio, low, high, p_value = compare(before, after, first, second)
    assert 0 <= p_value <= 1
    assert low <= high
    if before:
        assert low <= ratio <= high
    if abs(p_value - 0.05) > 1e-9:
        assert (p_value < 0.05) == (not low <= 1 <= high)


@given(counts, exposures, exposures)
def test_a_larger_rise_is_never_less_certain(count: int, first: float, second: float) -> None:
    rises = [compare(count, after, first, first) for after in (count, count + 5, count + 50, 2 * count + 100)]
    assert [rise[3] for rise in rises] == sorted((rise[3] for rise in rises), reverse=True)
    assert [rise[1] for rise in rises] == sorted(rise[1] for rise in rises)
    assert compare(count, count, first, first)[3] == 1


@given(st.lists(st.tuples(counts, counts), min_size=1, max_size=20))
def test_many_at_once_are_as_one_by_one(pairs: list[tuple[int, int]]) -> None:
    before, after = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    ones = np.ones(len(pairs))
    together = np.column_stack(compare_counts(before, after, ones, ones))
    alone = np.array([compare(*pair) for pair in pairs])
    np.testing.assert_array_equal(together, alone)


@given(counts)
def test_the_interval_of_a_count_holds_it(count: int) -> None:
    low, high = (float(end[0]) for end in count_interval(np.array([float(count)])))
    assert low <= count < high
    if count:
        # its two tails hold 2.5% each
        lower_tail = 1 - sum(math.exp(k * math.log(low) - low - math.lgamma(k + 1)) for k in range(count))
        assert lower_tail == pytest.approx(0.025, abs=1e-6)


percentages, bases = st.floats(0, 100), st.integers(1, 2_000)


@given(percentages, percentages, bases, bases)
def test_percentages_swap_and_stay_inside_a_hundred_points(first: float, second: float, base: int, other: int) -> None:
    arrays = [np.array([float(value)]) for value in (first, second, base, other)]
    found = compare_percentages(*arrays)
    swapped = compare_percentages(arrays[1], arrays[0], arrays[3], arrays[2])
    assert swapped.p_value[0] == pytest.approx(found.p_value[0], abs=1e-9)
    assert (swapped.low[0], swapped.high[0]) == pytest.approx((-found.high[0], -found.low[0]), abs=1e-6)
    assert -100 - 1e-6 <= found.low[0] <= second - first + 1e-6
    assert second - first - 1e-6 <= found.high[0] <= 100 + 1e-6
