"""Comparing every feed's headline figures, and raising the conflicts that people have to settle."""

import re
from collections.abc import Mapping, Sequence

import duckdb
import pandas as pd
import pyarrow as pa

from csp_pipeline.agencies.responses import ANSWERS
from csp_pipeline.errors import ConfigurationError
from csp_pipeline.figures.coverage import read_all_receipts
from csp_pipeline.intake.receipts import Receipt
from csp_pipeline.lake import connect, register, sql_path, table_path, write_table
from csp_pipeline.partnership.configuration import ComparabilityEntry, ToleranceEntry
from csp_pipeline.partnership.measures import MeasureBook
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.partnership.periods import table_of_periods
from csp_pipeline.reconcile.declared import VERDICTS
from csp_pipeline.reconcile.declared_responses import STATE_RULES
from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql
from csp_pipeline.sql_text import quoted

PACKAGE = "csp_pipeline.reconcile"
# all that is said of a figure but its number, place and time, and the number that it is known by
KIND_COLUMNS = (
    "agency", "feed", "measure", "unit", "date_basis", "area_basis", "status", "coverage", "covered", "break_id",
)  # fmt: skip
TRAITS = f"hash({', '.join(KIND_COLUMNS)})"
# types of the texts that pairs of kinds bear
PAIR_WORDS = {
    "measure_name": ("measure",),
    "agency_name": ("agency_a", "agency_b"),
    "feed_name": ("feed_a", "feed_b"),
    "status_code": ("status_a", "status_b"),
    "comparability": ("comparability",),
    "reasons_given": ("reasons",),
    "rule_name": ("rule",),
    "pair_name": ("pair",),
}


def build_comparisons(settings: Settings, partnership: Partnership, book: MeasureBook) -> dict[str, int]:
    """Compare figures and write the lake's table `comparisons`; gives the number of rows of each verdict.

    Raises ConfigurationError when two feeds give one measure and no tolerance applies to them.
    """
    with connect(settings) as connection:
        view(connection, settings, "figures")
        prepare_judging(connection, partnership, book, "figures WHERE is_headline")
        # most sources suppress nothing, and then there are no intervals to carry along
        intervals = connection.execute("SELECT count(*) > 0 FROM figures WHERE is_headline AND value IS NULL").fetchall()[0][0]
        pairs = read_sql(PACKAGE, "pairs_of_figures", traits=TRAITS, has_intervals=intervals)
        query = read_sql(PACKAGE, "comparisons", pairs=pairs, has_intervals=intervals, over_time=False)
        write_table(connection, settings, "comparisons", query)
        view(connection, settings, "comparisons")
        counts = connection.execute("SELECT verdict, count(*) FROM comparisons GROUP BY ALL ORDER BY ALL").fetchall()
    return dict(counts)


def prepare_judging(
    connection: duckdb.DuckDBPyConnection, partnership: Partnership, book: MeasureBook, figures: str, *, over_time: bool = False
) -> None:
    """Make what the verdict on a pair of figures rests on: `kinds` of the figures (SQL from after FROM, with `period_start`),
    `kind_pairs`, `area_names` and `period_names`.

    Texts are ENUMs in them, in alphabetical order or that of days: joined, sorted and written as numbers, they are texts again
    for whoever reads what is written.
    """
    # what is written is sorted; what comes before may be made in any order, by all threads at once
    connection.execute("SET SESSION preserve_insertion_order = false").fetchall()
    _register_rules(connection, partnership, book)
    kinds = read_sql(PACKAGE, "figure_kinds", figures=figures, traits=TRAITS, columns=KIND_COLUMNS)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE kinds AS {kinds}").fetchall()
    # over time, that neither feed had sent anything is a stretch of the comparison's days
    pairs = read_sql(PACKAGE, "kind_pairs", also_neither=over_time)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE pairs AS {pairs}").fetchall()
    areas = area_slugs(partnership.areas).sort_values("area_code")
    periods = table_of_periods(partnership.years[0].start, partnership.years[-1].end).sort_values(["period_start", "period_end"])
    periods["slug"] = periods.period.str.replace(" ", "-").str.lower()
    _make_words(connection, {"verdict": VERDICTS, **_words_of_pairs(connection)})
    for name, column, frame in (("area", "area_code", areas), ("period", "period", periods)):
        _make_words(connection, {f"{name}_name": list(frame[column]), f"{name}_slug": sorted(set(frame.slug))})
        register(connection, f"{name}s_declared", frame[[column, "slug"]])
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {name}_names AS"
            f" SELECT CAST({column} AS {name}_name) AS {column}, CAST(slug AS {name}_slug) AS slug FROM {name}s_declared"
        ).fetchall()
    casts = ", ".join(f"CAST({name} AS {type_}) AS {name}" for type_, names in PAIR_WORDS.items() for name in names)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE kind_pairs AS SELECT * REPLACE ({casts}, CAST(settled AS verdict) AS settled) FROM pairs"
    ).fetchall()


def _words_of_pairs(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Every text that stands in the columns of each type of `PAIR_WORDS`, in alphabetical order."""
    pairs = connection.sql("FROM pairs").to_arrow_table()
    return {
        type_: sorted({word for name in names for word in pairs[name].unique().to_pylist() if word is not None})
        for type_, names in PAIR_WORDS.items()
    }


def _make_words(connection: duckdb.DuckDBPyConnection, words: Mapping[str, Sequence[str]]) -> None:
    """Make an ENUM of each type's words, in their order; an earlier one of the name goes."""
    for type_, ordered in words.items():
        # where there are none, as without figures, an ENUM still has to have a word
        listed = ", ".join(quoted(word) for word in ordered or [""])
        connection.execute(f"CREATE OR REPLACE TEMP TYPE {type_} AS ENUM ({listed})").fetchall()


def _register_rules(connection: duckdb.DuckDBPyConnection, partnership: Partnership, book: MeasureBook) -> None:
    """Register order of feeds, tolerances, differences, breaks."""
    register(connection, "feed_order", _feed_order(partnership))
    register(connection, "pair_rules", pair_rules(book))
    register(connection, "pair_differences", pair_differences(book))
    groups = {
        "break_id": pa.array([b.id for b in book.breaks], pa.string()),
        "comparable_within": pa.array([list(b.comparable_within) for b in book.breaks], pa.list_(pa.string())),
    }
    connection.register("break_groups", pa.table(groups))  # typed, so that no breaks at all will do


def build_discrepancies(settings: Settings, partnership: Partnership, book: MeasureBook) -> int:
    """Raise conflicts as discrepancies and write the lake's table `discrepancies`; gives the number of rows.

    Needs the bridges and the answers: the rules of `STATE_RULES` give each its state.
    """
    raised = partnership.file.discrepancies
    with connect(settings) as connection:
        for table in ("comparisons", "gap_history", "periods", "validity", "bridge_steps", "responses"):
            view(connection, settings, table)
        for name, frame in (
            ("areas", partnership.areas),
            ("measures", book.measures_table),
            ("agencies", partnership.agencies_table),
            ("feeds", partnership.feeds_table),
            ("pair_rules", pair_rules(book)),
            ("rejected_rows", rejected_rows(read_all_receipts(settings, partnership))),
        ):
            register(connection, name, frame)
        connection.execute(
            f"CREATE TEMP TABLE discrepancies AS {query_for_discrepancies()}",
            {"area_levels": raised.area_levels, "periods": raised.periods},
        ).fetchall()
        return write_table(connection, settings, "discrepancies", "FROM discrepancies ORDER BY discrepancy_id")


def rejected_rows(receipts: Mapping[str, list[Receipt]]) -> pd.DataFrame:
    """`submission_id`, `rows_rejected` of each file of which rows were rejected, from the receipts of each feed."""
    rejected = [(r.submission_id, r.rows_rejected) for found in receipts.values() for r in found if r.rows_rejected]
    columns = {"submission_id": "str", "rows_rejected": "int64"}
    return pd.DataFrame(rejected, columns=list(columns)).astype(columns)


def query_for_discrepancies() -> str:
    """The query that raises conflicts of `comparisons` and gives each its state by the tables of bridges and answers."""
    return read_sql(PACKAGE, "discrepancies", state_rules=STATE_RULES, as_worded=as_worded)


def as_worded(answer: str) -> str:
    """SQL for an answer in the words of the drop-down."""
    cases = " ".join(f"WHEN {quoted(ours)} THEN {quoted(theirs)}" for theirs, ours in ANSWERS.items())
    return f"CASE {answer} {cases} END"


def area_slugs(areas: pd.DataFrame) -> pd.DataFrame:
    """`area_code`, `slug`: a short readable name for ids; where two areas share one, the level is put behind it."""
    slugs = areas.area_name.map(lambda name: re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"))
    repeated = slugs.duplicated(keep=False) & (areas.area_level != "district")
    return pd.DataFrame({"area_code": areas.area_code, "slug": slugs.where(~repeated, slugs + "-" + areas.area_level)})


def pair_rules(book: MeasureBook) -> pd.DataFrame:
    """For each measure and ordered pair of its feeds, the first tolerance that applies.

    Columns `measure`, `feed_a`, `feed_b`, `tolerance`, `absolute`, `relative`.
    """
    rows = []
    for measure, feed_a, feed_b in _pairs(book):
        rule = next((rule for rule in book.tolerances if _tolerates(rule, measure, feed_a, feed_b)), None)
        if rule is None:
            raise ConfigurationError(
                f"sources/measures.yml: no tolerance applies to {measure} between {feed_a} and {feed_b}. Add one without "
                "`between` at the end of tolerances."
            )
        rows.append((measure, feed_a, feed_b, rule.name, rule.absolute, rule.relative))
    frame = pd.DataFrame(rows, columns=["measure", "feed_a", "feed_b", "tolerance", "absolute", "relative"])
    return frame.astype({"absolute": "float64", "relative": "float64"})


def pair_differences(book: MeasureBook) -> pd.DataFrame:
    """Declared differences in what two feeds count.

    Columns `measure`, `feed_a`, `feed_b`, `difference`, `declared` (comparability), `declared_reason`.
    """
    rows = []
    for measure, feed_a, feed_b in _pairs(book):
        found = [entry for entry in book.comparability if _differs(entry, measure, feed_a, feed_b)]
        if found:
            worst = min(found, key=lambda entry: entry.comparability != "not_comparable")
            rows.append(
                (
                    measure,
                    feed_a,
                    feed_b,
                    worst.name,
                    worst.comparability,
                    " ".join(e.reason.strip(". ") for e in found),
                )
            )
    columns = ["measure", "feed_a", "feed_b", "difference", "declared", "declared_reason"]
    return pd.DataFrame(rows, columns=columns).astype("str")


def _pairs(book: MeasureBook) -> list[tuple[str, str, str]]:
    """Every measure with every two of its feeds, both ways round: which stands first is the comparison's choice."""
    return [
        (name, first, second)
        for name, measure in book.measures.items()
        for first in measure.feeds
        for second in measure.feeds
        if first != second
    ]


def _tolerates(rule: ToleranceEntry, measure: str, feed_a: str, feed_b: str) -> bool:
    same_agency = feed_a.split("/")[0] == feed_b.split("/")[0]
    return (
        (rule.between is None or {feed_a, feed_b} <= set(rule.between))
        and (rule.measures is None or measure in rule.measures)
        and (rule.same_agency is None or rule.same_agency == same_agency)
    )


def _differs(entry: ComparabilityEntry, measure: str, feed_a: str, feed_b: str) -> bool:
    return {feed_a, feed_b} == set(entry.between) and (entry.measures is None or measure in entry.measures)


def _feed_order(partnership: Partnership) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "agency": [feed.agency for feed in partnership.feeds],
            "feed": [feed.name for feed in partnership.feeds],
            "feed_order": range(len(partnership.feeds)),
        }
    )


def view(connection: duckdb.DuckDBPyConnection, settings: Settings, table: str) -> None:
    """Make one of the lake's tables readable on a connection, under its name."""
    path = sql_path(table_path(settings, table))
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {table} AS SELECT * FROM read_parquet('{path}')").fetchall()
