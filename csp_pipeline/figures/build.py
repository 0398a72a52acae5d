"""All figures in one step: every feed counted or taken, completed, marked, and written to the lake."""

from collections.abc import Iterable, Mapping

import duckdb
import pandas as pd

from csp_pipeline.figures.count import Grid, count_feed
from csp_pipeline.figures.coverage import read_all_receipts, register_coverage
from csp_pipeline.figures.declared import observation_status
from csp_pipeline.figures.words import number_words
from csp_pipeline.intake.receipts import Receipt
from csp_pipeline.lake import connect, records_path, register, write_table
from csp_pipeline.partnership.measures import MeasureBook
from csp_pipeline.partnership.partnership import Feed, Partnership
from csp_pipeline.parts import Parts, PartsByFeed
from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql
from csp_pipeline.tables import FeedSpec

COMMON = """agency VARCHAR, feed VARCHAR, measure VARCHAR, area_code VARCHAR, area_basis VARCHAR, period VARCHAR,
    date_basis VARCHAR, unit VARCHAR"""
TABLES = (
    f"CREATE TEMP TABLE counts ({COMMON}, value HUGEINT)",
    f"CREATE TEMP TABLE published ({COMMON}, value DOUBLE, value_low DOUBLE, value_high DOUBLE, base DOUBLE, as_at DATE)",
    "CREATE TEMP TABLE coverage_of_areas (agency VARCHAR, feed VARCHAR, area_code VARCHAR, period VARCHAR, coverage DOUBLE,"
    " covered VARCHAR, as_at DATE)",
)

NAMED = (
    "feeds",
    "periods",
    "coverage",
    "breaks",
    "preference_rules_frame",
    "variants_frame",
    "variant_areas_frame",
    "counts",
    "published",
    "coverage_of_areas",
)


def build_figures(
    settings: Settings, partnership: Partnership, book: MeasureBook, specs: Mapping[str, FeedSpec], parts: Parts | None = None
) -> dict[str, int]:
    """Compute every figure from the records that hold today and write the lake's tables `figures`, `changes`,
    `coverage`, `periods` and `validity`.

    With `parts`, the figures of a feed that has received nothing since they were last computed are taken from there. Gives
    the number of rows of each. Raises ConfigurationError when `measures.yml` names what a feed does not have.
    """
    receipts = read_all_receipts(settings, partnership)
    with connect(settings) as connection:
        by_feed = PartsByFeed(parts, partnership.feeds, receipts)
        count_feeds(connection, settings, partnership, book, specs, receipts, by_feed.stale, by_feed.kept)
        by_feed.keep(connection, "figures_of_feeds")
        prefer(connection)
        rows = {"figures": write_table(connection, settings, "figures", "FROM figures")}
        rows["changes"] = write_table(connection, settings, "changes", read_sql("csp_pipeline.figures", "changes"))
        for name, order in (
            ("coverage", "agency, feed, period_start, period"),
            ("validity", "agency, feed, scope, covered_label, valid_from"),
            ("periods", "period_start, months"),
        ):
            rows[name] = write_table(connection, settings, name, f"FROM {name} ORDER BY {order}")
    return rows


def count_figures(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    partnership: Partnership,
    book: MeasureBook,
    specs: Mapping[str, FeedSpec],
    receipts: dict[str, list[Receipt]],
) -> None:
    """Count the records of the submissions in `receipts` into the temporary table `figures`, beside the tables of
    `count_feeds`.
    """
    count_feeds(connection, settings, partnership, book, specs, receipts, partnership.feeds)
    prefer(connection)


def count_feeds(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    partnership: Partnership,
    book: MeasureBook,
    specs: Mapping[str, FeedSpec],
    receipts: dict[str, list[Receipt]],
    feeds: Iterable[Feed],
    kept: str | None = None,
) -> None:
    """Count the records of these feeds' submissions into the temporary table `figures_of_feeds`, of which none is preferred
    yet, beside the tables `breaks`, `preference_rules` and those of `register_coverage`, which hold all feeds.

    `kept` is SQL for the figures of the other feeds, where there are any.
    """
    register_coverage(connection, partnership, receipts)
    register(connection, "breaks_frame", book.breaks_table)
    connection.execute(
        "CREATE TEMP TABLE breaks AS SELECT * REPLACE (CAST(break_date AS DATE) AS break_date) FROM breaks_frame"
    ).fetchall()
    register(connection, "preference_rules_frame", table_of_preference_rules(partnership, book))
    for statement in TABLES:
        connection.execute(statement).fetchall()
    grid = Grid()
    for feed in feeds:
        files = [
            str(records_path(settings, feed.agency, feed.name, receipt.submission_id))
            for receipt in receipts[feed.key]
            if receipt.outcome != "refused"
        ]
        count_feed(connection, partnership, book, feed, specs[feed.key], files, grid)
    grid.register(connection)
    number_words(connection, NAMED, kept)
    counted = read_sql("csp_pipeline.figures", "figures_of_feeds", observation_status=observation_status)
    connection.execute(f"CREATE TEMP TABLE figures_of_feeds AS {counted}").fetchall()


def prefer(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary table `figures` of `figures_of_feeds`, which goes: see `figures.sql`; needs the tables of
    `count_feeds`.
    """
    connection.execute(f"CREATE TEMP TABLE figures AS {read_sql('csp_pipeline.figures', 'figures')}").fetchall()
    connection.execute("DROP TABLE figures_of_feeds").fetchall()


def table_of_preference_rules(partnership: Partnership, book: MeasureBook) -> pd.DataFrame:
    """Which feeds each rule may prefer: `measure`, `rule_order`, `rule`, `way`, `agency`, `feed`, `feed_order`."""
    rules = book.preferences_table.drop(columns="reason")
    feeds = pd.DataFrame(
        [
            (name, feed.agency, feed.name, order)
            for order, feed in enumerate(partnership.feeds)
            for name in book.of_feed(feed.key)
        ],
        columns=["measure", "agency", "feed", "feed_order"],
    )
    joined = rules.rename(columns={"agency": "authority", "feed": "authority_feed"}).merge(feeds, on="measure")
    is_authority = (joined.authority == joined.agency) & (joined.authority_feed == joined.feed)
    return joined[is_authority | (joined.way != "authority")].drop(columns=["authority", "authority_feed"])
