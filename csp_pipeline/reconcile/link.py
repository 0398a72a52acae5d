"""Linking the records of two feeds that tell of one event: by identifier, then by person and date, in the declared order."""

from dataclasses import dataclass

import duckdb
import pandas as pd

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.figures.count import PERSON_UNITS, units_of
from csp_pipeline.partnership.configuration import MeasureFeedEntry
from csp_pipeline.partnership.links import FeedLinksEntry, LinksFile, PairEntry, RuleEntry
from csp_pipeline.sql import read_sql
from csp_pipeline.sql_text import identifier
from csp_pipeline.tables import FeedSpec

PACKAGE = "csp_pipeline.reconcile"
# More records than this in one event are a tangle of links, not an event.
MOST_TOGETHER = 500


@dataclass(frozen=True)
class Side:
    """One feed of a pair: its declaration, where its records are read, and how it counts each measure of the pair.

    `source` is SQL for every record the feed ever sent, with the columns of its declaration, `submission_id`, `sheet`,
    `row_number` and `valid_to`; `rollup` is the table of places and the areas that count them, `place`, `area_code`.
    """

    name: str
    key: str
    spec: FeedSpec
    source: str
    rollup: pd.DataFrame
    ways: tuple[MeasureFeedEntry, ...]

    @property
    def columns(self) -> dict[str, str]:
        """Column name -> DuckDB type of the feed's stored and derived columns."""
        found = {column.name: column.type for column in self.spec.columns if column.stored}
        return found | {item.name: item.type for item in self.spec.derived}

    def own(self, column: str) -> bool:
        """The column is the feed's own identifier and not a reference to the other feed's."""
        return column in self.spec.traits.key or self.spec.roles.get(column, "").startswith("unit: ")

    def unit(self, way: MeasureFeedEntry) -> dict[str, object]:
        """The unit that a measure counts here: name, column, whether it is counted distinct."""
        return next(unit for unit in units_of(self.spec) if unit["name"] == way.count)

    def is_row(self, way: MeasureFeedEntry) -> bool:
        """The measure counts the feed's own records here, once each however many files they stand in."""
        return self.spec.traits.key == (self.unit(way)["column"],)

    def is_person(self, way: MeasureFeedEntry) -> bool:
        """The measure counts persons here, so that a record without one counts nobody."""
        return way.count in PERSON_UNITS


def normalised(column: str, form: str) -> str:
    """SQL that gives an identifier in one form, whoever wrote it; NULL where it cannot be read.

    `year_and_number`: a year and a running number in either order, as a BIGINT of both. Of the two groups of digits the
    one of two (or a recent one of four) digits is the year; when both could be, the first is.
    `letters_and_digits`: upper case, without the zeros that lead a number and without signs and spaces, but for one between
    two numbers; what holds no digit but zeros is none.
    """
    text = identifier(column)
    if form == "letters_and_digits":
        spaced = f"regexp_replace(upper({text}), '[^0-9A-Z]+', ' ', 'g')"
        without_zeros = f"regexp_replace({spaced}, '(^|[^0-9])0+([0-9])', '\\1\\2', 'g')"
        # a sign stays between two numbers: 12-3101 and 123-101 are not the same
        return f"""CASE WHEN regexp_matches({text}, '[1-9]')
            THEN trim(regexp_replace({without_zeros}, ' *([A-Z]) *', '\\1', 'g')) END"""
    groups = f"regexp_extract({text}, '^[^0-9]*([0-9]+)[^0-9]+([0-9]+)[^0-9]*$', ['first', 'second'])"
    year, number = f"TRY_CAST(left({text}, 2) AS UTINYINT)", f"TRY_CAST(substr({text}, 4) AS UINTEGER)"
    # most are written in the usual way, which is read without a regular expression
    return f"""CASE
        -- DuckDB reads 1.5 and 1e3 as whole numbers too
        WHEN substr({text}, 3, 1) = '/' AND length({text}) BETWEEN 6 AND 12 AND {year} IS NOT NULL
            AND {number} BETWEEN 1 AND 999999999
            AND NOT (contains({text}, '.') OR contains({text}, 'e') OR contains({text}, 'E'))
        THEN CAST({year} AS BIGINT) * 1000000000 + {number}
        ELSE year_and_number({groups}.first, {groups}.second)
    END"""


def unreadable(text: str, read: str, rule: RuleEntry) -> str:
    """SQL that is true where a reference holds something that is meant to be read (`text`) and cannot be (`read` is NULL).

    That is one with digits in it. Where a blank says that there is none (`blank_is_unknown: false`) any word does,
    such as `unknown`, but for those that say the same as a blank.
    """
    meant = f"regexp_matches({text}, '[0-9]')"
    if not rule.blank_is_unknown:
        meant = f"NOT regexp_full_match(lower({text}), '[^a-z0-9]*((n/?a|none|nil|no|not applicable)[^a-z0-9]*)?')"
    return f"CASE WHEN {text} IS NULL OR {read} IS NOT NULL THEN false ELSE {meant} END"


MACROS = (
    """CREATE OR REPLACE TEMP MACRO is_year(digits) AS
        length(digits) = 2 OR (length(digits) = 4 AND left(digits, 2) IN ('19', '20'))""",
    """CREATE OR REPLACE TEMP MACRO year_and_number(one, two) AS CASE
        WHEN NOT regexp_matches(one, '[1-9]') OR NOT regexp_matches(two, '[1-9]') THEN NULL
        WHEN is_year(one) AND length(two) <= 9 THEN CAST(right(one, 2) AS BIGINT) * 1000000000 + CAST(two AS BIGINT)
        WHEN is_year(two) AND length(one) <= 9 THEN CAST(right(two, 2) AS BIGINT) * 1000000000 + CAST(one AS BIGINT)
    END""",
)


def link_pair(connection: duckdb.DuckDBPyConnection, links: LinksFile, pair: PairEntry, side_a: Side, side_b: Side) -> None:
    """Link the records of two feeds, leaving these temporary tables on the connection.

    `side_a`, `side_b`: each feed's records under a number of their own. `links`: `rule` (place in the declared order),
    `record_a`, `record_b`. `cut_records`: records whose identifier or person too many share. `contradictions`: records
    whose identifier and person say different things. `resent_a`, `resent_b`: records that stand in several current files.
    `events_a`, `events_b`: each record's event; `members`: the records
    of events of more than one link. Raises ConfigurationError for a column that a feed does not have.
    """
    for side in (side_a, side_b):
        check_columns(side, pair, links.feeds.get(side.key, FeedLinksEntry()))
    for statement in MACROS:
        connection.execute(statement).fetchall()
    for side in (side_a, side_b):
        _read_side(connection, links, pair, side)
        _create(connection, f"resent_{side.name}", "resent", side=side.name)
    _link_by_identifier(connection, links, pair)
    _link_by_person(connection, links, pair)
    quoting_a = [
        index for index, rule in enumerate(pair.rules) if rule.identifier and not side_a.own(rule.identifier[side_a.key])
    ]
    _create(connection, "links", "settled_links", quoting_a=quoting_a, one_rule=len(pair.identifier_rules) == 1)
    connection.execute("CREATE OR REPLACE TEMP TABLE contradictions (side VARCHAR, record BIGINT)").fetchall()
    if _any(connection, "FROM identifier_links WHERE person_says = 'contradicted'"):
        _create(connection, "contradictions", "contradictions", quoting_a=quoting_a)
    _note_cuts(connection, links, pair)
    _gather_events(connection, links)


def check_columns(side: Side, pair: PairEntry, of_feed: FeedLinksEntry) -> None:
    """Check that a feed has the columns that `links.yml` names for it.

    Raises ConfigurationError naming the rule, the column and the columns that there are; for a date, those that are dates.
    """
    named = [(f"pairs > {' and '.join(pair.between)} > {rule.name}", c[side.key]) for rule in pair.rules for c in rule.columns]
    dates = [
        (f"pairs > {' and '.join(pair.between)} > {rule.name} > dates", d[side.key]) for rule in pair.rules for d in rule.dates
    ]
    named += [(f"feeds > {side.key} > duplicates", name) for names in of_feed.duplicates for name in names]
    named += [(f"feeds > {side.key} > event", of_feed.event)] if of_feed.event else []
    for where, name in named:
        if name not in side.columns:
            raise ConfigurationError(
                f"sources/links.yml: {where}: {side.key} has no column {name!r}; it has {', '.join(side.columns)}."
            )
    for where, name in dates:
        if side.columns[name] not in ("DATE", "TIMESTAMP"):
            raise ConfigurationError(
                f"sources/links.yml: {where}: {name!r} of {side.key} is {side.columns[name]}; expected a date: "
                f"{', '.join(column for column, type_ in side.columns.items() if type_ in ('DATE', 'TIMESTAMP'))}."
            )


def _read_side(connection: duckdb.DuckDBPyConnection, links: LinksFile, pair: PairEntry, side: Side) -> None:
    of_feed, person = links.feeds.get(side.key, FeedLinksEntry()), pair.person_rule
    key = [identifier(name) for name in side.spec.traits.key]
    by_row = "submission_id || ' ' || coalesce(sheet || ' ', '') || 'row ' || row_number"
    connection.register(f"rollup_{side.name}_frame", side.rollup)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE rollup_{side.name} AS SELECT place, area_code FROM rollup_{side.name}_frame"
    ).fetchall()
    units = [side.unit(way) for way in side.ways]
    forms = {
        rule.identifier[side.key]: normalised(rule.identifier[side.key], str(rule.form))
        for rule in pair.identifier_rules
        if rule.identifier
    }
    _create(
        connection,
        f"records_{side.name}",
        "link_records",
        source=side.source,
        key=key,
        has_superseded=bool(key) and _any(connection, f"FROM ({side.source}) WHERE valid_to IS NOT NULL"),
        record_key=" || '/' || ".join(key) if key else by_row,
        identifiers=[forms[rule.identifier[side.key]] for rule in pair.identifier_rules if rule.identifier],
        # the texts of references as they were written, to tell what cannot be read from a blank
        references={
            place: rule.identifier[side.key]
            for place, rule in enumerate(pair.identifier_rules)
            if rule.identifier and not side.own(rule.identifier[side.key])
        },
        person=person.person[side.key] if person and person.person else None,
        dates=[columns[side.key] for columns in person.dates] if person else [],
        event=of_feed.event,
        duplicates=[[forms.get(name, identifier(name)) for name in names] for names in of_feed.duplicates],
        rollup=f"rollup_{side.name}",
        measures=[
            {
                "conditions": [f"({condition})" for condition in way.where],
                "date": side.spec.columns_with_role("date")[way.date],
                "area": side.spec.columns_with_role("area")[way.area],
                "unit": unit["column"] if unit["is_distinct"] else None,
            }
            for way, unit in zip(side.ways, units, strict=True)
        ],
    )
    # the place of a row in its table is its number: numbering rows in the query would read them one after the other
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW side_{side.name} AS SELECT rowid AS record, * FROM records_{side.name}"
    ).fetchall()


def _link_by_identifier(connection: duckdb.DuckDBPyConnection, links: LinksFile, pair: PairEntry) -> None:
    """`identifier_links`: every rule's links, each rule only for records that an earlier one has left alone on a side."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE identifier_links (rule INTEGER, record_a BIGINT, record_b BIGINT, is_single BOOLEAN,"
        " person_says VARCHAR)"
    ).fetchall()
    for place, rule in enumerate(pair.identifier_rules):
        query = read_sql(
            PACKAGE,
            "identifier_links",
            rule=pair.rules.index(rule),
            identifier=place,
            most_records=links.most_records,
            has_person=pair.person_rule is not None,
        )
        settled = "FROM identifier_links WHERE person_says = 'confirmed'"
        taken = f"record_a IN (SELECT record_a {settled}) AND record_b IN (SELECT record_b {settled})"
        rest = f" WHERE NOT ({taken})" if place else ""
        connection.execute(f"INSERT INTO identifier_links SELECT * FROM ({query}){rest}").fetchall()


def _link_by_person(connection: duckdb.DuckDBPyConnection, links: LinksFile, pair: PairEntry) -> None:
    rule = pair.person_rule
    if rule is None:
        for statement in (
            "crowds (person UBIGINT)",
            "person_links (rule INTEGER, record_a BIGINT, record_b BIGINT)",
            "kin_a (record BIGINT, kin UBIGINT, is_settled BOOLEAN)",
            "kin_b (record BIGINT, kin UBIGINT, is_settled BOOLEAN)",
        ):
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {statement}").fetchall()
        return
    _create(connection, "crowds", "person_crowds", most_records=links.most_records)
    dates = list(range(len(rule.dates)))
    for side in ("a", "b"):
        _create(connection, f"kin_{side}", "person_kin", side=side, dates=dates)
    _create(connection, "near", "person_near", windows=rule.windows)
    connection.execute("CREATE OR REPLACE TEMP TABLE person_links (rule INTEGER, record_a BIGINT, record_b BIGINT)").fetchall()
    # Each round links the records that are nearest to each other and takes them, with others of their incidents, out of
    # the rest: a person has few records, so there are few rounds.
    query = read_sql(PACKAGE, "person_links", rule=pair.rules.index(rule))
    while True:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE new_links AS {query}").fetchall()
        if connection.execute("SELECT count(*) FROM new_links").fetchall()[0][0] == 0:
            break
        connection.execute("INSERT INTO person_links FROM new_links").fetchall()
        for side in ("a", "b"):
            connection.execute(
                f"""
                UPDATE near SET is_free_{side} = false WHERE record_{side} IN (
                    SELECT record FROM kin_{side} SEMI JOIN (
                        SELECT kin FROM kin_{side} SEMI JOIN new_links ON record_{side} = record
                    ) USING (kin)
                )
                """
            ).fetchall()
    query = read_sql(PACKAGE, "person_courses", rule=pair.rules.index(rule), within_days=min(rule.windows))
    connection.execute(f"INSERT INTO person_links {query}").fetchall()


def _note_cuts(connection: duckdb.DuckDBPyConnection, links: LinksFile, pair: PairEntry) -> None:
    connection.execute("CREATE OR REPLACE TEMP TABLE cut_records (rule VARCHAR, side VARCHAR, record BIGINT)").fetchall()
    for place, rule in enumerate(pair.identifier_rules):
        query = read_sql(PACKAGE, "identifier_cuts", identifier=place, rule_name=rule.name, most_records=links.most_records)
        connection.execute(f"INSERT INTO cut_records {query}").fetchall()
    if pair.person_rule:
        for side in ("a", "b"):
            connection.execute(
                f"INSERT INTO cut_records SELECT ?, '{side}', record FROM side_{side} SEMI JOIN crowds USING (person)",
                [pair.person_rule.name],
            ).fetchall()
    for side in ("a", "b"):
        # a record that another rule has linked lacks nothing
        connection.execute(
            f"DELETE FROM cut_records WHERE side = '{side}' AND record IN (SELECT record_{side} FROM links)"
        ).fetchall()


def _gather_events(connection: duckdb.DuckDBPyConnection, links: LinksFile) -> None:
    """Connected sets of linked records: lone pairs at once, the rest by passing the least label on until none changes."""
    _create(connection, "edges", "event_edges", most_records=links.most_records)
    _label_components(connection)
    tangled = f"SELECT event FROM labels GROUP BY event HAVING count(*) > {MOST_TOGETHER}"
    if _any(connection, f"FROM ({tangled})"):
        _cut_tangles(connection, tangled)
        _create(connection, "edges", "event_edges", most_records=links.most_records)
        _label_components(connection)
    for side, offset in (("a", 0), ("b", 1)):
        lone = "s.record * 2" if side == "a" else "coalesce(l.record_a * 2, s.record * 2 + 1)"
        join = (
            "" if side == "a" else "LEFT JOIN (SELECT record_a, record_b FROM links WHERE is_single) l ON l.record_b = s.record"
        )
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE events_{side} AS SELECT s.record, coalesce(e.event, {lone}) AS event"
            f" FROM side_{side} s LEFT JOIN labels e ON e.node = s.record * 2 + {offset} {join}"
        ).fetchall()
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE members AS"
        " SELECT CASE node % 2 WHEN 0 THEN 'a' ELSE 'b' END AS side, node // 2 AS record, event FROM labels"
    ).fetchall()


def _label_components(connection: duckdb.DuckDBPyConnection) -> None:
    """`labels`: `node` and the least node of its connected set, `event`, from the table `edges`."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE neighbours AS"
        " SELECT node_a AS node, node_b AS other FROM edges UNION SELECT node_b, node_a FROM edges"
    ).fetchall()
    connection.execute("CREATE OR REPLACE TEMP TABLE labels AS SELECT DISTINCT node, node AS event FROM neighbours").fetchall()
    changed = True
    while changed:
        connection.execute(
            """
            CREATE OR REPLACE TEMP TABLE passed AS
            WITH least_of AS (
                SELECT n.node, least(min(own.event), min(other.event)) AS event
                FROM neighbours n JOIN labels own ON own.node = n.node JOIN labels other ON other.node = n.other
                GROUP BY n.node
            )
            -- a label leads to a label: following it makes long chains short
            SELECT l.node, least(l.event, onward.event) AS event FROM least_of l JOIN least_of onward ON onward.node = l.event
            """
        ).fetchall()
        difference = "SELECT count(*) FROM passed JOIN labels USING (node) WHERE passed.event <> labels.event"
        changed = connection.execute(difference).fetchall()[0][0] > 0
        connection.execute("CREATE OR REPLACE TEMP TABLE labels AS FROM passed").fetchall()


def _cut_tangles(connection: duckdb.DuckDBPyConnection, tangled: str) -> None:
    """Take away every link inside sets of records too large to be one event, and note the records."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE tangled AS SELECT node FROM labels WHERE event IN ({tangled})").fetchall()
    for side, offset in (("a", 0), ("b", 1)):
        connection.execute(
            f"INSERT INTO cut_records SELECT 'event', '{side}', node // 2 FROM tangled WHERE node % 2 = {offset}"
        ).fetchall()
    connection.execute("DELETE FROM links WHERE record_a * 2 IN (SELECT node FROM tangled)").fetchall()


def _any(connection: duckdb.DuckDBPyConnection, rows: str) -> bool:
    return bool(connection.execute(f"SELECT count(*) > 0 {rows}").fetchall()[0][0])


def _create(connection: duckdb.DuckDBPyConnection, table: str, query: str, **values: object) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {read_sql(PACKAGE, query, **values)}").fetchall()
