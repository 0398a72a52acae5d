"""Writing every report to its place: the front page, and a page, a workbook and JSON for each agency."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from csp_pipeline.lake import read_json, replacing, write_json
from csp_pipeline.partnership.partnership import load_partnership
from csp_pipeline.parts import Parts, hashes_of
from csp_pipeline.reports.conflicts import conflicts_for_everybody
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
    """What was written, and from what: `index` is the front page."""

    index: Path
    agencies: tuple[AgencySummary, ...]
    facts: Facts


ShownElsewhere = Callable[[Settings, Facts], frozenset[str]]


def write_reports(settings: Settings, shown_elsewhere: ShownElsewhere | None = None, parts: Parts | None = None) -> ReportSummary:
    """Write the reports from the published warehouse; the same warehouse gives the same bytes.

    `shown_elsewhere` gives the cells of figures that the scorecard shows: every reader knows them. With `parts`, what is hidden
    of the same figures is taken from there, and a report that would say the same as the one in place is not written again.

    Raises PublishError when there is no warehouse to read, ConfigurationError when `sources/` cannot be read.
    """
    facts = read_facts(settings, load_partnership(settings.sources), parts)
    on_scorecard = shown_elsewhere(settings, facts) if shown_elsewhere is not None else frozenset[str]()

    def write(agency: str) -> tuple[AgencyReport, AgencySummary]:
        report = report_for(facts, agency, on_scorecard)
        return report, _write_agency(settings.reports, report, parts)

    conflicts_for_everybody(facts)  # every report asks for it: once, before they do so side by side
    # what is to be hidden from one agency is searched for by HiGHS, which lets another agency's report be written meanwhile
    with ThreadPoolExecutor(settings.steps_at_once, thread_name_prefix="report") as threads:
        written = list(threads.map(write, [row["agency"] for row in facts.agencies]))
    reports, summaries = tuple(report for report, _ in written), tuple(summary for _, summary in written)
    index = settings.reports / "index.html"
    # the scorecard is written apart, wherever it is declared
    has_scorecard = (settings.sources / "scorecard.yml").exists()
    _write_text(index, index_page(front_page(facts, reports), has_scorecard=has_scorecard))
    return ReportSummary(index, summaries, facts)


def _write_agency(folder: Path, report: AgencyReport, parts: Parts | None) -> AgencySummary:
    page, workbook, data = pages = tuple(folder / f"{report.agency}.{kind}" for kind in ("html", "xlsx", "json"))
    written = parts.place(report.agency, [report], ".json") if parts else None
    # an earlier report of the same content has been written; it may have been replaced or removed since
    if written is None or read_json(written) != hashes_of(pages):
        _write_text(page, agency_page(report))
        with replacing(workbook) as beside:
            write_workbook(beside, report)
        # one line: with indents Python writes it ten times slower, and it is read by programs
        _write_text(data, json.dumps(as_json(report), default=str, ensure_ascii=False) + "\n")
        if written is not None:
            write_json(written, hashes_of(pages))
    return AgencySummary(
        agency=report.agency,
        pages=pages,
        conflicts=len(report.conflicts.listed),
        rejects=report.rows_rejected,
        missing=len(report.missing),
    )


def _write_text(path: Path, text: str) -> None:
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
