"""The definition search: which definitions of one feed's records another feed's bare numbers are consistent with."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pandas as pd
import pyarrow as pa

from csp_pipeline.figures.coverage import read_all_receipts
from csp_pipeline.lake import connect, records_path, sql_path, table_path, write_table
from csp_pipeline.partnership.measures import MeasureBook
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.reconcile.declared_search import DefinitionFigures, DefinitionSearches, DefinitionVariants
from csp_pipeline.reconcile.search_feed import search_feed
from csp_pipeline.reconcile.search_rows import FoundRows
from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql
from csp_pipeline.sql_text import quoted
from csp_pipeline.tables import FeedSpec, Table, specs_of

_ARROW = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_()}


@dataclass(frozen=True)
class Pair:
    """A measure with the feed whose records are counted and the feed that only gives a number, as `agency/feed`."""

    measure: str
    feed: str
    other: str


def pairs_to_search(
    book: MeasureBook, specs: Mapping[str, FeedSpec], linked: Collection[frozenset[str]] | None = None
) -> list[Pair]:
    """Every measure and two of its feeds that cannot be taken apart record by record.

    Two feeds can when both count records and can be linked: by default, when both have identifiers at all; with `linked`, when
    they are one of those pairs. Of the others, the one with more identifiers is counted, and the other is a number.
    """
    pairs = []
    for name, measure in book.measures.items():
        identifiers = {
            key: len(specs[key].columns_with_role("unit")) if way.count and specs[key].traits.record_level else -1
            for key, way in measure.feeds.items()
        }
        keys = list(identifiers)
        for place, first in enumerate(keys):
            for second in keys[place + 1 :]:
                feed, other = (first, second) if identifiers[first] >= identifiers[second] else (second, first)
                can_be_linked = identifiers[other] > 0 and (linked is None or frozenset((feed, other)) in linked)
                if identifiers[feed] >= 0 and not can_be_linked:
                    pairs.append(Pair(name, feed, other))
    return pairs


def build_searches(
    settings: Settings,
    partnership: Partnership,
    book: MeasureBook,
    specs: Mapping[str, FeedSpec],
    linked: Collection[frozenset[str]] | None = None,
) -> dict[str, int]:
    """Search the definitions of every pair and write the lake's tables `definition_searches`, `definition_variants` and
    `definition_figures`; gives the number of searches by result.

    Areas and periods are those at which the partnership raises discrepancies. Needs figures and comparisons in the lake.
    """
    receipts = read_all_receipts(settings, partnership)
    found = FoundRows()
    with connect(settings) as connection:
        for table in ("comparisons", "periods", "validity"):
            path = sql_path(table_path(settings, table))
            connection.execute(f"CREATE OR REPLACE TEMP VIEW {table} AS SELECT * FROM read_parquet('{path}')").fetchall()
        comparisons = read_comparisons(connection, partnership, pairs_to_search(book, specs, linked))
        periods = connection.execute("SELECT * FROM periods").df()
        for key, rows in comparisons.groupby("feed", sort=False):
            feed = partnership.feed(str(key))
            files = [
                str(records_path(settings, feed.agency, feed.name, receipt.submission_id))
                for receipt in receipts[feed.key]
                if receipt.outcome != "refused"
            ]
            listed = ", ".join(quoted(file) for file in files)
            records = read_sql("csp_pipeline.figures", "current_records", files=f"[{listed}]") if files else None
            search_feed(connection, partnership, book, specs[feed.key], feed, records, rows, periods, found)
        for name, model, table_rows in (
            ("definition_searches", DefinitionSearches, found.searches),
            ("definition_variants", DefinitionVariants, found.variants),
            ("definition_figures", DefinitionFigures, found.figures),
        ):
            _write(connection, settings, name, model, table_rows)
    results = [str(row["result"]) for row in found.searches]
    return {result: results.count(result) for result in sorted(set(results))}


def read_comparisons(connection: duckdb.DuckDBPyConnection, partnership: Partnership, pairs: Sequence[Pair]) -> pd.DataFrame:
    """The comparisons of the pairs at the levels that are searched, from the view `comparisons`: see search_comparisons.sql."""
    frame = pd.DataFrame([(p.measure, p.feed, p.other) for p in pairs], columns=["measure", "feed", "other"]).astype("str")
    connection.register("search_pairs", frame)
    connection.register("areas", partnership.areas)
    raised = partnership.file.discrepancies
    values = {"area_levels": raised.area_levels, "periods": raised.periods}
    return connection.execute(read_sql("csp_pipeline.reconcile", "search_comparisons"), values).df()


def _write(
    connection: duckdb.DuckDBPyConnection, settings: Settings, name: str, model: type[Table], rows: list[dict[str, object]]
) -> None:
    """Write rows as one of the lake's tables, in their order, typed as declared even where there are none."""
    specs = specs_of(model)
    values = {spec.name: pa.array([row[spec.name] for row in rows], _ARROW[spec.type]) for spec in specs}
    connection.register("search_rows", pa.table(values))
    write_table(connection, settings, name, "SELECT * FROM search_rows")
    connection.unregister("search_rows")
