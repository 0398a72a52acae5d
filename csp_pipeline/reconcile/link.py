"""Linking the records of two feeds that tell of one event: by identifier, then by person and date, in the declared order."""

from collections.abc import Callable

import duckdb

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.partnership.links import FeedLinksEntry, LinksFile, PairEntry
from csp_pipeline.reconcile.link_quiet import add_known_links, set_quiet_pairs_aside
from csp_pipeline.reconcile.link_sides import (
    MACROS,
    PACKAGE,
    Side,
    any_row,
    check_columns,
    check_conditions,
    confirming_dates,
    create_table,
    days_agree,
    days_of_persons,
    first_days_apart,
    has_quiet_pairs,
    no_day_agrees,
    open_side,
    read_side,
)
from csp_pipeline.sql import read_sql

# More records than this in one event are a tangle of links, not an event.
MOST_TOGETHER = 500


def link_pair(connection: duckdb.DuckDBPyConnection, links: LinksFile, pair: PairEntry, side_a: Side, side_b: Side) -> None:
    """Link the records of two feeds, leaving these temporary tables on the connection.

    `records_a`, `records_b`: each feed's records; `joined` tells which pairs of them are linked and need no further look. Of all
    others, `side_a`, `side_b`: the records under a number of their own, even ones on side a and odd ones on side b. `links`:
    `rule` (place in the declared order), `record_a`, `record_b`. `cut_records`: records whose identifier or person too many
    share. `contradictions`: records whose identifier and person say different things; `mismatched`: those of them whose month's
    identifiers nearly all do, and `mismatched_months` (`side`, `month`) these months. `resent_a`, `resent_b`: records that
    stand in several current files. `events`: each record's event; `labels`: the records of events of more than one link, and
    these events. Needs the tables `compared` (`measure`, place in the pair's measures; `area_code`, `period`) and `periods`.
    A rule by likeness adds to `links`, leaves `alike_links` and `undecided` (see `link_alike`) and needs the table `areas`.
    Raises ConfigurationError for a column that a feed does not have, and for a rule by likeness where splink is missing.
    """
    for side in (side_a, side_b):
        check_columns(side, pair, links.feeds.get(side.key, FeedLinksEntry()))
        check_conditions(connection, side, pair)
    link_alike = _import_link_alike(pair) if pair.alike_rule else None
    for statement in MACROS:
        connection.execute(statement).fetchall()
    measures = list(range(len(side_a.ways)))
    create_table(connection, "compared_months", "link_months", measures=measures)
    for side in (side_a, side_b):
        read_side(connection, links, pair, side)
    set_quiet_pairs_aside(connection, pair, (side_a, side_b))
    for side in (side_a, side_b):
        open_side(connection, links, pair, side)
        create_table(connection, f"resent_{side.name}", "resent", side=side.name, measures=measures)
    _link_by_identifier(connection, links, pair)
    _link_by_person(connection, links, pair)
    quoting_a = [
        index for index, rule in enumerate(pair.rules) if rule.identifier and not side_a.own(rule.identifier[side_a.key])
    ]
    create_table(connection, "links", "settled_links", quoting_a=quoting_a, one_rule=len(pair.identifier_rules) == 1)
    for table in ("contradictions (record BIGINT)", "mismatched (record BIGINT)", "mismatched_months (side VARCHAR, month DATE)"):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {table}").fetchall()
    if any_row(connection, "FROM identifier_links WHERE says IN ('contradicted', 'apart')"):
        create_table(connection, "contradictions", "contradictions", quoting_a=quoting_a)
        if pair.person_rule:
            # the last of the dates, by which records come in, is hardly ever blank
            last = len(pair.person_rule.dates) - 1
            create_table(connection, "judged_persons", "person_judged", date=last, has_quiet=has_quiet_pairs(pair))
            create_table(connection, "mismatched_months", "mismatched_months")
            create_table(connection, "mismatched", "person_mismatches")
    if link_alike and pair.alike_rule:
        link_alike(connection, pair.alike_rule, (side_a, side_b), links.most_records)
        connection.execute(
            f"INSERT INTO links SELECT {pair.rules.index(pair.alike_rule)}, record_a, record_b, false FROM alike_links"
        ).fetchall()
    _note_cuts(connection, links, pair)
    add_known_links(connection, pair)
    _gather_events(connection, links, measures)


def _import_link_alike(pair: PairEntry) -> Callable[..., None]:
    """The function that links by likeness; it and splink are read in only where a rule asks for it."""
    try:
        from csp_pipeline.reconcile.link_alike import link_alike
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "csp_pipeline":
            raise
        rule = pair.alike_rule.name if pair.alike_rule else ""
        raise ConfigurationError(
            f"sources/links.yml: pairs > {' and '.join(pair.between)} > {rule}: a rule by `alike` needs splink, and"
            f" {error.name} is not installed. Install it with: pip install csp-pipeline[probabilistic]; or take the rule out."
        ) from error
    return link_alike


def _link_by_identifier(connection: duckdb.DuckDBPyConnection, links: LinksFile, pair: PairEntry) -> None:
    """`identifier_links`: every rule's links, each rule only for records that an earlier one has left alone on a side."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE identifier_links (rule INTEGER, record_a BIGINT, record_b BIGINT, is_single BOOLEAN,"
        " says VARCHAR)"
    ).fetchall()
    person = pair.person_rule
    for place, rule in enumerate(pair.identifier_rules):
        query = read_sql(
            PACKAGE,
            "identifier_links",
            rule=pair.rules.index(rule),
            identifier=place,
            most_records=links.most_records,
            has_person=person is not None,
            dates=days_of_persons(person) if person else confirming_dates(place, rule),
            is_apart=no_day_agrees(person) if person else f"NOT {days_agree(place, rule)}",
        )
        settled = "FROM identifier_links WHERE says = 'confirmed'"
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
    create_table(connection, "asked_persons", "person_asked")
    create_table(connection, "crowds", "person_crowds", most_records=links.most_records)
    dates = list(range(len(rule.dates)))
    first_days = first_days_apart(rule)
    _confirm_by_days(connection, first_days)
    for side in ("a", "b"):
        create_table(connection, f"kin_{side}", "person_kin", side=side, dates=dates)
    create_table(connection, "near", "person_near", windows=rule.windows, first_days=first_days)
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


def _confirm_by_days(connection: duckdb.DuckDBPyConnection, first_days: str) -> None:
    """Take a link by identifier that no person confirms for sure where neither record's own person has anything nearer."""
    if not any_row(connection, "FROM identifier_links WHERE says = 'unconfirmed'"):
        return
    create_table(connection, "nearest_by_identifier", "identifier_nearest", first_days=first_days)
    connection.execute(
        "UPDATE identifier_links SET says = 'confirmed' FROM nearest_by_identifier n"
        " WHERE identifier_links.record_a = n.record_a AND identifier_links.record_b = n.record_b AND says = 'unconfirmed'"
    ).fetchall()


def _note_cuts(connection: duckdb.DuckDBPyConnection, links: LinksFile, pair: PairEntry) -> None:
    connection.execute("CREATE OR REPLACE TEMP TABLE cut_records (rule VARCHAR, side VARCHAR, record BIGINT)").fetchall()
    for place, rule in enumerate(pair.identifier_rules):
        query = read_sql(PACKAGE, "identifier_cuts", identifier=place, rule_name=rule.name, most_records=links.most_records)
        connection.execute(f"INSERT INTO cut_records {query}").fetchall()
    if pair.person_rule:
        for side in ("a", "b"):
            connection.execute(
                f"INSERT INTO cut_records SELECT ?, '{side}', record FROM open_{side} SEMI JOIN crowds USING (person)",
                [pair.person_rule.name],
            ).fetchall()
    for side in ("a", "b"):
        # a record that another rule has linked lacks nothing
        connection.execute(
            f"DELETE FROM cut_records WHERE side = '{side}' AND record IN (SELECT record_{side} FROM links)"
        ).fetchall()


def _gather_events(connection: duckdb.DuckDBPyConnection, links: LinksFile, measures: list[int]) -> None:
    """Connected sets of linked records: lone pairs at once, the rest by passing the least label on until none changes."""
    told_by = ["person", *(f"month_{measure}" for measure in measures)]
    create_table(connection, "edges", "event_edges", most_records=links.most_records, told_by=told_by)
    _label_components(connection)
    tangled = f"SELECT event FROM labels GROUP BY event HAVING count(*) > {MOST_TOGETHER}"
    if any_row(connection, f"FROM ({tangled})"):
        _cut_tangles(connection, tangled)
        create_table(connection, "edges", "event_edges", most_records=links.most_records, told_by=told_by)
        _label_components(connection)
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE events AS
        WITH records AS (SELECT record FROM side_a UNION ALL SELECT record FROM side_b)
        SELECT r.record, coalesce(e.event, l.record_a, r.record) AS event
        FROM records r
        LEFT JOIN labels e USING (record)
        LEFT JOIN links l ON l.is_single AND l.record_b = r.record
        """
    ).fetchall()


def _label_components(connection: duckdb.DuckDBPyConnection) -> None:
    """`labels`: `record` and the least record of its connected set, `event`, from the table `edges`."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE neighbours AS SELECT record, other FROM edges UNION SELECT other, record FROM edges"
    ).fetchall()
    own = "SELECT DISTINCT record, record AS event FROM neighbours"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE labels AS {own}").fetchall()
    changed = True
    while changed:
        connection.execute(
            """
            CREATE OR REPLACE TEMP TABLE passed AS
            WITH least_of AS (
                SELECT n.record, least(min(own.event), min(other.event)) AS event
                FROM neighbours n JOIN labels own ON own.record = n.record JOIN labels other ON other.record = n.other
                GROUP BY n.record
            )
            -- a label leads to a label: following it makes long chains short
            SELECT l.record, least(l.event, onward.event) AS event FROM least_of l JOIN least_of onward ON onward.record = l.event
            """
        ).fetchall()
        difference = "SELECT count(*) FROM passed JOIN labels USING (record) WHERE passed.event <> labels.event"
        changed = connection.execute(difference).fetchall()[0][0] > 0
        connection.execute("CREATE OR REPLACE TEMP TABLE labels AS FROM passed").fetchall()


def _cut_tangles(connection: duckdb.DuckDBPyConnection, tangled: str) -> None:
    """Take away every link inside sets of records too large to be one event, and note the records."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE tangled AS SELECT record FROM labels WHERE event IN ({tangled})").fetchall()
    connection.execute(
        "INSERT INTO cut_records SELECT 'event', CASE record % 2 WHEN 0 THEN 'a' ELSE 'b' END, record FROM tangled"
    ).fetchall()
    connection.execute("DELETE FROM links WHERE record_a IN (FROM tangled)").fetchall()
