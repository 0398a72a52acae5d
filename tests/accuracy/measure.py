"""Bridging a domestic world and holding what is found against what was planted."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import duckdb
import pandas as pd
import pyarrow as pa

from csp_pipeline.agencies import find_feed_spec
from csp_pipeline.partnership.links import LinksFile, load_links
from csp_pipeline.partnership.measures import MeasureBook, load_measures
from csp_pipeline.partnership.partnership import Partnership, load_partnership
from csp_pipeline.partnership.periods import table_of_periods
from csp_pipeline.reconcile.bridge import bridge_pair, note_bridged, prepare_results, read_steps
from csp_pipeline.reconcile.link_sides import Side
from tests.accuracy.bridging import rollup
from tests.accuracy.domestic import HARBOROUGH, PROJECT, DomesticWorld

MEASURES = ["domestic_abuse", "domestic_violence_with_injury"]
FEEDS = ("police/crimes", "county/domestic_abuse")
# The county's third quarter of 2014-15 never arrived, so that its year is not whole on both sides.
WHOLE_YEARS = ("2015-16", "2016-17")
NOT_DELIVERED = ("2014-10", "2014-11", "2014-12")


@dataclass(frozen=True)
class Findings:
    """What bridging found: `links`, `steps`, `records`, and the `comparisons` they take apart."""

    links: pd.DataFrame
    steps: pd.DataFrame
    records: pd.DataFrame
    comparisons: pd.DataFrame


@cache
def _configuration() -> tuple[Partnership, MeasureBook, LinksFile]:
    partnership = load_partnership(PROJECT / "sources")
    return partnership, load_measures(partnership), load_links(partnership)


def bridge_world(world: DomesticWorld, compared: Sequence[str] | None = None) -> Findings:
    """Link and bridge a world's records for Harborough, by month, quarter and year, or for the periods `compared`."""
    partnership, book, links = _configuration()
    periods = table_of_periods(partnership.years[0].start, partnership.years[-1].end)
    comparisons = compare(world, periods if compared is None else periods[periods.period.isin(compared)])
    with duckdb.connect(config={"threads": 1}) as connection:
        for name, frame in (("comparisons_frame", comparisons), ("periods_frame", periods), ("coverage", coverage_of(periods))):
            connection.register(name, frame)
        days = "CAST(period_start AS DATE) AS period_start, CAST(period_end AS DATE) AS period_end"
        connection.execute(f"CREATE TABLE periods AS SELECT * REPLACE ({days}) FROM periods_frame").fetchall()
        connection.execute("CREATE TABLE comparisons AS FROM comparisons_frame").fetchall()
        sides = []
        for name, key, frame in zip("ab", FEEDS, (world.crimes, world.cases), strict=True):
            feed = partnership.feed(key)
            spec = find_feed_spec(key)
            # as Arrow, whose types DuckDB need not guess from every value
            connection.register(f"{feed.name}_frame", pa.Table.from_pandas(frame, preserve_index=False))
            # as in the lake: every declared column is there, also those that play no part
            missing = [c for c in (*spec.columns, *spec.derived) if c.name not in frame.columns]
            blanks = "".join(f", CAST(NULL AS {column.type}) AS {column.name}" for column in missing)
            types = {column.name: column.type for column in (*spec.columns, *spec.derived)} | {"sheet": "VARCHAR"}
            typed = ", ".join(f"CAST({name} AS {types[name]}) AS {name}" if name in types else name for name in frame.columns)
            connection.execute(f"CREATE TABLE {feed.name} AS SELECT {typed}{blanks} FROM {feed.name}_frame").fetchall()
            ways = tuple(book.measures[measure].feeds[key] for measure in MEASURES)
            source = f"SELECT * FROM {feed.name}"
            sides.append(Side(name, key, spec, source, rollup(key), ways))
        pair = links.pair(*FEEDS)
        assert pair is not None
        prepare_results(connection)
        note_bridged(connection, [(*FEEDS, measure, True) for measure in MEASURES])
        bridge_pair(connection, links, pair, sides[0], sides[1], MEASURES)
        return Findings(
            connection.execute("FROM all_links ORDER BY ALL").df(),
            read_steps(connection),
            connection.execute("FROM bridge_records ORDER BY ALL").df(),
            comparisons,
        )


def compare(world: DomesticWorld, periods: pd.DataFrame) -> pd.DataFrame:
    """Harborough's two figures for each measure and period, counted with pandas."""
    crimes = world.crimes[
        world.crimes.valid_to.isna()
        & world.crimes.domestic.astype(bool)
        & (world.crimes.status == "recorded")
        & (world.crimes.district == HARBOROUGH)
    ][["recorded_date", "offence_subgroup"]]
    cases = world.cases[
        world.cases.valid_to.isna() & (world.cases.status != "opened_in_error") & (world.cases.residence_district == HARBOROUGH)
    ][["referral_date", "physical_injury"]]
    counted = {
        "domestic_abuse": (crimes, cases),
        "domestic_violence_with_injury": (
            crimes[crimes.offence_subgroup == "Violence with injury"],
            cases[cases.physical_injury == "yes"],
        ),
    }
    rows = []
    for measure, (of_police, of_county) in counted.items():
        for period in periods.itertuples():
            value_a = int(of_police.recorded_date.between(period.period_start, period.period_end).sum())
            value_b = int(of_county.referral_date.between(period.period_start, period.period_end).sum())
            gap = None if period.period in (*NOT_DELIVERED, "2014-15 Q3") else float(value_b - value_a)
            rows.append((f"{measure}.{period.period}", measure, HARBOROUGH, period.period, value_a, value_b, gap))
    frame = pd.DataFrame(rows, columns=["comparison_id", "measure", "area_code", "period", "value_a", "value_b", "gap"])
    return frame.assign(agency_a="police", feed_a="crimes", agency_b="county", feed_b="domestic_abuse")


def coverage_of(periods: pd.DataFrame) -> pd.DataFrame:
    """What each feed covers of each month: all but the quarter that never arrived."""
    months = periods[periods.period_kind == "month"].period
    police = pd.DataFrame({"agency": "police", "feed": "crimes", "period": months, "coverage": 1.0})
    covered = (~months.isin(NOT_DELIVERED)).astype(float)
    county = pd.DataFrame({"agency": "county", "feed": "domestic_abuse", "period": months, "coverage": covered})
    return pd.concat([police, county], ignore_index=True)


def confuse(world: DomesticWorld, found: Findings, periods: tuple[str, ...] = WHOLE_YEARS) -> pd.DataFrame:
    """Planted against found cause for each record of the yearly gaps: columns `planted`, `is_decidable`, `found`, `records`."""
    ids = [f"{measure}.{period}" for measure in MEASURES for period in periods]
    records = found.records[found.records.comparison_id.isin(ids)]
    joined = records.merge(world.causes, on=["feed", "record_key"], how="left", suffixes=("_found", "_planted"))
    return (
        joined.fillna({"cause_planted": "none", "is_decidable": True})
        .groupby(["cause_planted", "is_decidable", "cause_found"], as_index=False)
        .size()
        .set_axis(["planted", "is_decidable", "found", "records"], axis=1)
        .astype({"is_decidable": "bool"})
    )


def link_precision(world: DomesticWorld, found: Findings) -> tuple[int, int, int]:
    """Links found, true ones among them, and true links in all."""
    true = found.links.merge(world.links, on=["record_key_a", "record_key_b"])
    return len(found.links), len(true), len(world.links)
