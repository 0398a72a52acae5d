"""Vintages of sample worlds against what was planted in them, and the command that shows them."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from csp_pipeline.figures.as_of import count_figures_as_of
from csp_pipeline.lake import connect, table_path
from csp_pipeline.sample import write_sample
from tests.conftest import ONE_YEAR, PROJECT, Pipeline
from tests.pipeline.conftest import CommandRun, run_csp

CRIMES, CASES = "police/crimes", "county/domestic_abuse"
MEASURES = {
    "Total crime": "total_crime",
    "Domestic violence with injury": "domestic_violence_with_injury",
    "Violence with injury": "violence_with_injury",
    "Theft of motor vehicle": "theft_of_motor_vehicle",
    "Shoplifting": "shoplifting",
}


def told(rows: list[dict[str, Any]], *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(str(row[name]) if isinstance(row[name], date) else row[name] for name in columns) for row in rows]


@pytest.fixture(scope="module", params=[7, 2017])
def world(request: pytest.FixtureRequest, new_pipeline: Callable[..., Pipeline], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A sample world of one year, narrowed to the two feeds that are re-extracted and what was published; and its truth."""
    folder: Path = tmp_path_factory.mktemp("world")
    write_sample(folder, seed=request.param, sources=PROJECT / "sources", first_year="2016-17", last_year="2016-17")
    feeds = [CRIMES, CASES, "district/published_figures"]
    pipeline = new_pipeline(feeds, ONE_YEAR, [*MEASURES.values(), "domestic_abuse"])
    for feed in feeds:
        shutil.copytree(folder / feed / "exports", pipeline.sources / feed / "exports", dirs_exist_ok=True)
    pipeline.run_to_discrepancies()
    with (folder / "truth" / "figures.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return pipeline, [row for row in rows if f"{row['agency']}/{row['feed']}" in feeds and row["measure"] in MEASURES]


def test_first_and_latest_vintages_are_those_planted(world: tuple[Pipeline, list[dict[str, str]]]) -> None:
    """First: as known when the last regular extract of the year had come. Latest: with the two late re-extracts."""
    pipeline, truth = world
    kept: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for vintage in pipeline.lake("FROM figure_vintages ORDER BY known_from"):
        figure = (f"{vintage['agency']}/{vintage['feed']}", vintage["measure"], vintage["area_code"], vintage["period"])
        kept.setdefault(figure, []).append(vintage)
    checked = 0
    for row in truth:
        feed = f"{row['agency']}/{row['feed']}"
        day = date(2017, 5, 31) if row["vintage"] == "first" else date(2017, 12, 31)
        of_figure = kept.get((feed, MEASURES[row["measure"]], row["area_code"], row["period"]), [])
        found = [v for v in of_figure if v["known_from"] <= day and (v["known_to"] is None or v["known_to"] > day)]
        if feed == "district/published_figures" and not found:
            continue  # the truth is of every measure, the publication of some
        assert [vintage["value"] for vintage in found] == [float(row["value"])], row
        checked += 1
    assert checked >= 40


def test_the_police_re_extract_opened_the_gap_to_what_was_published(world: tuple[Pipeline, list[dict[str, str]]]) -> None:
    pipeline, _ = world
    history = pipeline.lake(
        "FROM gap_history WHERE comparison_id = ? ORDER BY known_from",
        ["domestic_violence_with_injury.harborough.2016-17.police_crimes.district_published_figures"],
    )
    assert told(history, "known_from", "value_a", "value_b", "verdict", "effect") == [
        ("2017-05-15", 79, 79, "agrees", "first_known"),
        ("2017-06-20", 78, 79, "conflict", "opened"),
    ]
    assert history[-1]["changed_by"] == [CRIMES]
    [raised] = pipeline.lake("FROM discrepancies WHERE discrepancy_id = ?", [history[0]["comparison_id"]])
    assert str(raised["first_seen"]) == "2017-06-20"


@pytest.mark.parametrize("day", ["2016-06-30", "2016-11-15", "2017-06-12", "2017-06-19", "2018-01-01"])
def test_figures_as_of_a_day_are_the_count_of_what_had_been_extracted_by_then(
    world: tuple[Pipeline, list[dict[str, str]]], day: str
) -> None:
    """Every headline figure but those of LSOAs, against a count of its own with the later extracts left out."""
    pipeline, _ = world
    with connect(pipeline.settings) as connection:
        moment = date.fromisoformat(day)
        count_figures_as_of(connection, pipeline.settings, pipeline.partnership, pipeline.book, pipeline.specs, moment)
        connection.register("areas", pipeline.partnership.areas)
        path = table_path(pipeline.settings, "figure_vintages")
        wrong = connection.execute(
            f"""
            SELECT count(*), count(*) FILTER ((f.value, f.value_low, f.value_high, f.status, f.coverage, f.covered)
                IS DISTINCT FROM (v.value, v.value_low, v.value_high, v.status, v.coverage, v.covered))
            FROM (SELECT f.* FROM figures f JOIN areas USING (area_code)
                WHERE is_headline AND area_level <> 'lsoa' AND status <> 'M') f
            FULL JOIN (FROM read_parquet('{path}')
                WHERE known_from <= $day AND (known_to IS NULL OR known_to > $day) AND status <> 'M') v
                USING (agency, feed, measure, area_code, period)
            """,
            {"day": moment},
        ).fetchall()
    assert wrong[0][0] > 100
    assert wrong[0][1] == 0


# The command


def rows_of(run: CommandRun) -> list[dict[str, Any]]:
    assert run.code == 0, run.err
    found: list[dict[str, Any]] = json.loads(run.out)
    return found


def test_the_command_shows_figures_as_known_on_a_day(sample_run: CommandRun) -> None:
    arguments = ("figures", "total_crime", "--agency", "police", "--format", "json")
    warehouse = sample_run.warehouse

    def as_of(day: str, *more: str) -> dict[tuple[str, str], tuple[float | None, str]]:
        rows = rows_of(run_csp(*arguments, "--as-of", day, *more, warehouse=warehouse))
        return {(row["feed"], row["period"]): (row["value"], row["status"]) for row in rows}

    assert as_of("2017-06-19")["police/crimes", "2016-17"] == (3685, "A")
    assert as_of("2017-06-20")["police/crimes", "2016-17"] == (3686, "A")
    early = as_of("2016-07-01")
    assert early["police/crimes", "2016-17"][1] == "P"
    assert early["police/street", "2016-17"] == (None, "M")
    today = rows_of(run_csp(*arguments, warehouse=warehouse))
    assert as_of("2020-01-01") == {(row["feed"], row["period"]): (row["value"], row["status"]) for row in today}
    april = as_of("2016-05-10", "--period", "2016-04")
    assert april["police/crimes", "2016-04"][1] == "A"


def test_variants_and_lsoas_are_counted_for_the_day(sample_run: CommandRun) -> None:
    rows = rows_of(
        run_csp("figures", "total_crime", "--agency", "police", "--period", "2016-17", "--every", "--as-of", "2017-06-19",
                "--format", "json", warehouse=sample_run.warehouse)
    )  # fmt: skip
    by_variant = {(row["feed"], row["date_basis"], row["unit"]): row["value"] for row in rows}
    assert by_variant["police/crimes", "recorded", "offence"] == 3685
    assert ("police/crimes", "committed", "victim") in by_variant
    lsoa = ("figures", "total_crime", "--area", "Harborough 002A", "--period", "2016-17", "--format", "json")
    now = rows_of(run_csp(*lsoa, warehouse=sample_run.warehouse))
    later = rows_of(run_csp(*lsoa, "--as-of", "2020-01-01", warehouse=sample_run.warehouse))
    assert [row["value"] for row in now] == [row["value"] for row in later]


def test_the_command_shows_revisions_with_their_reasons(sample_run: CommandRun) -> None:
    rows = rows_of(
        run_csp("figures", "domestic_violence_with_injury", "--revisions", "--period", "2016-17", "--agency", "police",
                "--format", "json", warehouse=sample_run.warehouse)
    )  # fmt: skip
    assert (rows[0]["event"], rows[-1]["event"]) == ("first_published", "revised")
    assert (rows[-1]["value_before"], rows[-1]["value"]) == (79, 78)
    assert rows[-1]["why"] == "1 added, 2 reclassified out of it"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--as-of", "2010-01-01"), "nothing was known yet on 2010-01-01; the first extract is of 2014-"),
        (("--as-of", "2016-02-31"), "2016-02-31"),
        (("--revisions",), "needs a measure"),
        (("total_crime", "--revisions", "--every"), "leave out --every"),
        (("total_crime", "--revisions", "--area", "Harborough 002A"), "not for LSOAs"),
    ],
)
def test_what_cannot_be_shown_is_said(sample_run: CommandRun, arguments: tuple[str, ...], words: str) -> None:
    run = run_csp("figures", *arguments, warehouse=sample_run.warehouse)
    assert run.code == 2
    assert words in " ".join(run.err.split())


def test_without_a_warehouse_the_past_is_not_known_either(tmp_path: Path) -> None:
    run = run_csp("figures", "--as-of", "2016-07-01", warehouse=tmp_path / "nowhere")
    assert run.code == 1
    assert "there is no warehouse yet" in run.err
