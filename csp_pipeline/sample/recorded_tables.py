"""The Home Office's open data table of recorded crime by partnership, counted from the crimes as last known."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from csp_pipeline.sample.events import CrimeMonth
from csp_pipeline.sample.periods import Quarter, list_quarters
from csp_pipeline.sample.reference import HARBOROUGH, Reference
from csp_pipeline.sample.truth import Truth
from csp_pipeline.sample.writing import Layout, write_rows

FEED = Path("police/recorded_crime_tables/exports")
COLUMNS = (
    "Financial Year", "Financial Quarter", "Force Name", "CSP Name", "Offence Description", "Offence Group",
    "Offence Subgroup", "Offence Code", "Number of Offences",
)  # fmt: skip
# Quarters in which a crime counted in an earlier one was cancelled: the district, and a code otherwise at zero there.
_CANCELLATIONS = ((HARBOROUGH, 2), (HARBOROUGH, 3), ("E06000016", 2), ("E07000130", 4))
_RARE_CODES = ("35", "86", "61A", "33", "96", "83", "80", "67", "24", "13")
_LAYOUT = Layout(newline="\n")


class TableCounts:
    """Counts of recorded crimes by quarter, district and offence code."""

    def __init__(self, reference: Reference, years: list[str]) -> None:
        self.reference = reference
        self.years = years
        self.counts = {
            quarter: np.zeros((len(reference.districts), len(reference.offences)), dtype=np.int64)
            for quarter in list_quarters(years)
        }

    def add_month(self, crimes: CrimeMonth) -> None:
        """Add a month as last known: recorded crimes that have a place."""
        events = crimes.events
        counted = (events["status"] == 0) & crimes.sound & (events["lsoa"] >= 0)
        district = self.reference.lsoa_district[events["lsoa"][counted]]
        width = len(self.reference.offences)
        flat = np.bincount(district * width + events["code"][counted], minlength=len(self.reference.districts) * width)
        self.counts[Quarter(crimes.month.financial_year, crimes.month.quarter)] += flat.reshape(-1, width)


def write_tables(to: Path, table: TableCounts, truth: Truth) -> tuple[str, int]:
    """Write the table of all years, as published in the July after the last; return its name and rows."""
    reference, years = table.reference, table.years
    last = int(years[-1][:4])
    name = f"prc-csp-mar{int(years[0][:4]) + 1}-onwards-tables{last}{(last + 1) % 100:02d}.csv"
    used = sum(counts.sum(axis=0) for counts in table.counts.values()) > 0
    for code in _RARE_CODES:
        used[reference.index_offence(code)] = True
    shown = sorted(np.flatnonzero(used).tolist(), key=lambda column: reference.offences[column].offence.lower())
    rows = []
    for quarter, counts in sorted(table.counts.items()):
        _cancel(truth, reference, name, quarter, counts)
        _count_figures(truth, reference, quarter, counts)
        label = f"{quarter.financial_year[:4]}/{quarter.financial_year[5:]}"
        for index in sorted(range(len(reference.districts)), key=lambda index: reference.districts[index].name):
            district = reference.districts[index]
            for column in shown:
                offence = reference.offences[column]
                if not offence.is_used(quarter.first):
                    continue
                count = int(counts[index, column])
                rows.append((
                    label, quarter.quarter, "Leicestershire", district.name, offence.offence, offence.group,
                    offence.subgroup, offence.code, f" {count} " if count else "-00 ",
                ))  # fmt: skip
    write_rows(to / FEED / f"published-{last + 1}-07" / name, COLUMNS, rows, _LAYOUT)
    truth.submit(name, len(rows), warned=any((counts < 0).any() for counts in table.counts.values()))
    return name, len(rows)


def _cancel(truth: Truth, reference: Reference, name: str, quarter: Quarter, counts: np.ndarray) -> None:
    for area, number in _CANCELLATIONS:
        if quarter.quarter != number or int(quarter.financial_year[:4]) % 3 == 1:
            continue
        district = reference.index_district(area)
        code = next(code for code in _RARE_CODES if not counts[district, reference.index_offence(code)])
        counts[district, reference.index_offence(code)] = -1
        key = f"{quarter.label}|{reference.districts[district].name}|{code}"
        truth.plant(
            "status",
            "police",
            "recorded_crime_tables",
            name,
            key,
            detail="minus one: a crime of an earlier quarter was cancelled",
        )


def _count_figures(truth: Truth, reference: Reference, quarter: Quarter, counts: np.ndarray) -> None:
    year, feed = quarter.financial_year, "recorded_crime_tables"
    for index, district in enumerate(reference.districts):
        for column in np.flatnonzero(counts[index]).tolist():
            value = int(counts[index, column])
            truth.count("Total crime", district.code, year, "police", feed, "latest", value)
            measure = MEASURE_OF_SUBGROUP.get(reference.offences[column].subgroup)
            if measure:
                truth.count(measure, district.code, year, "police", feed, "latest", value)


MEASURE_OF_SUBGROUP = {
    "Domestic burglary": "Domestic burglary",
    "Theft from a vehicle": "Theft from motor vehicle",
    "Theft of a motor vehicle": "Theft of motor vehicle",
    "Violence with injury": "Violence with injury",
    "Criminal damage": "Criminal damage",
    "Shoplifting": "Shoplifting",
}
