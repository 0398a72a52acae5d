"""Probable links: records without a key that are like each other in date, place and codes, weighed with splink.

The model is Fellegi and Sunter's (A theory for record linkage, Journal of the American Statistical Association 64, 1969).
Only a rule by `alike` in `sources/links.yml` brings this module and splink (extra `probabilistic`) in.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd
from splink import DuckDBAPI, Linker

from csp_pipeline.partnership.links import RuleEntry
from csp_pipeline.partnership.links_alike import AlikeEntry
from csp_pipeline.reconcile.link_sides import PACKAGE, Side, create_table
from csp_pipeline.sql import read_sql

# what splink warns of (a level that no pair reaches) is for those who design a model by hand
logging.getLogger("splink").setLevel(logging.ERROR)

# Beyond this many pairs near enough to be compared, a rule says too little to link by.
MOST_CANDIDATES = 20_000_000
# Fewer pairs than this tell too little of what counterparts have in common; a rule with declared shares needs none.
LEAST_TO_LEARN_FROM = 1_000
# No share is 0 or 1: what was never seen may be.
LEAST_SHARE = 1e-9
# Significant digits kept of what was estimated, so that the order in which numbers are added cannot show in a link.
DIGITS = 6


@dataclass(frozen=True)
class _Column:
    """One column compared: its SQL for each level and how often a pair of any two records falls to it (`chances`).

    Candidates reach some level of a column that `is_required`: else it is the last one, of all the rest. `frequencies` are those
    of the values that are the same at the first level: to share a rare one says more.
    """

    entry: AlikeEntry
    names: list[str]
    levels: list[str]
    is_required: bool
    chances: list[float]
    frequencies: pd.DataFrame | None


def link_alike(connection: duckdb.DuckDBPyConnection, rule: RuleEntry, sides: tuple[Side, Side], most_records: int) -> None:
    """Link what the other rules have left over, where one record of each side is likely to be the other's only counterpart.

    Makes `alike_links` (`record_a`, `record_b`, `probability`) and `undecided` (`side`, `record`, `reason`): records like
    several others of the other side (`several_alike`), or all of them where there were `too_many_alike` to compare or the rule's
    shares were `not_estimated`. Needs the tables `side_a`, `side_b`, `links`, `contradictions` and `areas`.
    """
    entries = rule.alike or []
    for statement in (
        "alike_links (record_a BIGINT, record_b BIGINT, probability DOUBLE)",
        "undecided (side VARCHAR, record BIGINT, reason VARCHAR)",
    ):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {statement}").fetchall()
    first_date = next(place for place, entry in enumerate(entries) if entry.date is not None)
    first_place = next((place for place, entry in enumerate(entries) if entry.place is not None), None)
    _gather_records(connection, entries, sides, most_records, first_date, first_place)
    within = (entries[first_date].days or [0])[-1]
    least, candidates = _count_candidates(connection, within)
    if candidates == 0:
        return
    if candidates > MOST_CANDIDATES:
        _leave_undecided(connection, "too_many_alike")
        return
    required = {first_date, first_place}
    columns = [_read_column(connection, entry, place, place in required) for place, entry in enumerate(entries)]
    # no pair is likelier than that a record has a counterpart at all
    settings = _settings(columns, rule, within, (rule.prior or 0.5) * min(1, least / candidates))
    if any(entry.shares is None for entry in entries):
        if candidates >= LEAST_TO_LEARN_FROM:
            _learn(connection, settings, is_prior_given=rule.prior is not None)
        # more counterparts than records would be none
        if candidates < LEAST_TO_LEARN_FROM or settings["probability_two_random_records_match"] * candidates > least:
            _leave_undecided(connection, "not_estimated")
            return
    frequencies = {column.names[0]: column.frequencies for column in columns if column.frequencies is not None}
    with _opened(connection, settings, frequencies) as linker:
        predicted = linker.inference.predict()
        create_table(connection, "weighed", "alike_weighed", predicted=predicted.physical_name)
    connection.execute(
        "INSERT INTO alike_links SELECT record_a, record_b, probability FROM weighed WHERE probability >= ?", [rule.probability]
    ).fetchall()
    create_table(connection, "undecided", "alike_undecided", probability=rule.probability)


def _gather_records(
    connection: duckdb.DuckDBPyConnection,
    entries: list[AlikeEntry],
    sides: tuple[Side, Side],
    most_records: int,
    first_date: int,
    first_place: int | None,
) -> None:
    """`alike_a`, `alike_b`: the records left over that have a date and a place, under numbers that only their keys give."""
    levels = [] if first_place is None else entries[first_place].levels or []
    described = [
        {
            "name": side.name,
            "columns": [
                {"kind": _kind(entry), "place": place, "shared": entry.shared.get(side.key, {})}
                for place, entry in enumerate(entries)
            ],
        }
        for side in sides
    ]
    create_table(
        connection,
        "alike_records",
        "alike_records",
        sides=described,
        has_places=first_place is not None,
        first_date=f"date_{first_date}",
        widest_place=f"{levels[-1]}_{first_place}" if levels else None,
        most_records=most_records,
    )
    for side in sides:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE alike_{side.name} AS SELECT row_number() OVER (ORDER BY record_key) AS unique_id,"
            f" * EXCLUDE (side) FROM alike_records WHERE side = '{side.name}' ORDER BY record_key"
        ).fetchall()


def _count_candidates(connection: duckdb.DuckDBPyConnection, within: int) -> tuple[int, int]:
    """The incidents of the smaller side, and the pairs of records that are near enough to be compared."""
    least, candidates = connection.execute(
        f"""
        WITH
        of_a AS (SELECT place_and_day, count(*) AS records FROM alike_a GROUP BY ALL),
        of_b AS (SELECT place_and_day, count(*) AS records FROM alike_b GROUP BY ALL)
        SELECT
            least((SELECT count(DISTINCT incident) FROM alike_a), (SELECT count(DISTINCT incident) FROM alike_b)),
            coalesce(sum(a.records * b.records), 0)
        FROM of_a a JOIN of_b b ON a.place_and_day BETWEEN b.place_and_day - {within} AND b.place_and_day + {within}
        """
    ).fetchall()[0]
    return int(least), int(candidates)


def _leave_undecided(connection: duckdb.DuckDBPyConnection, reason: str) -> None:
    connection.execute("INSERT INTO undecided SELECT side, record, ? FROM alike_records", [reason]).fetchall()


def _kind(entry: AlikeEntry) -> str:
    return "date" if entry.date is not None else "place" if entry.place is not None else "code"


def _read_column(connection: duckdb.DuckDBPyConnection, entry: AlikeEntry, place: int, is_required: bool) -> _Column:
    """The SQL of a column's levels, and the chances of each, from all pairs and without a sample."""
    if entry.days is not None:
        names = [f"date_{place}"]
        levels = [f"abs(date_{place}_l - date_{place}_r) <= {days}" for days in entry.days]
    elif entry.levels is not None:
        names = list(dict.fromkeys([f"same_{place}", *(f"{level}_{place}" for level in entry.levels)]))
        levels = [f"{level}_{place}_l = {level}_{place}_r" for level in entry.levels]
    else:
        names, levels = [f"code_{place}"], [f"code_{place}_l = code_{place}_r"]
    counted = dict(connection.execute(read_sql(PACKAGE, "alike_levels", columns=names, levels=levels)).fetchall())
    pairs = [counted.get(level, 0.0) for level in range(len(levels) + 1)]
    frequencies = None
    if levels[0] == f"{names[0]}_l = {names[0]}_r":
        reached = sum(pairs[:-1]) / sum(pairs) if is_required else 1.0
        frequencies = connection.execute(read_sql(PACKAGE, "alike_frequencies", column=names[0], reached=reached)).df()
    return _Column(entry, names, levels, is_required, _shares(pairs, is_required), frequencies)


def _shares(weights: list[float], is_required: bool) -> list[float]:
    """Weights of each level and of the rest as shares of 1; of candidates there is no rest where a level is required."""
    kept = weights[:-1] if is_required else weights
    total = sum(kept) or 1.0
    shares = [_within(weight / total) for weight in kept]
    return [*shares, LEAST_SHARE] if is_required else shares


def _settings(columns: list[_Column], rule: RuleEntry, within: int, prior: float) -> dict[str, Any]:
    """The model in splink's words; where no shares are declared they start with the best level first, half of the rest next."""
    comparisons = []
    for place, column in enumerate(columns):
        starts = [0.5**level for level in range(1, len(column.levels) + 2)]
        declared = column.entry.shares
        given = _shares([*declared, 1 - sum(declared)] if declared else starts, column.is_required)
        blank = " OR ".join(f"{column.names[0]}_{end} IS NULL" for end in ("l", "r"))
        levels: list[dict[str, Any]] = [{"sql_condition": blank, "label_for_charts": "blank", "is_null_level": True}]
        levels += [
            {"sql_condition": sql, "label_for_charts": sql, "m_probability": share, "u_probability": chance}
            for sql, share, chance in zip([*column.levels, "ELSE"], given, column.chances, strict=True)
        ]
        if column.frequencies is not None:
            levels[1]["tf_adjustment_column"] = column.names[0]
        comparisons.append({"output_column_name": f"compared_{place}", "comparison_levels": levels})
    near = f"l.place_and_day BETWEEN r.place_and_day - {within} AND r.place_and_day + {within}"
    return {
        "link_type": "link_only",
        "unique_id_column_name": "unique_id",
        "probability_two_random_records_match": _within(prior),
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": [{"blocking_rule": near}],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
    }


@contextmanager
def _opened(
    connection: duckdb.DuckDBPyConnection, settings: dict[str, Any], frequencies: Mapping[str, pd.DataFrame]
) -> Iterator[Linker]:
    """A linker of both sides, with the frequencies of some columns' values; its tables are gone afterwards."""
    database = DuckDBAPI(connection=connection)
    names, aliases = ["alike_a", "alike_b"], ["side_a", "side_b"]
    registered: list[str] = []
    try:
        # settings that are made and not written need no look for slips
        linker = Linker(
            names, settings, database, set_up_basic_logging=False, input_table_aliases=aliases, validate_settings=False
        )
        for column, frequency in frequencies.items():
            registered.append(linker.table_management.register_term_frequency_lookup(frequency, column).physical_name)
        yield linker
    finally:
        database.delete_tables_created_by_splink_from_db()
        for name in registered:
            connection.unregister(name)


def _learn(connection: duckdb.DuckDBPyConnection, settings: dict[str, Any], *, is_prior_given: bool) -> None:
    """Put into the settings what counterparts have in common, and how many there are, by expectation-maximisation over all
    candidates. How alike two records are by chance has been counted and stays as it is."""
    with _opened(connection, settings, {}) as linker:
        linker.training.estimate_parameters_using_expectation_maximisation(
            settings["blocking_rules_to_generate_predictions"][0]["blocking_rule"],
            # over the few patterns of likeness, with no order that could matter
            estimate_without_term_frequencies=True,
            fix_probability_two_random_records_match=is_prior_given,
            populate_probability_two_random_records_match_from_trained_values=not is_prior_given,
        )
        learnt = linker.misc.save_model_to_json()
    for comparison, found in zip(settings["comparisons"], learnt["comparisons"], strict=True):
        pairs = zip(comparison["comparison_levels"], found["comparison_levels"], strict=True)
        for level, of_level in list(pairs)[1:]:
            level["m_probability"] = _within(of_level.get("m_probability") or 0)
    if not is_prior_given:
        settings["probability_two_random_records_match"] = _within(learnt["probability_two_random_records_match"])


def _within(share: float) -> float:
    """A share, rounded, that is neither 0 nor 1."""
    return min(max(float(f"{share:.{DIGITS}g}"), LEAST_SHARE), 1 - LEAST_SHARE)
