"""One agency's report, and the front page, as plain data: all that is written comes from here, fit to be seen."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache, partial
from typing import Any

from pydantic import TypeAdapter

from csp_pipeline.reports.answers import GivenAnswer, given_answers_of
from csp_pipeline.reports.changed import ChangedColumn, UnmappedCode, changed_columns_of, unmapped_codes_of
from csp_pipeline.reports.conflicts import (
    Conflict,
    Conflicts,
    conflicts_for,
    conflicts_for_everybody,
    conflicts_to_count,
    is_leading,
)
from csp_pipeline.reports.disclosure_rows import rows_may_be_shown
from csp_pipeline.reports.history import Revision, Series, revisions_of, series_of
from csp_pipeline.reports.read import Facts, Row
from csp_pipeline.reports.returned import ReturnedWorkbook, returned_workbooks_of
from csp_pipeline.reports.returns import (
    FeedState,
    LatePeriod,
    MissingPeriod,
    RefusedFile,
    RejectedRow,
    Submission,
    feed_states,
    late_periods_of,
    missing_periods_of,
    refused_files_of,
    rejected_rows_of,
    submissions_of,
)
from csp_pipeline.reports.sent import last_report
from csp_pipeline.reports.since import Since, since_last

NAME_OF_SCHEMA = "csp-discrepancy-report/"
SCHEMA = f"{NAME_OF_SCHEMA}2"
# Dataclasses as JSON's own types, at a fifth of what dataclasses.asdict takes.
_plain: Callable[[Any], Any] = partial(TypeAdapter(Any).dump_python, mode="json")
# Own series in a report: of the measures in main conflicts, at most so many.
MOST_SERIES = 4
# Reports whose JSON is kept: those that are written side by side, and no more.
AT_HAND = 4


@dataclass(frozen=True, eq=False)
class AgencyReport:
    """Everything one agency is told."""

    agency: str
    name: str
    contact: str
    partnership: str
    district: str
    as_at: date | None
    conflicts: Conflicts
    refused: tuple[RefusedFile, ...]
    rejected: tuple[RejectedRow, ...]
    unmapped: tuple[UnmappedCode, ...]
    changed_columns: tuple[ChangedColumn, ...]
    missing: tuple[MissingPeriod, ...]
    late: tuple[LatePeriod, ...]
    submissions: tuple[Submission, ...]
    feeds: tuple[FeedState, ...]
    revisions: tuple[Revision, ...]
    series: tuple[Series, ...]
    given_answers: tuple[GivenAnswer, ...]
    returned: tuple[ReturnedWorkbook, ...]
    last_report: dict[str, Any] | None

    @cached_property
    def since(self) -> Since | None:
        """What changed since the report that was sent last; None where none was."""
        return since_last(self.last_report, _content(self)) if self.last_report else None

    @property
    def open_refused(self) -> tuple[RefusedFile, ...]:
        """Refused files that nothing has replaced."""
        return tuple(file for file in self.refused if file.is_open)

    @property
    def open_rejected(self) -> tuple[RejectedRow, ...]:
        """Rejected rows of files that still hold."""
        return tuple(row for row in self.rejected if row.is_open)

    @property
    def rows_rejected(self) -> int:
        """How many rows were rejected, listed or not."""
        return sum(1 + row.more for row in self.rejected)

    @property
    def open_rows_rejected(self) -> int:
        """How many of these are of files that still hold."""
        return sum(1 + row.more for row in self.open_rejected)

    @property
    def never_sent(self) -> tuple[MissingPeriod, ...]:
        """Missing periods that no refused file stands for."""
        return tuple(period for period in self.missing if period.refused_file is None)

    @property
    def answers_to_give_again(self) -> tuple[GivenAnswer, ...]:
        """The reader's answers that were not applied or no longer hold, and ask for another: one of each conflict."""
        return tuple({answer.discrepancy_id: answer for answer in self.given_answers if answer.asks}.values())

    @property
    def has_nothing_to_do(self) -> bool:
        """Whether nothing is asked of the agency."""
        of_conflicts = any(conflict.is_asked for conflict in self.conflicts.listed) or self.conflicts.promised
        return not (of_conflicts or self.open_refused or self.open_rejected or self.missing or self.answers_to_give_again)


@dataclass(frozen=True)
class MeasureCount:
    """How many conflicts there are of one measure: of the own district, and in all."""

    title: str
    own_years: int
    own_quarters: int
    elsewhere: int


@dataclass(frozen=True)
class AskedOf:
    """How many open conflicts of an agency anybody may know of: yearly ones of the own district, and others."""

    leading: int
    others: int


@dataclass(frozen=True)
class FrontPage:
    """What everybody in the partnership may see."""

    partnership: str
    district: str
    as_at: date | None
    reports: tuple[AgencyReport, ...]
    feeds: tuple[tuple[str, FeedState], ...]
    measures: tuple[MeasureCount, ...]
    conflicts: Conflicts
    rows_withheld: frozenset[str]
    asked: dict[str, AskedOf]

    def asked_of(self, report: AgencyReport) -> AskedOf:
        """How many conflicts the page says that an agency is asked to settle."""
        return self.asked[report.agency]

    def shows_rows(self, feed: FeedState) -> bool:
        """Whether the page says how many rows a feed holds."""
        return f"{feed.agency}/{feed.feed}" not in self.rows_withheld

    @property
    def outcomes(self) -> dict[str, int]:
        """Files by outcome."""
        totals: dict[str, int] = {}
        for _, feed in self.feeds:
            for outcome, files in feed.outcomes.items():
                totals[outcome] = totals.get(outcome, 0) + files
        return totals


def report_for(facts: Facts, agency: str, on_scorecard: frozenset[str] = frozenset()) -> AgencyReport:
    """Put together what one agency is told; `on_scorecard` are the cells that the scorecard shows everybody."""
    entry = next(row for row in facts.agencies if row["agency"] == agency)
    conflicts = conflicts_for(facts, agency, on_scorecard)
    refused, rejected = refused_files_of(facts, agency), rejected_rows_of(facts, agency)
    missing = missing_periods_of(facts, agency)
    main = list(dict.fromkeys(conflict.measure for conflict in conflicts.listed if conflict.is_main))
    titles = {c.id: f"{c.measure_title}, {c.area}, {c.period}" for c in conflicts.listed}
    asked = {c.id for c in conflicts.listed if c.is_asked}
    return AgencyReport(
        agency=agency,
        name=entry["agency_name"],
        contact=entry["contact"],
        partnership=facts.partnership,
        district=facts.area_name(facts.district),
        as_at=facts.as_at,
        conflicts=conflicts,
        refused=refused,
        rejected=rejected,
        unmapped=unmapped_codes_of(facts, agency),
        changed_columns=changed_columns_of(facts, agency),
        missing=missing,
        late=late_periods_of(facts, agency),
        submissions=submissions_of(facts, agency),
        feeds=feed_states(facts, agency),
        revisions=revisions_of(facts, agency),
        series=series_of(facts, agency, main)[:MOST_SERIES],
        given_answers=given_answers_of(facts, agency, titles, asked),
        returned=returned_workbooks_of(facts, agency),
        last_report=last_report(facts.landing, agency),
    )


def report_id(report: AgencyReport) -> str:
    """The first 12 characters of the report's `content_id`: what this report said, and nothing else."""
    return str(as_json(report)["content_id"])[:12]


def front_page(facts: Facts, reports: tuple[AgencyReport, ...], on_scorecard: frozenset[str] = frozenset()) -> FrontPage:
    """Put together what everybody may see; `on_scorecard` are the cells that the scorecard shows everybody."""
    counted = conflicts_to_count(facts)
    everybody = conflicts_for_everybody(facts)
    seen_by_all = on_scorecard | everybody.shown_cells
    seen_by = {report.agency: seen_by_all | report.conflicts.shown_cells for report in reports}
    return FrontPage(
        partnership=facts.partnership,
        district=facts.area_name(facts.district),
        as_at=facts.as_at,
        reports=reports,
        feeds=tuple((report.name, feed) for report in reports for feed in report.feeds),
        measures=_measure_counts(facts, counted),
        conflicts=everybody,
        rows_withheld=frozenset(
            f"{feed.agency}/{feed.feed}"
            for report in reports
            for feed in report.feeds
            if not rows_may_be_shown(
                facts, feed, [seen_by_all, *(seen for reader, seen in seen_by.items() if reader != feed.agency)]
            )
        ),
        asked={report.agency: _asked_of(facts, counted, report.agency) for report in reports},
    )


@lru_cache(maxsize=AT_HAND)
def as_json(report: AgencyReport) -> dict[str, Any]:
    """The report as versioned JSON, after docs/schemas/discrepancy-report.schema.json: the contents of page and workbook.

    `content_id` is a hash of all that the report says but for `since_last_report`: two reports with one `content_id` tell
    the same, whatever was sent between them.
    """
    content = _content(report)
    said = json.dumps(content, default=str, sort_keys=True, ensure_ascii=False)
    since = _plain(report.since) if report.since else None
    return content | {"content_id": hashlib.sha256(said.encode()).hexdigest(), "since_last_report": since}


@lru_cache(maxsize=AT_HAND)
def _content(report: AgencyReport) -> dict[str, Any]:
    """The JSON but for what follows from it and from earlier reports."""
    return {
        "schema": SCHEMA,
        "agency": report.agency,
        "agency_name": report.name,
        "partnership": report.partnership,
        "as_at": report.as_at,
        "summary": {
            "conflicts": len(report.conflicts.listed),
            "refused_files": len(report.refused),
            "rejected_rows": report.rows_rejected,
            "missing_periods": len(report.missing),
            "late_periods": len(report.late),
            "submissions": len(report.submissions),
            "revised_figures": len(report.revisions),
        },
        "conflicts": [_conflict_json(conflict) for conflict in report.conflicts.listed],
        "refused_files": [_plain(file) for file in report.refused],
        "rejected_rows": [_plain(row) for row in report.rejected],
        "unmapped_codes": [_plain(code) for code in report.unmapped],
        "column_changes": [_plain(change) for change in report.changed_columns],
        "missing_periods": [_plain(period) for period in report.missing],
        "late_periods": [_plain(period) for period in report.late],
        "submissions": [_plain(submission) for submission in report.submissions],
        "revised_figures": [_plain(revision) | {"change": revision.change} for revision in report.revisions],
        "series": [_plain(series) for series in report.series],
        "answers": [_plain(answer) for answer in report.given_answers],
        "returned_workbooks": [_plain(workbook) for workbook in report.returned],
    }


def _conflict_json(conflict: Conflict) -> dict[str, Any]:
    content = _plain(conflict)
    content["gap"] = {"value": conflict.gap, "shown": content.pop("gap_shown")}
    return content


def _asked_of(facts: Facts, rows: list[Row], agency: str) -> AskedOf:
    mine = [is_leading(facts, row) for row in rows if agency in {row["agency_a"], row["agency_b"], *row["owner_agencies"]}]
    return AskedOf(sum(mine), len(mine) - sum(mine))


def _measure_counts(facts: Facts, rows: list[Row]) -> tuple[MeasureCount, ...]:
    counts: dict[str, list[int]] = {}
    for row in rows:
        kind = 0 if is_leading(facts, row) else 1 if row["area_code"] == facts.district else 2
        counts.setdefault(row["measure_title"], [0, 0, 0])[kind] += 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1][0], -item[1][1], item[0]))
    return tuple(MeasureCount(title, *numbers) for title, numbers in ordered)
