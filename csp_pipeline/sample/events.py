"""Crimes as arrays: a column for each fact, an index for each code; numbering, and rendering as the police export."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from csp_pipeline.sample.periods import Month
from csp_pipeline.sample.reference import Reference
from csp_pipeline.sample.seeds import derive_keys
from csp_pipeline.sample.shapes import HATE_STRANDS
from csp_pipeline.sample.writing import (
    join_text,
    look_up,
    pad_number,
    quote_needed,
    render_days,
    render_minutes,
    replace_value,
)

Events = dict[str, np.ndarray]

STATUSES = ("Recorded", "Cancelled", "Transferred")
FLAWS = ("", "impossible_date", "unknown_code", "unknown_lsoa")
STRANDS = tuple(HATE_STRANDS)
_TYPES = {
    "day": np.int32, "start": np.int64, "end": np.int64, "code": np.int16, "domestic": np.bool_, "hate": np.int8,
    "lsoa": np.int32, "beat": np.int16, "person": np.int64, "status": np.int8, "young": np.int8,
    "incident": np.int64, "abuse": np.int32, "flaw": np.int8,
}  # fmt: skip
_BAD_CODES = ("99Z", "8Z", "ZZ1", "105Q")


@dataclass
class CrimeMonth:
    """The crimes of one month in the order of their numbers; `late` marks those only the re-extract holds."""

    month: Month
    events: Events
    number: np.ndarray
    incident_number: np.ndarray
    width: int

    def __len__(self) -> int:
        return len(self.number)

    @property
    def sound(self) -> np.ndarray:
        """Mark the rows without a planted flaw."""
        return self.events["flaw"] == 0

    def render_numbers(self, rows: np.ndarray | slice = slice(None)) -> pa.Array:
        """Render crime numbers: 16/012345."""
        return join_text(f"{self.month.year % 100:02d}/", pad_number(self.number[rows], self.width))

    def render_incidents(self, rows: np.ndarray | slice = slice(None)) -> pa.Array:
        """Render incident numbers: L16-0024690."""
        return render_incident_numbers(self.month, self.incident_number[rows], self.width)

    def select_rows(self, mask: np.ndarray) -> CrimeMonth:
        """Keep some rows."""
        events = {name: values[mask] for name, values in self.events.items()}
        return CrimeMonth(self.month, events, self.number[mask], self.incident_number[mask], self.width)

    def copy(self) -> CrimeMonth:
        """Copy the month so that a re-extract can differ."""
        return self.select_rows(np.ones(len(self), dtype=bool))


def make_events(count: int, **columns: np.ndarray | int | bool) -> Events:
    """Make event columns of one length; scalars are repeated, columns not given are blank."""
    blanks = {"end": -1, "hate": -1, "lsoa": -1, "beat": -1, "person": -1, "young": -1, "abuse": -1}
    events: Events = {}
    for name, kind in _TYPES.items():
        value = columns.get(name, blanks.get(name, 0))
        events[name] = np.broadcast_to(np.asarray(value, dtype=kind), (count,)).copy()
    return events


def join_events(parts: list[Events]) -> Events:
    """Put parts of a month together; the incidents of each part stay apart from those of the others."""
    shift = 0
    for part in parts:
        part["incident"] = part["incident"] + shift
        shift = int(part["incident"].max()) + 1 if len(part["incident"]) else shift
    return {name: np.concatenate([part[name] for part in parts]) for name in _TYPES}


def number_events(rng: np.random.Generator, month: Month, events: Events, block: int) -> CrimeMonth:
    """Put a month's crimes in order of the day recorded and number them within the month's block."""
    count = len(events["day"])
    order = np.lexsort((rng.random(count), events["day"]))
    events = {name: values[order] for name, values in events.items()}
    first = (month.month - 1) * block + 1
    room = block - 100  # the last hundred numbers of a block are for crimes added late
    if count > room:
        raise RuntimeError(f"{month.label} holds {count} crimes, more than its block of {room} numbers")
    number = first + np.sort(rng.permutation(room)[:count])
    _, earliest, which = np.unique(events["incident"], return_index=True, return_inverse=True)
    width = max(6, len(str(12 * block)))
    return CrimeMonth(month, events, number, 2 * number[earliest[which]], width)


def render_incident_numbers(month: Month, numbers: np.ndarray, width: int) -> pa.Array:
    """Render incident numbers, which crimes (even) and anti-social behaviour (odd) share."""
    return join_text(f"L{month.year % 100:02d}-", pad_number(numbers, width + 1))


def render_crimes(reference: Reference, seed: int, month: CrimeMonth) -> dict[str, pa.Array]:
    """Render a month as the columns of the police export, planted flaws included."""
    events = month.events
    columns = {
        "crime_number": month.render_numbers(),
        "incident_number": month.render_incidents(),
        "recorded_date": render_days(events["day"]),
        "committed_from": render_minutes(events["start"]),
        "committed_to": render_minutes(events["end"]),
        "offence_code": look_up([offence.code for offence in reference.offences], events["code"]),
        "offence": look_up(quote_needed(offence.offence for offence in reference.offences), events["code"]),
        "domestic": look_up(("N", "Y"), events["domestic"]),
        "hate_strands": look_up(STRANDS, events["hate"]),
        "beat": look_up(reference.beats, events["beat"]),
        "lsoa_code": look_up(reference.lsoas, events["lsoa"]),
        "person_key": derive_keys(seed, "person", events["person"]),
        "status": look_up(STATUSES, events["status"]),
        "suspect_under_18": look_up(("Y", "N"), events["young"]),
    }
    return _break_rows(reference, month, columns)


def describe_flaws(reference: Reference, month: CrimeMonth) -> list[tuple[int, str, str]]:
    """Describe the planted flaws of a month: row, cause, the value that is wrong."""
    rows = np.flatnonzero(month.events["flaw"]).tolist()
    return [
        (row, FLAWS[month.events["flaw"][row]], _bad_value(reference, month.month, month.events, row, turn))
        for turn, row in enumerate(rows)
    ]


def _break_rows(reference: Reference, month: CrimeMonth, columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
    for row, flaw, value in describe_flaws(reference, month):
        name = {"impossible_date": "recorded_date", "unknown_code": "offence_code", "unknown_lsoa": "lsoa_code"}[flaw]
        columns[name] = replace_value(columns[name], row, value)
    return columns


def _bad_value(reference: Reference, month: Month, events: Events, row: int, turn: int) -> str:
    flaw = FLAWS[events["flaw"][row]]
    if flaw == "impossible_date":
        return f"31/02/{month.year}" if turn % 2 == 0 else f"14/{month.month:02d}/{month.year + 90}"
    if flaw == "unknown_code":
        return _BAD_CODES[month.number % len(_BAD_CODES)]
    return reference.missing_lsoas[month.number % len(reference.missing_lsoas)]
