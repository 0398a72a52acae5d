"""Checking claims: the figures they ask for, the computation they declare, and the verdict in words."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import duckdb
import pandas as pd

from csp_pipeline.lake import connect, register, sql_path, table_path, write_table
from csp_pipeline.partnership.claims import PREFERRED, Claim, load_claims
from csp_pipeline.partnership.measures import MeasureBook
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.reconcile.change_tests import TESTED, judge_changes
from csp_pipeline.reconcile.computations import FUNCTIONS, Evidence, Outcome, write_number, write_stated
from csp_pipeline.reconcile.declared_claims import ClaimFigures, Claims
from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql
from csp_pipeline.tables import Table, specs_of

PACKAGE = "csp_pipeline.reconcile"
CHANCE = 0.05


class Asked(NamedTuple):
    """A figure that a claim asks for: row of `claim_figures.sql`."""

    claim: str
    feed_order: int
    agency: str
    feed: str
    slot: int
    measure: str
    area_code: str
    period: str
    value: float | None
    unit: str | None
    status: str
    coverage: float
    break_id: str | None
    preferred_by: str | None


class Compared(NamedTuple):
    """A comparison between two of a claim's feeds."""

    claim: str
    verdict: str
    gap: float | None
    rule: str


class Words(NamedTuple):
    """The words for measures and areas, for breaks, and for feeds by `agency/feed`."""

    names: Mapping[str, str]
    breaks: Mapping[str, str]
    feeds: Mapping[str, str] = {}


def build_claims(settings: Settings, partnership: Partnership, book: MeasureBook) -> dict[str, int]:
    """Check every claim of `claims.yml` and write the lake's tables `claims` and `claim_figures`.

    Needs the lake's `figures` and `comparisons`. Gives the number of claims of each verdict. Raises ConfigurationError
    when a claim names what does not exist.
    """
    claims = load_claims(partnership, book)
    names = dict(zip(partnership.areas.area_code, partnership.areas.area_name, strict=True))
    names |= {name: measure.title for name, measure in book.measures.items()}
    agencies = partnership.file.agencies
    feeds = {feed.key: f"{agencies[feed.agency].name}, {feed.entry.title} ({feed.key})" for feed in partnership.feeds}
    words = Words(names, {entry.id: entry.title for entry in book.breaks}, feeds)
    with connect(settings) as connection:
        for table in ("figures", "comparisons"):
            path = sql_path(table_path(settings, table))
            connection.execute(f"CREATE TEMP VIEW {table} AS SELECT * FROM read_parquet('{path}')").fetchall()
        figures = find_figures(connection, partnership, book, claims)
        p_values = find_p_values(connection)
        rows = judge_claims(claims, figures, find_comparisons(connection, claims), p_values, words)
        register(connection, "judged", pd.DataFrame(rows, columns=list(Claims.to_schema().columns)))
        _write(connection, settings, "claims", Claims, "judged")
        _write(connection, settings, "claim_figures", ClaimFigures, "claim_figures")
    verdicts = sorted(str(row["verdict"]) for row in rows)
    return {verdict: len(list(same)) for verdict, same in itertools.groupby(verdicts)}


def find_figures(
    connection: duckdb.DuckDBPyConnection, partnership: Partnership, book: MeasureBook, claims: Sequence[Claim]
) -> list[Asked]:
    """Every figure that the claims ask for, in their order, whether there is one or not; left as table `claim_figures`."""
    columns = ["claim", "claim_order", "feed_order", "agency", "feed", "slot", "measure", "area_code"]
    columns += ["period", "period_kind", "period_start", "first_day", "last_day", "by_preference"]
    types = dict.fromkeys(("claim", "agency", "feed", "measure", "area_code", "period", "period_kind"), "str")
    types |= dict.fromkeys(("period_start", "first_day", "last_day"), "datetime64[s]")
    types |= dict.fromkeys(("claim_order", "feed_order", "slot", "position"), "int64") | {"by_preference": "bool"}
    asked = pd.DataFrame(_needed(claims, book), columns=columns)
    asked = asked.assign(position=range(len(asked))).astype(types)
    for name, frame in (
        ("asked", asked),
        ("areas", partnership.areas),
        ("populations", partnership.populations),
        ("breaks", book.breaks_table),
    ):
        register(connection, name, frame)
    connection.execute(f"CREATE TEMP TABLE needed AS {read_sql(PACKAGE, 'claim_feeds')}").fetchall()
    query = read_sql(PACKAGE, "claim_figures", area_years=read_sql(PACKAGE, "area_years"))
    connection.execute(f"CREATE TEMP TABLE claim_figures AS {query}").fetchall()
    found = connection.execute(f"SELECT {', '.join(Asked._fields)} FROM claim_figures ORDER BY rowid").fetchall()
    return [Asked(*row) for row in found]


def _needed(claims: Sequence[Claim], book: MeasureBook) -> Iterator[tuple[Any, ...]]:
    """One row for each figure: claim, feed, period of the claim, measure, area, and each period of a run.

    The feed of a preferred figure is the first that gives the measure, until it is known which is preferred.
    """
    for order, claim in enumerate(claims):
        if not claim.slots:
            continue
        first, last = min(slot[0].start for slot in claim.slots), max(slot[-1].end for slot in claim.slots)
        periods = [(number, period) for number, slot in enumerate(claim.slots) for period in slot]
        every = itertools.product(enumerate(claim.asked_feeds), periods, claim.every_measure, claim.areas)
        for (feed_order, key), (number, period), measure, area in every:
            by_preference = key == PREFERRED
            feed = next(iter(book.measures[measure].feeds)) if by_preference else key
            place = (claim.name, order, feed_order, *feed.split("/"), number, measure, area)
            yield (*place, period.label, period.kind, period.start, first, last, by_preference)


def find_p_values(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, int], float]:
    """The p-value of the change from a claim's first to its last period, for each feed, where it can be tested.

    Needs the table that `find_figures` leaves. Keys are the claim and the place of the feed among its feeds.
    """
    pairs = connection.execute(read_sql(PACKAGE, "claim_changes")).df()
    tested = judge_changes(pairs[[*TESTED, "unit", "reason"]])
    keys = zip(pairs.claim, pairs.feed_order, strict=True)
    return {(str(claim), int(order)): float(p) for (claim, order), p in zip(keys, tested.p_value, strict=True) if p == p}


def find_comparisons(connection: duckdb.DuckDBPyConnection, claims: Sequence[Claim]) -> list[Compared]:
    """The comparisons between the feeds of each claim that asks for them."""
    asked = [
        (claim.name, claim.entry.measures[0], claim.areas[0], claim.slots[0][0].label, key)
        for claim in claims
        if claim.entry.compute == "conflict"
        for key in claim.entry.feeds
    ]
    columns = ["claim", "measure", "area_code", "period", "feed_key"]
    register(connection, "asked", pd.DataFrame(asked, columns=columns).astype("str"))
    query = """
        SELECT a.claim, c.verdict, c.gap, c.rule
        FROM comparisons c
        JOIN asked a ON a.feed_key = c.agency_a || '/' || c.feed_a
        JOIN asked b ON b.feed_key = c.agency_b || '/' || c.feed_b AND b.claim = a.claim
        WHERE c.measure = a.measure AND c.area_code = a.area_code AND c.period = a.period
        ORDER BY a.claim, c.comparison_id
    """
    return [Compared(*row) for row in connection.execute(query).fetchall()]


def judge_claims(
    claims: Sequence[Claim],
    figures: Sequence[Asked],
    compared: Sequence[Compared],
    p_values: Mapping[tuple[str, int], float],
    words: Words,
) -> list[dict[str, Any]]:
    """One row of `Claims` for each claim, from what `find_figures`, `find_comparisons` and `find_p_values` gave."""
    by_feed = {key: list(rows) for key, rows in itertools.groupby(figures, lambda row: (row.claim, row.feed_order))}
    by_claim = {name: list(rows) for name, rows in itertools.groupby(compared, lambda row: row.claim)}
    judged = []
    for claim in claims:
        entry = claim.entry
        row: dict[str, Any] = {
            "claim": claim.name,
            "statement": entry.statement,
            "source": entry.source,
            "reading": entry.reading.strip() or None,
            "computation": entry.compute,
            "stated": write_stated(claim, words.names),
            "measures": list(claim.every_measure),
            "area_codes": list(claim.areas),
            "periods": list(entry.periods),
            "other_feeds": [],
        }
        if entry.compute is None:
            judged.append(row | {"verdict": "not_testable", "rule": "no_figures", "sentence": str(entry.not_testable).strip()})
            continue
        # a conflict is between the feeds, so that they are judged together
        orders = range(1) if entry.compute == "conflict" else range(len(claim.asked_feeds))
        lead, *others = (
            _judge(claim, by_feed[claim.name, order], by_claim.get(claim.name, []), p_values.get((claim.name, order)), words)
            for order in orders
        )
        decides = by_feed[claim.name, 0]
        row["agency"], row["feed"], row["preferred_by"] = decides[0].agency, decides[0].feed, decides[0].preferred_by
        row["other_feeds"] = [
            f"{key}: {other['verdict']}. {other['sentence']}"
            for key, other in zip(claim.asked_feeds[1:], others, strict=False)
            if other["verdict"] != lead["verdict"] or other["computed"] != lead["computed"]
        ]
        if entry.from_:
            lead["sentence"] += _say_whose(decides, words)
        judged.append(row | lead)
    return judged


def _judge(claim: Claim, figures: list[Asked], compared: list[Compared], p_value: float | None, words: Words) -> dict[str, Any]:
    """One claim by one feed's figures: verdict, computed, unit, p_value, within_chance, rule and sentence."""
    entry = claim.entry
    nothing = {"computed": None, "unit": None, "p_value": None, "within_chance": None}
    crossed = next((row.break_id for row in figures if row.break_id), None)
    if crossed and not entry.across_break:
        told = f"Between the figures lies a break: {words.breaks[crossed]}. {_list_figures(figures, words)}"
        return nothing | {"verdict": "not_comparable", "rule": crossed, "sentence": told}
    if entry.compute == "conflict":
        if compared and all(row.verdict == "not_comparable" for row in compared):
            title, rule = words.names[entry.measures[0]], compared[0].rule
            told = f"{title} in {entry.periods[0]}: the feeds' figures may not be compared ({rule})."
            return nothing | {"verdict": "not_comparable", "rule": rule, "sentence": told}
    elif lack := _find_lack(figures, words):
        return nothing | {"verdict": "not_testable", "rule": lack[0], "sentence": lack[1]}
    if crossed:  # figures of both sides of a break are set beside each other, but no test of chance means anything
        p_value = None
    outcome = FUNCTIONS[str(entry.compute)](_evidence(claim, figures, compared, p_value, words))
    return {
        "computed": outcome.computed,
        "unit": outcome.unit,
        "p_value": p_value,
        "within_chance": None if p_value is None else p_value >= CHANCE,
        "verdict": "not_testable" if outcome.holds is None else "supported" if outcome.holds else "contradicted",
        "rule": "cannot_be_computed" if outcome.holds is None else entry.tolerance or entry.compute,
        "sentence": _write_sentence(claim, outcome, p_value, words.breaks.get(crossed or ""), words),
    }


def _evidence(claim: Claim, figures: list[Asked], compared: list[Compared], p_value: float | None, words: Words) -> Evidence:
    values: list[dict[tuple[str, str], float]] = [{} for _ in claim.slots]
    for row in figures:
        key = row.measure, row.area_code
        values[row.slot][key] = values[row.slot].get(key, 0) + (row.value or 0)
    return Evidence(
        claim=claim,
        values=tuple(values),
        days=tuple((slot[-1].end - slot[0].start).days + 1 for slot in claim.slots),
        unit=next((row.unit for row in figures if row.unit), ""),
        names=words.names,
        p_value=p_value,
        conflicts=tuple(row.gap or 0 for row in compared if row.verdict == "conflict"),
        compared=sum(row.verdict not in ("missing", "not_comparable") for row in compared),
    )


def _find_lack(figures: list[Asked], words: Words) -> tuple[str, str] | None:
    """The first figure that is suppressed, missing or incomplete: a rule, and the reason in words."""
    for row in figures:
        rule, reason = (
            ("suppressed", "is suppressed by its publisher")
            if row.status == "Q"
            else ("missing", "has no figure")
            if row.value is None
            else ("incomplete_period", "is not covered whole")
            if row.coverage < 1
            else ("", "")
        )
        if rule:
            place = f"{words.names[row.measure]} in {words.names[row.area_code]}, {row.period},"
            return rule, f"{place} {reason} from {row.agency}/{row.feed}."
    return None


def _say_whose(figures: list[Asked], words: Words) -> str:
    """Whose figures were preferred, and by which rule."""
    chosen = dict.fromkeys((f"{row.agency}/{row.feed}", row.preferred_by) for row in figures if row.preferred_by)
    told = "; ".join(f"those of {words.feeds[key]}, by the rule {rule}" for key, rule in chosen)
    return f" The preferred figures are {told}." if told else " No figure is preferred, as there is none."


def _list_figures(figures: list[Asked], words: Words) -> str:
    told = [f"{words.names[row.measure]} {write_number(row.value)} in {row.period}" for row in figures if row.value is not None]
    return (", ".join(told) + ".") if told else "There are no figures either."


def _write_sentence(claim: Claim, outcome: Outcome, p_value: float | None, crossed: str | None, words: Words) -> str:
    stated = "" if claim.entry.stated is None else f"; stated: {write_stated(claim, words.names, outcome.unit)}"
    sentence = f"{outcome.words}{stated}."
    if p_value is not None:
        shown = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"
        sentence += f" The change is {'within' if p_value >= CHANCE else 'beyond'} chance ({shown})."
    return sentence + (f" A break lies between: {crossed}." if crossed else "")


def _write(connection: duckdb.DuckDBPyConnection, settings: Settings, table: str, model: type[Table], source: str) -> None:
    """Write a table with its declared types, which an empty one or one of empty lists would not show."""
    columns = ", ".join(f"CAST({spec.name} AS {spec.type}) AS {spec.name}" for spec in specs_of(model))
    write_table(connection, settings, table, f"SELECT {columns} FROM {source}")
