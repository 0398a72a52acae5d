"""Fire and rescue incidents: deliberate fires (some known to the police), collisions, everything else attended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from csp_pipeline.sample.abuse_truth import name_crime_file
from csp_pipeline.sample.crimes import Mixer
from csp_pipeline.sample.periods import Month, Quarter, date_extract, list_quarters, name_file
from csp_pipeline.sample.police import Hooks, Incident
from csp_pipeline.sample.reference import HARBOROUGH
from csp_pipeline.sample.seeds import open_stream
from csp_pipeline.sample.shapes import DISTRICT_CENTRES
from csp_pipeline.sample.truth import Truth
from csp_pipeline.sample.writing import Layout, number_day, write_rows

FEED = Path("fire/incidents/exports")
EXTRACT_DAYS = 20
COLUMNS = (
    "incident_number", "time_of_call", "incident_group", "incident_type", "fire_class", "motive",
    "property_category", "lsoa_code", "easting", "northing", "casualties", "fatalities",
    "police_incident_number",
)  # fmt: skip
_LAYOUT = Layout(newline="\n")
_RTC_A_YEAR, _RTC_SPREAD = 45, 4
# What else is attended in Harborough in a quarter: group, type, class, motive, property, how many.
_OTHERS = (
    ("Fire", "Primary fire", "Primary", "Accidental", "Dwelling", 6),
    ("Fire", "Primary fire", "Primary", "Accidental", "Road Vehicle", 4),
    ("Fire", "Primary fire", "Primary", "Not known", "Outdoor Structure", 1),
    ("Fire", "Secondary fire", "Secondary", "Accidental", "Outdoor", 5),
    ("Fire", "Chimney fire", "Chimney", "Accidental", "Dwelling", 2),
    ("False Alarm", "AFA", "", "", "Non Residential", 26),
    ("False Alarm", "Good intent", "", "", "Outdoor", 9),
    ("False Alarm", "Malicious", "", "", "Dwelling", 1),
    ("Special Service", "Flooding", "", "", "Dwelling", 3),
    ("Special Service", "Effecting entry", "", "", "Dwelling", 5),
    ("Special Service", "Animal assistance", "", "", "Outdoor", 2),
    ("Special Service", "Medical", "", "", "Dwelling", 4),
)
_ELSEWHERE_SHARE = 0.2
_FLAWS = {1: "impossible_date", 2: "unknown_lsoa", 4: "impossible_date"}
_UNMATCHED, _ACCIDENTAL = 1, 1  # arsons a year without a fire, and with a fire said to be accidental


@dataclass
class Attendance:
    """One incident attended; its number and time are written when the quarter is in order."""

    minute: int
    group: str
    kind: str
    fire_class: str
    motive: str
    place: str
    lsoa_code: str
    easting: str
    northing: str
    hurt: int
    dead: int
    police_number: str = ""
    flaw: str = ""
    number: str = ""
    time: str = ""

    def render(self) -> tuple[object, ...]:
        """Render the row of the export."""
        return (
            self.number, self.time, self.group, self.kind, self.fire_class, self.motive, self.place,
            self.lsoa_code, self.easting, self.northing, self.hurt, self.dead, self.police_number,
        )  # fmt: skip


def write_incidents(to: Path, mixer: Mixer, hooks: Hooks, years: list[str], truth: Truth) -> dict[str, int]:
    """Write every quarter's incidents; return rows by file."""
    written = {}
    deliberate = _pick_deliberate(mixer, hooks, years, truth)
    collisions = {year: _spread(mixer, "fire rtc", year, _RTC_A_YEAR + int(year[3]) % 3 * _RTC_SPREAD // 2) for year in years}
    for quarter in list_quarters(years):
        rng = open_stream(mixer.seed, "fire", quarter.number)
        name = name_file("incidents", quarter.label, date_extract(quarter.last, EXTRACT_DAYS), "csv")
        rows = [_make_deliberate(mixer, rng, quarter, motive, incident) for motive, incident in deliberate[quarter]]
        harborough = mixer.reference.harborough
        rows += [
            _make_row(mixer, rng, quarter, harborough, "Special Service", "RTC", "", "", "Road Vehicle")
            for _ in range(collisions[quarter.financial_year][quarter.quarter - 1])
        ]
        for *kind, usual in _OTHERS:
            rows += [_make_row(mixer, rng, quarter, harborough, *kind) for _ in range(rng.poisson(usual))]
            for district in range(len(mixer.reference.districts)):
                if district != harborough:
                    rows += [
                        _make_row(mixer, rng, quarter, district, *kind) for _ in range(rng.poisson(usual * _ELSEWHERE_SHARE))
                    ]
        rows += [
            _make_row(mixer, rng, quarter, d, "Special Service", "RTC", "", "", "Road Vehicle")
            for d in range(len(mixer.reference.districts))
            if d != harborough
        ]
        rows += [
            _make_row(mixer, rng, quarter, d, "Fire", "Secondary fire", "Secondary", "Deliberate", "Outdoor")
            for d in range(len(mixer.reference.districts))
            if d != harborough
        ]
        if quarter.quarter in _FLAWS:
            rows.append(_make_row(mixer, rng, quarter, harborough, *_OTHERS[5][:-1]))
            rows[-1].flaw = _FLAWS[quarter.quarter]
        rows.sort(key=lambda row: (row.minute, row.lsoa_code, row.group, row.kind))
        written[name] = _finish(to, mixer, quarter, name, rows, truth)
    return written


def _finish(to: Path, mixer: Mixer, quarter: Quarter, name: str, rows: list[Attendance], truth: Truth) -> int:
    """Number and time-stamp the rows, break the flawed one, repeat one, write, and note the truth."""
    rejected = 0
    for turn, row in enumerate(rows):
        day, minute = divmod(row.minute, 1440)
        row.number = f"{int(quarter.financial_year[:4]) % 100:02d}{quarter.quarter}{turn * 7 + 101:05d}"
        stamp = np.datetime64(day, "D").astype(object)
        row.time = f"{stamp:%d/%m/%Y} {minute // 60:02d}:{minute % 60:02d}"
        if row.flaw:
            detail = _break_row(mixer, quarter, row)
            truth.plant(row.flaw, "fire", "incidents", name, row.number, detail=detail)
            rejected += 1
        else:
            _note_row(mixer, quarter, name, row, truth)
    if quarter.quarter == 3:
        again = next(row for row in rows if not row.flaw and row.group == "False Alarm")
        rows = [*rows, again]
        truth.plant("repeated_row", "fire", "incidents", name, again.number, detail="whole row repeated at the end")
        rejected += 1
    write_rows(to / FEED / name, COLUMNS, [row.render() for row in rows], _LAYOUT)
    truth.submit(name, len(rows), rejected)
    return len(rows)


def _break_row(mixer: Mixer, quarter: Quarter, row: Attendance) -> str:
    """Write the wrong value of a flawed row; return it."""
    if row.flaw == "impossible_date":
        row.time = f"30/02/{int(quarter.financial_year[:4]) + 1} 10:15"
        return row.time
    missing = mixer.reference.missing_lsoas
    row.lsoa_code = missing[quarter.number % len(missing)]
    return row.lsoa_code


def _note_row(mixer: Mixer, quarter: Quarter, name: str, row: Attendance, truth: Truth) -> None:
    area = mixer.reference.districts[mixer.reference.lsoa_district[mixer.reference.index_lsoa(row.lsoa_code)]].code
    measures = []
    if row.group == "Fire" and row.motive == "Deliberate":
        measures.append("Deliberate fires")
        if area == HARBOROUGH and not row.police_number:
            truth.plant(
                "known_to_one_agency_only",
                "fire",
                "incidents",
                name,
                row.number,
                ("police", "crimes"),
                detail="deliberate fire, no police crime",
            )
    if row.kind == "RTC":
        measures.append("Road traffic collisions attended")
    if row.group == "Fire" and row.motive == "Accidental" and row.police_number:
        truth.plant(
            "classification",
            "fire",
            "incidents",
            name,
            row.number,
            ("police", "crimes"),
            row.police_number,
            "police arson, fire service says accidental",
        )
    for measure in measures:
        for vintage in ("first", "latest"):
            truth.count(measure, area, quarter.financial_year, "fire", "incidents", vintage, 1)


def _pick_deliberate(
    mixer: Mixer, hooks: Hooks, years: list[str], truth: Truth
) -> dict[Quarter, list[tuple[str, Incident | None]]]:
    """Match most police arsons to a fire; add deliberate fires the police never heard of, up to the year's number."""
    picked: dict[Quarter, list[tuple[str, Incident | None]]] = {quarter: [] for quarter in list_quarters(years)}
    for year in years:
        rng = open_stream(mixer.seed, "fire deliberate", int(year[:4]))
        arsons = [(month, incident) for month, incident in hooks.arsons if month.financial_year == year]
        unmatched = 0
        matched = []
        for month, incident in arsons:
            called = Month(*np.datetime64(incident.minute, "m").astype(object).timetuple()[:2])
            if called.financial_year != year or unmatched < _UNMATCHED:
                unmatched += 1
                truth.plant(
                    "known_to_one_agency_only", "police", "crimes", name_crime_file(month), incident.crime_number,
                    ("fire", "incidents"), detail="arson, no fire attended",
                )  # fmt: skip
                continue
            matched.append((Quarter(year, called.quarter), incident))
        target = mixer.plan.fire_targets[year]
        for turn, (quarter, incident) in enumerate(matched):
            picked[quarter].append(("Accidental" if turn < _ACCIDENTAL else "Deliberate", incident))
        for _ in range(target - (len(matched) - min(_ACCIDENTAL, len(matched)))):
            picked[Quarter(year, int(rng.integers(1, 5)))].append(("Deliberate", None))
    return picked


def _make_deliberate(
    mixer: Mixer, rng: np.random.Generator, quarter: Quarter, motive: str, incident: Incident | None
) -> Attendance:
    row = _make_row(mixer, rng, quarter, mixer.reference.harborough, "Fire", "Secondary fire", "Secondary", motive, "Outdoor")
    if rng.random() < 0.4:
        row.kind, row.fire_class, row.place = "Primary fire", "Primary", "Road Vehicle"
    if incident is not None:
        row.minute = min(incident.minute + 4, incident.minute // 1440 * 1440 + 1439)
        row.lsoa_code = mixer.reference.lsoas[incident.lsoa]
        row.police_number = incident.number
    return row


def _make_row(
    mixer: Mixer,
    rng: np.random.Generator,
    quarter: Quarter,
    district: int,
    group: str,
    kind: str,
    fire_class: str,
    motive: str,
    place: str,
) -> Attendance:
    """Make one incident."""
    reference = mixer.reference
    lsoas = reference.list_lsoas(district)
    weights = mixer.lsoa_weights[quarter.financial_year][lsoas]
    lsoa = int(rng.choice(lsoas, p=weights / weights.sum()))
    first, last = number_day(quarter.first), number_day(quarter.last)
    minute = int(rng.integers(first * 1440, (last + 1) * 1440))
    longitude, latitude = DISTRICT_CENTRES[reference.districts[district].code]
    easting = 400_000 + (longitude + 2) * 67_700 + rng.normal(0, 2500)
    northing = 290_000 + (latitude - 52.5) * 111_300 + rng.normal(0, 2500)
    hurt = int(rng.poisson(0.9)) if kind == "RTC" else int(rng.random() < 0.03)
    dead = int(kind == "RTC" and rng.random() < 0.02)
    return Attendance(
        minute, group, kind, fire_class, motive, place, reference.lsoas[lsoa], f"{easting:.0f}", f"{northing:.0f}",
        hurt, dead,
    )  # fmt: skip


def _spread(mixer: Mixer, name: str, year: str, total: int) -> list[int]:
    return open_stream(mixer.seed, name, int(year[:4])).multinomial(total, [0.25] * 4).tolist()
