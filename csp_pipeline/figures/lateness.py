"""Lateness per period: each period that a feed should cover, when it was due, and when the first whole file of it came."""

from datetime import date

import pandas as pd

from csp_pipeline import tables
from csp_pipeline.figures.coverage import table_of_cells
from csp_pipeline.intake.receipts import Receipt
from csp_pipeline.partnership.due import due_periods
from csp_pipeline.partnership.partnership import Partnership
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
DAYS = ("period_start", "period_end", "due", "first_accepted")


def table_of_due_periods(partnership: Partnership, receipts: dict[str, list[Receipt]]) -> pd.DataFrame:
    """The `due_periods` table, by feed and period."""
    rows = [
        (feed.agency, feed.name, due.period.label, due.period.start, due.period.end, due.day)
        for feed in partnership.feeds
        for due in due_periods(feed.expected, feed.entry.deadline_days)
    ]
    due = pd.DataFrame(rows, columns=COLUMNS[:-2]).astype(dict.fromkeys(DAYS[:-1], "datetime64[s]"))
    cells = table_of_cells(partnership, receipts).query("is_whole")
    came = cells.groupby(["agency", "feed", "covered_label"], as_index=False).agg(first_accepted=("extracted", "min"))
    found = due.merge(came.rename(columns={"covered_label": "period"}), on=["agency", "feed", "period"], how="left")
    found["first_accepted"] = found["first_accepted"].astype("datetime64[s]")
    found["days_late"] = (found["first_accepted"] - found["due"]).dt.days.clip(lower=0).astype("Int32")
    return found[COLUMNS]


def overdue_periods(periods: pd.DataFrame, today: date) -> pd.DataFrame:
    """Of the `due_periods` table those that are overdue today, with `days_overdue`."""
    now = pd.Timestamp(today)
    late = periods[periods["first_accepted"].isna() & (periods["due"] < now)].copy()
    late["days_overdue"] = (now - late["due"]).dt.days
    return late
