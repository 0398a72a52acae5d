"""Months, financial quarters and financial years, as UK official statistics write them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from csp_pipeline import tables
from csp_pipeline.tables import Table

KINDS = ("month", "quarter", "financial_year")
MONTHS_IN = {"month": 1, "quarter": 3, "financial_year": 12}


@dataclass(frozen=True, order=True)
class Period:
    """A period: `start` and `end` are its first and last day; `label` is `2016-04`, `2016-17 Q1` or `2016-17`."""

    start: date
    end: date
    kind: str
    label: str


class Periods(Table):
    """Months, financial quarters (from April) and financial years, with their first and last day."""

    period: str = tables.column("VARCHAR", "Label: `2016-04`, `2016-17 Q1` or `2016-17`", unique=True)
    period_kind: str = tables.column("VARCHAR", "month, quarter or financial_year")
    period_start: str = tables.column("DATE", "First day")
    period_end: str = tables.column("DATE", "Last day")
    months: int = tables.column("INTEGER", "Calendar months in the period", unit="months")


def period_holding(day: date, kind: str) -> Period:
    """The month, quarter or financial year that a day falls in."""
    if kind == "month":
        return _period(day.year, day.month, kind)
    month = day.month if kind == "quarter" else 4
    if kind == "quarter":
        month = (day.month - 1) // 3 * 3 + 1
        return _period(day.year, month, kind)
    return _period(day.year if day.month >= 4 else day.year - 1, 4, kind)


def parse_period(text: str, kind: str) -> Period | None:
    """Read a label of the given kind: `2016-04`; `2016-17-Q1` or `2016-17 Q1`; `2016-17` or `2016/17`; else None.

    The kind is needed because `2010-11` is both a month and a financial year.
    """
    text = text.strip()
    if kind == "month" and (found := re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text)):
        return _period(int(found[1]), int(found[2]), kind)
    if kind == "quarter" and (found := re.fullmatch(r"(\d{4})[-/](\d\d)[ -_]?Q([1-4])", text)):
        year, quarter = int(found[1]), int(found[3])
        if (year + 1) % 100 == int(found[2]):
            return _period(year + (quarter == 4), (4, 7, 10, 1)[quarter - 1], kind)
    if kind == "financial_year" and (found := re.fullmatch(r"(\d{4})[-/](\d\d)", text)):
        year = int(found[1])
        if (year + 1) % 100 == int(found[2]):
            return _period(year, 4, kind)
    return None


def financial_years(first: str, last: str) -> list[Period]:
    """Every financial year from `first` to `last`, such as `2014-15` to `2016-17`."""
    start, end = parse_period(first, "financial_year"), parse_period(last, "financial_year")
    if start is None or end is None or start > end:
        raise ValueError(f"expected two financial years such as 2014-15 and 2016-17, found {first!r} and {last!r}")
    return list(periods_between(start.start, end.end, "financial_year"))


def periods_between(first: date, last: date, kind: str) -> Iterator[Period]:
    """Every period of a kind that lies wholly between two days."""
    period = period_holding(first, kind)
    if period.start < first:
        period = period_holding(period.end + timedelta(days=1), kind)
    while period.end <= last:
        yield period
        period = period_holding(period.end + timedelta(days=1), kind)


def table_of_periods(first: date, last: date) -> pd.DataFrame:
    """The `periods` table for every month, quarter and financial year touched by the two days."""
    start, end = period_holding(first, "financial_year").start, period_holding(last, "financial_year").end
    rows = [(p.label, p.kind, p.start, p.end, MONTHS_IN[kind]) for kind in KINDS for p in periods_between(start, end, kind)]
    frame = pd.DataFrame(rows, columns=["period", "period_kind", "period_start", "period_end", "months"])
    return frame.astype({"period_start": "datetime64[s]", "period_end": "datetime64[s]"})


def _period(year: int, month: int, kind: str) -> Period:
    start = date(year, month, 1)
    months = MONTHS_IN[kind]
    index = year * 12 + month - 1 + months
    end = date(index // 12, index % 12 + 1, 1) - timedelta(days=1)
    financial_year = year if month >= 4 else year - 1
    label = {
        "month": f"{year}-{month:02d}",
        "quarter": f"{financial_year}-{(financial_year + 1) % 100:02d} Q{(month - 4) % 12 // 3 + 1}",
        "financial_year": f"{financial_year}-{(financial_year + 1) % 100:02d}",
    }[kind]
    return Period(start, end, kind, label)
