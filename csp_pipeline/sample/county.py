"""The county council's domestic abuse workbooks, as its service keeps them, and what stands wrong in them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from csp_pipeline.sample.abuse import LATE_QUARTER, Case, World
from csp_pipeline.sample.abuse_late import has_late_quarter, name_case
from csp_pipeline.sample.periods import Quarter, date_extract, name_file
from csp_pipeline.sample.reference import Reference
from csp_pipeline.sample.seeds import derive_keys, open_stream
from csp_pipeline.sample.truth import Truth
from csp_pipeline.sample.writing import Sheet, write_workbook

FEED = Path("county/domestic_abuse/exports")
EXTRACT_DAYS = 20
LATE_EXTRACT = date(2017, 6, 12)
CASE_COLUMNS = (
    "Case ID", "Referral date", "Incident date", "Referral source", "Police crime ref", "Client key",
    "District of residence", "LSOA of incident", "Physical injury", "Risk", "MARAC", "Repeat", "Status",
)  # fmt: skip
_FOOTNOTES = (
    "1. One row for each case opened by the commissioned service. Figures are provisional and may change.",
    "2. Physical injury is as the client stated it at referral.",
    "3. Police crime ref is keyed by hand from the referral form.",
)
_REPEATED = {1: 0, 3: 1}  # quarter -> rows repeated whole, by position from the end
_TEXT_DATES = 1  # in first quarters the service exported dates as text


def name_quarter(quarter: Quarter, extracted: date | None = None) -> str:
    """Name the workbook of a quarter."""
    return name_file("domestic_abuse", quarter.label, extracted or date_extract(quarter.last, EXTRACT_DAYS), "xlsx")


def write_cases(to: Path, reference: Reference, seed: int, world: World, numbers: dict[str, int], truth: Truth) -> dict[str, int]:
    """Write every delivered quarter, and the late re-extract; return rows by file."""
    written: dict[str, int] = {}
    for quarter in world.list_delivered():
        first = _see_cases(world, quarter, "first")
        flawed = _make_flawed(reference, seed, quarter, numbers)
        written |= _write_quarter(to, reference, seed, quarter, first, flawed, None, truth)
        if quarter.label == LATE_QUARTER and has_late_quarter(world):
            latest = _see_cases(world, quarter, "latest")
            written |= _write_quarter(to, reference, seed, quarter, latest, [], LATE_EXTRACT, truth)
    return written


def render_reference(case: Case) -> str:
    """Render the crime reference as the service keyed it."""
    if case.crime is None or case.reference in {"none", "blank"}:
        return ""
    year, number = case.crime.number.split("/")
    if case.reference == "hyphen":
        return f"{year}-{number}"
    if case.reference == "reversed":
        return f"{number}/{year}"
    if case.reference == "spaces":
        return f" {year} / {number}"
    if case.reference == "lost zeros" and number.startswith("0"):
        return f"{year}/{number.lstrip('0')}"
    if case.reference in {"transposed", "lost zeros"}:
        return f"{year}/{_transpose(number)}"
    return case.crime.number


def _see_cases(world: World, quarter: Quarter, vintage: str) -> list[Case]:
    """See the cases of a quarter as an extract has them."""
    cases = (case.view(vintage) for _, case in world.iterate_cases() if case.quarter == quarter)
    return [case for case in cases if case is not None]


def _transpose(number: str) -> str:
    for place in range(len(number) - 2, 0, -1):
        if number[place] != number[place + 1]:
            return number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def _make_flawed(reference: Reference, seed: int, quarter: Quarter, numbers: dict[str, int]) -> list[tuple[Case, str, str]]:
    """Make one flawed case for some quarters: an impossible date, or an LSOA that does not exist."""
    if quarter.quarter not in {2, 4}:
        return []
    rng = open_stream(seed, "county flaws", quarter.number)
    day = quarter.months[1].first
    lsoas = reference.list_lsoas(reference.harborough)
    numbers[quarter.financial_year] = numbers.get(quarter.financial_year, 0) + 1
    case = Case(
        quarter.number, day, day, None, "Self", None, reference.harborough, int(rng.choice(lsoas)), "Yes",
        "Standard", False, case_id=name_case(quarter.financial_year, numbers[quarter.financial_year]),
    )  # fmt: skip
    if quarter.quarter == 4:
        return [(case, "unknown_lsoa", reference.missing_lsoas[quarter.number % len(reference.missing_lsoas)])]
    return [(case, "impossible_date", f"31/09/{day.year}")]


def _write_quarter(
    to: Path, reference: Reference, seed: int, quarter: Quarter, cases: list[Case],
    flawed: list[tuple[Case, str, str]], extracted: date | None, truth: Truth,
) -> dict[str, int]:  # fmt: skip
    name = name_quarter(quarter, extracted)
    cases = sorted(cases, key=lambda case: (case.referral, case.case_id))
    flaws = {case.case_id: (cause, value) for case, cause, value in flawed}
    everything = sorted([*cases, *(case for case, _, _ in flawed)], key=lambda case: (case.referral, case.case_id))
    rows = _render_cases(reference, seed, quarter, everything, flaws)
    repeated = 0
    if extracted is None and quarter.quarter in _REPEATED and len(rows) > 5:
        rows.append(rows[-3 - _REPEATED[quarter.quarter]])
        truth.plant("repeated_row", "county", "domestic_abuse", name, rows[-1][0], detail="whole row repeated at the end")
        repeated = 1
    for case_id, (cause, value) in sorted(flaws.items()):
        truth.plant(cause, "county", "domestic_abuse", name, case_id, detail=value)
    day = extracted or date_extract(quarter.last, EXTRACT_DAYS)
    titles = [
        "Leicestershire County Council: domestic abuse service",
        f"Cases opened, {quarter.label.replace('-Q', ' Q')}",
    ]
    if int(quarter.financial_year[:4]) % 2 == 0:
        titles.append(f"Extracted {day:%d/%m/%Y} - OFFICIAL SENSITIVE")
    sheets = [
        Sheet("Cases", titles, CASE_COLUMNS, rows, _FOOTNOTES),
        Sheet("Notes", [], ("Note",), [("See the service specification for definitions.",)]),
    ]
    write_workbook(to / FEED / name, sheets, day)
    truth.submit(name, len(rows), repeated + len(flawed))
    return {name: len(rows)}


def _render_cases(
    reference: Reference, seed: int, quarter: Quarter, cases: list[Case], flaws: dict[str, tuple[str, str]]
) -> list[list[object]]:
    keys = derive_keys(seed, "person", np.array([case.person for case in cases], dtype=np.int64)).to_pylist()
    as_text = quarter.quarter == _TEXT_DATES and quarter.financial_year.startswith("2015")

    def day(value: date | None) -> object:
        return f"{value:%d/%m/%Y}" if as_text and value else value

    rows = []
    for case, key in zip(cases, keys, strict=True):
        cause, value = flaws.get(case.case_id, ("", ""))
        rows.append([
            case.case_id,
            value if cause == "impossible_date" else day(case.referral),
            day(case.incident_date),
            case.source,
            render_reference(case),
            key,
            reference.districts[case.district].name,
            value if cause == "unknown_lsoa" else (reference.lsoas[case.lsoa] if case.lsoa >= 0 else ""),
            case.injury,
            case.risk,
            "Yes" if case.marac else "No",
            "Yes" if case.repeat else "No",
            case.status,
        ])  # fmt: skip
    return rows
