"""The definition search: which definitions of one feed's records another feed's bare numbers are consistent with."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from csp_pipeline.figures.coverage import read_all_receipts
from csp_pipeline.intake.receipts import Receipt
from csp_pipeline.lake import connect, records_path, sql_path, table_path, write_table
from csp_pipeline.partnership.areas import LEVELS
from csp_pipeline.partnership.measures import MeasureBook
from csp_pipeline.partnership.partnership import Feed, Partnership
from csp_pipeline.parts import Parts, rows_of, write_part
from csp_pipeline.reconcile.declared_search import DefinitionFigures, DefinitionSearches, DefinitionVariants
from csp_pipeline.reconcile.search_feed import search_feed
from csp_pipeline.reconcile.search_rows import FoundRows
from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql
from csp_pipeline.sql_text import identifier, quoted
from csp_pipeline.tables import FeedSpec, Table, specs_of

_ARROW = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_()}
FOUND: dict[str, type[Table]] = {
    "definition_searches": DefinitionSearches,
    "definition_variants": DefinitionVariants,
    "definition_figures": DefinitionFigures,
}


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
    parts: Parts | None = None,
) -> dict[str, int]:
    """Search the definitions of every pair and write the lake's tables `definition_searches`, `definition_variants` and
    `definition_figures`; gives the number of searches by result.

    Areas and periods are those at which the partnership raises discrepancies. Needs figures and comparisons in the lake. With
    `parts`, what was found in a feed that has received nothing since, and whose comparisons are as they were, is taken from
    there.
    """
    receipts = read_all_receipts(settings, partnership)
    found: dict[str, list[str]] = {name: [] for name in FOUND}
    with connect(settings) as connection:
        for table in ("comparisons", "periods", "validity"):
            path = sql_path(table_path(settings, table))
            connection.execute(f"CREATE OR REPLACE TEMP VIEW {table} AS SELECT * FROM read_parquet('{path}')").fetchall()
        comparisons = read_comparisons(connection, partnership, pairs_to_search(book, specs, linked))
        connection.register("searched", comparisons)
        query = "SELECT feed, count(*) || ' ' || bit_xor(md5_number(CAST(s AS VARCHAR))) FROM searched s GROUP BY feed"
        hashes = dict(connection.execute(query).fetchall())
        periods = connection.execute("SELECT * FROM periods").df()
        for key, rows in comparisons.groupby("feed", sort=False):
            feed = partnership.feed(str(key))
            places = _places(parts, feed, receipts[feed.key], hashes[feed.key]) if parts else {}
            if not (places and all(path.exists() for path in places.values())):
                files = [
                    str(records_path(settings, feed.agency, feed.name, receipt.submission_id))
                    for receipt in receipts[feed.key]
                    if receipt.outcome != "refused"
                ]
                listed = ", ".join(quoted(file) for file in files)
                records = read_sql("csp_pipeline.figures", "current_records", files=f"[{listed}]") if files else None
                of_feed = FoundRows()
                search_feed(connection, partnership, book, specs[feed.key], feed, records, rows, periods, of_feed)
                for name, table in _tables_of(of_feed).items():
                    connection.register(f"{name} of {feed.table}", table)
                    if places:
                        write_part(connection, places[name], f"FROM {identifier(f'{name} of {feed.table}')}")
            for name in FOUND:
                found[name].append(rows_of([places[name]]) if places else f"FROM {identifier(f'{name} of {feed.table}')}")
        for name, table in _tables_of(FoundRows()).items():
            connection.register(f"no {name}", table)
            write_table(connection, settings, name, " UNION ALL ".join([f"FROM {identifier(f'no {name}')}", *found[name]]))
        path = sql_path(table_path(settings, "definition_searches"))
        counts = connection.execute(f"SELECT result, count(*) FROM read_parquet('{path}') GROUP BY ALL ORDER BY ALL").fetchall()
    return dict(counts)


def _places(parts: Parts, feed: Feed, receipts: Sequence[Receipt], compared: str) -> dict[str, Path]:
    """Where what is found in a feed's records is kept, by table; `compared` is a hash of what is searched there."""
    made_from = [*receipts, compared]
    return {name: parts.place(f"{feed.table}.{name}", made_from) for name in FOUND}


def read_comparisons(connection: duckdb.DuckDBPyConnection, partnership: Partnership, pairs: Sequence[Pair]) -> pd.DataFrame:
    """What is searched of each pair's comparisons, from the view `comparisons`: see search_comparisons.sql."""
    frame = pd.DataFrame([(p.measure, p.feed, p.other) for p in pairs], columns=["measure", "feed", "other"]).astype("str")
    connection.register("search_pairs", frame)
    connection.register("areas", partnership.areas)
    raised = partnership.file.discrepancies
    values = {"area_levels": raised.area_levels, "periods": raised.periods, "smallest_first": list(LEVELS)}
    return connection.execute(read_sql("csp_pipeline.reconcile", "search_comparisons"), values).df()


def _tables_of(found: FoundRows) -> dict[str, pa.Table]:
    """What was found as the lake's tables, in order, typed as declared even where there are no rows."""
    rows_found = dict(zip(FOUND, (found.searches, found.variants, found.figures), strict=True))
    return {
        name: pa.table(
            {spec.name: pa.array([row[spec.name] for row in rows_found[name]], _ARROW[spec.type]) for spec in specs_of(model)}
        )
        for name, model in FOUND.items()
    }
