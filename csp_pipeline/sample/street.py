"""Street-level files as data.police.uk publishes them: crimes and incidents moved to anonymous map points."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from csp_pipeline.sample import shapes
from csp_pipeline.sample.asb import AsbMonth
from csp_pipeline.sample.crimes import Mixer
from csp_pipeline.sample.events import CrimeMonth
from csp_pipeline.sample.periods import Month
from csp_pipeline.sample.reference import Reference
from csp_pipeline.sample.seeds import choose_indices, derive_keys, open_stream
from csp_pipeline.sample.truth import Truth
from csp_pipeline.sample.writing import join_text, look_up, write_columns

FEED = Path("police/street/exports")
TYPES = (*shapes.TYPE_BY_MONTH,)
ASB_TYPE = TYPES.index("Anti-social behaviour")
_POINTS = 8
_FAR_AWAY = (
    "-1.117302,53.412208,On or near Parking Area,E01028028,Bassetlaw 001F",
    "-1.367062,52.515238,On or near Petrol Station,E01031182,Rugby 001E",
)
_NOWHERE = ",,No Location,,"
_OTHER_FORCES = ("Northamptonshire Police", "Warwickshire Police")
_FORCE = "Leicestershire Police"
_PLACES = (
    "Parking Area", "Supermarket", "Petrol Station", "Sports/Recreation Area", "Park/Open Space",
    "Shopping Area", "Nightclub", "Pedestrian Subway", "Church Street", "Main Street", "High Street",
    "Station Road", "Church Lane", "Manor Road", "Mill Lane", "Chapel Lane", "School Lane", "The Green",
    "Orchard Road", "Grange Road", "Back Lane", "Meadow Way", "Spring Close", "Orchard Close", "Victoria Street",
    "King Street", "Queen Street", "Park Road", "Spinney Close", "Farm Lane",
)  # fmt: skip


def name_archive(month: Month) -> str:
    """Name the archive that first published a month's file: two months after its financial year ends."""
    return f"published-{int(month.financial_year[:4]) + 1}-05"


def draw_points(reference: Reference, seed: int) -> list[str]:
    """Draw the map points of every LSOA, as the five columns that place a row."""
    rng = open_stream(seed, "street points")
    count = len(reference.lsoas)
    centres = np.array([shapes.DISTRICT_CENTRES[reference.districts[d].code] for d in reference.lsoa_district])
    middle = centres + rng.normal(0, (0.045, 0.03), (count, 2))
    place = middle[:, None, :] + rng.normal(0, (0.006, 0.004), (count, _POINTS, 2))
    name = rng.integers(0, len(_PLACES), (count, _POINTS))
    return [
        f"{place[i, j, 0]:.6f},{place[i, j, 1]:.6f},On or near {_PLACES[name[i, j]]},{code},{reference.lsoa_names[i]}"
        for i, code in enumerate(reference.lsoas)
        for j in range(_POINTS)
    ]


def write_street(to: Path, mixer: Mixer, points: list[str], crimes: CrimeMonth, asb: AsbMonth, truth: Truth) -> tuple[str, int]:
    """Write a month's file as first published; return its name and rows."""
    reference, month = mixer.reference, crimes.month
    rng = open_stream(mixer.seed, "police street", month.number)
    kept, heard = crimes.select_rows(crimes.sound), np.flatnonzero(asb.sound)
    type_of = np.array([TYPES.index(shapes.name_street_type(o.group, o.subgroup)) for o in reference.offences])
    visitors = 1 + month.month % 2
    own = reference.list_lsoas(reference.harborough)
    lsoa = np.concatenate([asb.lsoa[heard], kept.events["lsoa"], rng.choice(own, visitors)])
    kind = np.concatenate(
        [np.full(len(heard), ASB_TYPE), type_of[kept.events["code"]], np.full(visitors, TYPES.index("Other theft"))]
    )
    number = np.concatenate([np.full(len(heard), -1), kept.number, -np.arange(2, visitors + 2)])
    point = np.where(lsoa >= 0, lsoa * _POINTS + choose_indices(rng, np.array((30, 18, 14, 12, 10, 7, 5, 4.0)), len(lsoa)), -1)
    point[point < 0] = len(points) + len(_FAR_AWAY)
    strays = _pick_strays(mixer, rng, kept)
    point[len(heard) + strays] = len(points) + np.arange(len(strays)) % len(_FAR_AWAY)
    reporter = np.zeros(len(lsoa), dtype=np.int64)
    reporter[len(lsoa) - visitors :] = 1 + np.arange(visitors) % len(_OTHER_FORCES)
    ids = np.where(
        number == -1,
        -1,
        (month.year * 12 + month.month) * 100_000_000 + np.where(number < 0, 50_000_000 - number, number),
    )
    outcome = _draw_outcomes(rng, kind)
    order = np.lexsort((rng.random(len(lsoa)), lsoa, kind != ASB_TYPE, point == len(points) + len(_FAR_AWAY)))
    keys = derive_keys(mixer.seed, "street", ids[order])
    name = f"{month.label}-leicestershire-street.csv"
    rows = write_columns(
        to / FEED / name_archive(month) / name,
        {
            "Crime ID": keys,
            "Month,Reported by,Falls within": join_text(
                f"{month.label},", look_up((_FORCE, *_OTHER_FORCES), reporter[order]), f",{_FORCE}"
            ),
            "Longitude,Latitude,Location,LSOA code,LSOA name": look_up((*points, *_FAR_AWAY, _NOWHERE), point[order]),
            "Crime type": look_up(TYPES, kind[order]),
            "Last outcome category": look_up(shapes.OUTCOMES, outcome[order]),
            "Context": look_up((), np.full(len(lsoa), -1)),
        },
    )
    truth.submit(name, rows)
    _note_truth(mixer, truth, name, kept, strays, ids[len(heard) :], visitors)
    _count_figures(mixer, truth, month, lsoa, kind, point, len(points))
    return name, rows


def _pick_strays(mixer: Mixer, rng: np.random.Generator, crimes: CrimeMonth) -> np.ndarray:
    """Pick a few recorded Harborough crimes that the published map places outside the force."""
    place = crimes.events["lsoa"]
    inside = (place >= 0) & (mixer.reference.lsoa_district[place] == mixer.reference.harborough)
    rows = np.flatnonzero(inside & (crimes.events["status"] == 0) & (crimes.events["abuse"] < 0))
    return np.sort(rng.choice(rows, size=1 + crimes.month.month % 2, replace=False))


def _draw_outcomes(rng: np.random.Generator, kind: np.ndarray) -> np.ndarray:
    outcome = np.full(len(kind), -1)
    for index, name in enumerate(TYPES):
        rows = np.flatnonzero(kind == index)
        if index != ASB_TYPE and len(rows):
            weights = np.array(shapes.OUTCOME_WEIGHTS.get(name, shapes.USUAL_OUTCOMES), dtype=float)
            outcome[rows] = choose_indices(rng, weights, len(rows))
    return outcome


def _note_truth(
    mixer: Mixer, truth: Truth, name: str, crimes: CrimeMonth, strays: np.ndarray, ids: np.ndarray, visitors: int
) -> None:
    truth.plant(
        "geography", "police", "street", name, derive_keys(mixer.seed, "street", ids[strays]).to_pylist(),
        ("police", "crimes"), crimes.render_numbers(strays).to_pylist(),
        "placed outside the force on the published map",
    )  # fmt: skip
    keys = derive_keys(mixer.seed, "street", ids[len(ids) - visitors :]).to_pylist()
    for turn, key in enumerate(keys):
        truth.plant(
            "known_to_one_agency_only", "police", "street", name, key,
            detail=f"a crime in Harborough reported by {_OTHER_FORCES[turn % len(_OTHER_FORCES)]}",
        )  # fmt: skip


def _count_figures(
    mixer: Mixer, truth: Truth, month: Month, lsoa: np.ndarray, kind: np.ndarray, point: np.ndarray, local: int
) -> None:
    reference = mixer.reference
    shown = point < local
    district = reference.lsoa_district[lsoa]
    for index, area in enumerate(reference.districts):
        here = shown & (district == index)
        values = {"Total crime": here & (kind != ASB_TYPE), "ASB reported (police)": here & (kind == ASB_TYPE)}
        for measure, mask in values.items():
            truth.count(measure, area.code, month.financial_year, "police", "street", "first", int(mask.sum()))
