"""Ready feeds: published files that another partnership takes in and counts without any Python, from `csp feeds add` on."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from csp_pipeline.agencies.ready import READY
from csp_pipeline.cli.app import app
from csp_pipeline.errors import ConfigurationError
from csp_pipeline.intake.land import LandedFile
from csp_pipeline.intake.look_up import looked_up_feeds
from csp_pipeline.intake.place import place_file
from csp_pipeline.partnership.configuration import FeedEntry, read_configuration
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.tables import feed_spec
from tests.conftest import PROJECT, Pipeline
from tests.small_exports import csv_text, ods, street, tables_row, xlsx

REAL = PROJECT.parent / "shared" / "real"
LAMBETH, SOUTHWARK, LONDON, MET = "E09000022", "E09000028", "E13000001", "E23000001"
IN_LAMBETH, IN_SOUTHWARK = "E01003013", "E01003927"
AREAS = [
    (LAMBETH, "Lambeth", "district", "", "", LONDON, MET, "E22000201"),
    (SOUTHWARK, "Southwark", "district", "", "", LONDON, MET, "E22000207"),
    (LONDON, "Inner London", "county", "", "", "", MET, ""),
    (MET, "Metropolitan Police", "force", "", "", "", "", ""),
    (IN_LAMBETH, "Lambeth 001A", "lsoa", LAMBETH, "", LONDON, MET, ""),
    (IN_SOUTHWARK, "Southwark 001A", "lsoa", SOUTHWARK, "", LONDON, MET, ""),
]
NAMES = ["area_code", "area_name", "area_level", "district_code", "beat_code", "county_code", "force_code", "csp_code"]
Found = Callable[..., "Pipeline"]


@pytest.fixture
def found(tmp_path: Path) -> Found:
    """Founds a second partnership, in London, with one ready feed switched on and one measure of it."""

    def make(layout: str, unit: str, years: str = "2016-17", **way: Any) -> Pipeline:
        sources = tmp_path / "sources"
        (sources / "lists").mkdir(parents=True)
        for name in ("lsoa_2011_issued.csv", "police/force_areas.csv", "police/offence_codes.csv"):
            shutil.copyfile(PROJECT / "sources" / name, sources / "lists" / Path(name).name)
        with (sources / "areas.csv").open("w", encoding="utf-8") as file:
            csv.writer(file).writerows([NAMES, *AREAS])
        (sources / "population.csv").write_text("area_code,mid_year,population\nE09000022,2016,300000\n", encoding="utf-8")
        first, _, last = years.partition(":")
        partnership = {
            "name": "Safer Lambeth",
            "district": LAMBETH,
            "county": LONDON,
            "force": MET,
            "areas": "areas.csv",
            "populations": "population.csv",
            "lsoas_issued": "lists/lsoa_2011_issued.csv",
            "offence_codes": "lists/offence_codes.csv",
            "forces": "lists/force_areas.csv",
            "financial_years": {"first": first, "last": last or first, "expected_first": first, "expected_last": last or first},
            "agencies": {"brigade": {"name": "A service", "contact": "Performance team"}},
            "discrepancies": {"area_levels": ["district"], "periods": ["financial_year"]},
        }
        (sources / "partnership.yml").write_text(yaml.safe_dump(partnership), encoding="utf-8")
        (sources / "breaks.yml").write_text("breaks: []\n", encoding="utf-8")
        done = CliRunner().invoke(
            app, ["feeds", "add", layout, "--agency", "brigade", "--name", "ready", "--sources", str(sources)]
        )
        assert done.exit_code == 0, done.output
        measure = {"title": "Counted", "definition": "Counted", "unit": unit, "priority": "overall"}
        measures = {"measures": {"counted": measure | {"feeds": {"brigade/ready": way}}}, "tolerances": []}
        (sources / "measures.yml").write_text(yaml.safe_dump(measures), encoding="utf-8")
        return Pipeline(sources, tmp_path / "warehouse")

    return make


def figures(pipeline: Pipeline, area: str) -> dict[str, float | None]:
    """Headline figures of an area by period, those that are not missing."""
    rows = pipeline.lake("FROM figures WHERE area_code = ? AND is_headline AND value IS NOT NULL", [area])
    return {row["period"]: row["value"] for row in rows}


# Switching on


@pytest.mark.parametrize("layout", READY)
def test_every_template_is_a_feed_of_its_layout_bound_to_no_place(layout: str) -> None:
    path = PROJECT / "csp_pipeline" / "ready_feeds" / f"{layout}.yml"
    text = path.read_text(encoding="utf-8")
    entry = read_configuration(path, FeedEntry)
    assert entry.layout == layout
    assert entry.covers_area in ("FORCE", "DISTRICT")
    for place in ("leicester", "harborough", "E23", "E07"):
        assert place not in text.lower()
    commented = [line.removeprefix("#   ") for line in text.splitlines() if line.startswith("#   ")]
    [measure] = yaml.safe_load("\n".join(commented))["measures"].values()
    [way] = measure["feeds"].values()
    spec = feed_spec(READY[layout].model)
    assert way["date"] in spec.columns_with_role("date")
    assert way["area"] in spec.columns_with_role("area")


@pytest.mark.parametrize(
    ("layout", "inside", "scope"),
    [
        ("police_uk_street", "2016-05.zip/2016-04/2016-04-kent-street.csv", "kent"),
        ("home_office_recorded_crime", "tables.zip/prc-pfa-mar2013-onwards-tables.csv", "pfa"),
        ("home_office_recorded_crime_workbook", "by-force/prc-pfa-mar2013-onwards-tables.ods", "pfa"),
        ("stats19_collisions", "all.zip/dft-road-casualty-statistics-collision-2016.csv", ""),
        ("stats19_casualties", "all.zip/dft-road-casualty-statistics-casualty-2016.csv", ""),
        ("london_fire_incidents", "all.zip/LFB Incident data.csv", ""),
    ],
)
def test_a_folder_says_when_the_archives_in_it_were_published(layout: str, inside: str, scope: str) -> None:
    path = PROJECT / "csp_pipeline" / "ready_feeds" / f"{layout}.yml"
    feed = Feed("police", "ready", path.parent, read_configuration(path, FeedEntry), ())
    for beside in ("", "march/"):
        name = f"published-2017-02/{beside}{inside}"
        landed = LandedFile("id", "police", "ready", name, "0" * 64, 1, "", "2026-01-01T00:00:00+00:00")
        placed = place_file(feed, landed)
        assert (placed.extracted, placed.extract_date_is_known, placed.scope) == (date(2017, 2, 1), True, scope)


def test_an_archive_of_street_files_is_as_of_after_its_latest_month(found: Found) -> None:
    desk = found("police_uk_street", "crime", count="row", date="month", area="anonymised_point")
    exports = desk.sources / "brigade" / "ready" / "exports"
    for latest, outcome in (("2016-04", "Under investigation"), ("2016-05", "Local resolution")):
        with zipfile.ZipFile(exports / f"{latest}.zip", "w") as archive:
            row = street() | {"Last outcome category": outcome}
            archive.writestr("2016-04/2016-04-kent-street.csv", csv_text([row]))
    receipts = desk.take_in("brigade/ready").receipts
    assert sorted((r.extracted, r.outcome, r.messages) for r in receipts) == [
        ("2016-05-01", "accepted", []),
        ("2016-06-01", "accepted", []),
    ]


def test_the_command_lists_every_ready_feed() -> None:
    done = CliRunner().invoke(app, ["feeds", "--format", "json"])
    assert [row["layout"] for row in json.loads(done.stdout)] == list(READY)


def test_switching_on_overwrites_nothing_and_tells_known_names(found: Found) -> None:
    pipeline = found("irs_incidents", "incident", count="incident", date="call", area="incident")
    again = ["feeds", "add", "irs_incidents", "--agency", "brigade", "--name", "ready", "--sources", str(pipeline.sources)]
    refused = CliRunner().invoke(app, again)
    assert isinstance(refused.exception, ConfigurationError)
    assert "is there already" in str(refused.exception)
    assert "no agency 'fire'" in CliRunner().invoke(app, [*again[:4], "fire", *again[5:]]).output
    assert "stats19_collisions" in CliRunner().invoke(app, ["feeds", "add", "crimes", "--agency", "brigade"]).output


def test_a_layout_that_does_not_exist_is_told_with_those_that_do(found: Found) -> None:
    pipeline = found("irs_incidents", "incident", count="incident", date="call", area="incident")
    path = pipeline.sources / "brigade" / "ready" / "feed.yml"
    path.write_text(path.read_text().replace("layout: irs_incidents", "layout: irs"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"brigade/ready/feed.yml: layout: no layout 'irs'; known: .*stats19"):
        _ = pipeline.specs


# Counting


def test_another_forces_street_files_are_counted_in_its_districts(found: Found) -> None:
    pipeline = found("police_uk_street", "offence", count="row", date="month", area="anonymised_point")
    met = {"Reported by": "Metropolitan Police Service", "Falls within": "Metropolitan Police Service"}
    rows = [street(**met, **{"LSOA code": code}) for code in (IN_LAMBETH, IN_LAMBETH, IN_SOUTHWARK, "", "E01025770")]
    receipt = pipeline.take_in_one("brigade/ready", "published-2016-06/2016-04-metropolitan-street.csv", csv_text(rows))
    assert (receipt.outcome, receipt.rows_accepted) == ("accepted", 5)
    pipeline.make_figures()
    assert figures(pipeline, LAMBETH)["2016-04"] == 2
    assert figures(pipeline, SOUTHWARK)["2016-04"] == 1
    assert figures(pipeline, MET)["2016-04"] == 5


API = {
    "category": "anti-social-behaviour",
    "location_type": "Force",
    "location": {"latitude": "51.49", "street": {"id": 960522, "name": "On or near Brixton Road"}, "longitude": "-0.11"},
    "context": "",
    "outcome_status": None,
    "persistent_id": "",
    "id": 1,
    "location_subtype": "",
    "month": "2016-04",
}
CRIME = API | {
    "category": "violent-crime",
    "persistent_id": "ab" * 32,
    "id": 2,
    "outcome_status": {"category": "Under investigation", "date": "2016-05"},
}


def test_the_apis_json_is_counted_in_the_area_that_was_asked_for(found: Found) -> None:
    pipeline = found("police_uk_street_api", "incident", count="row", date="month", area="anonymised_point")
    nowhere = API | {"id": 3, "location": None}
    receipt = pipeline.take_in_one("brigade/ready", "2016-04.json", json.dumps([API, CRIME, nowhere]))
    assert (receipt.rows_accepted, receipt.rows_rejected) == (3, 0)
    first, second, third = pipeline.records(receipt)
    assert (first["crime_type"], first["location"], first["last_outcome"]) == (
        "anti_social_behaviour",
        "On or near Brixton Road",
        None,
    )
    assert (second["crime_type"], second["last_outcome"], second["outcome_month"]) == (
        "violence_and_sexual_offences",
        "Under investigation",
        "2016-05",
    )
    assert (third["location"], third["latitude"], first["street_id"]) == (None, None, "960522")
    pipeline.make_figures()
    assert figures(pipeline, LAMBETH)["2016-04"] == 3


def test_rows_of_json_are_rejected_by_their_place_in_the_array(found: Found) -> None:
    pipeline = found("police_uk_street_api", "incident", count="row", date="month", area="anonymised_point")
    rows = [API, CRIME | {"category": "jaywalking"}, "a word", API | {"id": 4, "month": "April"}]
    receipt = pipeline.take_in_one("brigade/ready", "2016-04.json", json.dumps(rows))
    assert (receipt.rows_read, receipt.rows_accepted) == (4, 1)
    assert [(r["row_number"], r["column_name"], r["code"]) for r in pipeline.rejects(receipt)] == [
        (2, "category", "unknown_value"),
        (3, None, "not_an_object"),
        (4, "month", "malformed"),
    ]


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ("", "empty_file", "0 bytes"),
        ('{"error": "too many"}', "not_json", "no JSON array"),
        ("<!DOCTYPE html><p>503</p>", "not_json", "a web page"),
        (json.dumps([API, CRIME])[:-40], "unreadable", "cut short"),
        ("[]", "no_rows", "no rows"),
        (json.dumps([{"kind": 1}]), "missing_column", "'category'"),
    ],
)
def test_json_that_is_no_answer_of_the_api_is_refused(found: Found, content: str, code: str, words: str) -> None:
    pipeline = found("police_uk_street_api", "incident", count="row", date="month", area="anonymised_point")
    receipt = pipeline.take_in_one("brigade/ready", "2016-04.json", content)
    assert (receipt.outcome, receipt.code) == ("refused", code)
    assert words in receipt.messages[0]
    assert str(pipeline.settings.warehouse) not in receipt.messages[0]


def collision(number: int, **changes: str) -> dict[str, str]:
    """A row of the Department's collision file: a slight one in Lambeth on 15/04/2016 unless changed."""
    return {
        "collision_index": f"2016010{number:06d}",
        "collision_year": "2016",
        "police_force": "1",
        "collision_severity": "3",
        "number_of_vehicles": "2",
        "number_of_casualties": "1",
        "date": "15/04/2016",
        "time": "08:15",
        "local_authority_ons_district": LAMBETH,
        "lsoa_of_accident_location": "-1",
    } | changes


COLLISIONS = [
    collision(1),
    collision(2, collision_severity="1", date="02/05/2016"),
    collision(3, collision_severity="2", date="31/03/2017"),
    collision(4, collision_severity="2", local_authority_ons_district="EHEATHROW"),
]


@pytest.mark.parametrize("word", ["collision", "accident"])
def test_collisions_of_both_releases_are_counted(found: Found, word: str) -> None:
    way = {"count": "collision", "date": "collision", "area": "collision", "where": ["severity IN ('fatal', 'serious')"]}
    pipeline = found("stats19_collisions", "collision", **way)
    rows = [{key.replace("collision_", f"{word}_"): value for key, value in row.items()} for row in COLLISIONS]
    receipt = pipeline.take_in_one("brigade/ready", "dft-road-casualty-statistics-collision-2016.csv", csv_text(rows))
    assert (receipt.rows_accepted, receipt.rows_rejected) == (4, 0), receipt.messages
    assert receipt.cells == ["2016-04", "2016-05", "2017-03"]
    pipeline.make_figures()
    months = [figures(pipeline, LAMBETH)[month] for month in ("2016-04", "2016-05", "2017-03")]
    assert months == [0, 1, 1]
    assert figures(pipeline, MET)["2016-04"] == 1


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the publishers' files are not there: {REAL}")
def test_the_london_fire_brigades_own_file_is_counted_in_the_borough(found: Found) -> None:
    path = REAL / "fire" / "lfb-incidents-sample.csv"
    pipeline = found("london_fire_incidents", "incident", "2008-09", count="incident", date="call", area="incident")
    receipt = pipeline.take_in_one("brigade/ready", path.name, path.read_bytes())
    rows = list(csv.DictReader(path.open(encoding="utf-8-sig", newline="")))
    assert (receipt.rows_accepted, receipt.rows_rejected) == (len(rows), 0), pipeline.rejects(receipt)
    pipeline.make_figures()
    boroughs = Counter(row["IncGeo_BoroughCode"] for row in rows)
    assert boroughs[LAMBETH] > 0
    assert figures(pipeline, LAMBETH)["2009-01"] == boroughs[LAMBETH]
    assert figures(pipeline, MET)["2009-01"] == len(rows)
    kept = str(pipeline.records(receipt))
    assert not [row["Postcode_full"] for row in rows if row["Postcode_full"] and row["Postcode_full"] in kept]


# Home Office tables

TABLES = {"sum": "number_of_offences", "date": "recorded", "area": "offence"}
FORCE_ROWS = [
    tables_row(quarter, count, **{"Force Name": force, "Offence Code": code})
    for quarter, count in ((1, 10), (2, 20), (3, 30), (4, 40))
    for force in ("Metropolitan Police", "Leicestershire")
    for code in ("46", "8N", "37.2")
]


def by_csp(name: str, count: int, quarter: int = 1) -> dict[str, str]:
    row = tables_row(quarter, count, **{"Force Name": "Metropolitan Police"})
    return {"Financial Year": row.pop("Financial Year"), "Financial Quarter": row.pop("Financial Quarter")} | {
        "Force Name": row.pop("Force Name"),
        "CSP Name": name,
        **row,
    }


def test_tables_by_csp_count_each_csp_once_and_never_as_the_force(found: Found) -> None:
    pipeline = found("home_office_recorded_crime", "offence", **TABLES)
    rows = [by_csp("Lambeth", 10), by_csp("Southwark", 20), by_csp("Westminster", 40)]
    receipt = pipeline.take_in_one("brigade/ready", "prc-csp-2016-17.csv", csv_text(rows))
    assert (receipt.outcome, receipt.rows_accepted) == ("accepted_with_warnings", 3)
    assert [record["csp_name"] for record in pipeline.records(receipt)] == ["Lambeth", "Southwark", "Westminster"]
    pipeline.make_figures()
    assert figures(pipeline, LAMBETH)["2016-17 Q1"] == 10
    assert figures(pipeline, MET) == {}


def test_a_workbook_of_the_home_office_is_read_from_all_its_sheets_with_repeated_rows_and_columns(found: Found) -> None:
    """Notes are passed over; equal rows stand once with a count, as an ODS writes them, and every one of them counts."""
    pipeline = found("home_office_recorded_crime_workbook", "offence", "2015-16:2016-17", **TABLES)
    homicide = by_csp("Lambeth", 1) | {"Offence Code": "1/4.1/4.10/4.2", "Offence Description": "Homicide"}
    others = [by_csp("Lambeth", 5, quarter) for quarter in (1, 2, 3, 4)]
    header = list(homicide)
    last_year = [list((row | {"Financial Year": "2015/16"}).values()) for row in others]
    sheets = {
        "Notes": [["Police recorded crime"], ["Financial Year", "runs from April"]],
        "2015-16": [["Table 1"], header, *last_year],
        "2016-17": [["Table 2"], [""] * 3, header, *[list(homicide.values())] * 3, *(list(row.values()) for row in others)],
    }
    receipt = pipeline.take_in_one("brigade/ready", "prc-csp-2015-to-2017.ods", ods(sheets))
    assert (receipt.rows_accepted, receipt.rows_rejected) == (11, 0), pipeline.rejects(receipt)
    assert [(r["sheet"], r["row_number"]) for r in pipeline.records(receipt)][:5] == [
        *(("2015-16", number) for number in (3, 4, 5, 6)),
        ("2016-17", 4),
    ]
    pipeline.make_figures()
    known = figures(pipeline, LAMBETH)
    assert (known["2015-16 Q1"], known["2016-17 Q1"], known["2016-17 Q2"]) == (5, 3 * 1 + 5, 5)


def test_a_workbook_without_the_table_is_refused(found: Found) -> None:
    pipeline = found("home_office_recorded_crime_workbook", "offence", **TABLES)
    receipt = pipeline.take_in_one("brigade/ready", "prc-csp-2016.ods", xlsx({"Notes": [["Crime"]], "More": [["x"]]}))
    assert (receipt.outcome, receipt.code) == ("refused", "no_header")


def test_an_extract_whose_year_and_quarter_are_all_alike_is_refused_for_its_repeated_keys(found: Found) -> None:
    pipeline = found("home_office_recorded_crime", "offence", **TABLES)
    rows = [row | {"Financial Quarter": "1"} for row in FORCE_ROWS]
    receipt = pipeline.take_in_one("brigade/ready", "prc-pfa-2016.csv", csv_text(rows))
    assert (receipt.outcome, receipt.code, pipeline.records(receipt)) == ("refused", "repeated_keys", [])
    for word in ("18 of its 24 rows repeat another row", "'Financial Quarter'", "'Force Name'", "Export all columns"):
        assert word in receipt.messages[0]


def test_an_extract_whose_year_and_quarter_were_dropped_is_refused_for_its_repeated_keys(found: Found) -> None:
    pipeline = found("home_office_recorded_crime", "offence", **TABLES)
    rows = [{key: value for key, value in row.items() if not key.startswith("Financial")} for row in FORCE_ROWS]
    receipt = pipeline.take_in_one("brigade/ready", "prc-pfa-2016.csv", csv_text(rows))
    assert (receipt.outcome, receipt.code) == ("refused", "missing_column")
    for word in (
        "'Financial Year'; 'Financial Quarter'",
        "18 of its 24 rows repeat another row in 'Force Name', 'Offence Code'",
    ):
        assert word in receipt.messages[0]


def test_a_few_equal_rows_are_kept_as_they_are_published(found: Found) -> None:
    """Homicide stands in four equal rows for each force and quarter."""
    pipeline = found("home_office_recorded_crime", "offence", **TABLES)
    receipt = pipeline.take_in_one("brigade/ready", "prc-pfa-2016.csv", csv_text([*FORCE_ROWS, *FORCE_ROWS[:3]]))
    assert (receipt.rows_accepted, receipt.rows_rejected) == (27, 0)


# Casualties, which take day and place from their collisions


def with_casualties(pipeline: Pipeline, **more: Any) -> Pipeline:
    """The partnership of collisions with the feed of casualties switched on, and people killed or seriously injured counted."""
    add = ["feeds", "add", "stats19_casualties", "--agency", "brigade", "--sources", str(pipeline.sources)]
    assert CliRunner().invoke(app, add).exit_code == 0
    if more:
        path = pipeline.sources / "brigade" / "casualties" / "feed.yml"
        entry = yaml.safe_load(path.read_text(encoding="utf-8"))
        path.write_text(yaml.safe_dump(entry | more), encoding="utf-8")
    way = {"count": "casualty", "date": "collision", "area": "collision", "where": ["severity IN ('fatal', 'serious')"]}
    measure = {"title": "Injured", "definition": "Injured", "unit": "casualty", "priority": "overall"}
    measures = {"measures": {"injured": measure | {"feeds": {"brigade/casualties": way}}}, "tolerances": []}
    (pipeline.sources / "measures.yml").write_text(yaml.safe_dump(measures), encoding="utf-8")
    return pipeline


def casualty(of: int, number: int, severity: str) -> dict[str, str]:
    return {
        "collision_index": f"2016010{of:06d}",
        "collision_year": "2016",
        "vehicle_reference": "1",
        "casualty_reference": str(number),
        "casualty_class": "1",
        "sex_of_casualty": "-1",
        "age_band_of_casualty": "6",
        "casualty_severity": severity,
    }


CASUALTIES = [casualty(1, 1, "3"), casualty(2, 1, "1"), casualty(2, 2, "2"), casualty(3, 1, "2"), casualty(4, 1, "2")]
COLLISION_WAY = {"count": "collision", "date": "collision", "area": "collision"}
CASUALTY_FILE = "dft-road-casualty-statistics-casualty-2016.csv"
COLLISION_FILE = "dft-road-casualty-statistics-collision-2016.csv"


def test_casualties_are_counted_by_day_and_place_of_their_collision(found: Found) -> None:
    pipeline = with_casualties(found("stats19_collisions", "collision", **COLLISION_WAY))
    pipeline.take_in_one("brigade/ready", COLLISION_FILE, csv_text(COLLISIONS))
    receipt = pipeline.take_in_one("brigade/casualties", CASUALTY_FILE, csv_text(CASUALTIES))
    assert (receipt.rows_accepted, receipt.rows_rejected) == (5, 0)
    assert receipt.cells == ["2016-04", "2016-05", "2017-03"]
    pipeline.make_figures()
    assert [figures(pipeline, LAMBETH)[month] for month in ("2016-04", "2016-05", "2017-03")] == [0, 2, 1]
    assert figures(pipeline, MET)["2016-04"] == 1


def test_casualties_that_came_before_their_collisions_are_read_again_when_these_come(found: Found) -> None:
    pipeline = with_casualties(found("stats19_collisions", "collision", **COLLISION_WAY))
    pipeline.take_in_one("brigade/ready", COLLISION_FILE, csv_text(COLLISIONS[:2]))
    receipt = pipeline.take_in_one("brigade/casualties", CASUALTY_FILE, csv_text(CASUALTIES))
    assert [(r["row_number"], r["column_name"], r["code"]) for r in pipeline.rejects(receipt)] == [
        (5, "collision_index", "unknown_code"),
        (6, "collision_index", "unknown_code"),
    ]
    assert "expected a collision of the feed of collisions" in pipeline.rejects(receipt)[0]["message"]
    pipeline.take_in_one("brigade/ready", f"published-2017-09/{COLLISION_FILE}", csv_text(COLLISIONS))
    [again] = pipeline.take_in("brigade/casualties").new
    assert (again.rows_accepted, again.rows_rejected) == (5, 0)


def test_casualties_without_a_feed_of_collisions_are_told(found: Found) -> None:
    pipeline = found("stats19_casualties", "casualty", **COLLISION_WAY | {"count": "casualty"})
    with pytest.raises(ConfigurationError, match=r"brigade/ready takes collision_date.*csp feeds add stats19_collisions"):
        looked_up_feeds(pipeline.partnership, pipeline.specs, pipeline.partnership.feed("brigade/ready"))


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the publishers' files are not there: {REAL}")
def test_a_real_file_under_other_names_is_read_once_these_are_declared(found: Found) -> None:
    """Greater Manchester's file has names of its own; its collisions are made here, as they are not in it."""
    path = REAL / "roads" / "stats19-casualties-gm-first-2000.csv"
    rows = list(csv.DictReader(path.open(encoding="utf-8-sig", newline="")))
    names = {
        "collision_index": "Accident Index",
        "vehicle_reference": "VehicleReferenceNumber",
        "casualty_reference": "CasualtyNumber",
        "casualty_class": "CasualtyClass",
        "sex_of_casualty": "Sex",
        "age_band_of_casualty": "AgeBandOfCasualty",
        "casualty_severity": "CasualtySeverity",
    }
    renamed = {old: {"sent_as": new, "since": "2000-01-01", "reason": "The publisher's own names"} for old, new in names.items()}
    pipeline = found("stats19_collisions", "collision", "2010-11", **COLLISION_WAY)
    with_casualties(pipeline, renamed=renamed)
    indexes = sorted({row["Accident Index"] for row in rows})
    collisions = [collision(0, collision_index=index, date="14/07/2010") for index in indexes]
    pipeline.take_in_one("brigade/ready", "collision-2010.csv", csv_text(collisions))
    receipt = pipeline.take_in_one("brigade/casualties", "casualty-2010.csv", path.read_bytes())
    assert (receipt.rows_accepted, receipt.rows_rejected) == (len(rows), 0), pipeline.rejects(receipt)[:3]
    pipeline.make_figures()
    assert figures(pipeline, LAMBETH)["2010-07"] == sum(row["CasualtySeverity"] in ("1", "2") for row in rows) > 0
