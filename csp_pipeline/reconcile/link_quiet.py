"""Quiet pairs: records of two feeds that one join settles, so that linking and bridging need to look at the rest only.

Most records that tell of one event have one counterpart and count alike. Such a pair is a link, adds nothing to any gap, and no
other record depends on it. Where the two count differently the link is as sure, and only bridging has to look at them. So it is
with a record that nothing leads to another one. What is left for linking, with all that it may hang together with, is little.
"""

import duckdb

from csp_pipeline.partnership.links import PairEntry
from csp_pipeline.reconcile.link_sides import Side, any_row, confirming_dates, create_table, days_agree, has_quiet_pairs


def set_quiet_pairs_aside(connection: duckdb.DuckDBPyConnection, pair: PairEntry, sides: tuple[Side, Side]) -> None:
    """Make `joined` from `records_a` and `records_b`: `record_a`, `record_b`, one of them NULL for a record alone, their keys
    (`record_key_a`, `record_key_b`), and whether the pair `is_linked`, `is_known` and `is_quiet`.

    Known is what makes an event of its own. A pair is known when its identifier stands once on each side, both records name the
    same person, whom no record without such a link names, and neither shares its key, its incident or a unit that is counted
    distinct with another record; nor was either rejected. A lone record is known when nobody else has its identifier, its
    person or what else pairs may not share, and no rule by likeness may link it. Quiet is what is known and, moreover, counts
    in the same comparisons on both sides, or in none. Where not exactly one rule is by identifier (`has_quiet_pairs`), nothing
    is known.
    """
    if not has_quiet_pairs(pair):
        return
    create_table(
        connection,
        "joined",
        "quiet_joined",
        sides=[_note_shared_values(connection, side) for side in sides],
        measures=range(len(sides[0].ways)),
        has_person=pair.person_rule is not None,
        confirming=confirming_dates(0, pair.identifier_rules[0]),
        days_agree=days_agree(0, pair.identifier_rules[0]),
        knows_lone=pair.alike_rule is None,
    )


def add_known_links(connection: duckdb.DuckDBPyConnection, pair: PairEntry) -> None:
    """Add the pairs that are known and not quiet to `links`."""
    if has_quiet_pairs(pair):
        rule = pair.rules.index(pair.identifier_rules[0])
        known = f"SELECT {rule}, record_a, record_b, true FROM joined WHERE is_linked AND is_known AND NOT is_quiet"
        connection.execute(f"INSERT INTO links {known}").fetchall()


def _note_shared_values(connection: duckdb.DuckDBPyConnection, side: Side) -> dict[str, object]:
    """Find the values that several records of a side bear, of all columns that tie records together."""
    columns = ["identifier_0"]
    if any_row(connection, f"FROM records_{side.name} WHERE event_key IS NOT NULL"):
        # the hash of a blank is a number like others
        columns.append("CASE WHEN event_key IS NOT NULL THEN hash(event_key) END")
    # one file never holds a record twice: intake rejects such rows
    current = f"FROM records_{side.name} WHERE is_current"
    if any_row(connection, f"{current} AND submission_id <> (SELECT submission_id {current} LIMIT 1)"):
        columns.append("hash(record_key)")
    columns += sorted({f"unit_{place}" for place, way in enumerate(side.ways) if side.is_distinct(way)})
    for place, column in enumerate(columns):
        create_table(connection, f"shared_{side.name}_{place}", "quiet_shared", side=side.name, column=column)
    return {"name": side.name, "columns": columns, "has_rejected": side.rejected is not None}
