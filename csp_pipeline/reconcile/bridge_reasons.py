"""Why one side does not count a record: SQL over the records of a pair, which the query of a bridge is filled in with."""

import re
from typing import Any

import duckdb

from csp_pipeline.partnership.configuration import MeasureFeedEntry
from csp_pipeline.partnership.links import PairEntry, RuleEntry
from csp_pipeline.reconcile.link_sides import Side, any_row, unreadable
from csp_pipeline.sql_text import quoted


def differences_of(side: Side, way: MeasureFeedEntry, place: int, order: list[Any]) -> list[dict[str, str]]:
    """Why a record `o` of a side may not count in a comparison `g`: SQL tests with cause and detail, in declared order."""
    statuses = [name for name, role in side.spec.roles.items() if role == "status"]
    found = [
        {"cause": "later_vintage", "test": "NOT o.is_current", "detail": "'taken out by a later extract'"},
        {
            "cause": "geography",
            "test": "k.area_code IS NULL",
            "detail": f"CASE o.place_{place} WHEN 'unlocated' THEN 'no usable location' END",
        },
        {
            "cause": "reference_date",
            "test": f"coalesce(o.month_{place} NOT BETWEEN g.period_start AND g.period_end, true)",
            "detail": f"coalesce(strftime(o.month_{place}, '%Y-%m'), 'no date')",
        },
    ]
    for bit, condition in enumerate(way.where):
        of_status = any(re.search(rf"\b{re.escape(name)}\b", condition) for name in statuses)
        found.append(
            {
                "cause": "status" if of_status else "classification",
                "test": f"(o.failed_{place} & {1 << bit}) <> 0",
                "detail": quoted(condition),
            }
        )
    ranked = sorted(found, key=lambda difference: order.index(difference["cause"]))
    if side.is_person(way):
        ranked.append({"cause": "counting_unit", "test": f"o.unit_{place} IS NULL", "detail": "'no person to count'"})
    if side.rejected:
        # nothing else is known of a row that was rejected
        ranked = [difference | {"test": f"NOT o.is_rejected AND ({difference['test']})"} for difference in ranked]
        ranked.insert(0, {"cause": "rejected_row", "test": "o.is_rejected", "detail": "NULL"})
    return ranked


def _in_mismatched_month(connection: duckdb.DuckDBPyConnection, rule: RuleEntry, side: Side) -> str:
    """SQL that is true of a side's record of a month in which persons do not match, so that its person leads nowhere."""
    if not any_row(connection, f"FROM mismatched_months WHERE side = '{side.name}'"):
        return "false"
    months = f"SELECT month FROM mismatched_months WHERE side = '{side.name}'"
    return f"coalesce(date_trunc('month', date_{len(rule.dates) - 1}) IN ({months}), false)"


def known_of_unlinked(
    connection: duckdb.DuckDBPyConnection, side: Side, other: Side, pair: PairEntry, measure: int
) -> dict[str, str]:
    """SQL over a record `s` that nothing links: whether it quotes an identifier, or one that cannot be read, what it can be
    linked by, whether its month's persons do not match, and whether what it has leads to most of the other side's records, so
    that finding none says something."""
    quotes, unread = ["false"], ["false"]
    # what the records of each side can be linked by
    own: dict[str, str] = {}
    others: dict[str, str] = {}
    for place, rule in enumerate(pair.identifier_rules):
        column = f"identifier_{place}"
        # where no number leads anywhere, blanks say nothing
        found = f"FROM (FROM records_{side.name} SEMI JOIN records_{other.name} USING ({column}) LIMIT 1)"
        tells = rule.blank_is_unknown is not True and any_row(connection, found)
        for feed, tests in ((side, own), (other, others)):
            unknown = rule.unknown_blanks(feed.key) if tells else True
            is_told = f"is_unknown_{place} = false" if isinstance(unknown, str) else str(not unknown)
            tests[column] = f"({column} IS NOT NULL OR {is_told})"
        if rule.identifier and not side.own(rule.identifier[side.key]):
            quotes.append(f"s.{column} IS NOT NULL")
            unread.append(unreadable(f"s.text_{place}", f"s.{column}", tells=rule.unknown_blanks(side.key) is not True))
    is_mismatched = "false"
    if pair.person_rule:
        is_mismatched, of_other_side = (_in_mismatched_month(connection, pair.person_rule, feed) for feed in (side, other))
        own["person"], others["person"] = (f"(person IS NOT NULL AND NOT {month})" for month in (is_mismatched, of_other_side))
    bits, bits_of_other = (
        " + ".join(["0", *(f"CASE WHEN {test} THEN {1 << bit} ELSE 0 END" for bit, test in enumerate(tests.values()))])
        for tests in (own, others)
    )
    # of those that count; where none does, of all that are there, for any of them may be the counterpart
    of_other = connection.execute(
        f"SELECT {bits_of_other} AS bits, count(*) FROM records_{other.name} WHERE is_current AND (failed_{measure} = 0 OR NOT"
        f" EXISTS (FROM records_{other.name} WHERE is_current AND failed_{measure} = 0)) GROUP BY ALL"
    ).fetchall()
    every = sum(records for _, records in of_other)
    reached = [
        2 * sum(records for other_bits, records in of_other if other_bits & own_bits) >= every
        for own_bits in range(1 << len(own))
    ]
    return {
        "quotes": " OR ".join(quotes),
        "unreadable": " OR ".join(unread),
        "links_by": bits,
        "is_mismatched": is_mismatched,
        "reaches_most": f"{reached}[({bits}) + 1]",
    }
