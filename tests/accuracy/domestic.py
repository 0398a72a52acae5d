"""Domestic worlds as tables: the records that police and county would send, and for each record the cause it was made with.

The incidents come from the sample's generator; what is counted, and what should be found, is worked out here with pandas
from the incidents themselves, without the code under test.
"""

from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from csp_pipeline.sample.abuse import Case, Crime, Incident, World, make_world
from csp_pipeline.sample.abuse_late import apply_late_changes, number_cases
from csp_pipeline.sample.abuse_plan import CAUSE_OF_KIND
from csp_pipeline.sample.county import render_reference
from csp_pipeline.sample.crimes import weigh_lsoas
from csp_pipeline.sample.reference import Reference, read_reference

PROJECT = Path(__file__).resolve().parents[2]
YEARS = ["2014-15", "2015-16", "2016-17"]
HARBOROUGH = "E07000131"
OTHER_CRIMES = 4_000
FLAGGED = {"Yes": "yes", "No": "no", "Not known": "not_known"}
LATE = date(2017, 6, 20)


@dataclass(frozen=True)
class DomesticWorld:
    """Tables of one world: `crimes` and `cases` as the feeds declare them, with `valid_to`; the true `links`; and for
    each record the `causes` it may differ for: `feed`, `record_key`, `cause`, `is_decidable`."""

    crimes: pd.DataFrame
    cases: pd.DataFrame
    links: pd.DataFrame
    causes: pd.DataFrame


@cache
def _reference() -> tuple[Reference, dict[str, np.ndarray]]:
    reference = read_reference(PROJECT / "sources")
    return reference, weigh_lsoas(reference, YEARS)


def make_domestic_world(seed: int, *, spoiled: float = 0.0) -> DomesticWorld:
    """A world of a seed; of the cases' crime references the share `spoiled` is blanked or made another number."""
    world = _make_unspoiled(seed)
    if not spoiled:
        return world
    cases = _spoil_references(world.cases, world.crimes, spoiled, np.random.default_rng([seed, 31]))
    return replace(world, cases=cases)


@cache
def _make_unspoiled(seed: int) -> DomesticWorld:
    """Kept, as it is what takes time; nobody may change its tables."""
    reference, weights = _reference()
    world = make_world(reference, seed, YEARS, weights)
    apply_late_changes(world, reference)
    number_cases(world)
    rng = np.random.default_rng(seed)
    _number_crimes(world, rng)
    crimes = _table_of_crimes(world, reference, rng)
    cases = _table_of_cases(world, reference)
    links = [
        (crime.number, case.case_id)
        for incident in world.incidents
        for case in incident.cases
        if case.crime is not None and world.is_delivered(case)
        for crime in incident.crimes
    ]
    causes = [row for incident in world.incidents for row in _causes_of(world, incident)]
    return DomesticWorld(
        crimes,
        cases,
        pd.DataFrame(links, columns=["record_key_a", "record_key_b"]),
        pd.DataFrame(causes, columns=["feed", "record_key", "cause", "is_decidable"]),
    )


def _number_crimes(world: World, rng: np.random.Generator) -> None:
    """Crime numbers as a force gives them out: running within the calendar year, thick enough for a slip to hit another."""
    by_year: dict[int, list[Crime]] = {}
    for _, crime in world.iterate_crimes():
        by_year.setdefault(crime.recorded.year, []).append(crime)
    for year, crimes in by_year.items():
        numbers = np.sort(rng.choice(np.arange(1, 90_000), size=len(crimes), replace=False))
        for crime, number in zip(sorted(crimes, key=lambda c: (c.recorded, c.incident, c.committed)), numbers, strict=True):
            crime.number = f"{year % 100:02d}/{number:06d}"
            crime.incident_number = f"L{year % 100:02d}-{crime.incident:09d}"
            if crime.later:
                crime.later.number, crime.later.incident_number = crime.number, crime.incident_number


def _table_of_crimes(world: World, reference: Reference, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for _, crime in world.iterate_crimes():
        for seen, valid_to in _versions(crime):
            offence = reference.offences[reference.index_offence(seen.code)]
            lsoa = reference.lsoas[seen.lsoa]
            rows.append(
                {
                    "crime_number": seen.number,
                    "incident_number": seen.incident_number,
                    "recorded_date": pd.Timestamp(seen.recorded),
                    "committed_from": pd.Timestamp(seen.committed),
                    "domestic": seen.domestic,
                    "offence_subgroup": offence.subgroup,
                    "status": seen.status.lower(),
                    "lsoa_code": lsoa,
                    "district": reference.districts[reference.lsoa_district[seen.lsoa]].code,
                    "person_key": f"{seen.person:064x}",
                    "valid_to": valid_to,
                }
            )
    return _with_rows(pd.concat([pd.DataFrame(rows), _other_crimes(reference, rng)], ignore_index=True), "crimes")


def _other_crimes(reference: Reference, rng: np.random.Generator) -> pd.DataFrame:
    """Crimes that have nothing to do with the domestic world, for wrong references to hit."""
    days = pd.to_datetime("2014-04-01") + pd.to_timedelta(rng.integers(0, 1096, OTHER_CRIMES), unit="D")
    places = rng.integers(0, len(reference.lsoas), OTHER_CRIMES)
    return pd.DataFrame(
        {
            # odd numbers above the domestic world's, and some below
            "crime_number": [f"{d.year % 100:02d}/{n:06d}" for d, n in zip(days, 90_000 + np.arange(OTHER_CRIMES), strict=True)],
            "incident_number": [f"L-other-{n}" for n in range(OTHER_CRIMES)],
            "recorded_date": days,
            "committed_from": days,
            "domestic": False,
            "offence_subgroup": "Criminal damage",
            "status": "recorded",
            "lsoa_code": [reference.lsoas[place] for place in places],
            "district": [reference.districts[reference.lsoa_district[place]].code for place in places],
            "person_key": [f"{(1 << 50) + n:064x}" if n % 3 else None for n in range(OTHER_CRIMES)],
            "valid_to": pd.NaT,
        }
    )


def _table_of_cases(world: World, reference: Reference) -> pd.DataFrame:
    rows = []
    for _, case in world.iterate_cases():
        if not world.is_delivered(case):
            continue
        for seen, valid_to in _versions(case):
            rows.append(
                {
                    "case_id": seen.case_id,
                    "referral_date": pd.Timestamp(seen.referral),
                    "incident_date": pd.Timestamp(seen.incident_date) if seen.incident_date else pd.NaT,
                    "police_crime_reference": render_reference(seen).strip() or None,
                    "person_key": f"{seen.person:064x}",
                    "residence_district": reference.districts[seen.district].code,
                    "physical_injury": FLAGGED[seen.injury],
                    "status": seen.status.lower().replace(" ", "_"),
                    "valid_to": valid_to,
                }
            )
    return _with_rows(pd.DataFrame(rows), "cases")


def _versions(record: Crime | Case) -> list[tuple]:
    """The versions that the extracts hold, each with the day from which a later one replaces it."""
    if record.later is None:
        return [(record, pd.NaT)]
    return [(record, pd.Timestamp(LATE)), (record.later, pd.NaT)]


def _with_rows(frame: pd.DataFrame, submission: str) -> pd.DataFrame:
    return frame.assign(
        submission_id=submission,
        sheet=None,
        row_number=np.arange(2, len(frame) + 2),
        valid_to=pd.to_datetime(frame.valid_to),
    )


def _spoil_references(cases: pd.DataFrame, crimes: pd.DataFrame, share: float, rng: np.random.Generator) -> pd.DataFrame:
    """Blank a reference, put another crime's number in its place, or get one of its digits wrong, a third each."""
    spoiled = rng.random(len(cases)) < share
    way = rng.integers(0, 3, len(cases))
    others = rng.choice(crimes.crime_number.to_numpy(), len(cases))
    references = []
    for text, is_spoiled, how, other in zip(cases.police_crime_reference, spoiled, way, others, strict=True):
        if not is_spoiled or text is None or text != text:
            references.append(text)
        elif how == 0:
            references.append(None)
        elif how == 1:
            references.append(other)
        else:
            references.append(text[:-1] + str((int(text[-1]) + 3) % 10))
    return cases.assign(police_crime_reference=references)


def _causes_of(world: World, incident: Incident) -> list[tuple[str, str, str, bool]]:
    """The cause that each record of an incident was made with; undecidable where the counterpart was never delivered."""
    arrived = [case for case in incident.cases if world.is_delivered(case)]
    cause = incident.late_cause or CAUSE_OF_KIND[incident.kind]
    lost = bool(incident.cases) and not arrived
    rows = [("crimes", crime.number, "reference_period" if lost else cause, not lost) for crime in incident.crimes]
    return rows + [("domestic_abuse", case.case_id, cause, True) for case in arrived]
