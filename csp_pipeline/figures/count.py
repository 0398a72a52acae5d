"""From one feed's records to its figures: which measures, dates, areas and units it offers, filled into the SQL."""

import re
from dataclasses import dataclass, field

import duckdb
import pandas as pd

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.figures.condition_words import tree_of_condition, unknown_words
from csp_pipeline.figures.coverage import steps_of_areas
from csp_pipeline.lake import problem_of_condition, register, sql_path
from csp_pipeline.partnership.configuration import MeasureEntry, MeasureFeedEntry
from csp_pipeline.partnership.measures import MeasureBook
from csp_pipeline.partnership.partnership import Feed, Partnership
from csp_pipeline.partnership.periods import MONTHS_IN
from csp_pipeline.published_numbers import is_in_unit, published_high, published_low, published_value
from csp_pipeline.sql import read_sql
from csp_pipeline.sql_text import identifier
from csp_pipeline.tables import FeedSpec

PACKAGE = "csp_pipeline.figures"
FEED = ("agency", "feed")
# A blank in these is "nobody", not "somebody unknown".
PERSON_UNITS = {"victim", "person", "client"}


@dataclass
class Grid:
    """What figures are given for, whether anything is counted or not: rows of `variants` and of `variant_areas`."""

    variants: list[dict[str, object]] = field(default_factory=list)
    areas: list[tuple[str, str, str, str]] = field(default_factory=list)

    def register(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Register the frames `variants_frame` and `variant_areas_frame` on a connection."""
        types = {"is_headline": "bool", "grain_months": "int64", "is_sum": "bool"}
        names = [*FEED, "measure", "date_basis", "area_basis", "counted_unit", "unit", *types]
        variants = pd.DataFrame(self.variants, columns=names)
        areas = pd.DataFrame(self.areas, columns=[*FEED, "area_basis", "area_code"], dtype="str")
        register(connection, "variants_frame", variants.astype({name: types.get(name, "str") for name in names}))
        register(connection, "variant_areas_frame", areas)


def count_feed(
    connection: duckdb.DuckDBPyConnection,
    partnership: Partnership,
    book: MeasureBook,
    feed: Feed,
    spec: FeedSpec,
    files: list[str],
    grid: Grid,
) -> None:
    """Count one feed's records into the table `counts` and its `grid`, or take its published numbers into `published`; of sums
    by area, what is covered of each goes into `coverage_of_areas`.

    Needs the tables of `register_coverage` and these on the connection. `files` are the Parquet files of
    accepted submissions. Raises ConfigurationError when a measure names a column, unit, date or area that the feed does
    not have.
    """
    measures = book.of_feed(feed.key)
    if not measures:
        return
    check_measures(connection, feed, spec, measures)
    if not spec.traits.record_level:
        if files:
            _take(connection, feed, spec, measures, files)
        return
    dates, areas = spec.columns_with_role("date"), spec.columns_with_role("area")
    has_sums = any(measure.feeds[feed.key].sum for measure in measures.values())
    units = [_unit(next(iter(measures.values())).unit, None)] if has_sums else units_of(spec)
    if files:
        rollup = rollup_of(partnership, feed, spec, adds_up=not has_sums)
        _count(connection, feed, spec, measures, units, rollup, files)
    grains = {item.name: item.grain for item in spec.derived}
    grid.variants += [
        {
            "agency": feed.agency,
            "feed": feed.name,
            "measure": name,
            "date_basis": date,
            "area_basis": area,
            "counted_unit": unit["name"],
            # a row without an identifier of its own is one of whatever the measure counts
            "unit": unit["name"] if unit["column"] is not None else measure.unit,
            "is_headline": date == way.date and area == way.area and (way.sum is not None or unit["name"] == way.count),
            "grain_months": MONTHS_IN[grains.get(column, "month")],
            "is_sum": has_sums,
        }
        for name, measure in measures.items()
        for way in [measure.feeds[feed.key]]
        for date, column in dates.items()
        for area in areas
        for unit in units
        # where rows would go by the name of a unit that has an identifier, that unit's own count stands
        if unit["column"] is not None or measure.unit not in {u["name"] for u in units if u["column"] is not None}
    ]
    if has_sums:
        found = "SELECT DISTINCT agency, feed, area_basis, area_code FROM counts WHERE agency = ? AND feed = ?"
        grid.areas += connection.execute(found, [feed.agency, feed.name]).fetchall()
        if files:
            column = next(iter(areas.values()))
            connection.execute(
                "INSERT INTO coverage_of_areas SELECT agency, feed, area_code, period, arg_max(coverage, known_from),"
                f" arg_max(coalesce(covered, ''), known_from), max(known_from) FROM ({steps_of_areas(column, file_list(files))})"
                " GROUP BY ALL HAVING arg_max(coverage, known_from) > 0"
            ).fetchall()
    else:
        # A feed that has sent nothing is missing for the district and above; its small areas would only say it again.
        small = set(partnership.areas.area_code[partnership.areas.area_level.isin(["lsoa", "beat"])]) if not files else set()
        grid.areas += [
            (feed.agency, feed.name, basis, code)
            for basis, column in areas.items()
            for code in areas_offered(partnership, feed, spec, column)
            if code not in small
        ]


def _count(
    connection: duckdb.DuckDBPyConnection,
    feed: Feed,
    spec: FeedSpec,
    measures: dict[str, MeasureEntry],
    units: list[dict[str, object]],
    rollup: pd.DataFrame,
    files: list[str],
) -> None:
    dates, areas = spec.columns_with_role("date"), spec.columns_with_role("area")
    ways = {name: measure.feeds[feed.key] for name, measure in measures.items()}
    counted = [{"name": name, "condition": condition_of(way), "amount": way.sum or "1"} for name, way in ways.items()]
    # Conditions are SQL, so a column that one may name is one whose name stands in it.
    named = set(re.findall(r"\w+", " ".join(f"{measure['condition']} {measure['amount']}" for measure in counted)))
    asked = {*areas.values(), *(named & set(_types_of(spec)))}
    columns = sorted({*asked, *dates.values(), *(str(unit["column"]) for unit in units if unit["is_distinct"])})
    register(connection, "rollup", rollup)
    query = read_sql(
        PACKAGE,
        "count_records",
        agency=feed.agency,
        feed=feed.name,
        current_records=read_sql(PACKAGE, "current_records", files=file_list(files), columns=columns),
        asked=sorted(asked),
        measures=counted,
        dates=[{"basis": basis, "column": column} for basis, column in dates.items()],
        areas=[{"basis": basis, "column": column} for basis, column in areas.items()],
        units=units,
    )
    connection.execute(f"INSERT INTO counts {query}").fetchall()


def _take(
    connection: duckdb.DuckDBPyConnection,
    feed: Feed,
    spec: FeedSpec,
    measures: dict[str, MeasureEntry],
    files: list[str],
) -> None:
    query = read_sql(
        PACKAGE,
        "take_published",
        agency=feed.agency,
        feed=feed.name,
        files=file_list(files),
        adding=[name for name, measure in measures.items() if measure.feeds[feed.key].adds_up],
        period=next(iter(spec.columns_with_role("period").values())),
        measures=ways_published(feed, spec, measures),
    )
    connection.execute(f"INSERT INTO published BY NAME {query}").fetchall()


def ways_published(feed: Feed, spec: FeedSpec, measures: dict[str, MeasureEntry]) -> list[dict[str, object]]:
    """For each measure that a feed publishes, what fills its part of the SQL: column, condition, bases, value and bounds, and
    whether a number is in the measure's unit; one that is not is not taken.
    """
    # Totals come with one area column; the measure says what the area is of.
    area = next(iter(spec.columns_with_role("area").values()))
    return [
        {
            "name": name,
            "condition": condition_of(way),
            "column": way.take,
            "area": area,
            "area_basis": way.area,
            "date_basis": way.date,
            "unit": measure.unit,
            "value": published_value(str(way.take)),
            "low": published_low(str(way.take)),
            "high": published_high(str(way.take), is_count=measure.unit != "percent"),
            "base": f"CAST({identifier(way.base)} AS DOUBLE)" if way.base else "CAST(NULL AS DOUBLE)",
            "is_in_unit": is_in_unit(str(way.take), is_percentage=measure.unit == "percent"),
        }
        for name, measure in measures.items()
        for way in [measure.feeds[feed.key]]
    ]


def units_of(spec: FeedSpec) -> list[dict[str, object]]:
    """The units that a feed counts in: its rows, and each declared identifier."""
    columns = spec.columns_with_role("unit")
    units = [_unit(name, column) for name, column in columns.items()]
    if spec.traits.row_unit not in columns:
        units.insert(0, _unit(spec.traits.row_unit, None))
    return units


def _unit(name: str, column: str | None) -> dict[str, object]:
    return {
        "name": name,
        "column": column,
        "is_distinct": column is not None,
        "blank_counts": name not in PERSON_UNITS,
    }


def condition_of(way: MeasureFeedEntry) -> str:
    """The conditions of a measure joined; none means every row."""
    return " AND ".join(f"({condition})" for condition in way.where) or "true"


def areas_offered(partnership: Partnership, feed: Feed, spec: FeedSpec, column: str) -> list[str]:
    """The areas that a feed gives figures for by one of its area columns.

    All districts, the county and the force as far as the feed covers them; LSOAs and beats in the partnership's own
    district only, where a column tells the LSOA.
    """
    areas = partnership.areas
    covered = areas[_lies_in(areas, feed.entry.covers_area)]
    references = {c.name: c.reference for c in spec.columns} | {c.name: c.reference for c in spec.derived}
    reference = references.get(column)
    levels = ["district", "county", "force"] if reference in ("lsoa", "district") else []
    chosen = covered[covered.area_level.isin(levels)]
    if reference == "lsoa":
        own = covered[(covered.district_code == partnership.file.district) & covered.area_level.isin(["lsoa", "beat"])]
        chosen = pd.concat([chosen, own])
    return sorted({*chosen.area_code, feed.entry.covers_area})


def rollup_of(partnership: Partnership, feed: Feed, spec: FeedSpec, *, adds_up: bool) -> pd.DataFrame:
    """For each place that a record can name, every area that counts it: columns `place`, `area_code`.

    `unlocated` and `elsewhere` (a place outside the partnership's areas) count in the area that the whole feed covers.
    Where figures are given by area already (`adds_up` is false) each place is only itself.
    """
    areas = partnership.areas
    if not adds_up:
        return pd.DataFrame({"place": areas.area_code, "area_code": areas.area_code})
    whole = feed.entry.covers_area
    offered = {
        code for column in spec.columns_with_role("area").values() for code in areas_offered(partnership, feed, spec, column)
    }
    pairs = {("unlocated", "unlocated"), ("unlocated", whole), ("elsewhere", whole)}
    parents = ["area_code", "beat_code", "district_code", "county_code", "force_code"]
    for row in areas.loc[areas.area_level != "beat", parents].astype("object").to_numpy().tolist():
        pairs |= {(row[0], code) for code in row if code in offered} | {(row[0], whole)}
    return pd.DataFrame(sorted(pairs), columns=["place", "area_code"])


def _lies_in(areas: pd.DataFrame, code: str) -> pd.Series:
    inside = areas.area_code == code
    for parent in ("district_code", "county_code", "force_code"):
        inside |= areas[parent] == code
    return inside


def file_list(files: list[str]) -> str:
    """A list of files in SQL."""
    return "[" + ", ".join(f"'{sql_path(file)}'" for file in files) + "]"


def _types_of(spec: FeedSpec) -> dict[str, str]:
    """The columns of a feed's records with their types."""
    stored = {column.name: column.type for column in spec.columns if column.stored}
    return stored | {item.name: item.type for item in spec.derived}


def check_measures(connection: duckdb.DuckDBPyConnection, feed: Feed, spec: FeedSpec, measures: dict[str, MeasureEntry]) -> None:
    """Check what each measure names against the feed's declaration, and that its conditions are SQL over its columns."""
    columns = _types_of(spec)
    body = ", ".join(f"{identifier(name)} {type_}" for name, type_ in columns.items())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE measure_check ({body})").fetchall()
    units = [unit["name"] for unit in units_of(spec)]
    words = {column.name: column.values for column in spec.columns if column.values and column.type == "VARCHAR"}
    for name, measure in measures.items():
        way = measure.feeds[feed.key]
        where = f"sources/measures.yml: measures > {name} > feeds > {feed.key}"
        options: list[tuple[str, str | None, list[object]]] = [
            ("sum", way.sum, list(columns)),
            ("take", way.take, list(columns)),
            ("base", way.base, [name for name, type_ in columns.items() if type_ in ("BIGINT", "DOUBLE")]),
        ]
        if spec.traits.record_level:
            options += [
                ("area", way.area, list(spec.columns_with_role("area"))),
                ("count", way.count, list(units)),
                ("date", way.date, list(spec.columns_with_role("date"))),
            ]
            if way.take:
                raise ConfigurationError(f"{where} > take: {feed.key} holds records, which are counted, not taken.")
        elif not way.take:
            raise ConfigurationError(f"{where}: {feed.key} gives totals; use take, not count or sum.")
        for key, value, known in options:
            if value is not None and value not in known:
                raise ConfigurationError(f"{where} > {key}: {value!r} is not known; known: {', '.join(map(str, known))}.")
        _check_columns_stay(feed, spec, way, where)
        for condition in way.where:
            if problem := problem_of_condition(connection, "measure_check", condition):
                raise ConfigurationError(
                    f"{where} > where: {condition!r} is not a condition on its columns: {problem} Columns: {', '.join(columns)}."
                )
            for column, word in unknown_words(tree_of_condition(connection, condition), words):
                raise ConfigurationError(
                    f"{where} > where: {condition!r}: {column} is never {word!r}; it is one of {', '.join(words[column])}."
                )


def _check_columns_stay(feed: Feed, spec: FeedSpec, way: MeasureFeedEntry, where: str) -> None:
    """A condition on a column that may be missing would count nothing where it is, and missing is not zero."""
    named = set(re.findall(r"\w+", " ".join([*way.where, way.sum or "", way.take or ""])))
    for column in spec.columns:
        if (
            column.name in named
            and column.nullable
            and feed.entry.changes.mode("missing", column.name, column.header) == "evolve"
        ):
            raise ConfigurationError(
                f"{where}: it counts by {column.name}, which {feed.key}/feed.yml lets be missing (changes > missing: evolve), so "
                f"that a file without it would count as zero. Add changes > columns > {column.name} > missing: freeze."
            )
