"""Bridging tables that a test has made, beside an independent count of the same gaps in pandas."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import duckdb
import pandas as pd
import pyarrow as pa

from csp_pipeline.agencies import find_feed_spec
from csp_pipeline.figures.count import rollup_of
from csp_pipeline.partnership.configuration import MeasureFeedEntry
from csp_pipeline.partnership.links import LinksFile, load_links
from csp_pipeline.partnership.partnership import Partnership, load_partnership
from csp_pipeline.partnership.periods import table_of_periods
from csp_pipeline.reconcile.bridge import bridge_pair, note_bridged, prepare_results, read_steps
from csp_pipeline.reconcile.link_sides import Side
from tests.accuracy.domestic import PROJECT


@dataclass(frozen=True)
class Way:
    """How one side counts: the measure's entry, and the same in pandas: conditions, date, place and distinct unit."""

    entry: MeasureFeedEntry
    holds: Callable[[pd.DataFrame], pd.Series]
    date: str
    place: str
    unit: str | None = None
    blank_counts: bool = True


@dataclass(frozen=True)
class Bridged:
    """What bridging found, and the `comparisons` that it took apart."""

    links: pd.DataFrame
    cuts: pd.DataFrame
    steps: pd.DataFrame
    records: pd.DataFrame
    comparisons: pd.DataFrame


@cache
def configuration() -> tuple[Partnership, LinksFile]:
    """The project's partnership and links."""
    partnership = load_partnership(PROJECT / "sources")
    return partnership, load_links(partnership)


@cache
def rollup(key: str) -> pd.DataFrame:
    """The areas that count each place of a feed's records; the same for every world."""
    partnership = configuration()[0]
    return rollup_of(partnership, partnership.feed(key), find_feed_spec(key), adds_up=True)


@cache
def places_in(area: str) -> frozenset[str]:
    """Every LSOA and district that lies in an area, and itself, by the list of areas."""
    areas = configuration()[0].areas
    parents = ["area_code", "district_code", "county_code", "force_code"]
    return frozenset(areas.area_code[(areas[parents] == area).any(axis=1)])


def count_with_pandas(frame: pd.DataFrame, way: Way, area: str, periods: pd.DataFrame, *, is_whole: bool = False) -> list[int]:
    """The figures of some periods, counted without the code under test; a blank place lies in the area that the whole feed
    covers, if any."""
    lies_there = frame[way.place].isin(places_in(area)) | is_whole
    needed = [way.date, *([way.unit] if way.unit else [])]
    counted = frame.loc[frame.valid_to.isna() & way.holds(frame) & lies_there, needed]
    figures = []
    for start, end in zip(periods.period_start, periods.period_end, strict=True):
        of_period = counted[counted[way.date].between(start, end)]
        if way.unit is None:
            figures.append(len(of_period))
        else:
            units = of_period[way.unit]
            figures.append(units.nunique() + (int(units.isna().sum()) if way.blank_counts else 0))
    return figures


def bridge_tables(
    feeds: tuple[str, str],
    frames: tuple[pd.DataFrame, pd.DataFrame],
    measures: dict[str, tuple[Way, Way]],
    areas: Sequence[str],
    years: tuple[str, str],
    not_covered: dict[str, Sequence[str]] | None = None,
    links: LinksFile | None = None,
    compared: Sequence[str] | None = None,
) -> Bridged:
    """Link and bridge two feeds' tables by month, quarter and year, or for the periods `compared`; `not_covered` lists months
    by feed."""
    partnership, declared = configuration()
    links = links or declared
    periods = table_of_periods(pd.Timestamp(years[0]).date(), pd.Timestamp(years[1]).date())
    wholes = [partnership.feed(key).entry.covers_area for key in feeds]
    asked = periods if compared is None else periods[periods.period.isin(compared)]
    rows = [
        (f"{measure}.{area}.{period}", measure, area, period, *values)
        for measure, ways in measures.items()
        for area in areas
        for period, *values in zip(
            asked.period,
            *(
                count_with_pandas(frame, way, area, asked, is_whole=whole == area)
                for whole, frame, way in zip(wholes, frames, ways, strict=True)
            ),
            strict=True,
        )
    ]
    names = ["comparison_id", "measure", "area_code", "period", "value_a", "value_b"]
    comparisons = pd.DataFrame(rows, columns=names).assign(gap=lambda frame: (frame.value_b - frame.value_a).astype("float64"))
    for side, key in zip("ab", feeds, strict=True):
        comparisons[f"agency_{side}"], comparisons[f"feed_{side}"] = key.split("/")
    months = periods[periods.period_kind == "month"].period
    coverage = pd.concat(
        pd.DataFrame(
            {
                "agency": key.split("/")[0],
                "feed": key.split("/")[1],
                "period": months,
                "coverage": (~months.isin((not_covered or {}).get(key, []))).astype("float64"),
            }
        )
        for key in feeds
    )
    # tables this small leave a second thread nothing but its own cost
    with duckdb.connect(config={"threads": 1}) as connection:
        for name, frame in (
            ("comparisons_frame", comparisons),
            ("periods_frame", periods),
            ("coverage", coverage),
            ("areas", partnership.areas),
        ):
            connection.register(name, frame)
        days = "CAST(period_start AS DATE) AS period_start, CAST(period_end AS DATE) AS period_end"
        connection.execute(f"CREATE TABLE periods AS SELECT * REPLACE ({days}) FROM periods_frame").fetchall()
        connection.execute("CREATE TABLE comparisons AS FROM comparisons_frame").fetchall()
        sides = []
        for place, (name, key, frame) in enumerate(zip("ab", feeds, frames, strict=True)):
            spec = find_feed_spec(key)
            # as in the lake: every declared column is there, typed
            types = {column.name: column.type for column in (*spec.columns, *spec.derived)}
            types |= {"submission_id": "VARCHAR", "sheet": "VARCHAR", "row_number": "BIGINT", "valid_to": "DATE"}
            # as Arrow, whose types DuckDB need not guess from every value
            connection.register(f"frame_{name}", pa.Table.from_pandas(frame, preserve_index=False))
            select = ", ".join(
                f"CAST({column if column in frame.columns else 'NULL'} AS {type_}) AS {column}" for column, type_ in types.items()
            )
            connection.execute(f"CREATE TABLE source_{name} AS SELECT {select} FROM frame_{name}").fetchall()
            ways = tuple(both[place].entry for both in measures.values())
            sides.append(Side(name, key, spec, f"SELECT * FROM source_{name}", rollup(key), ways))
        pair = links.pair(*feeds)
        assert pair is not None
        prepare_results(connection)
        note_bridged(connection, [(*feeds, measure, True) for measure in measures])
        bridge_pair(connection, links, pair, sides[0], sides[1], list(measures))
        return Bridged(
            connection.execute("FROM all_links ORDER BY ALL").df(),
            connection.execute("FROM link_cuts ORDER BY ALL").df(),
            read_steps(connection),
            connection.execute("FROM bridge_records ORDER BY ALL").df(),
            comparisons,
        )
