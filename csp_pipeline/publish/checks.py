"""Checks of figures, comparisons and the published warehouse, each made from the files as they lie: they can fail."""

from collections.abc import Mapping
from typing import Any

from csp_pipeline.figures.breaks import LEAST_STRENGTH
from csp_pipeline.figures.count import ways_published
from csp_pipeline.lake import connect, read_database, sql_path, table_path
from csp_pipeline.partnership.measures import MeasureBook
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql
from csp_pipeline.sql_text import identifier, quoted
from csp_pipeline.tables import FeedSpec

COMPARED = {
    "figures": "value",
    "changes": "change",
    "figure_vintages": "value",
    "comparisons": "gap",
    "gap_history": "gap",
    "discrepancies": "gap",
    "definition_variants": "misfit",
    "change_tests": "change",
    "claims": "computed",
}


def read_rows(settings: Settings, table: str, query: str, **values: Any) -> list[tuple[Any, ...]]:
    """Rows of a query over one of the lake's tables, which it names as `$table`."""
    with connect(settings) as connection:
        return connection.execute(query, {"table": str(table_path(settings, table)), **values}).fetchall()


def count_parts_beyond_whole(settings: Settings) -> int:
    """Figures that are larger than the same figure of the district, force, quarter or year that they lie in."""
    return _count_wrong(settings, "parts_beyond_whole", "figures")


def count_without_one_preferred(settings: Settings) -> int:
    """Measures of an area and period that have figures, but none or several of them preferred."""
    return _count_wrong(settings, "without_one_preferred", "figures")


def count_vintages_unlike_figures(settings: Settings) -> int:
    """Headline figures whose latest vintage is another, and vintages that do not follow each other or whose reasons do
    not add up to the change.
    """
    return _count_wrong(settings, "vintages_unlike_figures", "figures", "figure_vintages")


def count_histories_unlike_comparisons(settings: Settings) -> int:
    """Comparisons whose latest gap or verdict in `gap_history` is another, and conflicts without a history."""
    return _count_wrong(settings, "histories_unlike_comparisons", "comparisons", "gap_history", "figure_vintages")


def count_unfounded_suggestions(settings: Settings, declared: list[str]) -> int:
    """Suggested breaks without a month of their series or no stronger than noise, and breaks that nobody declared but that
    figures carry all the same.
    """
    values = {"declared": declared, "least": LEAST_STRENGTH / 2}
    return _count_wrong(settings, "unfounded_suggestions", "figures", "break_suggestions", **values)


def count_wrong_gaps(settings: Settings) -> int:
    """Comparisons whose gap is not value_b - value_a."""
    query = "SELECT count(*) FROM read_parquet($table) WHERE gap IS DISTINCT FROM value_b - value_a"
    return int(read_rows(settings, "comparisons", query)[0][0])


def count_wrong_bridges(settings: Settings) -> int:
    """Bridges whose steps do not add up to the gap of their comparison, or whose records do not add up to its steps."""
    return _count_wrong(settings, "wrong_bridges", "comparisons", "bridge_steps", "bridge_records")


def count_wrong_recounts(settings: Settings) -> int:
    """Figures that a definition search counts otherwise, under the headline definition, than the figures say."""
    return _count_wrong(settings, "wrong_recounts", "figures", "definition_searches", "definition_figures")


def count_wrong_verdicts(settings: Settings) -> int:
    """Tested changes whose verdict and interval contradict each other, and changes that should stand here and do not.

    A rise has an interval of the ratio above 1, a fall one below 1, and a change within chance one that holds 1.
    """
    return _count_wrong(settings, "wrong_verdicts", "changes", "change_tests", "periods")


def list_unfounded_claims(settings: Settings) -> list[str]:
    """Claims whose verdict does not rest on the figures as they are: one with a figure that is not that of `figures`, one
    borne out or contradicted by none, one not comparable without a break or comparison that says so.
    """
    return [name for (name,) in _ask(settings, "unfounded_claims", "claims", "claim_figures", "figures")]


def compare_with_lake(settings: Settings) -> list[str]:
    """What the published warehouse holds otherwise than the lake: rows and sums, table by table; empty when alike."""
    differences = []
    with read_database(settings) as database:
        for table, column in COMPARED.items():
            query = f"SELECT count(*), round(sum({column}), 6) FROM "
            published = database.execute(query + table).fetchall()[0]
            lake = read_rows(settings, table, query + "read_parquet($table)")[0]
            if published != lake:
                differences.append(f"{table}: rows and sum of {column} are {published} in the warehouse, {lake} in the lake")
    return differences


def list_unmapped_codes(settings: Settings) -> list[tuple[str, str, str, int, str]]:
    """Feed, column, code, rows and last submission of each code that no list knows and a submission that holds has."""
    with read_database(settings) as database:
        return database.execute(
            "SELECT agency || '/' || feed, column_name, code, rows, last_submission FROM unmapped_codes WHERE is_open "
            "ORDER BY ALL"
        ).fetchall()


def list_numbers_in_other_units(
    settings: Settings, partnership: Partnership, book: MeasureBook, specs: Mapping[str, FeedSpec]
) -> list[tuple[str, str, str, str, int]]:
    """Feed, measure, number as it was sent, submission and row of each published number that is in another unit than its
    measure's, and so is no figure: a percentage for a count, or for a percentage what may be a share of 1.
    """
    asked = [
        f"SELECT {quoted(feed.key)} AS feed, {quoted(str(way['name']))} AS measure, {identifier(str(way['column']))} AS number,"
        f" submission_id, row_number FROM {identifier(feed.table)}"
        f" WHERE valid_to IS NULL AND ({way['condition']}) AND NOT ({way['is_in_unit']})"
        for feed in partnership.feeds
        if not specs[feed.key].traits.record_level and (measures := book.of_feed(feed.key))
        for way in ways_published(feed, specs[feed.key], measures)
    ]
    if not asked:
        return []
    with read_database(settings) as database:
        return database.execute(f"{' UNION ALL '.join(asked)} ORDER BY ALL").fetchall()


def list_errors_not_found(settings: Settings) -> list[tuple[str, str, str]]:
    """Feed, entry and what to do of each known error that is no longer found as expected."""
    with read_database(settings) as database:
        return database.execute(
            "SELECT agency || '/' || feed, correction, problem FROM known_errors WHERE NOT applies ORDER BY ALL"
        ).fetchall()


def list_refused_files(settings: Settings) -> list[tuple[str, str, str]]:
    """Feed, file and message of every file of the published warehouse that was refused whole and not replaced since."""
    with read_database(settings) as database:
        return database.execute(read_sql("csp_pipeline.publish", "run_refused")).fetchall()


def _count_wrong(settings: Settings, query: str, *tables: str, **values: Any) -> int:
    return int(_ask(settings, query, *tables, **values)[0][0])


def _ask(settings: Settings, query: str, *tables: str, **values: Any) -> list[tuple[Any, ...]]:
    """Rows of one of the named queries over the lake's tables."""
    with connect(settings) as connection:
        for name in tables:
            path = sql_path(table_path(settings, name))
            connection.execute(f"CREATE TEMP VIEW {name} AS SELECT * FROM read_parquet('{path}')").fetchall()
        return connection.execute(read_sql("csp_pipeline.publish", query), values).fetchall()
