"""A second partnership, in London, with one ready feed switched on as its people would."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from csp_pipeline.cli.app import app
from tests.conftest import PROJECT, Pipeline
from tests.unit.ready_feeds.london import (
    AREAS,
    LAMBETH,
    LONDON,
    MET,
    NAMES,
    Found,
)


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
