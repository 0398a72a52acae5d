"""Where a partnership is: its areas and populations, from lookups as the Office for National Statistics publishes them."""

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.partnership.areas import Areas, Populations

# Column names as the ONS and its copies write them: the year, if any, stands in the middle (`LAD23CD`, `PFA21NM`).
CSPS = {
    "district_code": r"(lad|local authority)\W*\d*\W*(cd|code)",
    "district_name": r"(lad|local authority)\W*\d*\W*(nm|name)",
    "csp_code": r"csp\W*\d*\W*(cd|code)",
    "force_code": r"(pfa|police force)\w*?\W*\d*\W*(cd|code)",
    "force_name": r"(pfa|police force)\w*?\W*\d*\W*(nm|name)",
}
LSOAS = {
    "lsoa_code": r"lsoa\W*\d*\W*(cd|code)",
    "lsoa_name": r"lsoa\W*\d*\W*(nm|name)",
    "district_code": r"(lad|local authority)\W*\d*\W*(cd|code)",
    "district_name": r"(lad|local authority)\W*\d*\W*(nm|name)",
}
POPULATION_OF_YEAR = re.compile(r"population_(\d{4})", re.IGNORECASE)
# A non-metropolitan district lies in a county with a council of its own; every other kind of district is its own upper tier.
IN_A_COUNTY = "E07"


@dataclass(frozen=True)
class Place:
    """The areas of one force, seen from one district: `areas` and `populations` as the tables of those names.

    `county` is the district itself where no county council stands above it. `notes` say what a person should look at.
    """

    district: str
    district_name: str
    county: str
    county_name: str
    force: str
    force_name: str
    areas: pd.DataFrame
    populations: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def is_unitary(self) -> bool:
        """Whether the district has no county council above it."""
        return self.county == self.district


def describe_place(
    district: str,
    csps: Path,
    *,
    lsoas: Path | None = None,
    populations: Path | None = None,
    county: tuple[str, str] | None = None,
) -> Place:
    """The place of a district (its ONS code or name), from CSV files.

    `csps` names each district with its CSP and police force area, `lsoas` each LSOA with its district, `populations` has a
    column `population_YYYY` for each mid-year, or the columns area_code, mid_year, population. `county` is code and name of the
    county that the district lies in; the force's other districts of that kind are taken to lie in it too.

    Raises ConfigurationError for a file without the columns, a district that is not in it, or a county that is not given.
    """
    listed = _read(csps, CSPS)
    listed = listed[listed.district_code.str.startswith(("E", "W"), na=False)].drop_duplicates("district_code")
    row = _find_district(listed, district, csps)
    of_force = listed[listed.force_code == row.force_code].sort_values("district_code")
    in_county = str(row.district_code).startswith(IN_A_COUNTY)
    if in_county and county is None:
        raise ConfigurationError(
            f"{row.district_name} ({row.district_code}) lies in a county. Give its code and name, such as "
            "--county E10000018 --county-name Leicestershire."
        )
    code, name = county if county is not None and in_county else (row.district_code, row.district_name)
    notes = []
    districts = pd.DataFrame(
        {
            "area_code": of_force.district_code,
            "area_name": of_force.district_name,
            "area_level": "district",
            "county_code": of_force.district_code.where(of_force.district_code.str.startswith(IN_A_COUNTY)).notna(),
            "force_code": row.force_code,
            "csp_code": of_force.csp_code,
        }
    )
    districts["county_code"] = districts.county_code.map({True: code if in_county else None, False: None})
    if in_county and int(districts.county_code.notna().sum()) > 1:
        others = ", ".join(districts.area_name[districts.county_code.notna() & (districts.area_code != row.district_code)])
        notes.append(f"areas.csv: {others} are taken to lie in {name} too; clear their county_code where they do not.")
    above = [{"area_code": row.force_code, "area_name": row.force_name, "area_level": "force"}]
    if in_county:
        above.append({"area_code": code, "area_name": name, "area_level": "county", "force_code": row.force_code})
    parts = [pd.DataFrame(above), districts]
    if lsoas is None:
        notes.append("areas.csv: holds no LSOAs, so that records are placed by their district only; give --lsoas to have them.")
    else:
        found, lost = _lsoas_of(lsoas, districts)
        parts.append(found)
        if lost:
            notes.append(f"areas.csv: {lsoas.name} has no LSOA of {', '.join(lost)}; is it of another year than {csps.name}?")
    notes.append("areas.csv: names no beat; add a row for each (area_level beat) if your police send them.")
    people = _read_populations(populations, set(districts.area_code)) if populations is not None else None
    if people is None or people.empty:
        notes.append("population.csv: is empty, so that no rate per 1,000 is given; give --populations to have them.")
    return Place(
        district=row.district_code,
        district_name=row.district_name,
        county=code,
        county_name=name,
        force=row.force_code,
        force_name=row.force_name,
        areas=pd.concat(parts).reindex(columns=list(Areas.to_schema().columns)).reset_index(drop=True),
        populations=people if people is not None else pd.DataFrame(columns=list(Populations.to_schema().columns)),
        notes=tuple(notes),
    )


def _read(path: Path, wanted: dict[str, str]) -> pd.DataFrame:
    """The wanted columns of a CSV file with any delimiter, under our names."""
    try:
        frame = pd.read_csv(path, sep=None, engine="python", dtype="str", encoding="utf-8-sig")
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read as CSV: {error}.") from error
    columns = {}
    for name, pattern in wanted.items():
        found = [header for header in frame.columns if re.fullmatch(pattern, str(header).strip(), re.IGNORECASE)]
        if not found:
            raise ConfigurationError(
                f"{path}: no column for the {name.replace('_', ' ')}; found {', '.join(map(str, frame.columns))}. Give a lookup "
                "as the Office for National Statistics publishes it."
            )
        columns[found[0]] = name
    return frame.rename(columns=columns)[list(wanted)].apply(lambda column: column.str.strip())


def _find_district(listed: pd.DataFrame, district: str, path: Path) -> pd.Series:
    found = listed[(listed.district_code == district.upper()) | (listed.district_name.str.casefold() == district.casefold())]
    if found.empty:
        near = difflib.get_close_matches(district, [*listed.district_name, *listed.district_code], n=1)
        raise ConfigurationError(f"{path}: no district {district!r}." + (f" Did you mean {near[0]}?" if near else ""))
    return found.iloc[0]


def _lsoas_of(path: Path, districts: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The LSOAs of these districts, known by code or, where codes have changed, by name; and the districts that have none."""
    lookup = _read(path, LSOAS).drop_duplicates("lsoa_code")
    codes = set(districts.area_code)
    by_name = dict(zip(districts.area_name.str.casefold(), districts.area_code, strict=True))
    named = lookup.district_name.str.casefold().str.replace(r" ua$", "", regex=True).map(by_name)
    lookup["district"] = lookup.district_code.where(lookup.district_code.isin(codes), named)
    lookup = lookup[lookup.district.notna()].sort_values("lsoa_code")
    counties = dict(zip(districts.area_code, districts.county_code, strict=True))
    found = pd.DataFrame(
        {
            "area_code": lookup.lsoa_code,
            "area_name": lookup.lsoa_name,
            "area_level": "lsoa",
            "district_code": lookup.district,
            "county_code": lookup.district.map(counties),
            "force_code": districts.force_code.iloc[0],
        }
    )
    lost = districts.area_name[~districts.area_code.isin(found.district_code)]
    return found, list(lost)


def _read_populations(path: Path, districts: set[str]) -> pd.DataFrame:
    names = list(Populations.to_schema().columns)
    try:
        frame = pd.read_csv(path, sep=None, engine="python", dtype="str", encoding="utf-8-sig")
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read as CSV: {error}.") from error
    of_years = [column for column in frame.columns if POPULATION_OF_YEAR.fullmatch(str(column))]
    if of_years:
        code = next((c for c in frame.columns if re.fullmatch(r"(lad|la)\w*?code\d*|area_code", str(c), re.IGNORECASE)), None)
        if code is None:
            raise ConfigurationError(
                f"{path}: no column of district codes, such as ladcode23 or area_code; found"
                f" {', '.join(map(str, frame.columns[:5]))} ... Name it so."
            )
        by_sex_and_age = {"sex", "age"} <= {str(column).casefold() for column in frame.columns}
        frame = frame.melt(id_vars=code, value_vars=of_years, var_name="mid_year", value_name="population")
        frame = frame.rename(columns={code: "area_code"})
        frame["mid_year"] = frame.mid_year.str[-4:]
    else:
        by_sex_and_age = False
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise ConfigurationError(
            f"{path}: expected columns {', '.join(names)}, or population_2016 and so on; missing {', '.join(missing)}."
        )
    frame = frame[frame.area_code.isin(districts)]
    try:
        frame["population"] = frame.population.str.replace(",", "")  # of thousands
        frame = frame[names].astype({"mid_year": "int32", "population": "int32"})
    except ValueError as error:
        raise ConfigurationError(f"{path}: mid_year and population have to be whole numbers: {error}.") from error
    if by_sex_and_age:  # as in the ONS's detailed series, where no row is a total
        frame = frame.groupby(["area_code", "mid_year"])["population"].sum().reset_index()
    twice = frame.loc[frame.duplicated(["area_code", "mid_year"])]
    if len(twice):
        raise ConfigurationError(
            f"{path}: {twice.area_code.iloc[0]} stands in it more than once for {twice.mid_year.iloc[0]}. Give a file with one"
            " row for each district."
        )
    return frame.sort_values(["area_code", "mid_year"], ignore_index=True)
