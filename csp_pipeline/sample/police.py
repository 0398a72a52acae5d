"""A month of the police's own feeds: writing the exports, the re-extract, and what the truth says about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from csp_pipeline.sample import asb as asb_feed
from csp_pipeline.sample.abuse import LATE_MONTH, Crime
from csp_pipeline.sample.abuse_truth import CRIME_EXTRACT_DAYS, name_crime_file
from csp_pipeline.sample.asb import AsbMonth, make_asb, render_asb
from csp_pipeline.sample.crimes import Mixer, make_crimes, tell_numbers
from csp_pipeline.sample.events import STATUSES, CrimeMonth, describe_flaws, render_crimes
from csp_pipeline.sample.late import LATE_CRIME_EXTRACT, revise_crimes
from csp_pipeline.sample.periods import Month, date_extract, name_file
from csp_pipeline.sample.plan import MonthPlan
from csp_pipeline.sample.recorded_tables import MEASURE_OF_SUBGROUP, TableCounts
from csp_pipeline.sample.street import write_street
from csp_pipeline.sample.truth import Truth
from csp_pipeline.sample.writing import Layout, write_columns

CRIMES, ASB = Path("police/crimes/exports"), Path("police/asb/exports")
_CRIME_LAYOUT = Layout()
_ASB_LAYOUT = Layout(encoding="cp1252")
_REPEATING_MONTHS = (3, 12)
_SYSTEM_CHANGE = "2016-06"


@dataclass(frozen=True)
class Incident:
    """A police incident that another agency's record can refer to."""

    number: str
    minute: int
    lsoa: int
    crime_number: str = ""


@dataclass
class Hooks:
    """What other agencies' feeds need to know of the police's, kept small: Harborough's arsons and some incidents."""

    arsons: list[tuple[Month, Incident]] = field(default_factory=list)
    incidents: dict[Month, list[Incident]] = field(default_factory=dict)


@dataclass
class PoliceWriter:
    """Writes the police feeds month by month."""

    to: Path
    mixer: Mixer
    points: list[str]
    table: TableCounts
    truth: Truth
    hooks: Hooks = field(default_factory=Hooks)
    rows: dict[str, int] = field(default_factory=dict)

    def write_month(self, plan: MonthPlan, domestic: list[Crime], note: Callable[[Path], None]) -> None:
        """Write one month of crimes, anti-social behaviour and street-level rows."""
        crimes = make_crimes(self.mixer, plan, domestic)
        note(self._write_crimes(crimes, date_extract(plan.month.last, CRIME_EXTRACT_DAYS)))
        self._note_crimes(crimes)
        latest = crimes
        if plan.month == LATE_MONTH:
            name = name_file("crimes", plan.month.label, LATE_CRIME_EXTRACT, "csv")
            latest = revise_crimes(self.mixer, crimes, domestic, name, self.truth)
            tell_numbers(latest, domestic)
            note(self._write_crimes(latest, LATE_CRIME_EXTRACT))
            self.truth.plant("late_extract", "police", "crimes", name, plan.month.label, detail="changes figures already given")
        self._count_crimes(crimes, "first")
        self._count_crimes(latest, "latest")
        self.table.add_month(latest)
        incidents = make_asb(self.mixer, plan)
        note(self._write_asb(incidents))
        name, rows = write_street(self.to, self.mixer, self.points, crimes, incidents, self.truth)
        note(next((self.to / "police/street/exports").glob(f"*/{name}")))
        self._count("police/street", rows)
        self._keep_hooks(crimes, incidents)

    def _write_crimes(self, month: CrimeMonth, extracted: date) -> Path:
        columns = render_crimes(self.mixer.reference, self.mixer.seed, month)
        repeated = month.month.month in _REPEATING_MONTHS
        name = name_file("crimes", month.month.label, extracted, "csv")
        if repeated:
            row = int(np.flatnonzero(month.sound & (month.events["status"] == 0))[7])
            columns = _repeat_row(columns, row)
            key = columns["crime_number"][row].as_py()
            self.truth.plant("repeated_row", "police", "crimes", name, key, detail="whole row repeated at the end")
        path = self.to / CRIMES / name
        rows = write_columns(path, columns, _CRIME_LAYOUT)
        self.truth.submit(name, rows, int((~month.sound).sum()) + repeated)
        self._count("police/crimes", rows)
        return path

    def _note_crimes(self, month: CrimeMonth) -> None:
        """Note cancelled, transferred, unlocated and broken rows, and domestic crimes outside the drawn world."""
        events, reference = month.events, self.mixer.reference
        name = name_crime_file(month.month)
        ordinary = month.sound & (events["abuse"] < 0)
        for index, status in enumerate(STATUSES[1:], start=1):
            rows = np.flatnonzero(ordinary & (events["status"] == index))
            self.truth.plant("status", "police", "crimes", name, month.render_numbers(rows), detail=status)
        rows = np.flatnonzero(ordinary & (events["lsoa"] < 0))
        self.truth.plant("geography", "police", "crimes", name, month.render_numbers(rows), detail="no usable location")
        served = np.array([district.in_county for district in reference.districts])[reference.lsoa_district[events["lsoa"]]]
        rows = np.flatnonzero(ordinary & events["domestic"] & served & (events["lsoa"] >= 0) & (events["status"] == 0))
        self.truth.plant(
            "known_to_one_agency_only", "police", "crimes", name, month.render_numbers(rows),
            ("county", "domestic_abuse"), detail="never referred; other district",
        )  # fmt: skip
        numbers = month.render_numbers()
        for row, cause, value in describe_flaws(reference, month):
            self.truth.plant(cause, "police", "crimes", name, numbers[row].as_py(), detail=value)

    def _count_crimes(self, month: CrimeMonth, vintage: str) -> None:
        """Count the police's figures of a month, in every district."""
        events, reference = month.events, self.mixer.reference
        counted = month.sound & (events["status"] == 0) & (events["lsoa"] >= 0)
        district = reference.lsoa_district[events["lsoa"]]
        masks = {"Total crime": counted, "Hate crime": counted & (events["hate"] >= 0)}
        for subgroup, measure in MEASURE_OF_SUBGROUP.items():
            masks[measure] = counted & self.mixer.mark({subgroup})[events["code"]]
        masks["Domestic violence with injury"] = masks["Violence with injury"] & events["domestic"]
        masks["Arson"] = counted & self.mixer.mark({"Arson"})[events["code"]]
        masks["Drug offences"] = counted & self.mixer.mark({"Possession of drugs", "Trafficking of drugs"})[events["code"]]
        for measure, mask in masks.items():
            counts = np.bincount(district[mask], minlength=len(reference.districts))
            for area, count in zip(reference.districts, counts, strict=True):
                self.truth.count(measure, area.code, month.month.financial_year, "police", "crimes", vintage, int(count))

    def _write_asb(self, month: AsbMonth) -> Path:
        reference, truth = self.mixer.reference, self.truth
        columns = render_asb(self.mixer, month)
        name = name_file("asb", month.month.label, date_extract(month.month.last, CRIME_EXTRACT_DAYS), "csv")
        repeated = month.month.month in _REPEATING_MONTHS
        numbers = columns["incident_number"]
        if repeated:
            row = int(np.flatnonzero(month.sound)[5])
            columns = _repeat_row(columns, row)
            truth.plant("repeated_row", "police", "asb", name, numbers[row].as_py(), detail="whole row repeated at the end")
        for row, cause, value in asb_feed.describe_flaws(self.mixer, month):
            truth.plant(cause, "police", "asb", name, numbers[row].as_py(), detail=value)
        rows = np.flatnonzero(month.sound & (month.lsoa < 0))
        truth.plant("geography", "police", "asb", name, month.render_numbers(rows), detail="no usable location")
        if month.month.label == _SYSTEM_CHANGE:
            truth.plant("recording_change", "police", "asb", name, month.month.label, detail="from CIS to Niche on 2016-06-01")
        path = self.to / ASB / name
        written = write_columns(path, columns, _ASB_LAYOUT)
        truth.submit(name, written, len(month.flaw) + repeated)
        self._count("police/asb", written)
        located = month.sound & (month.lsoa >= 0)
        counts = np.bincount(reference.lsoa_district[month.lsoa[located]], minlength=len(reference.districts))
        for area, count in zip(reference.districts, counts, strict=True):
            for vintage in ("first", "latest"):
                truth.count("ASB reported (police)", area.code, month.month.financial_year, "police", "asb", vintage, int(count))
        return path

    def _keep_hooks(self, crimes: CrimeMonth, asb: AsbMonth) -> None:
        events, reference = crimes.events, self.mixer.reference
        arson = self.mixer.mark({"Arson"})[events["code"]] & crimes.sound & (events["status"] == 0) & (events["lsoa"] >= 0)
        rows = np.flatnonzero(arson & (reference.lsoa_district[events["lsoa"]] == reference.harborough))
        numbers, keys = crimes.render_incidents(rows).to_pylist(), crimes.render_numbers(rows).to_pylist()
        for row, number, key in zip(rows, numbers, keys, strict=True):
            incident = Incident(number, int(events["start"][row]), int(events["lsoa"][row]), key)
            self.hooks.arsons.append((crimes.month, incident))
        here = asb.sound & (asb.lsoa >= 0)
        rows = np.flatnonzero(here & (reference.lsoa_district[asb.lsoa] == reference.harborough))[::2]
        numbers = asb.render_numbers(rows).to_pylist()
        self.hooks.incidents[asb.month] = [
            Incident(number, int(asb.minute[row]), int(asb.lsoa[row])) for row, number in zip(rows, numbers, strict=True)
        ]

    def _count(self, feed: str, rows: int) -> None:
        self.rows[feed] = self.rows.get(feed, 0) + rows


def _repeat_row(columns: dict[str, pa.Array], row: int) -> dict[str, pa.Array]:
    return {name: pa.concat_arrays([array, array.slice(row, 1)]) for name, array in columns.items()}
