"""How each feed stands today: what came, what is due, what is late, what is in conflict; before the first run too."""

from datetime import date
from typing import Any

import pandas as pd

from csp_pipeline.figures.coverage import read_all_receipts, table_of_cells
from csp_pipeline.figures.lateness import table_of_due_periods
from csp_pipeline.intake.membership import SAY_SO, find_not_named, word_not_named
from csp_pipeline.intake.receipts import Receipt
from csp_pipeline.intake.unreached import read_unreached
from csp_pipeline.lake import connect, open_published
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql

RECEIVED = {
    "agency": "str",
    "feed": "str",
    "file": "str",
    "outcome": "str",
    "rows_accepted": "int64",
    "rows_rejected": "int64",
    "received": "datetime64[us]",
    "extracted": "datetime64[s]",
}
TOLD = {
    "agency": "str",
    "feed": "str",
    "unreached_since": "datetime64[us]",
    "unreached_place": "str",
    "unreached_why": "str",
    "unreached_to_do": "str",
    "not_named": "str",
}
# Explained and resolved ones need nobody any more.
OPEN = "SELECT discrepancy_id, agency_a, feed_a, agency_b, feed_b FROM discrepancies WHERE state NOT IN ('explained', 'resolved')"


def feed_status(settings: Settings, partnership: Partnership, today: date) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and one row for each feed, by agency and feed.

    `late_by` is the number of days by which the longest overdue period is late; `unreached_since` (UTC) and what goes with it
    stand where the feed's place could not be reached when it was last looked at, and `not_named` where `files` of its
    feed.yml was narrowed and no longer names what has landed. Raises PublishError when the published
    warehouse is there and cannot be read.
    """
    receipts = read_all_receipts(settings, partnership, with_responses=True)
    feeds = partnership.feeds_table
    cells, due = table_of_cells(partnership, receipts), table_of_due_periods(partnership.feeds, receipts)
    with connect(settings) as connection:
        connection.register("received_files", _received_files(receipts))
        connection.register("told_of_feeds", _told_of_feeds(settings, partnership, receipts))
        connection.register("regular_feeds", feeds)
        connection.register("covered_cells", cells)
        connection.register("due_frame", due)
        connection.register("open_discrepancies", read_open_discrepancies(settings))
        connection.execute(
            "CREATE OR REPLACE TEMP VIEW due_periods AS SELECT * REPLACE (CAST(due AS DATE) AS due) FROM due_frame"
        ).fetchall()
        result = connection.execute(read_sql("csp_pipeline.publish", "status"), {"today": today})
        return [column[0] for column in result.description or []], result.fetchall()


def read_open_discrepancies(settings: Settings) -> pd.DataFrame:
    """The open conflicts of the published warehouse with their two feeds; none before the first run."""
    columns = ["discrepancy_id", "agency_a", "feed_a", "agency_b", "feed_b"]
    if not settings.database.exists():
        return pd.DataFrame(columns=columns, dtype="str")
    with open_published(settings, "cannot be read") as database:
        return pd.DataFrame(database.execute(OPEN).fetchall(), columns=columns, dtype="str")


def _told_of_feeds(settings: Settings, partnership: Partnership, receipts: dict[str, list[Receipt]]) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for feed in partnership.every_feed:
        unreached: tuple[Any, ...] = (None,) * 4
        if found := read_unreached(settings, feed):
            unreached = (pd.Timestamp(found.since).tz_localize(None).floor("s"), found.place, found.why, found.to_do)
        not_named = find_not_named(feed, (receipt.landed.path for receipt in receipts[feed.key]))
        words = f"{word_not_named(feed, not_named)} {SAY_SO}" if not_named else None
        if found or words:
            rows.append((feed.agency, feed.name, *unreached, words))
    return pd.DataFrame(rows, columns=list(TOLD)).astype(TOLD)


def _received_files(receipts: dict[str, list[Receipt]]) -> pd.DataFrame:
    rows = [
        (
            r.landed.agency,
            r.landed.feed,
            r.landed.path,
            r.outcome,
            r.rows_accepted,
            r.rows_rejected,
            pd.Timestamp(r.landed.received[:26]),
            r.extracted,
        )
        for found in receipts.values()
        for r in found
    ]
    return pd.DataFrame(rows, columns=list(RECEIVED)).astype(RECEIVED)
