"""Writing every report to its place: the front page, and a page, a workbook and JSON for each agency."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from csp_pipeline.lake import replacing
from csp_pipeline.partnership.partnership import load_partnership
from csp_pipeline.reports.pack import AgencyReport, as_json, front_page, report_for
from csp_pipeline.reports.page import agency_page, index_page
from csp_pipeline.reports.read import Facts, read_facts
from csp_pipeline.reports.workbook import write_workbook
from csp_pipeline.settings import Settings


@dataclass(frozen=True)
class AgencySummary:
    """What was written for one agency, and how much it is told."""

    agency: str
    pages: tuple[Path, ...]
    conflicts: int
    rejects: int
    missing: int


@dataclass(frozen=True)
class ReportSummary:
    """What was written: `index` is the front page."""

    index: Path
    agencies: tuple[AgencySummary, ...]


ShownElsewhere = Callable[[Settings, Facts], frozenset[str]]


def write_reports(settings: Settings, shown_elsewhere: ShownElsewhere | None = None) -> ReportSummary:
    """Write the reports from the published warehouse; the same warehouse gives the same bytes.

    `shown_elsewhere` gives the cells of figures that the scorecard shows: every reader knows them.

    Raises PublishError when there is no warehouse to read, ConfigurationError when `sources/` cannot be read.
    """
    facts = read_facts(settings, load_partnership(settings.sources))
    on_scorecard = shown_elsewhere(settings, facts) if shown_elsewhere is not None else frozenset[str]()
    reports = tuple(report_for(facts, row["agency"], on_scorecard) for row in facts.agencies)
    summaries = tuple(_write_agency(settings.reports, report) for report in reports)
    index = settings.reports / "index.html"
    # the scorecard is written apart, wherever it is declared
    has_scorecard = (settings.sources / "scorecard.yml").exists()
    _write_text(index, index_page(front_page(facts, reports), has_scorecard=has_scorecard))
    return ReportSummary(index, summaries)


def _write_agency(folder: Path, report: AgencyReport) -> AgencySummary:
    page, workbook, data = (folder / f"{report.agency}.{kind}" for kind in ("html", "xlsx", "json"))
    _write_text(page, agency_page(report))
    with replacing(workbook) as beside:
        write_workbook(beside, report)
    # one line: with indents Python writes it ten times slower, and it is read by programs
    _write_text(data, json.dumps(as_json(report), default=str, ensure_ascii=False) + "\n")
    return AgencySummary(
        agency=report.agency,
        pages=(page, workbook, data),
        conflicts=len(report.conflicts.listed),
        rejects=len(report.rejected),
        missing=len(report.missing),
    )


def _write_text(path: Path, text: str) -> None:
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
