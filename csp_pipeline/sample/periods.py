"""Months, quarters and financial years of the sample, and the names of the files that cover them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property

MONTHS_IN_YEAR = 12
_APRIL = 4


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month."""

    year: int
    month: int

    @property
    def label(self) -> str:
        return f"{self.year}-{self.month:02d}"

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @cached_property
    def last(self) -> date:
        return self.following.first - timedelta(days=1)

    @property
    def days(self) -> int:
        return self.last.day

    @property
    def following(self) -> Month:
        return Month(self.year + self.month // MONTHS_IN_YEAR, self.month % MONTHS_IN_YEAR + 1)

    @property
    def financial_year(self) -> str:
        return name_year(self.year if self.month >= _APRIL else self.year - 1)

    @property
    def quarter(self) -> int:
        return (self.month - _APRIL) % MONTHS_IN_YEAR // 3 + 1

    @property
    def number(self) -> int:
        return self.year * MONTHS_IN_YEAR + self.month


@dataclass(frozen=True, order=True)
class Quarter:
    """A quarter of a financial year."""

    financial_year: str
    quarter: int

    @property
    def label(self) -> str:
        return f"{self.financial_year}-Q{self.quarter}"

    @property
    def months(self) -> tuple[Month, ...]:
        return list_months(self.financial_year)[3 * self.quarter - 3 : 3 * self.quarter]

    @cached_property
    def first(self) -> date:
        return self.months[0].first

    @cached_property
    def last(self) -> date:
        return self.months[-1].last

    @property
    def number(self) -> int:
        return int(self.financial_year[:4]) * 4 + self.quarter


def name_year(start: int) -> str:
    """Name the financial year that begins in April of a calendar year: 2014 is `2014-15`."""
    return f"{start}-{(start + 1) % 100:02d}"


def list_years(first: str, last: str) -> list[str]:
    """List the financial years from first to last, both included."""
    years = [name_year(start) for start in range(int(first[:4]), int(last[:4]) + 1)]
    if not years or years[0] != first or years[-1] != last:
        raise ValueError(f"years {first}:{last} are not financial years in order: write them as 2014-15:2016-17")
    return years


@cache
def list_months(year: str) -> tuple[Month, ...]:
    """List the twelve months of a financial year, April first."""
    months = [Month(int(year[:4]), _APRIL)]
    while len(months) < MONTHS_IN_YEAR:
        months.append(months[-1].following)
    return tuple(months)


def list_quarters(years: list[str]) -> list[Quarter]:
    """List the quarters of some financial years."""
    return [Quarter(year, quarter) for year in years for quarter in range(1, 5)]


@cache
def place_day(day: date) -> Quarter:
    """Find the quarter of a day."""
    month = Month(day.year, day.month)
    return Quarter(month.financial_year, month.quarter)


def shift_year(year: str, by: int) -> str:
    """Name the financial year some years later or earlier."""
    return name_year(int(year[:4]) + by)


def name_file(feed: str, coverage: str, extracted: date, extension: str) -> str:
    """Name a partner's file: feed, what it covers, when it was extracted."""
    return f"{feed}_{coverage}_extracted-{extracted.isoformat()}.{extension}"


def date_extract(last_day: date, days: int) -> date:
    """Date a regular extract: so many days after the last day it covers."""
    return last_day + timedelta(days=days)
