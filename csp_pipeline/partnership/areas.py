"""Areas and the lists of codes that partners' columns are checked against."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, get_args

import pandas as pd

from csp_pipeline import tables
from csp_pipeline.errors import ConfigurationError
from csp_pipeline.tables import Table

Level = Literal["lsoa", "beat", "district", "county", "force"]
LEVELS: tuple[str, ...] = get_args(Level)
# The lists that columns may refer to; reading them takes longer than knowing that they are there.
CODE_LISTS = ("lsoa", "offence_code", "district", "beat", "force")


class Areas(Table):
    """Every area that figures are given for, and what each lies in. Codes are the ONS's; beats have codes of ours."""

    area_code: str = tables.column("VARCHAR", "ONS code, or the beat's short name", unique=True)
    area_name: str = tables.column("VARCHAR", "Name")
    area_level: str = tables.column("VARCHAR", "lsoa, beat, district, county or force", isin=list(LEVELS))
    district_code: str = tables.column("VARCHAR", "District it lies in; NULL for districts and larger areas", nullable=True)
    beat_code: str = tables.column(
        "VARCHAR", "Beat it lies in (the map is configuration); NULL where there is none", nullable=True
    )
    county_code: str = tables.column(
        "VARCHAR", "County it lies in; NULL in a unitary district, and for counties and forces", nullable=True
    )
    force_code: str = tables.column("VARCHAR", "Police force area it lies in; NULL for forces", nullable=True)
    csp_code: str = tables.column("VARCHAR", "Community Safety Partnership of a district; NULL for other areas", nullable=True)


class Populations(Table):
    """Mid-year population estimates (ONS), the base of rates."""

    area_code: str = tables.column("VARCHAR", "District")
    mid_year: int = tables.column("INTEGER", "Year of the mid-year estimate; it is the base of the financial year around it")
    population: int = tables.column("INTEGER", "Residents", unit="persons")


def read_code_list(path: Path, columns: list[str]) -> pd.DataFrame:
    """A code list under `sources/` as text, with at least the named columns.

    Raises ConfigurationError when the file is missing or a column is.
    """
    try:
        frame = pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: cannot be read as CSV: {error}.") from error
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise ConfigurationError(f"{path}: missing columns {', '.join(missing)}; found {', '.join(frame.columns)}.")
    return frame


def read_areas(path: Path) -> pd.DataFrame:
    """The `areas` table.

    Raises ConfigurationError for a code given twice, an unknown level, or a parent that is not in the file.
    """
    names = list(Areas.to_schema().columns)
    areas = read_code_list(path, names)[names]
    repeated = areas.loc[areas.area_code.duplicated(), "area_code"]
    if len(repeated):
        raise ConfigurationError(f"{path}: area {repeated.iloc[0]} is given twice.")
    unknown = areas.loc[~areas.area_level.isin(LEVELS)]
    if len(unknown):
        row = unknown.iloc[0]
        raise ConfigurationError(
            f"{path}: area {row.area_code} has level {row.area_level!r}; expected one of {', '.join(LEVELS)}."
        )
    for parent in ("district_code", "beat_code", "county_code", "force_code"):
        lost = set(areas[parent].dropna()) - set(areas.area_code)
        if lost:
            raise ConfigurationError(f"{path}: {parent} {sorted(lost)[0]} is not itself an area in the file.")
    return areas


def expand_issued_lsoas(runs: pd.DataFrame) -> list[str]:
    """Every LSOA code ever issued, from runs of `first_code` to `last_code`."""
    codes: list[str] = []
    for first, last in zip(runs.first_code, runs.last_code, strict=True):
        if not all(re.fullmatch("[A-Z][0-9]{8}", str(code)) for code in (first, last)):
            raise ConfigurationError(f"the list of issued LSOAs: expected codes such as E01000001, found {first!r} and {last!r}.")
        codes += [f"{first[0]}{number:08d}" for number in range(int(first[1:]), int(last[1:]) + 1)]
    return codes


@dataclass(frozen=True)
class CodeList:
    """A list that columns may refer to: `frame` has `value` (as partners write it) and `shared` (as we store it)."""

    frame: pd.DataFrame

    @property
    def suggests(self) -> bool:
        """The list is short enough for its nearest value to be a likely slip; of 34,000 LSOAs any would be near."""
        return len(self.values) < 1000

    @cached_property
    def values(self) -> frozenset[str]:
        """Every known value."""
        return frozenset(self.frame["value"].dropna().tolist())

    @cached_property
    def is_identity(self) -> bool:
        """Values are stored as partners write them."""
        return self.frame["shared"].equals(self.frame["value"])

    @cached_property
    def digest(self) -> bytes:
        """Changes when the list does."""
        return bytes(pd.util.hash_pandas_object(self.frame, index=False).to_numpy().tobytes())


def code_lists(areas: pd.DataFrame, lsoas: list[str], offence_codes: pd.DataFrame, forces: pd.DataFrame) -> dict[str, CodeList]:
    """The lists that columns may refer to, by name.

    Raises ConfigurationError where a value stands for two codes: a row with it would be of both.
    """
    districts = areas[areas.area_level == "district"]
    beats = areas[areas.area_level == "beat"]
    named = pd.concat(
        [
            districts.assign(value=districts.area_name),
            districts.assign(value=districts.area_code),
            districts.assign(value=districts.csp_code),
        ]
    )
    elsewhere = pd.DataFrame({"value": ["Other", "Out of area", "Not known"], "shared": ["elsewhere", "elsewhere", None]})
    force_names = forces.assign(value=forces.force_name, shared=forces.force_code)[["value", "shared"]]
    other_forces = pd.DataFrame(
        {
            "value": [
                "Action Fraud",
                "British Transport Police",
                "CIFAS",
                "Devon and Cornwall",
                "Financial Fraud Action UK",
                "UK Finance",
                "Devon & Cornwall",
            ],
            "shared": "elsewhere",
        }
    )
    frames = {
        "lsoa": pd.DataFrame({"value": lsoas, "shared": lsoas}),
        "offence_code": offence_codes.assign(value=offence_codes.offence_code, shared=offence_codes.offence_code),
        "district": pd.concat([named.assign(shared=named.area_code)[["value", "shared"]], elsewhere], ignore_index=True)
        .dropna(subset="value")
        .drop_duplicates("value"),
        "beat": beats.assign(value=beats.area_name, shared=beats.area_code)[["value", "shared"]],
        "force": pd.concat([force_names, other_forces], ignore_index=True).drop_duplicates("value"),
    }
    return {name: CodeList(_one_code_each(name, frames[name].drop_duplicates())) for name in CODE_LISTS}


def _one_code_each(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    twice = frame.loc[frame["value"].duplicated(keep=False)].sort_values("value")
    if len(twice):
        value = twice["value"].iloc[0]
        codes = ", ".join(sorted(twice.loc[twice["value"] == value, "shared"].astype("str")))
        raise ConfigurationError(
            f"the list of each {name.replace('_', ' ')}: {value!r} stands for {codes}, so that a row with it would be of more"
            " than one. Give each a name of its own, as the agency writes it."
        )
    return frame
