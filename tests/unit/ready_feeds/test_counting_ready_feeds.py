"""Street files, the API of data.police.uk, collisions and fire incidents of another partnership are counted."""

from __future__ import annotations

import csv
import json
from collections import Counter

import pytest

from tests.small_exports import csv_text, street
from tests.unit.ready_feeds.london import (
    COLLISIONS,
    IN_LAMBETH,
    IN_SOUTHWARK,
    LAMBETH,
    MET,
    REAL,
    SOUTHWARK,
    Found,
    figures,
)


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
