"""Setting up another partnership with `csp init`: from the ONS's lookups, without touching Python."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.new_partnership import Place, describe_place, start_partnership
from csp_pipeline.new_partnership.start import usual_years
from csp_pipeline.partnership.claims import load_claims
from csp_pipeline.partnership.measures import load_measures
from tests.conftest import PROJECT
from tests.pipeline.conftest import run_csp

# Codes and names as the ONS publishes them, in the layouts of two of its lookups.
CSPS = """LAD21CD;LAD21NM;CSP21CD;CSP21NM;PFA21CD;PFA21NM
E06000031;Peterborough;E22000017;Peterborough;E23000023;Cambridgeshire
E07000010;Fenland;E22000015;Fenland;E23000023;Cambridgeshire
E07000008;Cambridge;E22000013;Cambridge;E23000023;Cambridgeshire
E07000131;Harborough;E22000166;Harborough;E23000021;Leicestershire
"""
LSOAS = """,Local authority code,Local authority name,LSOA Code,LSOA Name
1,E07000010,Fenland,E01018018,Fenland 002A
2,E07000010,Fenland,E01018019,Fenland 002B
3,E06000031,Peterborough UA,E01015589,Peterborough 004A
4,E07000131,Harborough,E01025770,Harborough 002A
"""
POPULATIONS = """ladcode20,laname20,population_2014,births_2015,population_2015,population_2016
E07000010,Fenland,98262,1140,99214,100182
E07000131,Harborough,88008,812,89326,90416
"""
COUNTY = ("E10000003", "Cambridgeshire")
YEARS = ("2015-16", "2016-17")


@pytest.fixture
def lookups(tmp_path: Path) -> dict[str, Path]:
    files = {"csps": CSPS, "lsoas": LSOAS, "populations": POPULATIONS}
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return {name: tmp_path / f"{name}.csv" for name in files}


def place_of(lookups: dict[str, Path], district: str = "E07000010", county: tuple[str, str] | None = COUNTY) -> Place:
    return describe_place(district, **lookups, county=county)


def test_the_areas_are_those_of_the_districts_force(lookups: dict[str, Path]) -> None:
    areas = place_of(lookups).areas.set_index("area_code")
    assert list(areas.index) == [
        "E23000023", "E10000003", "E06000031", "E07000008", "E07000010", "E01015589", "E01018018", "E01018019",
    ]  # fmt: skip
    assert areas.loc["E07000010", ["area_level", "county_code", "force_code", "csp_code"]].tolist() == [
        "district", "E10000003", "E23000023", "E22000015",
    ]  # fmt: skip
    assert areas.loc["E01018018", ["area_name", "district_code", "county_code"]].tolist() == [
        "Fenland 002A", "E07000010", "E10000003",
    ]  # fmt: skip
    assert pd.isna(areas.loc["E06000031", "county_code"])


def test_a_district_without_a_county_council_is_its_own_county(lookups: dict[str, Path]) -> None:
    place = place_of(lookups, "Peterborough", county=None)
    assert (place.district, place.county, place.is_unitary) == ("E06000031", "E06000031", True)
    assert "county" not in set(place.areas.area_level)


def test_populations_by_sex_and_age_are_added_up(lookups: dict[str, Path]) -> None:
    """The ONS's detailed series; each of its rows was taken for the whole district, which then had several populations."""
    lookups["populations"].write_text(
        "ladcode20,laname20,country,sex,age,population_2015,population_2016\n"
        'E07000010,Fenland,E,1,0,"1,100",1110\nE07000010,Fenland,E,2,0,1000,1010\nE07000010,Fenland,E,2,1,90,91\n',
        encoding="utf-8",
    )
    people = place_of(lookups).populations
    assert people.to_dict("list") == {
        "area_code": ["E07000010"] * 2,
        "mid_year": [2015, 2016],
        "population": [2190, 2211],
    }


def test_what_a_person_has_to_look_at_is_said(lookups: dict[str, Path]) -> None:
    notes = "\n".join(place_of(lookups).notes)
    assert "Cambridge are taken to lie in Cambridgeshire" in notes
    assert "no LSOA of Cambridge" in notes
    without = "\n".join(describe_place("Fenland", lookups["csps"], county=COUNTY).notes)
    assert "--lsoas" in without
    assert "--populations" in without


@pytest.mark.parametrize(
    ("district", "county", "words"),
    [
        ("E07000010", None, "lies in a county. Give its code and name"),
        ("Fenlan", COUNTY, "no district 'Fenlan'. Did you mean Fenland?"),
    ],
)
def test_what_cannot_be_used_is_named(
    lookups: dict[str, Path], district: str, county: tuple[str, str] | None, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        place_of(lookups, district, county)


def test_a_lookup_without_the_columns_is_named_with_what_it_holds(lookups: dict[str, Path]) -> None:
    with pytest.raises(ConfigurationError, match=r"populations.csv: no column for the district code; found ladcode20"):
        describe_place("Fenland", lookups["populations"], county=COUNTY)


def test_a_district_with_several_populations_of_a_year_is_named(lookups: dict[str, Path]) -> None:
    with lookups["populations"].open("a", encoding="utf-8") as file:
        file.write("E07000010,Fenland,1,1,1,1\n")
    with pytest.raises(ConfigurationError, match=r"E07000010 stands in it more than once for 2014\. Give a file with one row"):
        place_of(lookups)


def test_everything_of_the_new_partnership_loads_and_is_its_own(lookups: dict[str, Path], tmp_path: Path) -> None:
    started = start_partnership(tmp_path / "new", place_of(lookups), PROJECT / "sources", years=YEARS)
    partnership = started.partnership
    book = load_measures(partnership)
    assert load_claims(partnership, book) == []
    assert (partnership.file.district, partnership.file.county) == ("E07000010", "E10000003")
    assert {feed.entry.covers_area for feed in partnership.feeds} == {"E07000010", "E10000003", "E23000023"}
    assert "district/published_figures" not in [feed.key for feed in partnership.feeds]
    assert partnership.populations.values.tolist() == [["E07000010", year, n] for year, n in
                                                       ((2014, 98262), (2015, 99214), (2016, 100182))]  # fmt: skip
    written = "\n".join(p.read_text(encoding="utf-8") for p in started.sources.rglob("*.yml"))
    for foreign in ("Harborough", "Leicestershire", "E07000131", "E10000018", "E23000021", "Swanswell"):
        assert foreign not in written


def test_only_the_feeds_that_are_sent_are_set_up(lookups: dict[str, Path], tmp_path: Path) -> None:
    feeds = ["police/crimes", "fire/incidents"]
    started = start_partnership(tmp_path / "new", place_of(lookups), PROJECT / "sources", years=YEARS, feeds=feeds)
    assert sorted(feed.key for feed in started.partnership.feeds) == sorted(feeds)
    # whoever sends nothing has no part in it, and gets no report
    assert list(started.partnership.file.agencies) == ["police", "fire"]
    with pytest.raises(ConfigurationError, match="no feed 'police/crime'; known feeds: police/asb"):
        start_partnership(tmp_path / "other", place_of(lookups), PROJECT / "sources", years=YEARS, feeds=["police/crime"])
    assert not (tmp_path / "other" / "sources").exists()


def test_nothing_that_is_there_is_written_over(lookups: dict[str, Path], tmp_path: Path) -> None:
    mine = tmp_path / "new" / "sources" / "partnership.yml"
    mine.parent.mkdir(parents=True)
    mine.write_text("name: Mine\n")
    with pytest.raises(ConfigurationError, match="is there already"):
        start_partnership(tmp_path / "new", place_of(lookups), PROJECT / "sources", years=YEARS)
    assert mine.read_text() == "name: Mine\n"
    assert sorted(path.name for path in mine.parent.iterdir()) == ["partnership.yml"]


def test_the_years_are_the_last_three_unless_given() -> None:
    assert usual_years(pd.Timestamp("2017-03-31").date()) == ("2014-15", "2016-17")
    assert usual_years(pd.Timestamp("2017-04-01").date()) == ("2015-16", "2017-18")


def test_the_command_sets_up_and_says_what_to_do_next(lookups: dict[str, Path], tmp_path: Path) -> None:
    options = ["--county", COUNTY[0], "--county-name", COUNTY[1], "--years", "2015-16:2016-17"]
    options += [part for name, path in lookups.items() for part in (f"--{name}", str(path))]
    run = run_csp("init", str(tmp_path / "new"), "--district", "Fenland", *options, warehouse=tmp_path / "w")
    assert run.code == 0, run.err
    assert "Fenland Community Safety Partnership" in run.out
    assert f"CSP_SOURCES={tmp_path / 'new' / 'sources'}" in run.out
    again = run_csp("init", str(tmp_path / "new"), "--district", "Fenland", *options, warehouse=tmp_path / "w")
    assert again.code == 4
    assert "is there already" in again.err
