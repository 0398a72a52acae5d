"""The police re-extract of one month, long after: crimes added, cancelled, reclassified and moved."""

from __future__ import annotations

from datetime import date

import numpy as np

from csp_pipeline.sample.abuse import LATE_MONTH, Crime
from csp_pipeline.sample.crimes import Mixer
from csp_pipeline.sample.events import STATUSES, CrimeMonth
from csp_pipeline.sample.seeds import open_stream
from csp_pipeline.sample.truth import Truth
from csp_pipeline.sample.writing import number_day

LATE_CRIME_EXTRACT = date(2017, 6, 20)
CANCELLED, ADDED, MOVED_OUT, MOVED_IN, RECLASSIFIED = 3, 5, 2, 1, 3
# What is reclassified, tried in this order: a small month may not hold every one.
_RECLASSIFIED = (
    ("48", "45"),
    ("28A", "30A"),
    ("8N", "105A"),
    ("46", "49"),
    ("58C", "126"),
    ("105A", "8L"),
    ("45", "126"),
)


def revise_crimes(mixer: Mixer, first: CrimeMonth, domestic: list[Crime], file: str, truth: Truth) -> CrimeMonth:
    """Revise a month: return it as the late re-extract has it, and note every change."""
    rng = open_stream(mixer.seed, "police crimes late", first.month.number)
    reference = mixer.reference
    month = first.copy()
    events = month.events
    place = events["lsoa"]
    ordinary = (events["status"] == 0) & (events["abuse"] < 0) & month.sound & (place >= 0) & (events["hate"] < 0)
    inside = ordinary & (reference.lsoa_district[place] == reference.harborough)
    neighbour = reference.index_district("E07000129")
    outside = np.flatnonzero(ordinary & (reference.lsoa_district[place] == neighbour))
    free = list(rng.permutation(np.flatnonzero(inside)))
    changes: list[tuple[int, str]] = []
    for old, new in _RECLASSIFIED:
        row = next((row for row in free if reference.offences[events["code"][row]].code == old), None)
        if row is None or len(changes) == RECLASSIFIED:
            continue
        free.remove(row)
        events["code"][row] = reference.index_offence(new)
        changes.append((row, f"{old} is now {new}"))
    for _ in range(CANCELLED):
        events["status"][free[-1]] = STATUSES.index("Cancelled")
        changes.append((free.pop(), "now Cancelled"))
    for _ in range(MOVED_OUT):
        _move(mixer, events, free[-1], int(rng.choice(reference.list_lsoas(neighbour))))
        changes.append((free.pop(), "moved from Harborough to Blaby"))
    for row in rng.choice(outside, size=min(MOVED_IN, len(outside)), replace=False):
        _move(mixer, events, int(row), int(rng.choice(reference.list_lsoas(reference.harborough))))
        changes.append((int(row), "moved from Blaby to Harborough"))
    for row in np.flatnonzero(events["abuse"] >= 0):
        later = domestic[events["abuse"][row]].later
        if later:
            events["status"][row] = STATUSES.index(later.status)
            events["code"][row] = reference.index_offence(later.code)
    month = _add_rows(mixer, month, np.array(free[:ADDED]), domestic)
    changes += [(row, "added late") for row in range(len(first), len(first) + ADDED)]
    keys = month.render_numbers(np.array([row for row, _ in changes])).to_pylist()
    truth.plant("later_vintage", "police", "crimes", file, keys, detail=[words for _, words in changes])
    return month


def _move(mixer: Mixer, events: dict[str, np.ndarray], row: int, lsoa: int) -> None:
    events["lsoa"][row] = lsoa
    events["beat"][row] = mixer.reference.lsoa_beat[lsoa]


def _add_rows(mixer: Mixer, month: CrimeMonth, like: np.ndarray, domestic: list[Crime]) -> CrimeMonth:
    """Add crimes like some that are there, and the domestic ones recorded late, at the end of the month's numbers."""
    late = [(which, crime) for which, crime in enumerate(domestic) if crime.late_only]
    rows = np.concatenate([like, np.repeat(like[:1], len(late))])
    extra = {name: values[rows].copy() for name, values in month.events.items()}
    extra["person"] = np.where(extra["person"] >= 0, (1 << 39) + np.arange(len(rows)), -1)
    for turn, (which, crime) in enumerate(late, start=len(like)):
        values = {
            "day": number_day(crime.recorded),
            "start": number_day(crime.committed.date()) * 1440 + crime.committed.hour * 60, "end": -1,
            "code": mixer.reference.index_offence(crime.code), "domestic": True, "lsoa": crime.lsoa,
            "beat": mixer.reference.lsoa_beat[crime.lsoa], "person": crime.person, "abuse": which,
        }  # fmt: skip
        for name, value in values.items():
            extra[name][turn] = value
    number = month.month.month * mixer.plan.block - 99 + np.arange(len(rows))
    return CrimeMonth(
        LATE_MONTH,
        {name: np.concatenate([values, extra[name]]) for name, values in month.events.items()},
        np.concatenate([month.number, number]),
        np.concatenate([month.incident_number, 2 * number]),
        month.width,
    )
