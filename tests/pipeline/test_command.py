"""The `csp` command in the hands of a script: options, formats, exit codes, and messages a person can act on."""

import csv
import io
import json
import os
import shutil
from pathlib import Path

import duckdb
import pytest

from tests.conftest import THREE_YEARS, Pipeline
from tests.copied_sources import copy_configuration
from tests.pipeline.conftest import PROJECT, CommandRun, run_csp

SMALL_FEEDS = (
    "district/parish_survey",
    "district/published_figures",
    "district/asb_cases",
    "county/youth_offending",
    "fire/incidents",
)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources folder of a partnership with a few small feeds, of which two have sent something; others have copies of it."""
    target = copy_configuration(tmp_path_factory.mktemp("given") / "sources", THREE_YEARS, SMALL_FEEDS)
    for feed in ("district/parish_survey", "district/published_figures"):
        copy_exports(feed, target)
    return target


@pytest.fixture
def sources(given: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(given, tmp_path / "sources"))


@pytest.fixture(scope="module")
def first_run(given: Path, tmp_path_factory: pytest.TempPathFactory) -> CommandRun:
    """The first run of that partnership."""
    return run_csp("run", warehouse=tmp_path_factory.mktemp("first") / "warehouse", sources=given)


@pytest.fixture
def warehouse(first_run: CommandRun, tmp_path: Path) -> Path:
    """A copy of the warehouse that the first run left."""
    return Path(shutil.copytree(first_run.warehouse, tmp_path / "warehouse"))


def copy_exports(feed: str, sources: Path) -> None:
    """The committed exports of a feed, put where the partner leaves them."""
    shutil.copytree(PROJECT / "sources" / feed / "exports", sources / feed / "exports", dirs_exist_ok=True)


def test_figures_as_json_csv_and_table(sample_run: CommandRun) -> None:
    as_json = run_csp("figures", "shoplifting", "--format", "json", warehouse=sample_run.warehouse)
    values = {(row["feed"], row["period"]): row["value"] for row in json.loads(as_json.out)}
    assert values["police/crimes", "2016-17"] == 386
    as_csv = run_csp("figures", "shoplifting", "--format", "csv", warehouse=sample_run.warehouse)
    rows = list(csv.DictReader(io.StringIO(as_csv.out)))
    assert {(row["feed"], row["period"]): float(row["value"]) for row in rows} == values
    as_table = run_csp("figures", "shoplifting", warehouse=sample_run.warehouse)
    assert "police/crimes" in as_table.out
    assert "386" in as_table.out


def test_figures_of_a_month_an_area_and_every_basis(sample_run: CommandRun) -> None:
    run = run_csp(
        "figures", "total_crime", "--area", "Harborough Town", "--period", "2016-06", "--agency", "police", "--every",
        "--format", "json", warehouse=sample_run.warehouse,
    )  # fmt: skip
    rows = json.loads(run.out)
    assert {row["date_basis"] for row in rows if row["feed"] == "police/crimes"} == {"recorded", "committed"}
    assert {row["unit"] for row in rows if row["feed"] == "police/crimes"} == {"offence", "incident", "victim"}


@pytest.mark.parametrize("command", ["figures", "changes"])
def test_a_measure_without_yearly_figures_is_not_said_to_have_none(sample_run: CommandRun, command: str) -> None:
    """Years are what is shown unless a period is named; the survey gives quarters only."""
    assert "safe_after_dark, financial years: none" in run_csp(command, "safe_after_dark", warehouse=sample_run.warehouse).out
    quarter = run_csp(command, "safe_after_dark", "--period", "2016-17 Q4", warehouse=sample_run.warehouse)
    assert "county/community_survey" in quarter.out


def test_discrepancies_can_be_narrowed(sample_run: CommandRun) -> None:
    run = run_csp(
        "discrepancies", "--agency", "county", "--area", "Harborough", "--period", "2016-17", "--format", "json",
        warehouse=sample_run.warehouse,
    )  # fmt: skip
    rows = json.loads(run.out)
    assert {"domestic_violence_with_injury", "domestic_abuse"} <= {row["measure"] for row in rows}
    assert all("county" in (row["agency_a"], row["agency_b"]) for row in rows)
    assert {(row["area"], row["period"]) for row in rows} == {("Harborough", "2016-17")}


@pytest.mark.parametrize("narrowing", [("--area", "Harborough Town"), ("--area", "Harborough", "--period", "2016-06")])
def test_where_no_conflicts_are_raised_it_is_not_said_that_there_are_none(
    sample_run: CommandRun, narrowing: tuple[str, ...]
) -> None:
    """Those of beats and of months stay in the table of comparisons, as partnership.yml says."""
    run = run_csp("discrepancies", *narrowing, warehouse=sample_run.warehouse)
    told = " ".join(run.out.split())
    raised = "raised for district, county, force by financial year, quarter (others: the table comparisons)"
    assert told == f"Discrepancies, {raised}: none."


@pytest.mark.parametrize("command", ["figures", "discrepancies", "changes"])
def test_an_area_that_does_not_exist_is_refused_with_the_nearest(sample_run: CommandRun, command: str) -> None:
    run = run_csp(command, "--area", "Blabby", warehouse=sample_run.warehouse)
    assert run.code == 2
    assert "no area 'Blabby'; nearest known: Blaby" in " ".join(run.err.split())


@pytest.mark.parametrize("area", ["harborough", "E07000131"])
def test_an_area_is_known_by_its_name_in_any_case_and_by_its_code(sample_run: CommandRun, area: str) -> None:
    run = run_csp(
        "figures", "shoplifting", "--area", area, "--period", "2016-17", "--format", "json", warehouse=sample_run.warehouse
    )
    assert {row["area"] for row in json.loads(run.out)} == {"Harborough"}


def test_status_names_what_is_missing(sample_run: CommandRun) -> None:
    rows = {row["feed"]: row for row in json.loads(run_csp("status", "--format", "json", warehouse=sample_run.warehouse).out)}
    assert rows["county/domestic_abuse"]["first_missing"] == "2014-15 Q3"
    assert rows["district/asb_cases"]["refused"] == 1


def test_reports_are_written_again_on_their_own(given: Path, warehouse: Path) -> None:
    page = warehouse / "reports" / "district.html"
    before = page.read_bytes()
    page.unlink()
    run = run_csp("reports", "district", warehouse=warehouse, sources=given)
    assert run.code == 0, run.err
    assert page.read_bytes() == before
    assert run_csp("reports", "nobody", warehouse=warehouse, sources=given).code == 2


def test_without_a_warehouse_the_command_says_how_to_make_one(tmp_path: Path) -> None:
    run = run_csp("figures", warehouse=tmp_path / "nowhere")
    assert run.code == 1
    assert "csp run" in run.err


def test_a_run_without_trouble_ends_with_zero(first_run: CommandRun) -> None:
    assert first_run.code == 0, first_run.err
    assert "district/published_figures" in first_run.out


def test_a_broken_measures_file_leaves_the_warehouse_as_it_was(sources: Path, warehouse: Path) -> None:
    before = (warehouse / "csp.duckdb").read_bytes()
    measures = sources / "measures.yml"
    measures.write_text(measures.read_text().replace("measure = 'Total crime'", "measur = 'x'"))
    run = run_csp("run", "--quiet", warehouse=warehouse, sources=sources)
    assert run.code == 4, run.err
    assert "total_crime" in run.err
    assert "measur" in run.err
    assert "stay in place" in run.err
    assert (warehouse / "csp.duckdb").read_bytes() == before


def test_a_broken_partnership_file_is_named(sources: Path, tmp_path: Path) -> None:
    (sources / "partnership.yml").write_text("name: [unclosed\n")
    run = run_csp("run", warehouse=tmp_path / "warehouse", sources=sources)
    assert run.code == 4
    assert "partnership.yml, line" in run.err
    assert "Traceback" not in run.err


def test_a_warehouse_that_cannot_be_written_is_told(sources: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    run = run_csp("run", warehouse=tmp_path / "file" / "warehouse", sources=sources)
    assert run.code == 1
    assert "cannot be written to" in run.err
    assert "Traceback" not in run.err


def test_years_that_do_not_exist_are_a_usage_error(sources: Path, tmp_path: Path) -> None:
    run = run_csp("run", "--years", "1999-00", warehouse=tmp_path / "warehouse", sources=sources)
    assert run.code == 2
    assert "2014-15" in run.err


def test_a_sample_world_can_be_written(tmp_path: Path) -> None:
    written = run_csp("sample", "--to", str(tmp_path / "world"), "--seed", "5", "--years", "2016-17", warehouse=tmp_path / "w")
    assert written.code == 0, written.err
    assert (tmp_path / "world" / "truth" / "planted.csv").exists()
    assert (tmp_path / "world" / "partnership.yml").exists()
    assert len(list((tmp_path / "world/police/crimes/exports").glob("*.csv"))) >= 12


@pytest.fixture(scope="module")
def one_year_more(
    given: Path, first_run: CommandRun, tmp_path_factory: pytest.TempPathFactory
) -> tuple[CommandRun, Path, object]:
    """A second run, of one year alone: two feeds have sent files of several years, and the place of another is gone.

    With its sources, and what somebody who had the old warehouse open saw in it once the run had ended.
    """
    folder = tmp_path_factory.mktemp("more")
    sources = Path(shutil.copytree(given, folder / "sources"))
    warehouse = Path(shutil.copytree(first_run.warehouse, folder / "warehouse"))
    shutil.rmtree(sources / "fire/incidents/exports")
    for feed in ("county/youth_offending", "district/asb_cases"):
        copy_exports(feed, sources)
    with duckdb.connect(str(warehouse / "csp.duckdb"), read_only=True) as reader:
        before = reader.execute("SELECT count(*) FROM figures").fetchall()
        run = run_csp("run", "--years", "2015-16", warehouse=warehouse, sources=sources)
        assert before == reader.execute("SELECT count(*) FROM figures").fetchall() != [(0,)]
        seen = reader.execute("SELECT count(*) FROM county_youth_offending").fetchall()
    return run, sources, seen


def submissions(warehouse: Path, feed: str) -> list[str]:
    with duckdb.connect(str(warehouse / "csp.duckdb"), read_only=True) as database:
        found = database.execute("SELECT file FROM submissions WHERE feed = ? ORDER BY file", [feed]).fetchall()
    return [file for (file,) in found]


def test_a_place_that_is_gone_is_told_the_others_go_on_and_a_reader_of_the_old_warehouse_is_not_disturbed(
    one_year_more: tuple[CommandRun, Path, object],
) -> None:
    run, _, seen = one_year_more
    assert run.code == 3
    assert "fire/incidents" in run.err
    assert "does not exist" in run.err
    assert seen == [(0,)]
    with duckdb.connect(str(run.warehouse / "csp.duckdb"), read_only=True) as reader:
        assert reader.execute("SELECT count(*) FROM county_youth_offending").fetchall()[0][0] > 0
        assert reader.execute("SELECT count(*) FROM district_published_figures").fetchall() == [(26,)]
    assert not [name for name in os.listdir(run.warehouse) if "building" in name]


def test_one_year_can_be_taken_in_before_the_others(one_year_more: tuple[CommandRun, Path, object]) -> None:
    run, sources, _ = one_year_more
    files = submissions(run.warehouse, "asb_cases")
    assert len(files) == 12
    assert all("asb_cases_2015-04" <= file < "asb_cases_2016-04" for file in files)
    intake = Pipeline(sources, run.warehouse).take_in("district/asb_cases")
    assert (len(intake.receipts), len(intake.new)) == (36, 24)
