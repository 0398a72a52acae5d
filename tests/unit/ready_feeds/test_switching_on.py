"""Ready feeds are switched on without any Python, with `csp feeds add`."""

from __future__ import annotations

import json
import zipfile
from datetime import date

import pytest
import yaml
from typer.testing import CliRunner

from csp_pipeline.agencies.ready import READY
from csp_pipeline.cli.app import app
from csp_pipeline.errors import ConfigurationError
from csp_pipeline.intake.land import LandedFile
from csp_pipeline.intake.place import place_file
from csp_pipeline.partnership.configuration import FeedEntry, read_configuration
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.tables import feed_spec
from tests.conftest import PROJECT
from tests.small_exports import csv_text, street
from tests.unit.ready_feeds.london import (
    Found,
)


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
