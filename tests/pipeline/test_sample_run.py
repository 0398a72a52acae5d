"""What a data engineer and an analyst find after `csp run` on the committed samples."""

import csv
import filecmp
import functools
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from csp_pipeline.doctor.findings import Finding
from csp_pipeline.doctor.runs import examine_runs
from csp_pipeline.intake import take_in
from csp_pipeline.lake import write_json
from csp_pipeline.partnership.periods import financial_years, periods_between
from csp_pipeline.sample import write_sample
from csp_pipeline.settings import Settings
from tests.command import call_csp
from tests.conftest import YEARS, Pipeline
from tests.copied_sources import copy_configuration
from tests.pipeline.conftest import PROJECT, CommandRun, run_csp

HARBOROUGH = "E07000131"
FEW_FEEDS = ("police/asb", "district/asb_cases")
# As published by the partnership, years ending 31 March 2015, 2016 and 2017.
PUBLISHED = {
    "total_crime": (2800, 2884, 3685),
    "domestic_burglary": (196, 201, 302),
    "theft_from_motor_vehicle": (365, 338, 421),
    "theft_of_motor_vehicle": (67, 80, 64),
    "violence_with_injury": (180, 182, 263),
    "domestic_violence_with_injury": (68, 54, 79),
    "criminal_damage": (420, 468, 497),
}


@pytest.fixture(scope="module")
def database(sample_run: CommandRun) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(sample_run.warehouse / "csp.duckdb"), read_only=True) as connection:
        yield connection


def headline(database: duckdb.DuckDBPyConnection, feed: str, measure: str, period: str) -> tuple[float | None, str]:
    rows = database.execute(
        "SELECT value, status FROM figures WHERE is_headline AND feed = ? AND measure = ? AND area_code = ? AND period = ?",
        [feed, measure, HARBOROUGH, period],
    ).fetchall()
    assert len(rows) == 1
    return rows[0]


def test_the_command_says_what_was_loaded_refused_missing_and_in_conflict(sample_run: CommandRun) -> None:
    assert sample_run.code == 3, sample_run.err
    for words in ("police/crimes", "Refused files", "date_opened", "Missing submissions", "2014-15 Q3", "In conflict"):
        assert words in sample_run.out
    assert str(sample_run.warehouse / "reports" / "index.html") in sample_run.out
    assert (sample_run.warehouse / "reports" / "index.html").stat().st_size > 1000


@pytest.mark.parametrize("measure", PUBLISHED)
def test_harboroughs_police_figures_match_the_published_table(database: duckdb.DuckDBPyConnection, measure: str) -> None:
    """Up to 2015-16 as they are; 2016-17 as known before the late extract of June 2017."""
    counted = [headline(database, "crimes", measure, period)[0] for period in ("2014-15", "2015-16")]
    assert counted == list(PUBLISHED[measure][:2])
    condition = database.execute("SELECT condition FROM measures WHERE measure = ? AND feed = 'crimes'", [measure]).fetchall()[0][
        0
    ]
    as_published = database.execute(
        f"""
        SELECT count(*) FROM police_crimes JOIN areas a ON a.area_code = lsoa_code
        WHERE {condition} AND a.district_code = ? AND recorded_date BETWEEN '2016-04-01' AND '2017-03-31'
            AND valid_from <= '2017-06-01' AND (valid_to IS NULL OR valid_to > '2017-06-01')
        """,
        [HARBOROUGH],
    ).fetchall()[0][0]
    assert as_published == PUBLISHED[measure][2]


def test_asb_matches_the_published_table(database: duckdb.DuckDBPyConnection) -> None:
    assert [headline(database, "asb", "asb_reported", year)[0] for year in ("2014-15", "2015-16", "2016-17")] == [
        964,
        844,
        942,
    ]


def test_the_late_extract_changes_the_figures_and_leaves_the_earlier_records(
    database: duckdb.DuckDBPyConnection,
) -> None:
    vintages = database.execute(
        "SELECT valid_from, valid_to, count(*) FROM police_crimes WHERE covered_label = '2016-09' GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    assert [str(v[0]) for v in vintages] == ["2016-10-10", "2017-06-20"]
    assert str(vintages[0][1]) == "2017-06-20"
    assert vintages[1][1] is None
    assert headline(database, "crimes", "total_crime", "2016-17")[0] == 3686


def test_domestic_violence_with_injury_is_a_conflict_between_police_and_county(
    database: duckdb.DuckDBPyConnection,
) -> None:
    rows = database.execute(
        """
        SELECT c.verdict, c.comparability, c.gap, c.value_b - c.value_a, discrepancy_id FROM comparisons c
        LEFT JOIN discrepancies d ON discrepancy_id = comparison_id
        WHERE c.measure = 'domestic_violence_with_injury' AND c.area_code = ? AND c.period = '2016-17'
            AND c.agency_a = 'police' AND c.agency_b = 'county'
        """,
        [HARBOROUGH],
    ).fetchall()
    assert len(rows) == 1
    verdict, comparability, gap, difference, discrepancy = rows[0]
    assert (verdict, comparability) == ("conflict", "adjustable")
    assert gap == difference
    assert gap > 20
    assert discrepancy == "domestic_violence_with_injury.harborough.2016-17.police_crimes.county_domestic_abuse"


@pytest.mark.parametrize(
    ("measure", "feed_a", "feed_b", "rule"),
    [
        ("asb_reported", "asb", "asb_cases", "asb_recording_system"),
        ("new_presentations", "episodes", "summary", "treatment_provider"),
        ("successful_completions", "episodes", "summary", "treatment_provider"),
    ],
)
def test_a_year_with_a_break_inside_is_not_comparable(
    database: duckdb.DuckDBPyConnection, measure: str, feed_a: str, feed_b: str, rule: str
) -> None:
    found = database.execute(
        "SELECT verdict, comparability, rule FROM comparisons WHERE measure = ? AND feed_a = ? AND feed_b = ? "
        "AND area_code = ? AND period = '2016-17'",
        [measure, feed_a, feed_b, HARBOROUGH],
    ).fetchall()
    assert found == [("not_comparable", "not_comparable", rule)]


@pytest.mark.parametrize(
    ("feed", "measure", "rule"),
    [("asb", "asb_reported", "asb_recording_system"), ("episodes", "people_in_treatment", "treatment_provider")],
)
def test_the_change_across_a_break_is_not_given(database: duckdb.DuckDBPyConnection, feed: str, measure: str, rule: str) -> None:
    found = database.execute(
        "SELECT change, comparability, rule FROM changes WHERE feed = ? AND measure = ? AND area_code = ? AND period = '2016-17'",
        [feed, measure, HARBOROUGH],
    ).fetchall()
    assert found == [(None, "not_comparable", rule)]


def test_the_quarter_that_never_arrived_is_missing_not_zero(database: duckdb.DuckDBPyConnection) -> None:
    assert headline(database, "domestic_abuse", "domestic_abuse", "2014-15 Q3") == (None, "M")
    value, status = headline(database, "domestic_abuse", "domestic_abuse", "2014-15")
    assert status == "P"
    assert value is not None
    assert value > 0
    verdicts = database.execute(
        "SELECT verdict, value_a > 0, value_b FROM comparisons WHERE measure = 'domestic_abuse' AND area_code = ? "
        "AND period = '2014-15 Q3'",
        [HARBOROUGH],
    ).fetchall()
    assert verdicts == [("missing", True, None)]


def test_a_percentage_is_read_with_how_many_were_asked(database: duckdb.DuckDBPyConnection) -> None:
    """As the survey's workbook of the quarter says; where analysts start."""
    rows = database.execute(
        "SELECT value, base FROM headline_figures WHERE measure = 'safe_after_dark' AND area_code = ? AND period = '2016-17 Q4'",
        [HARBOROUGH],
    ).fetchall()
    assert rows == [(93, 119)]


def test_every_table_and_column_has_a_comment(database: duckdb.DuckDBPyConnection) -> None:
    bare = database.execute(
        """
        SELECT table_name FROM duckdb_tables() WHERE comment IS NULL
        UNION ALL SELECT table_name || '.' || column_name FROM duckdb_columns()
        WHERE comment IS NULL AND NOT internal AND schema_name = 'main'
        UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal AND comment IS NULL
        """
    ).fetchall()
    assert bare == []
    assert len(database.execute("SELECT * FROM duckdb_tables()").fetchall()) > 20


def test_rows_read_are_records_and_rejects_for_every_submission(database: duckdb.DuckDBPyConnection) -> None:
    rows = database.execute(
        """
        SELECT count(*), sum(s.rows_read), sum(s.rows_accepted), sum(s.rows_rejected),
            (SELECT count(*) FROM rejects WHERE row_number IS NOT NULL)
        FROM submissions s
        """
    ).fetchall()[0]
    submissions, read, accepted, rejected, stored = rows
    assert submissions == 220
    assert read == accepted + rejected
    assert rejected == stored
    records = sum(
        database.execute(f'SELECT count(*) FROM "{agency}_{feed}"').fetchall()[0][0]
        for agency, feed in database.execute("SELECT agency, feed FROM feeds").fetchall()
    )
    assert records == accepted


def test_no_person_key_is_stored_as_it_was_sent(database: duckdb.DuckDBPyConnection) -> None:
    with (PROJECT / "sources/police/crimes/exports/crimes_2016-04_extracted-2016-05-10.csv").open(newline="") as file:
        sent = {row["person_key"] for row in csv.DictReader(file)} - {""}
    stored = {key for (key,) in database.execute("SELECT DISTINCT person_key FROM police_crimes").fetchall()}
    assert sent
    assert not sent & stored


def test_a_person_keeps_one_key_across_agencies(database: duckdb.DuckDBPyConnection) -> None:
    shared = database.execute(
        "SELECT count(*) FROM (SELECT person_key FROM police_crimes WHERE domestic INTERSECT "
        "SELECT person_key FROM county_domestic_abuse)"
    ).fetchall()[0][0]
    assert shared > 100


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated")
    write_sample(folder, seed=2017, sources=PROJECT / "sources")
    return folder


def test_the_committed_samples_are_what_the_generator_writes(generated: Path) -> None:
    written = sorted(path.relative_to(generated) for path in generated.glob("*/*/exports/**/*") if path.is_file())
    committed = sorted(
        path.relative_to(PROJECT / "sources") for path in PROJECT.glob("sources/*/*/exports/**/*") if path.is_file()
    )
    assert written == committed
    same, different, missing = filecmp.cmpfiles(generated, PROJECT / "sources", list(map(str, written)), shallow=False)
    assert (different, missing) == ([], [])
    assert len(same) == 220


def test_every_submission_ends_as_the_planted_truth_says(database: duckdb.DuckDBPyConnection, generated: Path) -> None:
    with (generated / "truth" / "submissions.csv").open(newline="") as file:
        planted = {row["file"].rpartition("/")[2]: row for row in csv.DictReader(file)}
    assert len(planted) == 220
    submissions = database.execute("SELECT file, outcome, rows_accepted, rows_rejected FROM submissions").fetchall()
    assert sorted(path.rpartition("/")[2] for path, *_ in submissions) == sorted(planted)
    for path, outcome, accepted, rejected in submissions:
        expected = planted[path.rpartition("/")[2]]
        assert outcome == expected["outcome"], path
        if outcome != "refused":
            assert (str(accepted), str(rejected)) == (expected["rows_accepted"], expected["rows_rejected"]), path


def facts(warehouse: Path) -> dict[str, list[tuple[object, ...]]]:
    """What a warehouse holds, apart from when files were received and keys that depend on its own secret."""
    with duckdb.connect(str(warehouse / "csp.duckdb"), read_only=True) as connection:
        queries = {
            "figures": "SELECT * FROM figures ORDER BY ALL",
            "comparisons": "SELECT * FROM comparisons ORDER BY ALL",
            "submissions": "SELECT * EXCLUDE (received) FROM submissions ORDER BY ALL",
            "rejects": "SELECT * FROM rejects ORDER BY ALL",
        }
        return {name: connection.execute(query).fetchall() for name, query in queries.items()}


def test_a_second_run_reads_nothing_again_and_changes_nothing(sample_run: CommandRun) -> None:
    before = {path: path.stat().st_mtime_ns for path in (sample_run.warehouse / "lake").rglob("*") if path.is_file()}
    published = (sample_run.warehouse / "csp.duckdb").stat().st_mtime_ns
    again = run_csp("run", warehouse=sample_run.warehouse)
    assert again.code == 3, again.err
    after = {path: path.stat().st_mtime_ns for path in (sample_run.warehouse / "lake").rglob("*") if path.is_file()}
    assert after == before
    assert (sample_run.warehouse / "csp.duckdb").stat().st_mtime_ns == published
    assert again.out == sample_run.out


@pytest.fixture(scope="module")
def few_feeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources of two feeds of the samples with what they have sent of one year, a file that is refused among it."""
    (year,) = financial_years("2014-15", "2014-15")
    sources = copy_configuration(tmp_path_factory.mktemp("few") / "sources", dict.fromkeys(YEARS, year.label), FEW_FEEDS)
    for feed in FEW_FEEDS:
        for month in periods_between(year.start, year.end, "month"):
            for file in (PROJECT / "sources" / feed / "exports").glob(f"*_{month.label}_*"):
                shutil.copyfile(file, sources / feed / "exports" / file.name)
    return sources


def die_after(files: int) -> None:
    """Have this process killed, as by the machine, when it has taken in this many files and is about to note the next."""
    left = iter(range(files))

    def write_or_die(path: Path, receipt: Any) -> None:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        write_json(path, receipt)

    take_in.write_json = write_or_die  # type: ignore[attr-defined]


def unfinished_runs(warehouse: Path) -> Finding:
    return next(f for f in examine_runs(Settings(warehouse=warehouse)) if f.what == "unfinished runs")


def test_a_killed_run_loses_nothing(few_feeds: Path, tmp_path: Path) -> None:
    """Killed while it takes files in, then run again: the same facts as where all was made in one go."""
    warehouse = tmp_path / "warehouse"
    killed = call_csp("run", "--quiet", warehouse=warehouse, sources=few_feeds, prepare=functools.partial(die_after, 6))
    assert killed.returncode == -signal.SIGKILL
    assert 0 < len(list((warehouse / "lake" / "submissions").rglob("*.json"))) <= 6
    assert not (warehouse / "csp.duckdb").exists()
    assert unfinished_runs(warehouse).verdict == "wrong"
    again = run_csp("run", "--quiet", warehouse=warehouse, sources=few_feeds)
    assert again.code == 3, again.err
    # the next run gives the killed one up, for no daemon need be there to do it
    assert unfinished_runs(warehouse).found == "none"
    Pipeline(few_feeds, tmp_path / "alone").run_all()
    alone = facts(tmp_path / "alone")
    assert facts(warehouse) == alone
    assert len(alone["submissions"]) == 24
