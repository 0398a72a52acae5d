"""What the two late re-extracts change in the domestic world, and the numbering of cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from csp_pipeline.sample.abuse import LATE_MONTH, LATE_QUARTER, PERSON_BASE, Case, Crime, Incident, World
from csp_pipeline.sample.periods import place_day
from csp_pipeline.sample.reference import Reference

_LATE_NUMBER = 90_000


def apply_late_changes(world: World, reference: Reference) -> None:
    """Change what the late re-extracts change: one crime cancelled, one reclassified, one added; cases likewise."""
    year = LATE_MONTH.financial_year
    if year not in world.years:
        return
    found: dict[str, list[Incident]] = {}
    for incident in world.incidents:
        if incident.year == year and incident.harborough and incident.injury:
            found.setdefault(incident.kind, []).append(incident)
    cancelled, reclassified, error = found["matched"][:3]
    blaby = reference.index_district("E07000129")
    _change_crime(cancelled, "status", lambda crime: replace(crime, status="Cancelled"))
    _change_crime(reclassified, "classification", lambda crime: replace(crime, code="105A"))
    _change_case(error, "status", lambda case: replace(case, status="Opened in error"))
    _change_case(found["injury_not_stated"][0], "classification", lambda case: replace(case, injury="Yes"))
    _change_case(found["never_reported"][0], "known_to_one_agency_only", lambda case: replace(case, district=blaby))
    lsoas = reference.list_lsoas(reference.harborough)
    number = (int(year[:4]) % 100) * 100_000 + _LATE_NUMBER
    day = LATE_MONTH.first + timedelta(days=17)
    crime = Crime(
        PERSON_BASE + number,
        day,
        datetime(day.year, day.month, day.day, 22, 40),
        "8N",
        int(lsoas[14]),
        number * 20,
        late_only=True,
    )
    world.incidents.append(Incident(number, "police_only", year, True, True, [crime]))
    for turn, referral in enumerate((date(2016, 4, 19), date(2016, 5, 24), date(2016, 6, 27)), start=1):
        case = Case(
            PERSON_BASE + number + turn, referral, date(2017, 6, 1), referral - timedelta(days=3 * turn),
            "Health", None, reference.harborough, int(lsoas[5 * turn]), "Yes", "Medium", False, reference="none",
            late_only=True,
        )  # fmt: skip
        world.incidents.append(Incident(number + turn, "never_reported", year, True, True, [], [case]))


def number_cases(world: World) -> dict[str, int]:
    """Number the cases of each financial year in the order of entry; return the last number of each year."""
    numbers: dict[str, int] = {}
    cases = [(case.late_only, case.entered, incident.number, turn, case) for incident, turn, case in _walk(world)]
    for *_, case in sorted(cases, key=lambda row: row[:4]):
        year = case.quarter.financial_year
        numbers[year] = numbers.get(year, 0) + 1
        case.case_id = name_case(year, numbers[year])
        if case.later:
            case.later.case_id = case.case_id
    return numbers


def name_case(year: str, number: int) -> str:
    """Name a case of the county's service."""
    return f"DA{year[2:4]}{year[5:]}-{number:04d}"


def has_late_quarter(world: World) -> bool:
    """Say whether the county's late re-extract falls into the sample."""
    return any(quarter.label == LATE_QUARTER for quarter in world.list_delivered())


def _walk(world: World) -> Iterator[tuple[Incident, int, Case]]:
    for incident in world.incidents:
        for turn, case in enumerate(incident.cases):
            yield incident, turn, case


def _change_crime(incident: Incident, cause: str, change: Callable[[Crime], Crime]) -> None:
    crime = incident.crimes[0]
    crime.later = change(crime)
    incident.late_cause = cause


def _change_case(incident: Incident, cause: str, change: Callable[[Case], Case]) -> None:
    case = incident.cases[0]
    if place_day(case.referral).label != LATE_QUARTER:
        raise RuntimeError(f"the case to change was referred on {case.referral}, outside {LATE_QUARTER}")
    case.later = change(case)
    incident.late_cause = cause
