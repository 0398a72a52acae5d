"""Exact tests and intervals for counts, and the usual ones for survey percentages: arrays in, arrays out, no tables.

Only `scipy.special` is used, loaded where it is needed: the distributions are closed forms of its beta and gamma functions,
and importing `scipy.stats` would cost a run more than the tests themselves.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
LEVEL = 0.95


class CountComparison(NamedTuple):
    """Two counts compared: rate ratio (after over before) with its interval, and the two-sided p-value."""

    ratio: Array
    low: Array
    high: Array
    p_value: Array


class PercentageComparison(NamedTuple):
    """Two percentages compared: interval of the difference in percentage points, and the two-sided p-value."""

    low: Array
    high: Array
    p_value: Array


def compare_counts(before: Array, after: Array, exposure_before: Array, exposure_after: Array) -> CountComparison:
    """Compare two independent Poisson counts, each out of an exposure such as a population.

    Method: given their sum, the later count is binomial with the share `after / (before + after)` of the exposures when
    nothing has changed (Przyborowski and Wilenski 1940). The p-value is twice the smaller tail, at most 1; the interval
    of the ratio is that of Clopper and Pearson (1934) for the binomial share, turned into a ratio. The two match: the p-value
    is under 0.05 exactly when the 95% interval leaves 1 out (Fay 2010, "Two-sided exact tests and matching confidence
    intervals for discrete data", R Journal 2(1)). R's `poisson.test` gives the same interval and another two-sided
    p-value, whose verdict can contradict it; R's `rateratio.test` gives both as here.

    Counts are whole and at least 0, exposures above 0. `ratio` is NaN where the earlier count is 0, and `high` infinite;
    where both are 0 nothing is known of the ratio: 0 to infinity, p-value 1.
    """
    from scipy.special import betainc, betaincc, betainccinv, betaincinv

    total = before + after
    share = exposure_after / (exposure_before + exposure_after)
    half = (1 - LEVEL) / 2
    with np.errstate(all="ignore"):
        at_most = np.where(before > 0, betaincc(after + 1, before, share), 1.0)
        at_least = np.where(after > 0, betainc(after, before + 1, share), 1.0)
        lowest = np.where(after > 0, betaincinv(after, before + 1, half), 0.0)
        highest = np.where(before > 0, betainccinv(after + 1, before, half), 1.0)
        scale = exposure_before / exposure_after
        ratio = np.where(before > 0, after / before * scale, np.nan)
        low, high = lowest / (1 - lowest) * scale, highest / (1 - highest) * scale
    p_value = np.where(total > 0, np.minimum(1.0, 2 * np.minimum(at_most, at_least)), 1.0)
    return CountComparison(ratio, low, np.where(before > 0, high, np.inf), p_value)


def count_interval(count: Array) -> tuple[Array, Array]:
    """The exact 95% interval of a Poisson count's expectation (Garwood 1936), by quantiles of chi-square, that is gamma."""
    from scipy.special import gammainccinv, gammaincinv

    half = (1 - LEVEL) / 2
    low = np.where(count > 0, gammaincinv(np.maximum(count, 1), half), 0.0)
    return low, gammainccinv(count + 1, half)


def compare_percentages(before: Array, after: Array, base_before: Array, base_after: Array) -> PercentageComparison:
    """Compare two percentages of independent simple random samples of `base` people each.

    Method: the pooled two-proportion score test, and Newcombe's hybrid score interval of the difference (Newcombe 1998,
    "Interval estimation for the difference between independent proportions", method 10). Published percentages are
    rounded and survey samples are weighted and clustered, so that the true uncertainty is larger.
    """
    from scipy.special import ndtr, ndtri

    first, second = before / 100, after / 100
    pooled = (first * base_before + second * base_after) / (base_before + base_after)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / base_before + 1 / base_after))
    with np.errstate(all="ignore"):
        p_value = np.where(spread > 0, 2 * ndtr(-np.abs(second - first) / spread), 1.0)
    z = ndtri(1 - (1 - LEVEL) / 2)
    (low_first, high_first), (low_second, high_second) = _wilson(first, base_before, z), _wilson(second, base_after, z)
    low = second - first - np.sqrt((second - low_second) ** 2 + (high_first - first) ** 2)
    high = second - first + np.sqrt((high_second - second) ** 2 + (first - low_first) ** 2)
    return PercentageComparison(100 * low, 100 * high, p_value)


def _wilson(share: Array, base: Array, z: float) -> tuple[Array, Array]:
    """Wilson's score interval of a share."""
    centre = (share + z**2 / (2 * base)) / (1 + z**2 / base)
    half = z / (1 + z**2 / base) * np.sqrt(share * (1 - share) / base + z**2 / (4 * base**2))
    return centre - half, centre + half
