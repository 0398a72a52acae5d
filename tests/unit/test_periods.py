"""Months, financial quarters and financial years: labels as UK statistics write them, and the days they hold."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csp_pipeline.partnership.periods import (
    financial_years,
    parse_period,
    period_holding,
    periods_between,
    table_of_periods,
)
from csp_pipeline.sql_text import period_label

DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize(
    ("day", "month", "quarter", "year"),
    [
        (date(2016, 4, 1), "2016-04", "2016-17 Q1", "2016-17"),
        (date(2016, 3, 31), "2016-03", "2015-16 Q4", "2015-16"),
        (date(2016, 12, 31), "2016-12", "2016-17 Q3", "2016-17"),
        (date(2017, 1, 1), "2017-01", "2016-17 Q4", "2016-17"),
        (date(2000, 2, 29), "2000-02", "1999-00 Q4", "1999-00"),
        (date(1999, 4, 1), "1999-04", "1999-00 Q1", "1999-00"),
    ],
)
def test_a_day_lies_in_its_month_quarter_and_financial_year(day: date, month: str, quarter: str, year: str) -> None:
    assert [period_holding(day, kind).label for kind in ("month", "quarter", "financial_year")] == [
        month,
        quarter,
        year,
    ]


@pytest.mark.parametrize(
    ("text", "kind", "start", "end", "label"),
    [
        ("2016-02", "month", date(2016, 2, 1), date(2016, 2, 29), "2016-02"),
        ("2016-17-Q4", "quarter", date(2017, 1, 1), date(2017, 3, 31), "2016-17 Q4"),
        ("2016/17 Q3", "quarter", date(2016, 10, 1), date(2016, 12, 31), "2016-17 Q3"),
        ("2016/17", "financial_year", date(2016, 4, 1), date(2017, 3, 31), "2016-17"),
        ("2010-11", "financial_year", date(2010, 4, 1), date(2011, 3, 31), "2010-11"),
        ("2010-11", "month", date(2010, 11, 1), date(2010, 11, 30), "2010-11"),
        ("1999-00", "financial_year", date(1999, 4, 1), date(2000, 3, 31), "1999-00"),
    ],
)
def test_a_label_is_read_for_the_kind_that_is_asked_for(text: str, kind: str, start: date, end: date, label: str) -> None:
    period = parse_period(text, kind)
    assert period is not None
    assert (period.start, period.end, period.label) == (start, end, label)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2016-13", "month"),
        ("2016-4", "month"),
        ("April 2016", "month"),
        ("2016-17 Q5", "quarter"),
        ("2016-18 Q1", "quarter"),
        ("2016-18", "financial_year"),
        ("2016", "financial_year"),
        ("", "month"),
        ("2016-04\n", "quarter"),
    ],
)
def test_what_is_no_label_of_the_kind_is_none(text: str, kind: str) -> None:
    assert parse_period(text, kind) is None


@given(day=DAYS, kind=st.sampled_from(["month", "quarter", "financial_year"]))
def test_python_and_sql_give_a_day_the_same_label_and_it_reads_back(day: date, kind: str) -> None:
    period = period_holding(day, kind)
    assert period.start <= day <= period.end
    assert parse_period(period.label, kind) == period
    assert duckdb.execute(f"SELECT {period_label('$day', kind)}", {"day": day}).fetchall() == [(period.label,)]


@given(first=DAYS, days=st.integers(0, 2_000), kind=st.sampled_from(["month", "quarter", "financial_year"]))
def test_periods_follow_each_other_without_gap_and_lie_inside(first: date, days: int, kind: str) -> None:
    last = first + timedelta(days=days)
    periods = list(periods_between(first, last, kind))
    assert all(first <= period.start and period.end <= last for period in periods)
    assert all(after.start - before.end == timedelta(days=1) for before, after in itertools.pairwise(periods))


def test_a_table_of_two_years_has_two_years_eight_quarters_and_twenty_four_months() -> None:
    table = table_of_periods(date(2015, 6, 1), date(2017, 2, 1))
    assert table.period_kind.value_counts().to_dict() == {"month": 24, "quarter": 8, "financial_year": 2}
    assert table.groupby("period_kind").months.sum().to_dict() == {"month": 24, "quarter": 24, "financial_year": 24}


def test_years_the_wrong_way_round_are_no_years() -> None:
    assert [year.label for year in financial_years("2014-15", "2016-17")] == ["2014-15", "2015-16", "2016-17"]
    with pytest.raises(ValueError, match="2016-17"):
        financial_years("2016-17", "2014-15")
