"""Suggested breaks: real shifts are found where they are, seasons, trends and chance are not called one."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from csp_pipeline.figures.breaks import LEAST_MONTHS, LEAST_STRENGTH, find_shifts

YEARS = 3
MONTHS = np.arange(12 * YEARS)
CALENDAR = [int(month) for month in (MONTHS + 3) % 12 + 1]  # from April


def seasonal(mean: float, swing: float) -> np.ndarray:
    return mean * (1 + swing * np.sin(2 * np.pi * MONTHS / 12))


@pytest.mark.parametrize(("mean", "swing"), [(6, 0), (30, 0), (200, 0), (30, 0.3), (200, 0.3)], ids=lambda value: str(value))
def test_chance_and_season_are_called_a_break_once_in_a_hundred_series_at_most(mean: float, swing: float) -> None:
    """The rate of false alarms on simulated Poisson series without any break: 300 of three years, always the same ones."""
    rng = np.random.default_rng(20170331)
    alarms = sum(bool(find_shifts(rng.poisson(seasonal(mean, swing)).tolist(), CALENDAR)) for _ in range(300))
    assert alarms <= 3


def test_a_long_series_has_no_more_false_alarms() -> None:
    """Ten years have more places where chance may look like a shift."""
    rng = np.random.default_rng(20270331)
    alarms = sum(bool(find_shifts(rng.poisson(30, 120).tolist(), [month % 12 + 1 for month in range(120)])) for _ in range(200))
    assert alarms <= 2


def test_noise_beyond_chance_raises_the_bar() -> None:
    """Counts that vary twice as much as a Poisson count, as crimes in series by one offender do."""
    rng = np.random.default_rng(3)
    series = [rng.negative_binomial(40, 0.5, size=len(MONTHS)).tolist() for _ in range(300)]
    assert sum(bool(find_shifts(counts, CALENDAR)) for counts in series) <= 6


@pytest.mark.parametrize("place", [8, 18, 26])
def test_a_shift_by_half_is_found_within_two_months_of_where_it_is(place: int) -> None:
    rng = np.random.default_rng(11)
    found = 0
    for _ in range(60):
        expected = seasonal(70, 0.2)
        expected[place:] *= 1.5
        shifts = find_shifts(rng.poisson(expected).tolist(), CALENDAR)
        found += any(abs(shift.place - place) <= 2 for shift in shifts)
    assert found >= 54


def test_a_shift_says_the_means_beside_it_and_how_strong_it_is() -> None:
    counts = [40.0, 42.0] * 9 + [80.0, 82.0] * 9
    [shift] = find_shifts(counts, CALENDAR)
    assert (shift.place, shift.mean_before, shift.mean_after) == (18, 41, 81)
    # 2 sqrt(81) - 2 sqrt(41) is 5.2, with an error of sqrt(1/18 + 1/18) = 1/3 for counts of chance alone
    assert shift.strength == pytest.approx(15.5, abs=0.5)
    assert shift.strength > LEAST_STRENGTH


def test_a_steady_rise_is_a_trend_and_seldom_called_a_break() -> None:
    """From 60 to 130 a month in three years; a trend described by levels all the same is the one known weakness."""
    rng = np.random.default_rng(5)
    alarms = sum(bool(find_shifts(rng.poisson(60 + 2 * MONTHS).tolist(), CALENDAR)) for _ in range(100))
    assert alarms <= 8


def test_short_series_and_small_counts_have_no_suggestion() -> None:
    short = [10.0] * 11 + [60.0] * (LEAST_MONTHS - 12)
    assert find_shifts(short, CALENDAR[: len(short)]) == []
    assert find_shifts([1.0] * 18 + [4.0] * 18, CALENDAR) == []


def test_a_missing_month_is_passed_over() -> None:
    counts = [40.0] * 17 + [80.0] * 18
    calendar = CALENDAR[:10] + CALENDAR[11:]
    assert [shift.place for shift in find_shifts(counts, calendar)] == [17]


def test_the_library_is_loaded_by_the_stage_that_needs_it_only() -> None:
    code = "import sys, csp_pipeline.stages, csp_pipeline.cli; print('ruptures' in sys.modules, 'scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
