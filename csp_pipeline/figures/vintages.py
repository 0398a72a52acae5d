"""Every headline figure as it was known over time, in one pass over the validity of the records."""

from collections.abc import Mapping

import duckdb
import pandas as pd

from csp_pipeline.figures.count import condition_of, file_list, rollup_of, units_of, ways_published
from csp_pipeline.figures.coverage import read_all_receipts, register_coverage, steps_of_areas
from csp_pipeline.figures.declared import REASONS, observation_status
from csp_pipeline.lake import connect, records_path, register, sql_path, table_path, write_table
from csp_pipeline.partnership.configuration import MeasureEntry
from csp_pipeline.partnership.measures import MeasureBook
from csp_pipeline.partnership.partnership import Feed, Partnership
from csp_pipeline.parts import Parts, PartsByFeed
from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql
from csp_pipeline.sql_text import identifier
from csp_pipeline.tables import FeedSpec

PACKAGE = "csp_pipeline.figures"


def build_vintages(
    settings: Settings, partnership: Partnership, book: MeasureBook, specs: Mapping[str, FeedSpec], parts: Parts | None = None
) -> dict[str, int]:
    """Work out when each headline figure was first published and what changed it, and write the lake's table
    `figure_vintages`; gives the number of rows of each event.

    Needs the lake's `figures`. Every version of a record counts from the day of its extract until a later extract
    replaces it, so that all days are answered at once; no day is counted again. With `parts`, the rows of a feed that has
    received nothing since they were last made are taken from there.
    """
    receipts = read_all_receipts(settings, partnership)
    with connect(settings) as connection:
        register_coverage(connection, partnership, receipts)
        register(connection, "areas", partnership.areas[["area_code", "area_level"]])
        connection.execute(
            f"""
            CREATE TEMP TABLE headline_figures AS
            SELECT agency, feed, measure, area_code, period, break_id
            FROM read_parquet('{sql_path(table_path(settings, "figures"))}') JOIN areas USING (area_code)
            WHERE is_headline AND area_level <> 'lsoa'
            """
        ).fetchall()
        register(connection, "ways", table_of_ways(partnership, book, specs))
        by_feed = PartsByFeed(parts, partnership.feeds, receipts)
        over_time = []
        for feed in by_feed.stale:
            files = [
                str(records_path(settings, feed.agency, feed.name, receipt.submission_id))
                for receipt in receipts[feed.key]
                if receipt.outcome != "refused"
            ]
            measures = book.of_feed(feed.key)
            if measures and files:
                query = _query_over_time(connection, partnership, feed, specs[feed.key], measures, file_list(files))
                table = identifier(f"over_time_{feed.table}")
                connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}").fetchall()
                over_time.append(f"SELECT * FROM {table}")
        connection.execute(
            f"CREATE TEMP VIEW over_time AS {' UNION ALL BY NAME '.join(over_time)}" if over_time else _nothing_over_time()
        ).fetchall()
        query = read_sql(PACKAGE, "figure_vintages", reasons=REASONS, observation_status=observation_status)
        connection.execute(f"CREATE TEMP TABLE vintages_of_feeds AS {query}").fetchall()
        by_feed.keep(connection, "vintages_of_feeds")
        ordered = "FROM vintages_of_feeds ORDER BY agency, feed, measure, area_code, period, known_from"
        write_table(connection, settings, "figure_vintages", ordered)
        written = sql_path(table_path(settings, "figure_vintages"))
        counts = connection.execute(f"SELECT event, count(*) FROM read_parquet('{written}') GROUP BY ALL ORDER BY ALL").fetchall()
    return dict(counts)


def _query_over_time(
    connection: duckdb.DuckDBPyConnection,
    partnership: Partnership,
    feed: Feed,
    spec: FeedSpec,
    measures: dict[str, MeasureEntry],
    files: str,
) -> str:
    """SQL for the values of one feed's headline figures after each day that changed them; makes what it needs."""
    common = {"agency": feed.agency, "feed": feed.name, "reasons": REASONS}
    if not spec.traits.record_level:
        return read_sql(
            PACKAGE,
            "published_over_time",
            files=files,
            adding=[name for name, measure in measures.items() if measure.feeds[feed.key].adds_up],
            period=next(iter(spec.columns_with_role("period").values())),
            measures=ways_published(feed, spec, measures),
            **common,
        )
    sums = any(measure.feeds[feed.key].sum for measure in measures.values())
    register(connection, "rollup_frame", rollup_of(partnership, feed, spec, adds_up=not sums))
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE rollup AS SELECT * FROM rollup_frame"
        " WHERE area_code = 'unlocated' OR area_code IN (SELECT area_code FROM headline_figures)"
    ).fetchall()
    ways = _ways_of_counting(feed, spec, measures)
    kinds = {str(way["kind"]): way["column"] for way in ways if way["column"]}
    events = read_sql(PACKAGE, "sum_events" if sums else "count_events", files=files, measures=ways, kinds=kinds)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE events AS {events}").fetchall()
    steps = "coverage_steps"
    if sums:
        steps = "steps_of_areas"
        of_areas = steps_of_areas(next(iter(spec.columns_with_role("area").values())), files)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {steps} AS {of_areas}").fetchall()
    covers_area = feed.entry.covers_area
    return read_sql(PACKAGE, "counted_over_time", covers_area=covers_area, has_units=not sums, steps=steps, **common)


def _ways_of_counting(feed: Feed, spec: FeedSpec, measures: dict[str, MeasureEntry]) -> list[dict[str, object]]:
    """For each measure that a feed counts or sums, what fills its part of the SQL."""
    dates, areas = spec.columns_with_role("date"), spec.columns_with_role("area")
    units = {unit["name"]: unit for unit in units_of(spec)}
    rows = {"column": None, "blank_counts": True}
    return [
        {
            "name": name,
            "condition": condition_of(way),
            "date": dates[way.date],
            "area": areas[way.area],
            "amount": way.sum,
            "kind": way.count or "",
            "column": unit["column"],
            "blank_counts": unit["blank_counts"],
        }
        for name, measure in measures.items()
        for way in [measure.feeds[feed.key]]
        for unit in [units.get(way.count, rows)]
    ]


def table_of_ways(partnership: Partnership, book: MeasureBook, specs: Mapping[str, FeedSpec]) -> pd.DataFrame:
    """The headline variant of each feed and measure: `agency`, `feed`, `measure`, `area_basis`, `date_basis`, `unit`."""
    rows = []
    for feed in partnership.feeds:
        columns = {unit["name"]: unit["column"] for unit in units_of(specs[feed.key])}
        for name, measure in book.of_feed(feed.key).items():
            way = measure.feeds[feed.key]
            # a row without an identifier of its own is one of whatever the measure counts
            unit = way.count if way.count and columns.get(way.count) else measure.unit
            rows.append((feed.agency, feed.name, name, way.area, way.date, unit))
    return pd.DataFrame(rows, columns=["agency", "feed", "measure", "area_basis", "date_basis", "unit"]).astype("str")


def _nothing_over_time() -> str:
    """An empty view of the same shape, for a partnership that has received nothing."""
    texts = ", ".join(f"'' AS {name}" for name in ("agency", "feed", "measure", "area_code", "period", "covered"))
    numbers = ", ".join(f"0.0 AS {name}" for name in ("value", "value_low", "value_high", "coverage", *REASONS))
    return f"CREATE TEMP VIEW over_time AS SELECT {texts}, DATE '2000-01-01' AS known_from, {numbers} WHERE false"
