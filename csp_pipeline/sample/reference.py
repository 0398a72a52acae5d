"""What the generator reads from `sources`: areas, offence codes, LSOAs that exist; and the configuration it copies."""

from __future__ import annotations

import csv
import shutil
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np

HARBOROUGH = "E07000131"
COUNTY = "E10000018"
_MISSING_LSOAS = ("E01099999", "E01098765", "E01077777", "E01060606")


@dataclass(frozen=True)
class District:
    """A local authority district of the force area."""

    code: str
    name: str
    csp: str
    in_county: bool


@dataclass(frozen=True)
class Offence:
    """A Home Office offence code, with the days between which it is used."""

    code: str
    offence: str
    group: str
    subgroup: str
    used_from: date | None
    used_until: date | None

    def is_used(self, day: date) -> bool:
        return (self.used_from is None or self.used_from <= day) and (self.used_until is None or day <= self.used_until)


@dataclass(frozen=True)
class Reference:
    """Areas and codes as arrays: an LSOA, a district, a beat and an offence are known by their index."""

    districts: tuple[District, ...]
    beats: tuple[str, ...]
    lsoas: tuple[str, ...]
    lsoa_names: tuple[str, ...]
    lsoa_district: np.ndarray
    lsoa_beat: np.ndarray
    offences: tuple[Offence, ...]
    missing_lsoas: tuple[str, ...]

    @cached_property
    def harborough(self) -> int:
        return self.index_district(HARBOROUGH)

    @cached_property
    def _offence_places(self) -> dict[str, int]:
        return {offence.code: i for i, offence in enumerate(self.offences)}

    @cached_property
    def _lsoa_places(self) -> dict[str, int]:
        return {code: i for i, code in enumerate(self.lsoas)}

    @cached_property
    def _lsoas_of_districts(self) -> list[np.ndarray]:
        return [np.flatnonzero(self.lsoa_district == district) for district in range(len(self.districts))]

    def index_district(self, code: str) -> int:
        return next(i for i, district in enumerate(self.districts) if district.code == code)

    def index_offence(self, code: str) -> int:
        return self._offence_places[code]

    def index_lsoa(self, code: str) -> int:
        return self._lsoa_places[code]

    def list_lsoas(self, district: int) -> np.ndarray:
        return self._lsoas_of_districts[district]

    def select_offences(self, condition: Callable[[Offence], bool]) -> np.ndarray:
        """Mark the offences that a condition selects."""
        return np.array([condition(offence) for offence in self.offences])


def read_reference(sources: Path) -> Reference:
    """Read areas and codes from the sources folder."""
    areas = _read(sources / "areas.csv")
    district_rows = [row for row in areas if row["area_level"] == "district"]
    districts = tuple(
        District(row["area_code"], row["area_name"], row["csp_code"], row["county_code"] == COUNTY) for row in district_rows
    )
    beat_rows = [row for row in areas if row["area_level"] == "beat"]
    lsoa_rows = sorted((row for row in areas if row["area_level"] == "lsoa"), key=lambda row: row["area_code"])
    district_of = {district.code: i for i, district in enumerate(districts)}
    beat_of = {row["area_code"]: i for i, row in enumerate(beat_rows)}
    offences = tuple(
        Offence(
            row["offence_code"], row["offence"], row["offence_group"], row["offence_subgroup"],
            _day(row["used_from"]), _day(row["used_until"]),
        )
        for row in _read(sources / "police" / "offence_codes.csv")
    )  # fmt: skip
    return Reference(
        districts=districts,
        beats=tuple(row["area_name"] for row in beat_rows),
        lsoas=tuple(row["area_code"] for row in lsoa_rows),
        lsoa_names=tuple(row["area_name"] for row in lsoa_rows),
        lsoa_district=np.array([district_of[row["district_code"]] for row in lsoa_rows]),
        lsoa_beat=np.array([beat_of.get(row["beat_code"], -1) for row in lsoa_rows]),
        offences=offences,
        missing_lsoas=_choose_missing(sources / "lsoa_2011_issued.csv"),
    )


def copy_configuration(sources: Path, to: Path) -> list[Path]:
    """Copy the configuration of a sources folder (never its exports) so that the other folder is complete."""
    if sources.resolve() == to.resolve():
        return []
    patterns = ("*.yml", "*.csv", "*/*.csv", "*/*.yml", "*/*/*.yml", "*/*/*.csv")
    copied = []
    for path in sorted({path for pattern in patterns for path in sources.glob(pattern)}):
        place = path.relative_to(sources)
        is_answer = place.parts[0] == "responses" and place.name != "feed.yml"
        if place.parts[0] == "truth" or "exports" in place.parts or is_answer:
            continue
        target = to / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        copied.append(target)
    return copied


def _choose_missing(path: Path) -> tuple[str, ...]:
    runs = sorted((row["first_code"], row["last_code"]) for row in _read(path))
    starts = [first for first, _ in runs]

    def exists(code: str) -> bool:
        place = bisect_right(starts, code) - 1
        return place >= 0 and code <= runs[place][1]

    return tuple(code for code in _MISSING_LSOAS if not exists(code))


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as lines:
        return list(csv.DictReader(lines))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
