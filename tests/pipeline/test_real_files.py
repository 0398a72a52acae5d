"""The pipeline on files as their publishers wrote them, against counts made apart from it with the csv module."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from csp_pipeline.intake.take_in import FeedIntake
from tests.conftest import PROJECT, Pipeline
from tests.small_exports import FORCE, HARBOROUGH

REAL = PROJECT.parent / "shared" / "real"
STREET = "police/street"
TABLES = "police/recorded_crime_tables"

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason=f"the publishers' files are not there: {REAL}")


def point_at(pipeline: Pipeline, feed: str, place: Path) -> None:
    """Let a feed's files be pulled from a place outside `sources/`."""
    path = pipeline.sources / feed / "feed.yml"
    entry = yaml.safe_load(path.read_text(encoding="utf-8"))
    entry |= {"location": str(place), "pull": {"settle_seconds": 0}}
    path.write_text(yaml.safe_dump(entry, sort_keys=False), encoding="utf-8")
    pipeline.reread_configuration()


def raw_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def street(new_pipeline: Callable[..., Pipeline]) -> tuple[Pipeline, FeedIntake]:
    pipeline = new_pipeline([STREET])
    point_at(pipeline, STREET, REAL / "police_street")
    return pipeline, pipeline.run_all()[STREET]


@pytest.fixture(scope="module")
def raw_street() -> dict[tuple[str, str], list[dict[str, str]]]:
    """Rows of each file by month and archive."""
    paths = sorted((REAL / "police_street").glob("*/*.csv"))
    assert len(paths) == 13
    return {(path.name[:7], path.parent.name): raw_rows(path) for path in paths}


@pytest.fixture(scope="module")
def latest(raw_street: dict[tuple[str, str], list[dict[str, str]]]) -> dict[str, list[dict[str, str]]]:
    """Rows of each month as last published."""
    return {month: rows for (month, _), rows in sorted(raw_street.items())}


def test_nothing_of_the_street_files_is_rejected(street: tuple[Pipeline, FeedIntake], raw_street: dict) -> None:
    _, intake = street
    assert {
        receipt.landed.path: (receipt.outcome, receipt.rows_accepted, receipt.rows_rejected) for receipt in intake.receipts
    } == {
        f"{archive}/{month}-leicestershire-street.csv": ("accepted", len(rows), 0)
        for (month, archive), rows in raw_street.items()
    }


def test_harboroughs_counts_of_each_month_are_those_of_the_raw_files(street: tuple[Pipeline, FeedIntake], latest: dict) -> None:
    pipeline, _ = street
    for month, rows in latest.items():
        kinds = Counter(row["Crime type"] for row in rows if row["LSOA name"].startswith("Harborough "))
        asb = kinds.pop("Anti-social behaviour")
        expected = {
            "total_crime": kinds.total(),
            "asb_reported": asb,
            "shoplifting": kinds["Shoplifting"],
            "burglary": kinds["Burglary"],
        }
        counted = {measure: pipeline.figure(STREET, measure, HARBOROUGH, month)["value"] for measure in expected}
        assert counted == expected, month
        assert kinds.total() > 100


def test_every_row_of_the_force_is_counted_and_those_without_a_place_are_bounds(
    street: tuple[Pipeline, FeedIntake], latest: dict
) -> None:
    pipeline, _ = street
    for month, rows in latest.items():
        crimes = [row for row in rows if row["Crime type"] != "Anti-social behaviour"]
        unlocated = sum(not row["LSOA code"] for row in crimes)
        harborough = sum(row["LSOA name"].startswith("Harborough ") for row in crimes)
        assert pipeline.figure(STREET, "total_crime", FORCE, month)["value"] == len(crimes)
        assert pipeline.figure(STREET, "total_crime", HARBOROUGH, month)["value_high"] == harborough + unlocated


def test_lsoas_of_the_raw_files_have_the_counts_of_the_raw_files(street: tuple[Pipeline, FeedIntake], latest: dict) -> None:
    pipeline, _ = street
    expected = Counter(
        row["LSOA code"]
        for row in latest["2016-05"]
        if row["LSOA name"].startswith("Harborough ") and row["Crime type"] == "Anti-social behaviour"
    )
    rows = pipeline.lake(
        "SELECT area_code, value FROM figures WHERE measure = 'asb_reported' AND period = '2016-05' AND is_headline"
        " AND area_code LIKE 'E01%' AND value > 0"
    )
    assert {row["area_code"]: row["value"] for row in rows} == expected


def test_both_archives_of_june_are_there_and_the_later_counts(street: tuple[Pipeline, FeedIntake], raw_street: dict) -> None:
    pipeline, _ = street
    held = pipeline.published(
        "SELECT valid_from::VARCHAR AS first, valid_to::VARCHAR AS last, count(*) AS n, count(last_outcome) AS outcomes"
        " FROM police_street WHERE month = '2016-06' GROUP BY ALL ORDER BY 1"
    )
    first, second = raw_street["2016-06", "published-2016-08"], raw_street["2016-06", "published-2017-02"]
    assert held == [
        {
            "first": "2016-08-01",
            "last": "2017-02-01",
            "n": len(first),
            "outcomes": sum(bool(row["Last outcome category"]) for row in first),
        },
        {
            "first": "2017-02-01",
            "last": None,
            "n": len(second),
            "outcomes": sum(bool(row["Last outcome category"]) for row in second),
        },
    ]
    assert [row["Last outcome category"] for row in first] != [row["Last outcome category"] for row in second]
    assert str(pipeline.figure(STREET, "total_crime", HARBOROUGH, "2016-06")["as_at"]) == "2017-02-01"


def test_a_year_of_which_nine_months_came_is_incomplete(street: tuple[Pipeline, FeedIntake], latest: dict) -> None:
    pipeline, _ = street
    year = pipeline.figure(STREET, "total_crime", HARBOROUGH, "2015-16")
    months = [month for month in latest if "2015-07" <= month <= "2016-03"]
    counted = sum(
        row["LSOA name"].startswith("Harborough ") and row["Crime type"] != "Anti-social behaviour"
        for month in months
        for row in latest[month]
    )
    assert (len(months), year["coverage"], year["covered"], year["status"]) == (9, 0.75, "2015-07 to 2016-03", "P")
    assert year["value"] == counted
    assert pipeline.figure(STREET, "total_crime", HARBOROUGH, "2014-15")["status"] == "M"


@pytest.fixture(scope="module")
def tables(new_pipeline: Callable[..., Pipeline]) -> tuple[Pipeline, FeedIntake]:
    pipeline = new_pipeline([TABLES])
    point_at(pipeline, TABLES, REAL / "home_office")
    return pipeline, pipeline.run_all()[TABLES]


def test_the_home_office_tables_give_leicestershires_total(tables: tuple[Pipeline, FeedIntake]) -> None:
    pipeline, intake = tables
    [receipt] = intake.receipts
    assert receipt.rows_rejected == 0
    assert receipt.cells == ["2017-18 Q1", "2017-18 Q2", "2017-18 Q3", "2017-18 Q4"]
    [path] = (REAL / "home_office").glob("*.csv")
    rows = [
        row for row in raw_rows(path) if row["Force Name"] == "Leicestershire" and not row["Offence Subgroup"].startswith("Fraud")
    ]
    counted = sum(int(row["Number of Offences"].strip().replace(",", "")) for row in rows)
    assert pipeline.figure(TABLES, "total_crime", FORCE, "2017-18")["value"] == counted == 83_793
    quarters = Counter()
    for row in rows:
        if row["Offence Code"] == "46":
            quarters[f"2017-18 Q{row['Financial Quarter']}"] += int(row["Number of Offences"].strip().replace(",", ""))
    assert len(quarters) == 4
    for quarter, shoplifting in quarters.items():
        assert pipeline.figure(TABLES, "shoplifting", FORCE, quarter)["value"] == shoplifting


def test_negative_counts_are_kept_marked_and_noted(tables: tuple[Pipeline, FeedIntake]) -> None:
    pipeline, intake = tables
    [path] = (REAL / "home_office").glob("*.csv")
    negative = [int(row["Number of Offences"].strip().replace(",", "")) for row in raw_rows(path)]
    negative = sorted(number for number in negative if number < 0)
    assert len(negative) == 36
    held = pipeline.published("SELECT number_of_offences AS n FROM police_recorded_crime_tables WHERE is_cancellation ORDER BY 1")
    assert [row["n"] for row in held] == negative
    assert any(message.startswith("36 negative counts kept") for message in intake.receipts[0].messages)


def test_another_fire_services_layout_is_refused_naming_what_is_missing(desk: Pipeline) -> None:
    """7,873 rows in cp1252 of a layout that nobody agreed to."""
    content = (REAL / "fire" / "lfb-animal-rescue-2021.csv").read_bytes()
    receipt = desk.take_in_one("fire/incidents", "incidents_2016-17-Q1_extracted-2016-07-20.csv", content)
    assert (receipt.outcome, receipt.rows_accepted) == ("refused", 0)
    assert receipt.code in ("missing_column", "no_header")
    for column in ("time_of_call", "incident_group", "lsoa_code"):
        assert column in receipt.messages[0]
    assert "incidents_2016-17-Q1_extracted-2016-07-20.csv" in desk.rejects(receipt)[0]["message"]
