"""Bridges: the gap between two feeds' figures taken apart into causes that add up to it, down to the records."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd

from csp_pipeline.figures.count import rollup_of
from csp_pipeline.figures.coverage import read_all_receipts
from csp_pipeline.intake.receipts import rejects_path
from csp_pipeline.lake import connect, records_path, register, sql_path, table_path, threads_for, write_table
from csp_pipeline.partnership.configuration import MeasureFeedEntry
from csp_pipeline.partnership.links import LinksFile, PairEntry, load_links
from csp_pipeline.partnership.measures import MeasureBook
from csp_pipeline.partnership.partnership import Feed, Partnership
from csp_pipeline.parts import Parts, rows_of, write_part
from csp_pipeline.reconcile.bridge_reasons import differences_of, known_of_unlinked
from csp_pipeline.reconcile.declared import CAUSES, MEANINGS, PROBABLE
from csp_pipeline.reconcile.link import link_pair
from csp_pipeline.reconcile.link_sides import PACKAGE, Side, any_row, duplicates_of, has_quiet_pairs
from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql
from csp_pipeline.sql_text import identifier, quoted
from csp_pipeline.tables import FeedSpec

# What bridging needs of the comparisons.
COMPARISON_COLUMNS = "comparison_id, measure, area_code, period, agency_a, feed_a, agency_b, feed_b, gap"
# The tables that are kept in parts by pair, and how their rows are ordered; the steps are made from the records of all pairs.
PART_ORDERS = {
    "links": "agency_a, feed_a, record_key_a, agency_b, feed_b, record_key_b, rule",
    "link_cuts": "ALL",
    "bridge_records": "comparison_id, cause, detail, agency, feed, record_key, submission_id, row_number",
}


def build_bridges(
    settings: Settings, partnership: Partnership, book: MeasureBook, specs: Mapping[str, FeedSpec], parts: Parts | None = None
) -> dict[str, int]:
    """Link records and bridge every comparison of two record-level figures; writes the lake's tables `links`,
    `link_cuts`, `bridge_steps` and `bridge_records` and gives the number of rows of each.

    With `parts`, two linked feeds that have received nothing since they were last bridged, and whose comparisons are as they
    were, are taken from there. Raises ConfigurationError when `links.yml` cannot be used.
    """
    links = load_links(partnership)
    receipts = read_all_receipts(settings, partnership)
    linked = {key for pair in links.pairs for key in pair.between}
    records = sum(receipt.rows_accepted for key in linked for receipt in receipts[key])
    with connect(settings) as connection, threads_for(connection, settings, records):
        for table, columns, rows in (
            ("periods", "*", "true"),
            ("coverage", "agency, feed, period, coverage", "true"),
            ("validity", "submission_id, covered_label, agency, feed, valid_to", "true"),
            ("comparisons", COMPARISON_COLUMNS, "gap IS NOT NULL"),
        ):
            path = sql_path(table_path(settings, table))
            connection.execute(
                f"CREATE TEMP TABLE {table} AS SELECT {columns} FROM read_parquet('{path}') WHERE {rows}"
            ).fetchall()
        superseded = {
            f"{agency}/{feed}"
            for agency, feed in connection.execute(
                "SELECT DISTINCT agency, feed FROM validity WHERE valid_to IS NOT NULL"
            ).fetchall()
        }
        register(connection, "areas", partnership.areas)
        prepare_results(connection)
        feeds = {feed.key: feed for feed in partnership.feeds}
        kept: list[dict[str, Path]] = []
        pairs = _pairs_to_bridge(connection, book, specs)
        note_bridged(connection, [(*both, measure, links.pair(*both) is not None) for both in pairs for measure in pairs[both]])
        for both, compared in pairs.items():
            pair, measures = links.pair(*both), list(compared)
            if pair is None:
                continue
            places: dict[str, Path] = {}
            if parts is not None:
                made_from = [compared, *receipts[both[0]], None, *receipts[both[1]]]
                name = ".".join(feeds[key].table for key in both)
                places = {table: parts.place(f"{name}.{table}", made_from) for table in PART_ORDERS}
                kept.append(places)
            if places and all(path.exists() for path in places.values()):
                continue
            sides = []
            for name, key in zip("ab", both, strict=True):
                files = [
                    str(records_path(settings, feeds[key].agency, feeds[key].name, receipt.submission_id))
                    for receipt in receipts[key]
                    if receipt.outcome != "refused"
                ]
                ways = tuple(book.measures[measure].feeds[key] for measure in measures)
                rejects = [
                    rejects_path(settings, feeds[key], receipt.submission_id)
                    for receipt in receipts[key]
                    if receipt.outcome == "accepted_with_rejects"
                ]
                side = _side(partnership, feeds[key], specs[key], name, files, ways, key in superseded)
                sides.append(replace(side, rejected=_rejected(connection, specs[key], rejects)))
            bridge_pair(connection, links, pair, sides[0], sides[1], measures)
            if places:
                for table, place in places.items():
                    write_part(connection, place, _result(table))
                prepare_results(connection)
        return _write(connection, settings, kept)


def prepare_results(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the empty tables that `bridge_pair` adds to: `all_links`, `link_cuts`, `bridge_records`."""
    for statement in (
        "linked (pair UTINYINT, rule UTINYINT, record_key_a VARCHAR, record_key_b VARCHAR)",
        "linked_by (pair UTINYINT, rule UTINYINT, agency_a VARCHAR, feed_a VARCHAR, agency_b VARCHAR, feed_b VARCHAR,"
        " name VARCHAR)",
        # which tables `joined_<pair>` hold links, millions of which stay where they were found
        "linked_quietly (pair UTINYINT, rule UTINYINT)",
        # links by likeness have a probability each; that of all others is none, and not written down a million times
        "linked_alike (pair UTINYINT, rule UTINYINT, record_key_a VARCHAR, record_key_b VARCHAR, probability DOUBLE)",
        "link_cuts (agency VARCHAR, feed VARCHAR, other_agency VARCHAR, other_feed VARCHAR, rule VARCHAR, records BIGINT)",
        "bridge_records (comparison_id VARCHAR, cause VARCHAR, detail VARCHAR, agency VARCHAR, feed VARCHAR,"
        " record_key VARCHAR, submission_id VARCHAR, sheet VARCHAR, row_number BIGINT, contribution INTEGER,"
        " counterpart_key VARCHAR, rule VARCHAR, other_differences VARCHAR[])",
    ):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {statement}").fetchall()
    # steps sort by keys of their own, and tables in no order are made by all threads at once
    connection.execute("SET SESSION preserve_insertion_order = false").fetchall()
    _define_all_links(connection)


def note_bridged(connection: duckdb.DuckDBPyConnection, pairs: Sequence[tuple[str, str, str, bool]]) -> None:
    """Note whose comparisons have steps (two feeds, the measure, and whether the feeds are linked) in the table `bridged`.

    The whole gap of feeds that are not linked is unexplained.
    """
    rows = [
        ", ".join([*(quoted(part) for key in (key_a, key_b) for part in key.split("/")), quoted(measure), str(is_linked)])
        for key_a, key_b, measure, is_linked in pairs
    ]
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE bridged (agency_a VARCHAR, feed_a VARCHAR, agency_b VARCHAR, feed_b VARCHAR,"
        " measure VARCHAR, is_linked BOOLEAN)"
    ).fetchall()
    if rows:
        connection.execute(f"INSERT INTO bridged VALUES {', '.join(f'({row})' for row in rows)}").fetchall()


def _define_all_links(connection: duckdb.DuckDBPyConnection) -> None:
    """`all_links`: every link with its feeds, its rule's name and its probability, from wherever it is kept."""
    kept = ["SELECT *, NULL AS probability FROM linked", "FROM linked_alike"]
    for pair, rule in connection.execute("FROM linked_quietly").fetchall():
        kept.append(f"SELECT {pair}, {rule}, record_key_a, record_key_b, NULL FROM joined_{pair} WHERE is_linked AND is_known")
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP VIEW all_links AS
        SELECT p.agency_a, p.feed_a, l.record_key_a, p.agency_b, p.feed_b, l.record_key_b, p.name AS rule, l.probability
        FROM ({" UNION ALL ".join(kept)}) l JOIN linked_by p USING (pair, rule)
        """
    ).fetchall()


def bridge_pair(
    connection: duckdb.DuckDBPyConnection,
    links: LinksFile,
    pair: PairEntry,
    side_a: Side,
    side_b: Side,
    measures: list[str],
) -> None:
    """Link two feeds and bridge their comparisons of the measures, adding to the tables of `prepare_results`.

    Needs the tables `comparisons`, `periods` and `coverage` on the connection, and `areas` for a rule by likeness.
    """
    _note_compared(connection, side_a, side_b, measures)
    link_pair(connection, links, pair, side_a, side_b)
    _keep_links(connection, pair, side_a, side_b)
    for place, measure in enumerate(measures):
        compared = _comparisons_of(measure, side_a.key, side_b.key)
        connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE grid AS
            SELECT CAST(row_number() OVER () AS INTEGER) AS cell, c.*, p.period_start, p.period_end
            FROM (SELECT comparison_id, area_code, period {compared}) c JOIN periods p USING (period)
            """
        ).fetchall()
        _bridge_measure(connection, links, pair, (side_a, side_b), place)


def _comparisons_of(measure: str, key_a: str, key_b: str) -> str:
    (agency_a, feed_a), (agency_b, feed_b) = ([quoted(part) for part in key.split("/")] for key in (key_a, key_b))
    return (
        f"FROM comparisons WHERE measure = {quoted(measure)} AND agency_a = {agency_a} AND feed_a = {feed_a}"
        f" AND agency_b = {agency_b} AND feed_b = {feed_b} AND gap IS NOT NULL"
    )


def _note_compared(connection: duckdb.DuckDBPyConnection, side_a: Side, side_b: Side, measures: list[str]) -> None:
    """`compared`: where and when each measure is compared (`measure`, its place in the list; `area_code`, `period`)."""
    compared = " UNION ALL ".join(
        f"SELECT {place} AS measure, area_code, period {_comparisons_of(measure, side_a.key, side_b.key)}"
        for place, measure in enumerate(measures)
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE compared AS {compared}").fetchall()


def _bridge_measure(
    connection: duckdb.DuckDBPyConnection, links: LinksFile, pair: PairEntry, both: tuple[Side, Side], place: int
) -> None:
    sides = []
    for side, other in (both, both[::-1]):
        way = side.ways[place]
        sides.append(
            {
                "name": side.name,
                "other_feed": other.key,
                "is_person": side.is_person(way),
                # rows are the feed's own unit, so that only another one has fewer of it than rows
                "is_distinct": side.is_distinct(way),
                "tells_duplicates": bool(duplicates_of(links, side)),
                "repeats": "repeats" if side.is_person(way) else "counting_unit",
                "differences": differences_of(side, way, place, links.causes),
                **known_of_unlinked(connection, side, other, pair, place),
            }
        )
    counted = read_sql(PACKAGE, "bridge_counted", sides=sides, measure=place)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE counted AS {counted}").fetchall()
    for side in both:
        if side.is_row(side.ways[place]):
            again = read_sql(PACKAGE, "resent_counted", side=side.name)
            connection.execute(f"DELETE FROM counted WHERE rowid IN ({again})").fetchall()
    alike = pair.alike_rule
    query = read_sql(
        PACKAGE,
        "bridge_records",
        sides=sides,
        measure=place,
        alike={"place": pair.rules.index(alike), "said": f"{PROBABLE}{alike.name}"} if alike else None,
    )
    agency = "CASE r.record % 2 WHEN 0 THEN {} ELSE {} END"
    names = [[quoted(part) for part in side.key.split("/")] for side in both]
    connection.execute(
        f"""
        INSERT INTO bridge_records
        SELECT
            g.comparison_id, r.cause, r.detail, {agency.format(names[0][0], names[1][0])} AS agency,
            {agency.format(names[0][1], names[1][1])} AS feed, r.record_key, r.submission_id, r.sheet, r.row_number,
            r.contribution, r.counterpart_key, {_rule_name(pair, "r.rule")} AS rule, r.other_differences
        FROM ({query}) r JOIN grid g USING (cell)
        """
    ).fetchall()


def _rule_name(pair: PairEntry, place: str) -> str:
    """SQL for the name of the rule at a place in the declared order."""
    return f"[{', '.join(quoted(rule.name) for rule in pair.rules)}][{place} + 1]"


def _keep_links(connection: duckdb.DuckDBPyConnection, pair: PairEntry, side_a: Side, side_b: Side) -> None:
    """Add the pair's links and cuts to the result tables, under the feeds' names and the records' keys."""
    (agency_a, feed_a), (agency_b, feed_b) = ([quoted(part) for part in side.key.split("/")] for side in (side_a, side_b))
    number = connection.execute("SELECT coalesce(max(pair) + 1, 0) FROM linked_by").fetchall()[0][0]
    for place, rule in enumerate(pair.rules):
        connection.execute(
            f"INSERT INTO linked_by VALUES ({number}, {place}, {agency_a}, {feed_a}, {agency_b}, {feed_b}, {quoted(rule.name)})"
        ).fetchall()
    # a row that was rejected explains, and is no record
    kept = ["true", *(f"NOT {side.name}.is_rejected" for side in (side_a, side_b) if side.rejected)]
    if pair.alike_rule:
        kept.append(f"l.rule <> {pair.rules.index(pair.alike_rule)}")
    connection.execute(
        f"""
        INSERT INTO linked
        SELECT {number}, l.rule, a.record_key, b.record_key
        FROM links l JOIN open_a a ON a.record = l.record_a JOIN open_b b ON b.record = l.record_b
        WHERE {" AND ".join(kept)}
        """
    ).fetchall()
    cuts = "FROM cut_records"
    if pair.alike_rule:
        connection.execute(
            f"""
            INSERT INTO linked_alike
            SELECT {number}, l.rule, a.record_key, b.record_key, p.probability
            FROM links l
            JOIN alike_links p ON p.record_a = l.record_a AND p.record_b = l.record_b
            JOIN side_a a ON a.record = l.record_a JOIN side_b b ON b.record = l.record_b
            """
        ).fetchall()
        cuts = f"FROM (FROM cut_records UNION ALL SELECT {quoted(pair.alike_rule.name)}, side, record FROM undecided)"
    if has_quiet_pairs(pair):
        connection.execute(f"DROP TABLE IF EXISTS joined_{number}").fetchall()
        connection.execute(f"ALTER TABLE joined RENAME TO joined_{number}").fetchall()
        place = pair.rules.index(pair.identifier_rules[0])
        connection.execute(f"INSERT INTO linked_quietly VALUES ({number}, {place})").fetchall()
        _define_all_links(connection)
    for side, own, other in (("a", (agency_a, feed_a), (agency_b, feed_b)), ("b", (agency_b, feed_b), (agency_a, feed_a))):
        connection.execute(
            f"INSERT INTO link_cuts SELECT {', '.join([*own, *other])}, rule, count(*) {cuts} WHERE side = '{side}' GROUP BY rule"
        ).fetchall()


def _pairs_to_bridge(
    connection: duckdb.DuckDBPyConnection, book: MeasureBook, specs: Mapping[str, FeedSpec]
) -> dict[tuple[str, str], dict[str, str]]:
    """The feeds compared of which both count records, with the measures that they are compared on and a hash of what is
    compared there.
    """
    rows = connection.execute(
        "SELECT agency_a || '/' || feed_a, agency_b || '/' || feed_b, measure,"
        " count(*) || ' ' || bit_xor(md5_number(comparison_id))"
        " FROM comparisons GROUP BY measure, agency_a, feed_a, agency_b, feed_b ORDER BY ALL"
    ).fetchall()
    found: dict[tuple[str, str], dict[str, str]] = {}
    for key_a, key_b, measure, compared in rows:
        ways = [book.measures[measure].feeds[key] for key in (key_a, key_b)]
        if all(way.count is not None for way in ways) and all(specs[key].traits.record_level for key in (key_a, key_b)):
            found.setdefault((key_a, key_b), {})[measure] = compared
    return found


def _side(
    partnership: Partnership,
    feed: Feed,
    spec: FeedSpec,
    name: str,
    files: list[str],
    ways: tuple[MeasureFeedEntry, ...],
    has_superseded: bool,
) -> Side:
    listed = ", ".join(f"'{sql_path(file)}'" for file in files)
    source = (
        f"SELECT r.*, v.valid_to FROM read_parquet([{listed}], union_by_name = true) r"
        " JOIN validity v USING (submission_id, covered_label)"
    )
    return Side(name, feed.key, spec, source, rollup_of(partnership, feed, spec, adds_up=True), ways, has_superseded)


def _rejected(connection: duckdb.DuckDBPyConnection, spec: FeedSpec, files: list[Path]) -> str | None:
    """SQL for a feed's rejected rows that say which record they are, of submissions that hold; None where there are none."""
    if not files or not spec.identifying:
        return None
    said = ", ".join(
        f"json_extract_string(identifiers, {quoted(f'$.{name}')}) AS {identifier(name)}" for name in spec.identifying
    )
    rows = (
        f"SELECT submission_id, sheet, row_number, {said}"
        f" FROM read_parquet([{', '.join(quoted(str(file)) for file in files)}])"
        " SEMI JOIN (FROM validity WHERE valid_to IS NULL) USING (submission_id) WHERE identifiers IS NOT NULL"
    )
    return rows if any_row(connection, f"FROM ({rows})") else None


def read_steps(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The signed steps of the bridges noted (`note_bridged`): `comparison_id`, `step`, `cause`, `detail`, `contribution`,
    `records`, `records_a`, `records_b`, `possible_counterparts`, `sentence`.
    """
    return connection.execute(_steps("bridge_records")).df()


def _steps(records: str) -> str:
    """SQL for the steps of all bridges, from a table of their records."""
    return read_sql(PACKAGE, "bridge_steps", records=records, causes=list(CAUSES), probable=PROBABLE, meanings=MEANINGS)


def _result(table: str) -> str:
    """SQL for the rows of a table that is kept in parts, as far as they stand in the tables of `prepare_results`."""
    return "FROM all_links" if table == "links" else f"FROM {table}"


def _write(connection: duckdb.DuckDBPyConnection, settings: Settings, kept: list[dict[str, Path]]) -> dict[str, int]:
    """Write each table from what stands on the connection or in the parts `kept` of each pair, and then the steps."""
    rows = {}
    for table, order in PART_ORDERS.items():
        every = rows_of([places[table] for places in kept]) if kept else _result(table)
        rows[table] = write_table(connection, settings, table, f"FROM ({every}) ORDER BY {order}")
    records = f"read_parquet({quoted(str(table_path(settings, 'bridge_records')))})"
    rows["bridge_steps"] = write_table(connection, settings, "bridge_steps", _steps(records))
    return rows
