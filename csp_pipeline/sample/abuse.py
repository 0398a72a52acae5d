"""The world of domestic incidents: what happened, which crimes and cases came of it, and why they differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import numpy as np

from csp_pipeline.sample.abuse_plan import ELSEWHERE, INJURY_CODES, OTHER_CODES, count_extras, count_kinds
from csp_pipeline.sample.periods import Month, Quarter, list_months, list_quarters, place_day, shift_year
from csp_pipeline.sample.reference import Reference
from csp_pipeline.sample.seeds import open_stream

PERSON_BASE = 1 << 40
MISSING_QUARTERS = frozenset({"2014-15-Q3"})
LATE_QUARTER = "2016-17-Q1"
LATE_MONTH = Month(2016, 9)


@dataclass
class Crime:
    """A police crime with a domestic victim; `later` is how the late re-extract has it, if that differs."""

    person: int
    recorded: date
    committed: datetime
    code: str
    lsoa: int
    incident: int
    domestic: bool = True
    status: str = "Recorded"
    late_only: bool = False
    later: Crime | None = None
    number: str = ""
    incident_number: str = ""

    def view(self, vintage: str) -> Crime | None:
        """See the crime as first extracted or as in the latest extract."""
        if vintage == "first":
            return None if self.late_only else self
        return self.later or self


@dataclass
class Case:
    """A case of the county's service; `later` is how the late re-extract has it, if that differs."""

    person: int
    referral: date
    entered: date
    incident_date: date | None
    source: str
    crime: Crime | None
    district: int
    lsoa: int
    injury: str
    risk: str
    marac: bool
    repeat: bool = False
    status: str = "Closed"
    reference: str = "plain"
    late_only: bool = False
    later: Case | None = None
    case_id: str = ""

    @property
    def quarter(self) -> Quarter:
        return place_day(self.referral)

    def view(self, vintage: str) -> Case | None:
        """See the case as first extracted or as in the latest extract."""
        if vintage == "first":
            return None if self.late_only else self
        return self.later or self


@dataclass
class Incident:
    """A domestic incident (or course of them) with what each agency made of it."""

    number: int
    kind: str
    year: str
    injury: bool
    harborough: bool
    crimes: list[Crime] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    late_cause: str = ""
    earlier: Incident | None = None


class Maker:
    """Makes the incidents of one year from one stream."""

    def __init__(self, reference: Reference, seed: int, year: str, lsoa_weights: np.ndarray) -> None:
        self.reference = reference
        self.year = year
        self.rng = open_stream(seed, "abuse", int(year[:4]))
        self.weights = lsoa_weights
        self.count = 0
        self.incidents: list[Incident] = []
        self.county = [i for i, d in enumerate(reference.districts) if d.in_county and i != reference.harborough]
        self.neighbours = [
            i for i, d in enumerate(reference.districts) if d.name in {"Blaby", "Oadby and Wigston", "Melton", "Leicester"}
        ]

    def make_year(self) -> list[Incident]:
        """Make all incidents of the year: Harborough's in full, the county's other districts thin."""
        for injury in (True, False):
            for kind, count in count_kinds(self.year, injury).items():
                extras = count_extras(self.year, injury) if kind == "several_crimes" else 0
                for turn in range(count):
                    more = extras // count + (turn < extras % count)
                    self.make_incident(kind, injury, self.reference.harborough, turn, more)
        for district in self.county:
            for kind, count in ELSEWHERE.items():
                for turn in range(count):
                    self.make_incident(kind, bool((turn + district) % 2), district, turn, 0)
        return self.incidents

    def make_incident(self, kind: str, injury: bool, district: int, turn: int, extras: int) -> None:
        """Make one incident of a kind, with its crimes and cases."""
        number = (int(self.year[:4]) % 100) * 100_000 + self.count
        self.count += 1
        harborough = district == self.reference.harborough
        incident = Incident(number, kind, self.year, injury, harborough)
        person = PERSON_BASE + number
        if kind == "repeat_client":
            incident.earlier = self._pick_earlier()
            person = incident.earlier.crimes[0].person
        recorded = self._pick_day(kind, turn, injury, harborough)
        if incident.earlier:
            recorded = max(recorded, min(incident.earlier.crimes[0].recorded + timedelta(days=21), _last_matched(recorded)))
        place, home = self._pick_places(kind, district)
        if kind != "never_reported":
            self._add_crimes(incident, person, recorded, place, extras)
        if kind != "police_only":
            self._add_case(incident, person, recorded, place, home)
        self.incidents.append(incident)

    def _pick_earlier(self) -> Incident:
        matched = [i for i in self.incidents if i.kind == "matched" and i.harborough and i.injury == self.incidents[-1].injury]
        used = {id(i.earlier) for i in self.incidents if i.earlier}
        return next(i for i in sorted(matched, key=lambda i: i.crimes[0].recorded) if id(i) not in used)

    def _pick_day(self, kind: str, turn: int, injury: bool, harborough: bool) -> date:
        """Pick the day recorded (or, for what the police never heard of, of the referral)."""
        months = list_months(self.year)
        if injury and harborough and self.year == LATE_MONTH.financial_year:
            if kind == "matched" and turn < 2:  # two that the late police re-extract will change
                return LATE_MONTH.first + timedelta(days=int(self.rng.integers(0, 14)))
            if (kind == "matched" and turn == 2) or (kind in {"injury_not_stated", "never_reported"} and turn == 0):
                return self._pick_within(Quarter(self.year, 1), 30)
        if kind == "other_quarter":
            quarter = Quarter(self.year, int(self.rng.integers(1, 4)))
            return quarter.last - timedelta(days=int(self.rng.integers(0, 15)))
        if kind == "next_year":
            return months[-1].last - timedelta(days=int(self.rng.integers(0, 25)))
        if kind in {"police_only", "never_reported"}:
            length = (months[-1].last - months[0].first).days
            return months[0].first + timedelta(days=int(self.rng.integers(0, length + 1)))
        if kind == "repeat_client":
            return self._pick_within(Quarter(self.year, int(self.rng.integers(3, 5))), 20)
        return self._pick_within(Quarter(self.year, int(self.rng.integers(1, 5))), 30 if kind == "several_crimes" else 14)

    def _pick_within(self, quarter: Quarter, spare: int) -> date:
        length = (quarter.last - quarter.first).days - spare
        return quarter.first + timedelta(days=int(self.rng.integers(0, length)))

    def _pick_places(self, kind: str, district: int) -> tuple[int, int]:
        """Pick the LSOA of the incident and the district where the victim lives."""
        home = district
        if kind == "resident_elsewhere":
            home = self.county[int(self.rng.integers(len(self.county)))]
        if kind == "incident_elsewhere":
            district = self.neighbours[int(self.rng.integers(len(self.neighbours)))]
        lsoas = self.reference.list_lsoas(district)
        weights = self.weights[lsoas] / self.weights[lsoas].sum()
        return int(self.rng.choice(lsoas, p=weights)), home

    def _add_crimes(self, incident: Incident, person: int, recorded: date, place: int, extras: int) -> None:
        injury = incident.injury and incident.kind != "offence_without_injury"
        for turn in range(extras + 1):
            later = 0 if turn % 2 == 0 else int(self.rng.integers(2, 12))
            day = recorded + timedelta(days=later)
            committed = datetime(day.year, day.month, day.day, int(self.rng.integers(0, 24)), int(self.rng.integers(0, 60)))
            committed -= timedelta(days=int(self.rng.choice([0, 1, 2, 5, 16], p=[0.5, 0.25, 0.12, 0.08, 0.05])))
            crime = Crime(
                person, day, committed, self._pick_code(injury), place,
                incident.number * 20 + (0 if later == 0 else turn),
                domestic=incident.kind != "not_flagged_domestic",
                status="Cancelled" if incident.kind == "cancelled_crime" else "Recorded",
            )  # fmt: skip
            incident.crimes.append(crime)

    def _pick_code(self, injury: bool) -> str:
        codes = INJURY_CODES if injury else OTHER_CODES
        weights = np.array(list(codes.values()), dtype=float)
        return list(codes)[int(self.rng.choice(len(codes), p=weights / weights.sum()))]

    def _add_case(self, incident: Incident, person: int, recorded: date, place: int, home: int) -> None:
        rng, kind = self.rng, incident.kind
        crime = incident.crimes[0] if incident.crimes else None
        happened = crime.committed.date() if crime else recorded - timedelta(days=int(rng.integers(0, 40)))
        referral = self._pick_referral(incident, recorded)
        reported = crime is not None
        source = (
            "Police"
            if reported and rng.random() < 0.85
            else ("Self", "Health", "MARAC", "Other")[int(rng.choice(4, p=[0.45, 0.3, 0.1, 0.15]))]
        )
        injury = "Yes" if incident.injury else ("No", "Not known")[int(rng.random() < 0.2)]
        if kind == "injury_not_stated":
            injury = "Not known" if sum(i.kind == kind for i in self.incidents) % 2 == 0 else "No"
        risk = ("Standard", "Medium", "High")[int(rng.choice(3, p=[0.45, 0.35, 0.2]))]
        style = str(rng.choice(["plain", "hyphen", "reversed"], p=[0.84, 0.1, 0.06])) if reported else "none"
        if kind == "missing_reference":
            style = "blank"
        if kind == "wrong_reference":
            style = ("transposed", "lost zeros", "spaces", "transposed")[incident.number % 4]
        case = Case(
            person, referral, referral + timedelta(days=int(rng.integers(0, 4))),
            happened if kind != "never_reported" or rng.random() < 0.75 else None, source, crime, home,
            place if kind in {"resident_elsewhere", "incident_elsewhere"} or rng.random() < 0.93 else -1,
            injury, risk, marac=risk == "High" and rng.random() < 0.7,
            repeat=kind == "repeat_client" or rng.random() < 0.15,
            status="Opened in error" if kind == "opened_in_error" else ("Open", "Closed")[int(rng.random() < 0.6)],
            reference=style,
        )  # fmt: skip
        incident.cases.append(case)
        if kind == "entered_twice":
            incident.cases.append(replace(case, entered=case.entered + timedelta(days=int(rng.integers(1, 20)))))

    def _pick_referral(self, incident: Incident, recorded: date) -> date:
        rng = self.rng
        if incident.kind == "never_reported":
            return recorded
        if incident.kind == "other_quarter":
            quarter = place_day(recorded)
            return Quarter(quarter.financial_year, quarter.quarter + 1).first + timedelta(days=int(rng.integers(2, 30)))
        if incident.kind == "next_year":
            return Quarter(shift_year(self.year, 1), 1).first + timedelta(days=int(rng.integers(3, 40)))
        last = max(crime.recorded for crime in incident.crimes)
        return min(last + timedelta(days=int(rng.integers(0, 11))), place_day(recorded).last)


@dataclass
class World:
    """Every domestic incident of the sample, with the cases numbered."""

    years: list[str]
    incidents: list[Incident]

    def iterate_crimes(self) -> Iterator[tuple[Incident, Crime]]:
        for incident in self.incidents:
            for crime in incident.crimes:
                yield incident, crime

    def iterate_cases(self) -> Iterator[tuple[Incident, Case]]:
        for incident in self.incidents:
            for case in incident.cases:
                yield incident, case

    def is_delivered(self, case: Case) -> bool:
        """Say whether the quarter in which a case was referred reached the partnership."""
        return case.quarter.financial_year in self.years and case.quarter.label not in MISSING_QUARTERS

    def list_delivered(self) -> list[Quarter]:
        return [quarter for quarter in list_quarters(self.years) if quarter.label not in MISSING_QUARTERS]


def make_world(reference: Reference, seed: int, years: list[str], lsoa_weights: dict[str, np.ndarray]) -> World:
    """Make the domestic incidents of all years."""
    incidents = [i for year in years for i in Maker(reference, seed, year, lsoa_weights[year]).make_year()]
    return World(years, incidents)


def _last_matched(recorded: date) -> date:
    return place_day(recorded).last - timedelta(days=12)
