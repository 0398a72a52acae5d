"""The district council's feeds: anti-social behaviour cases, the parish survey, the published figures."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np

from csp_pipeline.sample import shapes
from csp_pipeline.sample.crimes import Mixer
from csp_pipeline.sample.periods import Month, date_extract, list_months, name_file
from csp_pipeline.sample.police import Hooks
from csp_pipeline.sample.reference import HARBOROUGH
from csp_pipeline.sample.seeds import open_stream
from csp_pipeline.sample.truth import Truth
from csp_pipeline.sample.writing import Layout, Sheet, write_rows, write_workbook

CASES, SURVEY, FIGURES = (Path(f"district/{feed}/exports") for feed in ("asb_cases", "parish_survey", "published_figures"))
EXTRACT_DAYS, SURVEY_DAYS = 10, 30
CASE_COLUMNS = (
    "case_reference", "opened", "closed", "category", "source", "police_incident_number", "beat", "lsoa_code",
    "perpetrator_age_group", "status",
)  # fmt: skip
RENAMED_MONTH, RENAMED = "2014-11", {"opened": "date_opened"}
PUBLICATION_YEAR, PUBLISHED_ON, PAGE = "2016-17", date(2017, 5, 15), 5
_LAYOUT = Layout(delimiter=";", encoding="utf-8-sig")
_CASES_A_MONTH = 24
_CATEGORIES = (
    "Noise",
    "Rowdy or nuisance behaviour",
    "Vehicle nuisance",
    "Neighbour dispute",
    "Litter – fly-tipping",
    "Drug use",
    "Vandalism",
)
_SOURCES, _SOURCE_SHARES = ("Public", "Police", "Councillor", "Housing"), (0.44, 0.33, 0.08, 0.15)
_AGES = ("Under 18", "Adult", "Not known")
_AGE_SHARES = {"2014-15": (0.46, 0.38, 0.16), "2015-16": (0.33, 0.51, 0.16), "2016-17": (0.18, 0.68, 0.14)}
_FLAWS = {6: "impossible_date", 1: "unknown_lsoa"}
_BLANK_SHARE, _WRONG_SHARE = 0.12, 0.08


def write_asb_cases(to: Path, mixer: Mixer, hooks: Hooks, years: list[str], truth: Truth) -> dict[str, int]:
    """Write every month's cases; return rows by file."""
    written = {}
    for year in years:
        number = 0
        for month in list_months(year):
            rng = open_stream(mixer.seed, "district asb", month.number)
            name = name_file("asb_cases", month.label, date_extract(month.last, EXTRACT_DAYS), "csv")
            refused = month.label == RENAMED_MONTH
            rows = _make_cases(mixer, rng, hooks, month, number, name, refused, truth)
            number += len(rows)
            rejected = 0 if refused else _break_rows(mixer, month, rows, name, truth)
            header = [RENAMED.get(column, column) if refused else column for column in CASE_COLUMNS]
            if refused:
                truth.plant(
                    "renamed_column",
                    "district",
                    "asb_cases",
                    name,
                    month.label,
                    detail="opened is named date_opened; never sent again",
                )
            write_rows(to / CASES / name, header, rows, _LAYOUT)
            truth.submit(name, len(rows), rejected, refused=refused)
            written[name] = len(rows)
    return written


def write_parish_survey(to: Path, years: list[str], truth: Truth) -> dict[str, int]:
    """Write the survey of 2016-17: thirteen responses; return rows by file."""
    if PUBLICATION_YEAR not in years:
        return {}
    last = list_months(PUBLICATION_YEAR)[-1].last
    name = name_file("parish_survey", PUBLICATION_YEAR, date_extract(last, SURVEY_DAYS), "xlsx")
    sheet = Sheet(
        "Responses",
        ["Parish and councillor survey: top three priorities"],
        ("Respondent", "Type", "First", "Second", "Third", "Comments"),
        _RESPONSES,
    )
    rows = write_workbook(to / SURVEY / name, [sheet], date_extract(last, SURVEY_DAYS))
    truth.submit(name, rows)
    return {name: rows}


def write_published_figures(to: Path, years: list[str], truth: Truth) -> dict[str, int]:
    """Write the three-year table the partnership published; return rows by file."""
    if PUBLICATION_YEAR not in years:
        return {}
    measures = {
        "Total crime": shapes.TOTAL_CRIME,
        "Domestic burglary": shapes.PLANNED_SUBGROUPS["Domestic burglary"],
        "Theft from motor vehicle": shapes.PLANNED_SUBGROUPS["Theft from a vehicle"],
        "Theft of motor vehicle": shapes.PLANNED_SUBGROUPS["Theft of a motor vehicle"],
        "Violence with injury": shapes.PLANNED_SUBGROUPS["Violence with injury"],
        "Domestic violence with injury": shapes.DOMESTIC_WITH_INJURY,
        "Criminal damage": shapes.PLANNED_SUBGROUPS["Criminal damage"],
        "Shoplifting": shapes.PLANNED_SUBGROUPS["Shoplifting"],
        "ASB reported (police)": shapes.ASB_REPORTED,
    }
    rows = [
        (measure, "Harborough", year, value, f"{PUBLISHED_ON:%d/%m/%Y}", PAGE)
        for measure, values in measures.items()
        for year, value in zip(shapes.PUBLISHED_YEARS, values, strict=True)
        if (measure, year) != ("Shoplifting", "2014-15")
    ]
    name = name_file("published_figures", PUBLICATION_YEAR, PUBLISHED_ON, "csv")
    write_rows(to / FIGURES / name, ("measure", "area", "period", "value", "published_on", "page"), rows)
    truth.submit(name, len(rows))
    for measure, _, year, value, *_ in rows:
        truth.count(measure, HARBOROUGH, year, "district", "published_figures", "first", value)
    return {name: len(rows)}


def _make_cases(
    mixer: Mixer,
    rng: np.random.Generator,
    hooks: Hooks,
    month: Month,
    number: int,
    name: str,
    refused: bool,
    truth: Truth,
) -> list[list[object]]:
    reference = mixer.reference
    own = reference.list_lsoas(reference.harborough)
    weights = mixer.lsoa_weights[month.financial_year][own]
    ages = _AGE_SHARES.get(month.financial_year, _AGE_SHARES["2015-16"])
    heard = list(hooks.incidents.get(month, []))
    opened = np.sort(rng.integers(0, month.days, int(rng.poisson(_CASES_A_MONTH)) + 3))
    rows: list[list[object]] = []
    for turn, day in enumerate(opened, start=1):
        start = month.first + timedelta(days=int(day))
        source = _SOURCES[int(rng.choice(len(_SOURCES), p=_SOURCE_SHARES))]
        lsoa = int(rng.choice(own, p=weights / weights.sum()))
        reference_text, key = "", f"HDC-{month.financial_year[2:4]}{month.financial_year[5:]}-{number + turn:04d}"
        before = [incident for incident in heard if np.datetime64(incident.minute, "m").astype(object).date() <= start]
        if source == "Police" and before:
            incident = before[int(rng.integers(len(before)))]
            heard.remove(incident)
            lsoa, reference_text = incident.lsoa, _key_reference(rng, incident.number)
            if not refused:
                _note_reference(truth, name, key, incident.number, reference_text)
        elif not refused:
            truth.plant(
                "known_to_one_agency_only",
                "district",
                "asb_cases",
                name,
                key,
                ("police", "asb"),
                detail=f"reported by {source.lower()}, not by the police",
            )
        closed = start + timedelta(days=int(rng.exponential(24)) + 2)
        is_closed = closed <= date_extract(month.last, EXTRACT_DAYS)
        rows.append([
            key, f"{start:%d/%m/%Y}", f"{closed:%d/%m/%Y}" if is_closed else "",
            _CATEGORIES[int(rng.integers(len(_CATEGORIES)))], source, reference_text,
            reference.beats[reference.lsoa_beat[lsoa]], reference.lsoas[lsoa], _AGES[int(rng.choice(3, p=ages))],
            "Closed" if is_closed else "Open",
        ])  # fmt: skip
        arrived = 0 if refused else 1
        for vintage in ("first", "latest"):
            truth.count("ASB cases (district)", HARBOROUGH, month.financial_year, "district", "asb_cases", vintage, arrived)
    return rows


def _key_reference(rng: np.random.Generator, number: str) -> str:
    chance = rng.random()
    if chance < _BLANK_SHARE:
        return ""
    if chance < _BLANK_SHARE + _WRONG_SHARE:
        return number.replace("-", "") if chance < _BLANK_SHARE + _WRONG_SHARE / 2 else number[:-2] + number[-1] + number[-2]
    return number


def _note_reference(truth: Truth, name: str, key: str, number: str, text: str) -> None:
    if not text:
        truth.plant(
            "missing_reference",
            "district",
            "asb_cases",
            name,
            key,
            ("police", "asb"),
            number,
            "blank although it came from the police",
        )
    elif text != number:
        truth.plant("wrong_reference", "district", "asb_cases", name, key, ("police", "asb"), number, f"keyed as {text}")


def _break_rows(mixer: Mixer, month: Month, rows: list[list[object]], name: str, truth: Truth) -> int:
    """Add a flawed row, or a repeated one, in some months; return how many will be rejected."""
    if month.month in _FLAWS:
        flaw = _FLAWS[month.month]
        column, value = (
            (1, f"31/06/{month.year}")
            if flaw == "impossible_date"
            else (7, mixer.reference.missing_lsoas[month.year % 4 % len(mixer.reference.missing_lsoas)])
        )
        row = list(rows[-1])
        row[0], row[2], row[5], row[column] = f"{row[0]}X", "", "", value
        rows.append(row)
        truth.plant(flaw, "district", "asb_cases", name, str(row[0]), detail=value)
        return 1
    if month.month == 9:
        rows.append(list(rows[2]))
        truth.plant("repeated_row", "district", "asb_cases", name, str(rows[2][0]), detail="whole row repeated at the end")
        return 1
    return 0


_ROAD, _ACQUISITIVE, _ASB, _VULNERABLE = (
    "Road safety",
    "Acquisitive crime",
    "Anti-social behaviour",
    "Supporting vulnerable people",
)
_RESPONSES = (
    ("P01", "Parish", _ROAD, _ACQUISITIVE, _ASB, "Speeding through the village"),
    ("P02", "Parish", _ROAD, _ASB, _ACQUISITIVE, "Dangerous parking near the school"),
    ("P03", "Parish", _ROAD, _ACQUISITIVE, _ASB, "Mobile phone use at the wheel"),
    ("P04", "Parish", _ROAD, _ACQUISITIVE, _VULNERABLE, "Speeding"),
    ("P05", "Parish", _ROAD, _ASB, _ACQUISITIVE, "Fly-tipping in lanes"),
    ("P06", "Parish", _ROAD, _ACQUISITIVE, "Rural crime", ""),
    ("P07", "Parish", _ACQUISITIVE, _ROAD, _ASB, "Thefts from farms"),
    ("P08", "Parish", _ACQUISITIVE, _ROAD, "Rural crime", "Burglary of dwellings"),
    ("P09", "Parish", _ACQUISITIVE, _ASB, _ROAD, "Hare coursing"),
    ("P10", "Parish", _ACQUISITIVE, _ROAD, "Cyber crime", "Rural theft"),
    ("P11", "Parish", _ASB, _ROAD, _ACQUISITIVE, "Groups gathering and making noise"),
    ("P12", "Parish", _VULNERABLE, _ROAD, _ACQUISITIVE, "Isolated residents"),
    ("C01", "Councillor", _ROAD, _ASB, _ACQUISITIVE, "Speeding traffic"),
)
