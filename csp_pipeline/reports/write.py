"""Writing every report to its place: the front page, and a page, a workbook and JSON for each agency."""

import json
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from csp_pipeline.lake import read_json, replacing, write_json
from csp_pipeline.partnership.partnership import load_partnership
from csp_pipeline.parts import Parts, hashes_of
from csp_pipeline.reports.conflicts import conflicts_for_everybody
from csp_pipeline.reports.pack import NAME_OF_SCHEMA, AgencyReport, as_json, front_page, report_for
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
        return report, _write_agency(settings, report, parts)

    conflicts_for_everybody(facts)  # every report asks for it: once, before they do so side by side
    # what is to be hidden from one agency is searched for by HiGHS, which lets another agency's report be written meanwhile
    with ThreadPoolExecutor(settings.steps_at_once, thread_name_prefix="report") as threads:
        written = list(threads.map(write, [row["agency"] for row in facts.agencies]))
    reports, summaries = tuple(report for report, _ in written), tuple(summary for _, summary in written)
    _remove_former(settings, [report.agency for report in reports])
    index = settings.reports / "index.html"
    # the scorecard is written apart, wherever it is declared
    has_scorecard = (settings.sources / "scorecard.yml").exists()
    _write_text(index, index_page(front_page(facts, reports, on_scorecard), has_scorecard=has_scorecard))
    return ReportSummary(index, summaries, facts)


def _write_agency(settings: Settings, report: AgencyReport, parts: Parts | None) -> AgencySummary:
    page, workbook, data = pages = settings.report_files(report.agency)
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


def _remove_former(settings: Settings, agencies: Collection[str]) -> None:
    """Remove the reports of agencies that are no longer of the partnership: they would pass for today's."""
    for data in settings.reports.glob("*.json"):
        content = None if data.stem in agencies else read_json(data)
        if content is not None and str(content.get("schema")).startswith(NAME_OF_SCHEMA):
            # the JSON last, so that a run that is killed here leaves it to the next
            for path in settings.report_files(data.stem):
                path.unlink(missing_ok=True)


def _write_text(path: Path, text: str) -> None:
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
