"""Control limits: how they are drawn, where they start again, and how rarely chance alone puts a point outside."""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pytest

from csp_pipeline.partnership.periods import periods_between
from csp_pipeline.reconcile.change_tests import LEAST_MEAN, LEAST_POINTS, PACKAGE
from csp_pipeline.sql import read_sql

DISTRICT = "E07000131"
MONTHS = list(periods_between(date(2014, 4, 1), date(2017, 3, 31), "month"))


def series(values: list[float] | np.ndarray, measure: str = "thefts", unit: str = "offence") -> pd.DataFrame:
    """Headline figures of consecutive months; NaN stands for a month that has not come."""
    return many_series(np.array([values], dtype=float), [measure], unit)


def many_series(values: np.ndarray, measures: list[str], unit: str = "offence") -> pd.DataFrame:
    """Headline figures of several measures, a row of values each."""
    months = MONTHS[: values.shape[1]]
    frame = pd.DataFrame(
        {
            "value": values.ravel(),
            "measure": np.repeat(np.array(measures, dtype=object), len(months)),
            "period": [month.label for month in months] * len(measures),
            "period_start": [month.start for month in months] * len(measures),
            "period_end": [month.end for month in months] * len(measures),
        }
    )
    return frame.assign(
        agency="police", feed="crimes", area_code=DISTRICT, period_kind="month", unit=unit, is_headline=True,
        status=np.where(frame.value.isna(), "M", "A"),
    )  # fmt: skip


def draw(figures: pd.DataFrame, breaks: list[tuple[str, str]] = ()) -> pd.DataFrame:
    """The control limits of some figures; `breaks` are pairs of a measure and the first day of its new way."""
    with duckdb.connect() as connection:
        connection.register("given", figures)
        connection.execute(
            "CREATE TABLE figures AS "
            "SELECT * REPLACE (period_start::DATE AS period_start, period_end::DATE AS period_end) FROM given"
        ).fetchall()
        connection.execute(
            "CREATE TABLE breaks (agency TEXT, feed TEXT, measure TEXT, break_id TEXT, break_date DATE)"
        ).fetchall()
        for measure, day in breaks:
            connection.execute("INSERT INTO breaks VALUES ('police', 'crimes', ?, ?, ?)", [measure, day, day]).fetchall()
        values = {"district": DISTRICT, "least_points": LEAST_POINTS, "least_mean": LEAST_MEAN}
        return connection.execute(read_sql(PACKAGE, "control_limits"), values).df().set_index("period")


def test_limits_by_hand() -> None:
    """Eleven steps of 2 between 10 and 12: the mean is 11, and the limits lie 2.66 times 2 to either side."""
    limits = draw(series([10.0, 12.0] * 6))
    assert limits.centre.unique() == [11]
    assert limits.lower.unique() == pytest.approx([5.68])
    assert limits.upper.unique() == pytest.approx([16.32])
    assert set(limits.signal) == {"within"}


def test_one_high_month_is_above_and_one_low_month_below() -> None:
    values = [50.0, 52.0] * 18
    values[20], values[30] = 95.0, 5.0
    limits = draw(series(values))
    assert limits.signal[limits.signal != "within"].to_dict() == {MONTHS[20].label: "above", MONTHS[30].label: "below"}


def test_a_break_starts_a_new_chart() -> None:
    """Twice the level from a declared break on is nothing unusual; undeclared, months lie outside."""
    values = [20.0, 22.0] * 9 + [60.0, 62.0] * 9
    assert "within" not in set(draw(series(values)).signal[:18])
    broken = draw(series(values), [("thefts", MONTHS[18].start.isoformat())])
    assert set(broken.signal) == {"within"}
    assert broken.centre.unique().tolist() == [21, 61]
    assert set(broken.points) == {18}


def test_the_break_of_another_measure_is_none() -> None:
    limits = draw(series([20.0, 22.0] * 18), [("burglary", MONTHS[18].start.isoformat())])
    assert set(limits.points) == {36}


def test_a_month_that_has_not_come_is_no_point_and_no_step() -> None:
    """Without its step the fall from 40 to 10 over the gap does not widen the limits."""
    limits = draw(series([40.0] * 10 + [float("nan")] + [10.0] * 10))
    assert MONTHS[10].label not in limits.index
    assert set(limits.upper - limits.lower) == {0}


def test_too_few_months_have_no_limits() -> None:
    limits = draw(series([10.0, 12.0] * 5 + [30.0]))
    assert set(limits.signal) == {"no_limits"}
    assert set(limits.reason) == {"too_few_points"}
    assert limits.upper.isna().all()


def test_very_low_counts_have_no_limits() -> None:
    limits = draw(series([1.0, 2.0] * 18))
    assert set(limits.reason) == {"too_low"}


def test_limits_stay_where_figures_can_lie() -> None:
    counts = draw(series([0.0, 12.0] * 18))
    assert set(counts.lower) == {0}
    percentages = draw(series([88.0, 99.0] * 18, unit="percent"))
    assert set(percentages.upper) == {100}


@pytest.mark.parametrize("points", [12, 36])
@pytest.mark.parametrize(("mean", "clustered"), [(3, False), (20, False), (240, False), (3, True), (20, True), (240, True)])
def test_chance_alone_puts_at_most_one_point_in_a_hundred_outside(points: int, mean: int, clustered: bool) -> None:
    """Counts with one unchanging mean, pure Poisson or more variable than that (each month's own mean varies by 22%)."""
    random = np.random.default_rng(20170331)
    means = random.gamma(20, mean / 20, (1_000, points)) if clustered else np.full((1_000, points), float(mean))
    counts = random.poisson(means).astype(float)
    limits = draw(many_series(counts, [f"measure {number:04d}" for number in range(len(counts))]))
    drawn = limits[limits.signal != "no_limits"]
    assert len(drawn) > 400 * points
    outside = drawn.signal.isin(["above", "below"]).mean()
    assert 0 < outside <= 0.01


def test_a_real_change_of_level_is_seen() -> None:
    """A month at twice the mean of 100 is nearly always outside."""
    random = np.random.default_rng(20170331)
    counts = random.poisson(100, (200, 36)).astype(float)
    counts[:, 30] = random.poisson(200, 200)
    limits = draw(pd.concat([series(row, f"measure {number:03d}") for number, row in enumerate(counts)]))
    assert (limits.signal[limits.index == MONTHS[30].label] == "above").mean() > 0.95


@pytest.mark.parametrize("status", ["P", "B"])
def test_a_month_that_is_not_covered_whole_or_holds_a_break_is_on_no_chart(status: str) -> None:
    figures = series([10.0, 12.0] * 6 + [1.0])
    figures.loc[12, "status"] = status
    limits = draw(figures)
    assert MONTHS[12].label not in limits.index
    assert limits.centre.unique() == [11]


def test_a_series_without_any_change_is_within_its_limits_and_low_percentages_have_some() -> None:
    assert set(draw(series([20.0] * 12)).signal) == {"within"}
    assert draw(series([1.0, 2.0] * 6, unit="percent")).centre.unique() == [1.5]
    assert set(draw(series([1.0, 2.0] * 6, unit="percent")).signal) == {"within"}
    assert set(draw(series([1.0, 2.0] * 6)).reason) == {"too_low"}
