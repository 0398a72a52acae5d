"""What an analyst finds of the gaps in the sample: bridges that add up, their records, and `csp explain`."""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from csp_pipeline.reconcile.bridge import build_bridges
from csp_pipeline.reconcile.compare import build_comparisons
from csp_pipeline.sample import write_sample
from tests.conftest import Pipeline
from tests.copied_sources import keep_feeds
from tests.pipeline.conftest import PROJECT, CommandRun, run_csp

DOMESTIC = "domestic_violence_with_injury.harborough.2016-17.police_crimes.county_domestic_abuse"


@pytest.fixture(scope="module")
def database(sample_run: CommandRun) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(sample_run.warehouse / "csp.duckdb"), read_only=True) as connection:
        yield connection


def test_every_gap_between_two_counts_of_records_has_a_bridge_that_adds_up(database: duckdb.DuckDBPyConnection) -> None:
    """Whatever the area and period; published numbers and Home Office tables have no records to bridge."""
    rows = database.execute(
        """
        SELECT count(*), count(added), count(*) FILTER (added IS DISTINCT FROM gap)
        FROM comparisons c
        LEFT JOIN (SELECT comparison_id, sum(contribution) AS added FROM bridge_steps GROUP BY ALL) USING (comparison_id)
        WHERE gap IS NOT NULL AND feed_a NOT IN ('recorded_crime_tables', 'published_figures', 'summary')
            AND feed_b NOT IN ('recorded_crime_tables', 'published_figures', 'summary')
        """
    ).fetchall()
    number, bridged, wrong = rows[0]
    assert number > 20_000
    assert (bridged, wrong) == (number, 0)


def test_every_step_leads_to_its_records_and_every_record_to_its_file(database: duckdb.DuckDBPyConnection) -> None:
    unmatched = database.execute(
        """
        WITH behind AS (
            SELECT comparison_id, cause, sum(contribution) AS contribution, count(*) AS records FROM bridge_records GROUP BY ALL
        ),
        steps AS (
            SELECT comparison_id, cause, sum(contribution) AS contribution, sum(records) AS records
            FROM bridge_steps WHERE records > 0 GROUP BY ALL
        )
        SELECT count(*) FROM steps FULL JOIN behind USING (comparison_id, cause)
        WHERE steps.contribution IS DISTINCT FROM behind.contribution OR steps.records IS DISTINCT FROM behind.records
        """
    ).fetchall()[0][0]
    assert unmatched == 0
    lost = database.execute(
        "SELECT count(*) FROM bridge_records r ANTI JOIN submissions s USING (submission_id, agency, feed)"
    ).fetchall()[0][0]
    assert lost == 0


def test_a_conflict_whose_records_all_have_a_cause_is_explained_and_others_stay_open(
    database: duckdb.DuckDBPyConnection,
) -> None:
    states = dict(
        database.execute(
            "SELECT discrepancy_id, state FROM discrepancies WHERE area_code = 'E07000131' AND period = '2016-17'"
        ).fetchall()
    )
    assert states[DOMESTIC] == "explained"
    # no links are declared between the county's offences by children and the police's crimes
    assert states["youth_offences.harborough.2016-17.police_crimes.county_youth_offending"] == "open"
    # a published number has no records
    assert states["total_crime.harborough.2016-17.police_crimes.district_published_figures"] == "open"


def test_the_domestic_violence_conflict_can_be_read_from_csp_explain(sample_run: CommandRun) -> None:
    done = run_csp("explain", DOMESTIC, "--records", warehouse=sample_run.warehouse)
    assert done.code == 0, done.err
    for words in ("78", "107", "Gap +29", "explained", "known_to_one_agency_only", "physical_injury = 'yes'", "counting_unit"):
        assert words in done.out
    assert re.search(r"DA1617-\d{4}", done.out)


def test_csp_explain_gives_scripts_the_steps_and_the_records(sample_run: CommandRun) -> None:
    content = json.loads(run_csp("explain", DOMESTIC, "--format", "json", warehouse=sample_run.warehouse).out)
    assert content["comparison"]["gap"] == 29
    assert sum(step["contribution"] for step in content["steps"]) == 29
    assert content["steps"][-1]["cause"] == "unexplained"
    assert content["steps"][-1]["reached"] == content["comparison"]["value_b"] == 107
    listed = run_csp("explain", DOMESTIC, "--cause", "status", "--format", "csv", warehouse=sample_run.warehouse).out
    rows = list(csv.DictReader(listed.splitlines()))
    assert {row["cause"] for row in rows} == {"status"}
    assert sum(int(row["contribution"]) for row in rows) == sum(
        step["contribution"] for step in content["steps"] if step["cause"] == "status"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["explain", "domestic_violence.harborough.2016-17"], "nearest known"),
        (["explain", DOMESTIC, "--cause", "weather"], "known: reference_date"),
    ],
)
def test_what_csp_explain_does_not_know_is_said(sample_run: CommandRun, arguments: list[str], words: str) -> None:
    done = run_csp(*arguments, warehouse=sample_run.warehouse)
    assert done.code == 2
    assert words in re.sub(r"\s+", " ", done.err)


@pytest.mark.parametrize(
    ("comparison", "told"),
    [
        (
            "domestic_abuse.harborough.2014-15-q3.police_crimes.county_domestic_abuse",
            "no figure Leicestershire County Council, Domestic abuse cases (county/domestic_abuse) counts case, by date "
            "referred, by area of residence; covers nothing of the period where",
        ),
        (  # printed as <5
            "new_presentations.melton.2016-17-q3.turning_point_episodes.turning_point_summary",
            "0 to 4 Turning Point, Provider's summary of treatment (turning_point/summary) counts person, by date referred, "
            "by area of residence; covers the whole period; as known on 2017-01-20",
        ),
    ],
)
def test_a_figure_that_is_missing_or_suppressed_is_told_as_such(sample_run: CommandRun, comparison: str, told: str) -> None:
    done = run_csp("explain", comparison, warehouse=sample_run.warehouse)
    words = " ".join(done.out.split())
    assert told in words
    assert "None" not in words


def test_csp_figures_gives_the_bounds_of_a_suppressed_number(sample_run: CommandRun) -> None:
    """Printed as <5."""
    suppressed = ["figures", "new_presentations", "--area", "Melton", "--period", "2016-17 Q3"]
    for as_of in ([], ["--as-of", "2017-06-30"]):
        told = run_csp(*suppressed, *as_of, warehouse=sample_run.warehouse).out.splitlines()
        assert "value low  value high" in told[1]
        summary = next(line.split() for line in told if line.startswith("turning_point/summary"))
        assert "Q" in summary
        assert summary[summary.index("person") + 1 :][:2] == ["0", "4"]
    assert "value low" not in run_csp("figures", "total_crime", warehouse=sample_run.warehouse).out


def test_a_conflict_that_a_correction_made_is_told_as_one(sample_run: CommandRun) -> None:
    """The publication had the police's number; the late extract of September 2016 makes one theft of a vehicle one from it."""
    corrected = "theft_of_motor_vehicle.harborough.2016-17.police_crimes.district_published_figures"
    done = run_csp("explain", corrected, warehouse=sample_run.warehouse)
    told = "A conflict since 2017-06-20, when the figure of police/crimes changed: until then they were 64 and 64 (agrees)."
    assert told in " ".join(done.out.split())
    content = json.loads(run_csp("explain", corrected, "--format", "json", warehouse=sample_run.warehouse).out)
    assert content["comparison"]["changed_by"] == ["police/crimes"]
    assert "A conflict since" not in run_csp("explain", DOMESTIC, warehouse=sample_run.warehouse).out, "one from the start"


def test_lists_in_csv_are_words_apart_by_semicolons(sample_run: CommandRun) -> None:
    listed = run_csp("explain", DOMESTIC, "--records", "--format", "csv", warehouse=sample_run.warehouse).out
    differences = {row["other_differences"] for row in csv.DictReader(listed.splitlines())}
    assert "" in differences
    assert not any(re.search(r"[\[\]]", words) for words in differences)
    claims = run_csp("claims", "one_extra_crime_a_day", "--format", "csv", warehouse=sample_run.warehouse).out
    [claim] = csv.DictReader(claims.splitlines())
    assert claim["periods"] == "2015-16; 2016-17"
    assert claim["other_feeds"].startswith("police/crimes: contradicted. Total recorded crime: 2,884 in 2015-16")
    assert "; police/recorded_crime_tables: contradicted." in claim["other_feeds"]


def test_bridges_of_whole_files_are_those_that_were_planted(tmp_path: Path) -> None:
    """From the exports of another seed, through intake: the yearly bridges of domestic violence are the truth's."""
    write_sample(tmp_path / "sources", seed=44, sources=PROJECT / "sources")
    keep_feeds(tmp_path / "sources", ["police/crimes", "county/domestic_abuse"], ["domestic_violence_with_injury"])
    pipeline = Pipeline(tmp_path / "sources", tmp_path / "warehouse")
    for feed in pipeline.partnership.feeds:
        pipeline.take_in(feed.key)
    pipeline.make_figures()
    build_comparisons(pipeline.settings, pipeline.partnership, pipeline.book)
    build_bridges(pipeline.settings, pipeline.partnership, pipeline.book, pipeline.specs)
    truth: dict[str, Counter[str]] = {}
    with (tmp_path / "sources" / "truth" / "bridges.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["vintage"] == "latest" and not row["step"].startswith(("police", "county")):
                truth.setdefault(row["period"], Counter())[row["step"]] += int(row["value"])
    # the county's third quarter of 2014-15 never arrived; what was in it cannot be known
    for period in ("2015-16", "2016-17"):
        steps = pipeline.lake(
            "SELECT cause, CAST(sum(contribution) AS INTEGER) AS added FROM bridge_steps WHERE comparison_id = ? GROUP BY ALL",
            [DOMESTIC.replace("2016-17", period)],
        )
        found = Counter({step["cause"]: step["added"] for step in steps if step["added"]})
        # a crime whose case comes next year looks like one without a case: of these two only the sum can be known
        for counts in (found, truth[period]):
            counts["known or later"] = counts.pop("reference_date", 0) + counts.pop("known_to_one_agency_only", 0)
        assert found == truth[period]
