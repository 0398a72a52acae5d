"""Lateness per period: each period that a feed should cover, when it was due, and when the first whole file of it came."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import pandas as pd

from csp_pipeline import tables
from csp_pipeline.figures.coverage import covered_cells
from csp_pipeline.intake.receipts import Receipt
from csp_pipeline.partnership.due import due_periods
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.tables import Table


class DuePeriods(Table):
    """Each period that a feed should cover, with its due day and when the first accepted file came that covers it whole.

    It holds no day of today: a period is overdue on a day when it was due before and `first_accepted` is NULL or later.
    """

    agency: str = tables.column("VARCHAR", "Agency")
    feed: str = tables.column("VARCHAR", "Feed")
    period: str = tables.column("VARCHAR", "Period")
    period_start: str = tables.column("DATE", "First day of the period")
    period_end: str = tables.column("DATE", "Last day of the period")
    due: str = tables.column("DATE", "Last day on which its file is in time: the period's end and the feed's deadline_days")
    first_accepted: str = tables.column(
        "DATE", "Day of extraction of the first accepted file that covers it whole; NULL while none has come", nullable=True
    )
    days_late: int = tables.column(
        "INTEGER", "Days after its due day that it came, 0 in time; NULL while it has not come", nullable=True, unit="days"
    )


COLUMNS = list(DuePeriods.to_schema().columns)
TYPES = dict.fromkeys(("period_start", "period_end", "due", "first_accepted"), "datetime64[s]") | {"days_late": "Int32"}


def table_of_due_periods(feeds: Iterable[Feed], receipts: Mapping[str, Sequence[Receipt]]) -> pd.DataFrame:
    """The `due_periods` table of these feeds, by feed and period."""
    rows = []
    for feed in feeds:
        came = _first_accepted(feed, receipts[feed.key])
        for due in due_periods(feed.expected, feed.entry.deadline_days):
            period, day = due.period, came.get(due.period.label)
            days_late = None if day is None else due.days_late(day)
            rows.append((feed.agency, feed.name, period.label, period.start, period.end, due.day, day, days_late))
    return pd.DataFrame(rows, columns=COLUMNS).astype(TYPES)


def _first_accepted(feed: Feed, receipts: Iterable[Receipt]) -> dict[str, date]:
    """The day of extraction of the first accepted file that covers a period whole, by the period's label."""
    came: dict[str, date] = {}
    for cell in covered_cells(feed, receipts):
        if cell.is_whole:
            label = cell.period.label
            came[label] = min(came.get(label, cell.extracted), cell.extracted)
    return came


def overdue_periods(periods: pd.DataFrame, today: date) -> pd.DataFrame:
    """Of the `due_periods` table those that are overdue today, with `days_overdue`."""
    now = pd.Timestamp(today)
    late = periods[periods["first_accepted"].isna() & (periods["due"] < now)].copy()
    late["days_overdue"] = (now - late["due"]).dt.days
    return late
