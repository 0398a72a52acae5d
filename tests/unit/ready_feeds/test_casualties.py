"""Casualties, which take day and place from their collisions."""

from __future__ import annotations

import csv
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from csp_pipeline.cli.app import app
from csp_pipeline.errors import ConfigurationError
from csp_pipeline.intake.look_up import looked_up_feeds
from tests.conftest import Pipeline
from tests.small_exports import csv_text
from tests.unit.ready_feeds.london import (
    COLLISIONS,
    LAMBETH,
    MET,
    REAL,
    Found,
    collision,
    figures,
)


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
