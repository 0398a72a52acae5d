"""Reading what the reports need from the published warehouse, once, as plain rows; nothing is decided here."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from csp_pipeline.errors import PublishError
from csp_pipeline.lake import open_published
from csp_pipeline.partnership.measures import load_measures
from csp_pipeline.partnership.partnership import RESPONSES, Partnership
from csp_pipeline.partnership.scorecard import SumEntry, load_scorecard
from csp_pipeline.parts import Parts
from csp_pipeline.reports.disclosure_cells import Numbers, Seen, sum_numbers
from csp_pipeline.reports.disclosure_rules import Rules
from csp_pipeline.reports.sent import shown_on_sent_scorecards
from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql

PACKAGE = "csp_pipeline.reports"
# So many rows of a file that are rejected for one reason are listed one by one.
MOST_REJECTS_LISTED = 50
SUMMED = ("agency", "feed", "measure")
Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Facts:
    """All that the reports are made from: rows of the warehouse, tolerances by name as (absolute, relative), rows of bridges
    and earlier gaps by comparison, the landing place, where the reports lie that were sent, which measures
    add up to another, and the parts of earlier work.
    """

    partnership: str
    district: str
    as_at: date | None
    agencies: list[Row]
    feeds: list[Row]
    areas: list[Row]
    periods: list[Row]
    submissions: list[Row]
    refusals: list[Row]
    rejects: list[Row]
    unmapped_codes: list[Row]
    column_changes: list[Row]
    responses: list[Row]
    validity: list[Row]
    conflicts: list[Row]
    figures: pd.DataFrame
    vintages: pd.DataFrame
    compared: pd.DataFrame
    blocked: list[Row]
    tolerances: dict[str, tuple[float, float]]
    bridge_steps: dict[str, list[Row]]
    bridge_records: dict[str, list[Row]]
    searches: list[Row]
    past_gaps: dict[str, list[Row]]
    revisions: list[Row]
    series: list[Row]
    landing: Path
    rules: Rules
    measure_sums: tuple[SumEntry, ...] = ()
    parts: Parts | None = None

    @cached_property
    def sums(self) -> Numbers:
        """What adds up to what among the figures that are not public."""
        return self.sums_of(self.figures[~self.figures.feed.isin(self.rules.public_feeds)])

    def sums_of(self, figures: pd.DataFrame) -> Numbers:
        """What adds up to what among some figures."""
        return sum_numbers(figures, pd.DataFrame(self.areas), pd.DataFrame(self.periods), self.measure_sums)

    @cached_property
    def sent_to_all(self) -> Seen:
        """What everybody has seen, on scorecards that were sent."""
        return Seen(*shown_on_sent_scorecards(self.landing))

    @cached_property
    def answers_in_force(self) -> dict[str, list[Row]]:
        """Answers in force by discrepancy."""
        found: dict[str, list[Row]] = {}
        for row in self.responses:
            if row["status"] == "in_force":
                found.setdefault(row["discrepancy_id"], []).append(row)
        return found

    def agency_name(self, agency: str) -> str:
        """The agency's name in full."""
        return next((str(row["agency_name"]) for row in self.agencies if row["agency"] == agency), agency)

    def feed_title(self, agency: str, feed: str) -> str:
        """The feed's title."""
        rows = (row for row in self.feeds if row["agency"] == agency and row["feed"] == feed)
        return next((str(row["title"]) for row in rows), "Answers to discrepancies" if feed == RESPONSES else feed)

    def area_name(self, area_code: str) -> str:
        """The area's name."""
        return next((str(row["area_name"]) for row in self.areas if row["area_code"] == area_code), area_code)


def read_facts(settings: Settings, partnership: Partnership, parts: Parts | None = None) -> Facts:
    """Read the published warehouse, read-only; `parts` is where what is hidden of the same figures is kept.

    Raises PublishError when there is none yet, or it was made by a pipeline with other tables.
    """
    if not settings.database.exists():
        raise PublishError(f"{settings.database}: there is no published warehouse yet. Build it first.")
    district, book = partnership.file.district, load_measures(partnership)
    scorecard = load_scorecard(partnership, book)
    measure_sums = scorecard.sums if scorecard else ()
    summed = [(*sum_.feed.split("/"), measure) for sum_ in measure_sums for measure in (sum_.whole, *sum_.parts)]
    sums = [dict(zip(SUMMED, entry, strict=True)) for entry in summed]
    adding_up = read_sql(PACKAGE, "figures_that_add_up")
    with open_published(settings, "the reports cannot be read from it") as db:
        latest = "SELECT max(extracted) AS day FROM submissions WHERE outcome <> 'refused'"
        return Facts(
            partnership=partnership.file.name,
            district=district,
            as_at=_rows(db, latest)[0]["day"],
            agencies=_rows(db, "FROM agencies"),
            feeds=_rows(db, "FROM feeds"),
            areas=_rows(db, "FROM areas WHERE area_level IN ('district', 'county', 'force') ORDER BY area_code"),
            periods=_rows(db, "FROM periods ORDER BY period_start, period_end"),
            submissions=_rows(db, "FROM submissions ORDER BY agency, feed, covered_from, extracted, submission_id"),
            refusals=_rows(
                db,
                "SELECT submission_id, sheet, column_name, value FROM rejects WHERE row_number IS NULL "
                "ORDER BY submission_id, sheet, column_name",
            ),
            rejects=_rows(db, read_sql(PACKAGE, "rejects", most_listed=MOST_REJECTS_LISTED)),
            unmapped_codes=_rows(db, read_sql(PACKAGE, "unmapped_codes")),
            column_changes=_rows(db, read_sql(PACKAGE, "column_changes")),
            responses=_rows(db, "FROM responses ORDER BY discrepancy_id, agency, answered_on, submission_id, row_number"),
            validity=_rows(db, "FROM validity ORDER BY agency, feed, covered_from, valid_from, submission_id"),
            conflicts=_rows(db, read_sql(PACKAGE, "conflicts")),
            figures=_table(db, read_sql(PACKAGE, "cells", figures_that_add_up=adding_up), sums=sums),
            vintages=_table(db, read_sql(PACKAGE, "vintages", figures_that_add_up=adding_up), sums=sums),
            compared=_table(db, read_sql(PACKAGE, "compared"), district=district),
            blocked=_rows(db, read_sql(PACKAGE, "blocked"), district=district),
            bridge_steps=_by_comparison(_rows(db, read_sql(PACKAGE, "bridge_steps"), district=district)),
            bridge_records=_by_comparison(_rows(db, read_sql(PACKAGE, "bridge_records"), district=district)),
            searches=_rows(db, read_sql(PACKAGE, "searches")),
            past_gaps=_by_comparison(_rows(db, read_sql(PACKAGE, "past_gaps"), district=district)),
            revisions=_rows(db, read_sql(PACKAGE, "revisions")),
            series=_rows(db, read_sql(PACKAGE, "series"), district=district),
            landing=settings.landing,
            tolerances=book.margins,
            rules=Rules(partnership.file.disclosure),
            measure_sums=measure_sums,
            parts=parts,
        )


def _rows(db: duckdb.DuckDBPyConnection, query: str, **parameters: Any) -> list[Row]:
    found = db.execute(query, parameters) if parameters else db.execute(query)
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _table(db: duckdb.DuckDBPyConnection, query: str, **parameters: Any) -> pd.DataFrame:
    """The rows as a table whose texts are Python's own: those of Arrow are made anew each time that one is looked at."""
    table = (db.execute(query, parameters) if parameters else db.execute(query)).df()
    return table.astype(dict.fromkeys(table.columns[table.dtypes == "str"], object))


def _by_comparison(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["comparison_id"]].append(row)
    return dict(found)
