"""Building the published warehouse from the lake: beside the old one, checked, then put in place in one rename."""

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd

from csp_pipeline.errors import PublishError
from csp_pipeline.figures.coverage import read_all_receipts, refused_and_not_replaced
from csp_pipeline.figures.lateness import table_of_due_periods
from csp_pipeline.intake.correct import table_of_known_errors
from csp_pipeline.intake.receipts import Receipt, noted_path
from csp_pipeline.intake.submissions import Submissions
from csp_pipeline.lake import ending_queries, make_folder, records_path, register, sql_path, table_path, wording, write_ahead_log
from csp_pipeline.partnership.measures import MeasureBook
from csp_pipeline.partnership.partnership import Feed, Partnership
from csp_pipeline.partnership.periods import parse_period
from csp_pipeline.publish.catalogue import CataloguedTable, catalogue
from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql
from csp_pipeline.sql_text import identifier, quoted
from csp_pipeline.tables import FeedSpec, ddl

FROM_LAKE = (
    "periods",
    "validity",
    "figures",
    "changes",
    "figure_vintages",
    "break_suggestions",
    "comparisons",
    "gap_history",
    "responses",
    "links",
    "link_cuts",
    "bridge_steps",
    "bridge_records",
    "discrepancies",
    "definition_searches",
    "definition_variants",
    "definition_figures",
    "change_tests",
    "control_limits",
    "claims",
    "claim_figures",
)


# What intake notes of each submission, and how its rows are ordered.
NOTED = {
    "rejects": "submission_id, sheet, row_number, column_name",
    "column_changes": "submission_id, sheet, column_name, change",
    "unmapped_codes": "",
    "corrections": "submission_id, sheet, row_number, column_name, correction",
}


def publish_warehouse(
    settings: Settings, partnership: Partnership, book: MeasureBook, specs: Mapping[str, FeedSpec]
) -> dict[str, int]:
    """Build `csp.duckdb` and put it in place; gives the number of rows of each table.

    Readers of the old file keep it until they open the new one. Raises PublishError when the place cannot be written
    or the new file does not hold what the lake does; the old one then stays.
    """
    receipts = read_all_receipts(settings, partnership, with_responses=True)
    building = settings.database.with_name(f".{settings.database.name}.{os.getpid()}.building")
    make_folder(building.parent)
    try:
        building.unlink(missing_ok=True)
        with ending_queries(
            duckdb.connect(str(building), config={"memory_limit": settings.memory_limit, "threads": settings.threads})
        ) as db:
            # To try FSST on every column of text takes as long as the rest of writing, and saves an eighth of the sample's file.
            db.execute("SET disabled_compression_methods = 'fsst'").fetchall()
            # One transaction: hundreds of comments, each committed alone, would cost more than the data.
            db.execute("BEGIN").fetchall()
            rows = _fill(db, settings, partnership, book, specs, receipts)
            _add_views(db, settings.views)
            _check_against_lake(db, settings, partnership, receipts)
            db.execute("COMMIT").fetchall()
            db.execute("CHECKPOINT").fetchall()
        # nobody opens it for writing by mistake; and what somebody wrote into the one before is not read into this one
        building.chmod(building.stat().st_mode & ~0o222)
        write_ahead_log(settings).unlink(missing_ok=True)
        os.replace(building, settings.database)
    except (OSError, duckdb.IOException, duckdb.TransactionException, duckdb.FatalException) as error:
        raise PublishError(
            f"{settings.database}: cannot be written: {error}. The warehouse as it was stays in place. Check that the folder "
            "exists, that this user may write to it, and that the disk is not full."
        ) from error
    finally:
        building.unlink(missing_ok=True)
        building.with_name(building.name + ".wal").unlink(missing_ok=True)
    return rows


def _fill(
    db: duckdb.DuckDBPyConnection,
    settings: Settings,
    partnership: Partnership,
    book: MeasureBook,
    specs: Mapping[str, FeedSpec],
    receipts: dict[str, list[Receipt]],
) -> dict[str, int]:
    frames = {
        "agencies": partnership.agencies_table,
        "feeds": partnership.feeds_table,
        "areas": partnership.areas,
        "populations": partnership.populations,
        "measures": book.measures_table,
        "breaks": book.breaks_table,
        "preferences": book.preferences_table,
        "submissions": table_of_submissions(settings, partnership, receipts),
        "due_periods": table_of_due_periods(partnership.feeds, receipts),
        "known_errors": table_of_known_errors(partnership, specs, receipts),
    }
    feeds = {feed.table: feed for feed in partnership.feeds}
    rows = {}
    for table in catalogue(partnership, specs):
        db.execute(";\n".join(ddl(table.name, table.columns, table.description))).fetchall()
        if table.is_feed:
            source = _records_query(settings, feeds[table.name], receipts[feeds[table.name].key])
        elif table.name in NOTED:
            source = noted_query(settings, table.name, partnership, receipts)
        elif table.name in FROM_LAKE:
            source = f"SELECT * FROM read_parquet('{sql_path(table_path(settings, table.name))}')"
        else:
            register(db, "frame", frames[table.name])
            source = "SELECT * FROM frame" if len(frames[table.name]) else None  # an empty frame has no types to insert
        rows[table.name] = _insert(db, table, source)
    return rows


def _insert(db: duckdb.DuckDBPyConnection, table: CataloguedTable, source: str | None) -> int:
    if source is None:
        return 0
    columns = ", ".join(f"CAST({identifier(c.name)} AS {c.type}) AS {identifier(c.name)}" for c in table.columns)
    inserted = db.execute(f"INSERT INTO {identifier(table.name)} BY NAME SELECT {columns} FROM ({source})").fetchall()
    return int(inserted[0][0])


def _records_query(settings: Settings, feed: Feed, receipts: list[Receipt]) -> str | None:
    files = [
        f"'{sql_path(records_path(settings, feed.agency, feed.name, receipt.submission_id))}'"
        for receipt in receipts
        if receipt.outcome != "refused"
    ]
    if not files:
        return None
    validity = sql_path(table_path(settings, "validity"))
    return (
        f"SELECT r.*, v.valid_from, v.valid_to FROM read_parquet([{', '.join(files)}], union_by_name = true) r "
        f"JOIN read_parquet('{validity}') v USING (submission_id, covered_label) ORDER BY submission_id, sheet, row_number"
    )


def noted_query(settings: Settings, table: str, partnership: Partnership, receipts: dict[str, list[Receipt]]) -> str | None:
    """The query for a table of what intake noted of each submission, beside the table `submissions`; None where it is empty."""
    kept = "codes_not_mapped" if table == "unmapped_codes" else table
    paths = [
        path
        for feed in partnership.every_feed
        for receipt in receipts[feed.key]
        if (path := noted_path(settings, kept, feed, receipt.submission_id)).exists()
    ]
    if not paths:
        return None
    listed = "[" + ", ".join(f"'{sql_path(path)}'" for path in paths) + "]"
    if table == "unmapped_codes":
        return read_sql("csp_pipeline.publish", "unmapped_codes", files=listed)
    return f"SELECT * FROM read_parquet({listed}) ORDER BY {NOTED[table]}"


def table_of_submissions(settings: Settings, partnership: Partnership, receipts: dict[str, list[Receipt]]) -> pd.DataFrame:
    """The `submissions` table: one row for each file received, in order of feed, coverage and extract date."""
    validity = pd.read_parquet(table_path(settings, "validity"))
    current = set(validity.loc[validity.valid_to.isna(), "submission_id"]) | latest_responses(partnership, receipts)
    still_refused = refused_and_not_replaced(partnership, receipts)
    rows = []
    for feed in partnership.every_feed:
        for receipt in receipts[feed.key]:
            periods = sorted(p for cell in receipt.cells if (p := parse_period(cell, feed.entry.coverage.kind)))
            label = None
            if periods:
                label = periods[0].label if len(periods) == 1 else f"{periods[0].label} to {periods[-1].label}"
            rows.append(
                {
                    "submission_id": receipt.submission_id,
                    "agency": feed.agency,
                    "feed": feed.name,
                    "file": receipt.landed.path,
                    "sha256": receipt.landed.sha256,
                    "bytes": receipt.landed.size,
                    "received": pd.Timestamp(receipt.landed.received).tz_convert("UTC").tz_localize(None),
                    "extracted": pd.Timestamp(receipt.extracted) if receipt.extracted else pd.NaT,
                    "coverage": label,
                    "covered_from": pd.Timestamp(periods[0].start) if periods else pd.NaT,
                    "covered_until": pd.Timestamp(periods[-1].end) if periods else pd.NaT,
                    "rows_read": receipt.rows_read,
                    "rows_accepted": receipt.rows_accepted,
                    "rows_rejected": receipt.rows_rejected,
                    "outcome": receipt.outcome,
                    "is_current": receipt.submission_id in current,
                    "is_open": receipt.submission_id in still_refused,
                    "code": receipt.code,
                    "message": "\n".join(receipt.messages) or None,
                }
            )
    frame = pd.DataFrame(rows, columns=list(Submissions.to_schema().columns))
    return frame.sort_values(["agency", "feed", "covered_from", "extracted", "submission_id"], kind="stable")


def latest_responses(partnership: Partnership, receipts: Mapping[str, Sequence[Receipt]]) -> set[str]:
    """The last submissions of each agency's answers whose rows could be read, all that came at one time: what was wrong in
    earlier ones has been seen to since.
    """
    latest: set[str] = set()
    for feed in partnership.response_feeds:
        read = [r for r in receipts[feed.key] if r.outcome != "refused" or r.code == "no_row_accepted"]
        last = max((receipt.landed.received for receipt in read), default="")
        latest.update(receipt.submission_id for receipt in read if receipt.landed.received == last)
    return latest


def _add_views(db: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Create the analysts' views: each `.sql` file holds one CREATE VIEW and its comments."""
    for path in sorted(folder.glob("*.sql")):
        with wording(partial(_unusable_view, path)):
            db.execute(path.read_text(encoding="utf-8")).fetchall()
    # A column that a view hands on has the words of the table's own; what it computes is described in its file.
    handed_on = db.execute(read_sql("csp_pipeline.publish", "words_of_view_columns")).fetchall()
    comments = [f"COMMENT ON COLUMN {identifier(view)}.{identifier(name)} IS {quoted(words)}" for view, name, words in handed_on]
    if comments:
        db.execute(";\n".join(comments)).fetchall()


def _unusable_view(path: Path, problem: str) -> PublishError:
    return PublishError(f"{path}: {problem} The warehouse as it was stays in place.")


def _check_against_lake(
    db: duckdb.DuckDBPyConnection, settings: Settings, partnership: Partnership, receipts: dict[str, list[Receipt]]
) -> None:
    """Refuse to publish a warehouse that does not hold just what the lake does, or whose counts do not add up."""
    for table in FROM_LAKE:
        lake = f"read_parquet('{sql_path(table_path(settings, table))}')"
        difference = db.execute(f"SELECT (SELECT count(*) FROM {table}) - (SELECT count(*) FROM {lake})").fetchall()[0][0]
        if difference:
            raise PublishError(f"the table {table} would hold {difference:+,} rows beside the lake; nothing was published.")
    for feed in partnership.feeds:
        accepted = sum(r.rows_accepted for r in receipts[feed.key] if r.outcome != "refused")
        held = db.execute(f"SELECT count(*) FROM {identifier(feed.table)}").fetchall()[0][0]
        if held != accepted:
            raise PublishError(
                f"the table {feed.table} would hold {held:,} records of {accepted:,} accepted; nothing was published."
            )
    accepted = sum(r.rows_accepted for feed in partnership.response_feeds for r in receipts[feed.key] if r.outcome != "refused")
    held = db.execute("SELECT count(*) FROM responses").fetchall()[0][0]
    if held != accepted:
        raise PublishError(f"the table responses would hold {held:,} answers of {accepted:,} accepted; nothing was published.")
    unbalanced = db.execute("SELECT submission_id FROM submissions WHERE rows_read <> rows_accepted + rows_rejected").fetchall()
    if unbalanced:
        raise PublishError(f"{unbalanced[0][0]}: rows read are not rows accepted and rejected; nothing was published.")
