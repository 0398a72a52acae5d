"""Reports of the same content are not written again, and what is hidden of the same figures is not worked out again."""

import shutil
from pathlib import Path

import duckdb
import pytest

from csp_pipeline.parts import Parts
from csp_pipeline.reports import ReportSummary, disclosure_cells, write_reports
from csp_pipeline.scorecard import write_scorecard
from csp_pipeline.settings import Settings


@pytest.fixture
def kept(settings: Settings, summary: ReportSummary, tmp_path: Path) -> Settings:
    """A copy of the warehouse made by hand, without its reports."""
    assert summary.index.exists()
    shutil.copytree(settings.warehouse, tmp_path / "warehouse", ignore=shutil.ignore_patterns("reports"))
    return settings.model_copy(update={"warehouse": tmp_path / "warehouse"})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_reports_with_parts_are_those_without_and_the_second_time_nothing_is_worked_out_or_written(
    kept: Settings, summary: ReportSummary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = Parts(tmp_path / "parts", b"declared")
    write_reports(kept, parts=parts)
    assert contents(kept.reports) == contents(summary.index.parent)
    of_agencies = [path for path in kept.reports.iterdir() if path.name != "index.html"]
    before = {path: path.stat().st_mtime_ns for path in of_agencies}

    def not_again(*_: object) -> None:
        raise AssertionError("worked out again")

    monkeypatch.setattr(disclosure_cells, "protect", not_again)
    again = write_reports(kept, parts=Parts(tmp_path / "parts", b"declared"))
    assert {path: path.stat().st_mtime_ns for path in of_agencies} == before
    assert [agency.conflicts for agency in again.agencies] == [agency.conflicts for agency in summary.agencies]
    # with other rules or code nothing that was kept is believed
    with pytest.raises(AssertionError, match="worked out again"):
        write_reports(kept, parts=Parts(tmp_path / "parts", b"declared otherwise"))


def test_a_report_that_was_removed_or_altered_is_written_again(kept: Settings, summary: ReportSummary, tmp_path: Path) -> None:
    parts = Parts(tmp_path / "parts", b"declared")
    write_reports(kept, parts=parts)
    first, second = summary.agencies[:2]
    (kept.reports / f"{first.agency}.xlsx").unlink()
    (kept.reports / f"{second.agency}.html").write_text("altered", encoding="utf-8")
    write_reports(kept, parts=parts)
    assert contents(kept.reports) == contents(summary.index.parent)


def test_the_report_of_an_agency_that_is_gone_goes_too_and_nothing_else(kept: Settings, summary: ReportSummary) -> None:
    write_reports(kept)
    gone = summary.agencies[0].agency
    with duckdb.connect(str(kept.database)) as warehouse:
        warehouse.execute("DELETE FROM agencies WHERE agency = ?", [gone]).fetchall()
    others = [kept.reports / "notes.json", kept.reports / "scorecard.json", kept.reports / "letter.html"]
    for path in others:
        path.write_text('{"schema": "csp-scorecard/1"}', encoding="utf-8")
    before = {path.name for path in kept.reports.iterdir()}
    write_reports(kept)
    assert before - {path.name for path in kept.reports.iterdir()} == {f"{gone}.{kind}" for kind in ("html", "xlsx", "json")}


def test_a_scorecard_that_is_not_declared_any_more_goes(kept: Settings) -> None:
    kept.reports.mkdir()
    for path in kept.report_files("scorecard"):
        path.touch()
    assert not (kept.sources / "scorecard.yml").exists()
    assert write_scorecard(kept) is None
    assert list(kept.reports.iterdir()) == []
