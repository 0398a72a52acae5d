"""The sample world: same seed, same bytes; Harborough's published totals; planted counts that match the truth."""

from __future__ import annotations

import csv
import hashlib
import re
import zipfile
from collections import Counter
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from python_calamine import CalamineWorkbook

from csp_pipeline.sample import SampleSummary, shapes, write_sample
from csp_pipeline.sample.county import CASE_COLUMNS
from csp_pipeline.sample.periods import Month, Quarter, list_years, place_day
from csp_pipeline.sample.seeds import allot, derive_keys

SOURCES = Path(__file__).parents[2] / "sources"
YEARS = shapes.PUBLISHED_YEARS
HARBOROUGH_NAME = "Harborough"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SampleSummary]:
    to = tmp_path_factory.mktemp("sample")
    return to, write_sample(to, seed=2017, sources=SOURCES)


@pytest.fixture(scope="module")
def crimes(sample: tuple[Path, SampleSummary]) -> list[dict[str, str]]:
    """The rows of the first extracts of police crimes, repeated rows once, each with its file's month and year."""
    rows, seen = [], set()
    for path in sorted((sample[0] / "police/crimes/exports").glob("*.csv")):
        if "extracted-2017-06-20" in path.name:
            continue
        year, month = map(int, path.name.split("_")[1].split("-"))
        for row in _read(path):
            if row["crime_number"] not in seen:
                seen.add(row["crime_number"])
                rows.append(row | {"year": Month(year, month).financial_year, "month": f"{year}-{month:02d}"})
    return rows


@pytest.fixture(scope="module")
def areas() -> dict[str, str]:
    return {row["area_code"]: row["district_code"] for row in _read(SOURCES / "areas.csv") if row["area_level"] == "lsoa"}


@pytest.fixture(scope="module")
def subgroups() -> dict[str, str]:
    return {row["offence_code"]: row["offence_subgroup"] for row in _read(SOURCES / "police/offence_codes.csv")}


@pytest.fixture(scope="module")
def planted(sample: tuple[Path, SampleSummary]) -> list[dict[str, str]]:
    return _read(sample[0] / "truth/planted.csv")


@pytest.fixture(scope="module")
def figures(sample: tuple[Path, SampleSummary]) -> dict[tuple[str, ...], int]:
    rows = _read(sample[0] / "truth/figures.csv")
    return {
        (row["measure"], row["area_code"], row["period"], f"{row['agency']}/{row['feed']}", row["vintage"]): int(row["value"])
        for row in rows
    }


def test_same_seed_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        write_sample(tmp_path / name, seed=seed, sources=SOURCES, crimes=4000, first_year="2016-17", last_year="2016-17")
    first, again, other = (_hash_files(tmp_path / name) for name in ("a", "b", "c"))
    assert first == again
    changed = {path for path in first if first[path] != other.get(path)}
    assert {path for path in first if "/crimes/" in path or "/domestic_abuse/" in path} - changed == {
        path for path in first if path.endswith("feed.yml")
    } & {path for path in first if "/crimes/" in path or "/domestic_abuse/" in path}


def test_harborough_counts_are_the_published_ones(
    crimes: list[dict[str, str]], areas: dict[str, str], subgroups: dict[str, str]
) -> None:
    here = _select_counted(crimes, areas, subgroups)
    for place, year in enumerate(YEARS):
        rows = [row for row in here if row["year"] == year]
        by_subgroup = Counter(subgroups[row["offence_code"]] for row in rows)
        assert len(rows) == shapes.TOTAL_CRIME[place]
        for subgroup, counts in shapes.PLANNED_SUBGROUPS.items():
            assert by_subgroup[subgroup] == counts[place], (subgroup, year)
        injured = [row for row in rows if subgroups[row["offence_code"]] == "Violence with injury"]
        assert sum(row["domestic"] == "Y" for row in injured) == shapes.DOMESTIC_WITH_INJURY[place]
    hate = Counter(row["year"] for row in here if row["hate_strands"] and "04" <= row["month"][5:] <= "09")
    assert (hate["2015-16"], hate["2016-17"]) == (16, 25)


def test_most_of_the_increase_is_in_two_beats(
    crimes: list[dict[str, str]], areas: dict[str, str], subgroups: dict[str, str]
) -> None:
    here = _select_counted(crimes, areas, subgroups)
    counts = Counter((row["year"], row["beat"] in shapes.GROWING_BEATS) for row in here)
    growth = {mark: counts["2016-17", mark] - counts["2015-16", mark] for mark in (True, False)}
    assert growth[True] > 2 * growth[False]


def test_asb_counts_are_the_published_ones(sample: tuple[Path, SampleSummary], areas: dict[str, str]) -> None:
    counts, systems = Counter(), set()
    for path in sorted((sample[0] / "police/asb/exports").glob("*.csv")):
        year, month = map(int, path.name.split("_")[1].split("-"))
        seen = set()
        for row in _read(path, "cp1252"):
            repeated = row["incident_number"] in seen
            seen.add(row["incident_number"])
            systems.add((row["recording_system"], (year, month) >= (2016, 6)))
            sound = not repeated and _is_date(row["reported_at"])
            counts[Month(year, month).financial_year] += sound and areas.get(row["lsoa_code"]) == "E07000131"
    assert [counts[year] for year in YEARS] == list(shapes.ASB_REPORTED)
    assert systems == {("CIS", False), ("Niche", True)}


def test_county_cases_differ_from_police_crimes_as_the_bridge_says(
    sample: tuple[Path, SampleSummary], figures: dict[tuple[str, ...], int]
) -> None:
    counts = Counter()
    for path in sorted((sample[0] / "county/domestic_abuse/exports").glob("*.xlsx")):
        if "extracted-2017-06-12" in path.name:
            continue
        rows = _read_cases(path)
        counts[path.name.split("_")[2][:7]] += len({row["Case ID"] for row in rows if _is_injured_resident(row)})
    flawed = Counter(row["file"].split("_")[2][:7] for row in _planted_flaws(sample[0]))
    bridges = _read(sample[0] / "truth/bridges.csv")
    for year in YEARS:
        expected = figures["Domestic violence with injury", "E07000131", year, "county/domestic_abuse", "first"]
        assert counts[year] - flawed[year] == expected
        for vintage in ("first", "latest"):
            steps = {row["step"]: int(row["value"]) for row in bridges if (row["period"], row["vintage"]) == (year, vintage)}
            end, start = steps.pop("county cases"), steps.pop("police crimes")
            assert "unexplained" not in steps
            assert start + sum(steps.values()) == end
            assert end == figures["Domestic violence with injury", "E07000131", year, "county/domestic_abuse", vintage]
            assert start == figures["Domestic violence with injury", "E07000131", year, "police/crimes", vintage]
    assert 100 <= figures["Domestic violence with injury", "E07000131", "2016-17", "county/domestic_abuse", "first"] <= 110


def test_the_missing_quarter_is_missing(sample: tuple[Path, SampleSummary]) -> None:
    names = [path.name for path in (sample[0] / "county/domestic_abuse/exports").iterdir()]
    assert not [name for name in names if "2014-15-Q3" in name]
    assert len(names) == 12


def test_clients_and_victims_share_keys_and_links_are_true(
    sample: tuple[Path, SampleSummary], crimes: list[dict[str, str]]
) -> None:
    victim = {row["crime_number"]: row["person_key"] for row in crimes}
    client = {
        row["Case ID"]: row["Client key"]
        for path in (sample[0] / "county/domestic_abuse/exports").glob("*.xlsx")
        for row in _read_cases(path)
    }
    links = _read(sample[0] / "truth/links.csv")
    assert len(links) > 400
    assert all(victim[link["crime_number"]] == client[link["case_id"]] for link in links)


def test_planted_counts_match_the_summary(sample: tuple[Path, SampleSummary], planted: list[dict[str, str]]) -> None:
    assert Counter(row["cause"] for row in planted) == sample[1].planted
    assert planted == sorted(planted, key=lambda row: tuple(row.values()))


def test_planted_flaws_stand_in_the_files(sample: tuple[Path, SampleSummary], planted: list[dict[str, str]]) -> None:
    texts: dict[str, str] = {}
    flaws = [row for row in planted if row["cause"] in {"impossible_date", "unknown_code", "unknown_lsoa"}]
    assert len(flaws) > 40
    for row in flaws:
        if row["file"].endswith(".csv"):
            path = next(sample[0].glob(f"*/*/exports/{row['file']}"))
            text = texts.setdefault(row["file"], path.read_bytes().decode("utf-8-sig"))
            assert any(row["record_key"] in line and row["detail"] in line for line in text.splitlines()), row


def test_submissions_count_every_file(sample: tuple[Path, SampleSummary], planted: list[dict[str, str]]) -> None:
    to, summary = sample
    submissions = {row["file"]: row for row in _read(to / "truth/submissions.csv")}
    exports = {path.name for path in to.glob("*/*/exports/**/*") if path.is_file()}
    assert set(submissions) == exports
    assert sum(int(row["rows"]) for row in submissions.values()) == sum(summary.rows.values())
    broken = Counter(
        row["file"] for row in planted if row["cause"] in {"impossible_date", "unknown_code", "unknown_lsoa", "repeated_row"}
    )
    for name, row in submissions.items():
        if row["outcome"] == "refused":
            assert name.startswith("asb_cases_2014-11")
        else:
            assert int(row["rows_rejected"]) == broken[name]
        if name.endswith(".csv"):
            path = next(to.glob(f"*/*/exports/**/{name}"))
            assert len(path.read_bytes().splitlines()) - 1 == int(row["rows"])


def test_street_is_the_crimes_as_first_published_with_known_differences(
    planted: list[dict[str, str]],
    crimes: list[dict[str, str]],
    areas: dict[str, str],
    figures: dict[tuple[str, ...], int],
) -> None:
    flawed = {row["record_key"] for row in planted if row["cause"] in {"impossible_date", "unknown_code", "unknown_lsoa"}}
    away = Counter(_year_of(row["file"]) for row in planted if row["feed"] == "street" and row["cause"] == "geography")
    other = Counter(
        _year_of(row["file"]) for row in planted if row["feed"] == "street" and row["cause"] == "known_to_one_agency_only"
    )
    for year in YEARS:
        rows = [row for row in crimes if row["year"] == year and row["crime_number"] not in flawed]
        here = sum(areas.get(row["lsoa_code"]) == "E07000131" for row in rows)
        assert figures["Total crime", "E07000131", year, "police/street", "first"] == here - away[year] + other[year]


def test_recorded_crime_table_agrees_with_the_latest_crimes(
    sample: tuple[Path, SampleSummary], figures: dict[tuple[str, ...], int]
) -> None:
    (path,) = (sample[0] / "police/recorded_crime_tables/exports").rglob("*.csv")
    rows = _read(path)
    assert {row["CSP Name"] for row in rows if row["Number of Offences"] == "-00 "}
    assert {len(row["Number of Offences"].strip()) > 0 for row in rows} == {True}
    negative = Counter(
        row["Financial Year"] for row in rows if int(row["Number of Offences"]) < 0 and row["CSP Name"] == HARBOROUGH_NAME
    )
    for year in YEARS:
        label = year.replace("-", "/")
        total = sum(
            int(row["Number of Offences"]) for row in rows if (row["CSP Name"], row["Financial Year"]) == (HARBOROUGH_NAME, label)
        )
        assert total == figures["Total crime", "E07000131", year, "police/crimes", "latest"] - negative[label]


def test_late_extract_changes_the_month_by_what_is_planted(
    sample: tuple[Path, SampleSummary], planted: list[dict[str, str]]
) -> None:
    exports = sample[0] / "police/crimes/exports"
    first, late = (
        {row["crime_number"]: row for row in _read(exports / f"crimes_2016-09_extracted-{day}.csv")}
        for day in ("2016-10-10", "2017-06-20")
    )
    changed = {key for key in late if late[key] != first.get(key)}
    assert changed == {row["record_key"] for row in planted if row["cause"] == "later_vintage" and row["feed"] == "crimes"}
    assert not set(first) - set(late)


def test_workbooks_read_and_hold_no_clock(sample: tuple[Path, SampleSummary]) -> None:
    books = sorted(sample[0].glob("*/*/exports/*.xlsx"))
    assert len(books) == 12 + 12 + 12 + 1
    for path in books:
        with zipfile.ZipFile(path) as archive:
            assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    survey = CalamineWorkbook.from_path(next(path for path in books if "community_survey_2016-17-Q3" in path.name))
    assert survey.sheet_names == ["2016-17 Q1", "2016-17 Q2", "2016-17 Q3"]
    rows = survey.get_sheet_by_name("2016-17 Q3").to_python()
    litter = [row[3] for row in rows if row[:2] == [HARBOROUGH_NAME, "Concern: rubbish or litter"]]
    assert litter == [15]
    summary = CalamineWorkbook.from_path(next(path for path in books if path.name.startswith("summary_2016-17-Q2")))
    assert summary.sheet_names == ["Summary"]
    assert any("<5" in row for path in books if path.name.startswith("summary") for row in _rows(path, "Summary"))


def test_parish_survey_says_what_was_published(sample: tuple[Path, SampleSummary]) -> None:
    (path,) = (sample[0] / "district/parish_survey/exports").glob("*.xlsx")
    rows = _rows(path, "Responses")
    answers = rows[[row[0] for row in rows].index("Respondent") + 1 :]
    first = Counter(row[2] for row in answers)
    assert Counter(row[1] for row in answers) == {"Parish": 12, "Councillor": 1}
    assert all("Road safety" in row[2:5] for row in answers)
    assert (first["Road safety"], first["Acquisitive crime"], first["Anti-social behaviour"]) == (7, 4, 1)
    assert sum("Anti-social behaviour" in row[3:5] for row in answers) == 7


def test_provider_change_reopens_everyone_in_treatment(sample: tuple[Path, SampleSummary], planted: list[dict[str, str]]) -> None:
    exports = sample[0] / "turning_point/episodes/exports"
    before, after = (next(exports.glob(f"episodes_{label}_*")).read_text().splitlines() for label in ("2016-17-Q1", "2016-17-Q2"))
    moved = [row for row in planted if row["cause"] == "provider_change" and row["feed"] == "episodes"]
    closed = [line.split("|") for line in before[1:] if "|2016-06-30|5|" in line]
    assert {line.split("|")[0] for line in before[1:]} == {"SWAN1"}
    assert len([line for line in after[1:] if line.startswith("TPLEI") and "|2016-07-01|2016-07-01|" in line]) >= len(moved)
    assert {"/".join(line[:3]) for line in closed} >= {row["counterpart_key"] for row in moved}


def test_configuration_is_copied_but_no_exports_or_truth(tmp_path: Path) -> None:
    summary = write_sample(tmp_path, seed=1, sources=SOURCES, crimes=1, first_year="2015-16", last_year="2015-16")
    for name in ("areas.csv", "police/offence_codes.csv", "police/force_areas.csv", "responses/feed.yml"):
        assert (tmp_path / name).read_bytes() == (SOURCES / name).read_bytes()
    assert not list(tmp_path.glob("*/*/exports/*2014*"))
    assert all(path.exists() for path in summary.files)


def test_periods_and_shares() -> None:
    assert list_years("2009-10", "2010-11") == ["2009-10", "2010-11"]
    with pytest.raises(ValueError, match="2014-15:2016-17"):
        list_years("2014-16", "2016-17")
    assert Month(2016, 12).following == Month(2017, 1)
    assert place_day(Month(2017, 3).last) == Quarter("2016-17", 4)
    assert allot(10, np.array([1, 1, 1])).tolist() == [4, 3, 3]


def test_keys_are_hex_distinct_and_blank_for_nobody() -> None:
    keys = derive_keys(1, "person", np.array([0, 1, -1, 2])).to_pylist()
    assert keys[2] is None
    assert all(re.fullmatch("[0-9a-f]{64}", key) for key in keys if key)
    assert len(set(keys)) == 4
    assert derive_keys(1, "street", np.array([0]))[0].as_py() != keys[0]


def _read(path: Path, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    with path.open(newline="", encoding=encoding) as lines:
        return list(csv.DictReader(lines))


def _rows(path: Path, sheet: str) -> list[list[object]]:
    return CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python()


def _read_cases(path: Path) -> list[dict[str, object]]:
    rows = _rows(path, "Cases")
    start = next(place for place, row in enumerate(rows) if row[0] == CASE_COLUMNS[0])
    cases = [row for row in rows[start + 1 :] if str(row[0]).startswith("DA")]
    return [dict(zip(CASE_COLUMNS, row, strict=True)) for row in cases]


def _is_injured_resident(row: dict[str, object]) -> bool:
    injured = row["District of residence"] == HARBOROUGH_NAME and row["Physical injury"] == "Yes"
    return injured and row["Status"] != "Opened in error"


def _planted_flaws(to: Path) -> list[dict[str, str]]:
    """The flawed rows of domestic abuse, all of which would otherwise count."""
    causes = {"impossible_date", "unknown_lsoa"}
    return [row for row in _read(to / "truth/planted.csv") if row["feed"] == "domestic_abuse" and row["cause"] in causes]


def _is_date(text: str) -> bool:
    return re.fullmatch(r"(?!31/0[69])\d\d/\d\d/\d{4} ([01]\d|2[0-3]):\d\d", text) is not None


def _select_counted(rows: list[dict[str, str]], areas: dict[str, str], subgroups: dict[str, str]) -> list[dict[str, str]]:
    """The recorded crimes of Harborough whose dates and codes exist."""
    here = [row for row in rows if areas.get(row["lsoa_code"]) == "E07000131" and row["status"] == "Recorded"]
    return [row for row in here if row["offence_code"] in subgroups and _is_in_month(row)]


def _is_in_month(row: dict[str, str]) -> bool:
    try:
        day = datetime.strptime(row["recorded_date"], "%d/%m/%Y")
    except ValueError:
        return False
    return f"{day:%Y-%m}" == row["month"]


def _year_of(file: str) -> str:
    year, month = map(int, file[:7].split("-"))
    return Month(year, month).financial_year


def _hash_files(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
