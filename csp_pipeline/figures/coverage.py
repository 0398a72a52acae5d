"""Which submissions hold for which periods, and how much of each period is covered."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import pandas as pd

from csp_pipeline.intake.receipts import Receipt, read_receipts
from csp_pipeline.lake import register
from csp_pipeline.partnership.partnership import Feed, Partnership
from csp_pipeline.partnership.periods import Period, parse_period, table_of_periods
from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql

CELLS = [
    "submission_id",
    "agency",
    "feed",
    "scope",
    "covered_label",
    "covered_from",
    "covered_until",
    "is_whole",
    "extracted",
    "received",
]
# Before every day of extraction and every time of receipt.
NEVER = ("", "")


@dataclass(frozen=True)
class CoveredCell:
    """A period that an accepted submission covers, and the day that it was extracted on; `is_main` unless it is of another part
    than the one without which nothing is covered.
    """

    receipt: Receipt
    period: Period
    extracted: date
    is_main: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether the period was over by then, and this is the part that makes it covered."""
        return self.is_main and self.extracted > self.period.end


def read_all_receipts(settings: Settings, partnership: Partnership, *, with_responses: bool = False) -> dict[str, list[Receipt]]:
    """Every receipt in the lake, by feed key; files noted twice under one submission stand once.

    Those of answers, which no figure rests on, only `with_responses`.
    """
    found: dict[str, list[Receipt]] = {}
    for feed in partnership.every_feed if with_responses else partnership.feeds:
        unique: dict[str, Receipt] = {}
        for receipt in read_receipts(settings, feed):
            unique.setdefault(receipt.submission_id, receipt)
        found[feed.key] = list(unique.values())
    return found


def table_of_cells(partnership: Partnership, receipts: dict[str, list[Receipt]]) -> pd.DataFrame:
    """One row for each period that an accepted submission covers."""
    rows = [
        (
            cell.receipt.submission_id,
            feed.agency,
            feed.name,
            cell.receipt.scope,
            cell.period.label,
            cell.period.start,
            cell.period.end,
            cell.is_whole,
            cell.extracted,
            cell.receipt.landed.received,
        )
        for feed in partnership.feeds
        for cell in covered_cells(feed, receipts[feed.key])
    ]
    frame = pd.DataFrame(rows, columns=CELLS)
    days = dict.fromkeys(("covered_from", "covered_until", "extracted"), "datetime64[s]")
    return frame.astype({**days, "is_whole": "bool"})


def covered_cells(feed: Feed, receipts: Iterable[Receipt]) -> Iterator[CoveredCell]:
    """Each period that an accepted submission of a feed covers."""
    for receipt in receipts:
        if receipt.outcome == "refused":
            continue
        for label in receipt.cells:
            period = parse_period(label, feed.entry.coverage.kind)
            if period is None:
                raise ValueError(f"{receipt.submission_id}: {label!r} is no {feed.entry.coverage.kind}")
            is_main = feed.entry.coverage.main_scope in (None, receipt.scope)
            yield CoveredCell(receipt, period, date.fromisoformat(str(receipt.extracted)), is_main)


def refused_and_not_replaced(partnership: Partnership, receipts: Mapping[str, Sequence[Receipt]]) -> frozenset[str]:
    """The submissions that were refused and whose place no other has taken: what somebody still has to see to.

    A file is replaced once each of its periods is covered by an accepted one of the same scope that was extracted later, or on
    the same day and came later: one that it was to correct is no replacement of it, nor is one that came with it. One whose name
    tells no period, or no day of extraction, is replaced by one of the same bytes, as of `asb (1).csv` that was fetched twice.
    Answers are replaced by any that could be read and came later.
    """
    refused: set[str] = set()
    for feed in partnership.every_feed:
        held: dict[tuple[str, str], tuple[str, str]] = {}
        latest_read = ""
        accepted = {receipt.landed.sha256 for receipt in receipts[feed.key] if receipt.outcome != "refused"}
        for receipt in receipts[feed.key]:
            if receipt.outcome != "refused":
                for cell in receipt.cells:
                    place = receipt.scope, cell
                    held[place] = max(held.get(place, NEVER), (str(receipt.extracted), receipt.landed.received))
            if receipt.outcome != "refused" or receipt.code == "no_row_accepted":
                latest_read = max(latest_read, receipt.landed.received)
        for receipt in (found for found in receipts[feed.key] if found.outcome == "refused"):
            if not feed.covers_periods:
                is_replaced = latest_read > receipt.landed.received
            else:
                since = min((held.get((receipt.scope, cell), NEVER) for cell in receipt.cells), default=NEVER)
                is_replaced = receipt.extracted is not None and since > (receipt.extracted, receipt.landed.received)
                is_replaced |= receipt.code in ("unknown_coverage", "period_given_twice") and receipt.landed.sha256 in accepted
            if not is_replaced:
                refused.add(receipt.submission_id)
    return frozenset(refused)


def register_coverage(
    connection: duckdb.DuckDBPyConnection, partnership: Partnership, receipts: dict[str, list[Receipt]]
) -> None:
    """Make the tables `periods`, `feeds`, `validity`, `coverage_steps`, `coverage` and `known_areas` on a connection."""
    years = partnership.years
    register(connection, "cells", table_of_cells(partnership, receipts))
    register(connection, "feeds_frame", partnership.feeds_table)
    register(connection, "known_areas", partnership.areas[["area_code"]])
    register(connection, "periods_frame", table_of_periods(years[0].start, years[-1].end))
    package = "csp_pipeline.figures"
    days = "CAST(period_start AS DATE) AS period_start, CAST(period_end AS DATE) AS period_end"
    for statement in (
        f"CREATE TEMP TABLE periods AS SELECT * REPLACE ({days}) FROM periods_frame",
        "CREATE TEMP TABLE feeds AS SELECT * REPLACE (CAST(expected_from AS DATE) AS expected_from,"
        " CAST(expected_until AS DATE) AS expected_until) FROM feeds_frame",
        f"CREATE TEMP TABLE validity AS {read_sql(package, 'validity')}",
        f"CREATE TEMP TABLE coverage_steps AS {steps_of_coverage(read_sql(package, 'months_of_feeds'))}",
        f"CREATE TEMP TABLE coverage AS {read_sql(package, 'coverage')}",
    ):
        connection.execute(statement).fetchall()
    connection.unregister("cells")


def steps_of_coverage(covered_months: str) -> str:
    """SQL for the days on which what is covered of each period changed, from SQL for the months that are covered."""
    return read_sql("csp_pipeline.figures", "coverage_steps", covered_months=covered_months)


def steps_of_areas(column: str, files: str) -> str:
    """The same for each area of a feed whose rows are sums by area, named in a column of its `files`; needs the tables of
    `register_coverage`. An area that no row of a table names is missing there, not zero.
    """
    return steps_of_coverage(read_sql("csp_pipeline.figures", "months_of_areas", column=column, files=files))
