"""What agencies answered to discrepancies, and which of their answers are in force."""

import duckdb
import pandas as pd

from csp_pipeline.figures.coverage import read_all_receipts
from csp_pipeline.lake import connect, records_path, register, sql_path, table_path, write_table
from csp_pipeline.partnership.measures import MeasureBook
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.reconcile.compare import PACKAGE, as_worded, pair_rules, view
from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql

# What the query for responses reads of each answer, beside the tables of comparisons.
ANSWER_COLUMNS = {
    "agency": "VARCHAR",
    "submission_id": "VARCHAR",
    "received_on": "DATE",
    "row_number": "BIGINT",
    "discrepancy_id": "VARCHAR",
    "answer": "VARCHAR",
    "reason": "VARCHAR",
    "role": "VARCHAR",
    "answered_on": "DATE",
    "valid_until": "DATE",
    "report_as_at": "DATE",
    "report_id": "VARCHAR",
}


def build_responses(settings: Settings, partnership: Partnership, book: MeasureBook) -> dict[str, int]:
    """Judge every answer that has landed and write the lake's table `responses`; gives the number of rows of each status.

    Needs the lake's `comparisons` and `gap_history`.
    """
    raised = partnership.file.discrepancies
    with connect(settings) as connection:
        for table in ("comparisons", "gap_history", "periods", "validity"):
            view(connection, settings, table)
        register(connection, "areas", partnership.areas)
        register(connection, "pair_rules", pair_rules(book))
        _gather_answers(connection, settings, partnership)
        connection.execute(
            f"CREATE TEMP TABLE responses AS {query_for_responses()}",
            {"area_levels": raised.area_levels, "periods": raised.periods},
        ).fetchall()
        write_table(connection, settings, "responses", "FROM responses")
        counts = connection.execute("SELECT status, count(*) FROM responses GROUP BY ALL ORDER BY ALL").fetchall()
    return dict(counts)


def query_for_responses() -> str:
    """The query that judges the table `answers` (see `ANSWER_COLUMNS`) by the tables of comparisons."""
    return read_sql(PACKAGE, "responses", long_date=_long_date, as_worded=as_worded)


def _gather_answers(connection: duckdb.DuckDBPyConnection, settings: Settings, partnership: Partnership) -> None:
    """Make the table `answers` of every accepted row of every returned workbook."""
    columns = ", ".join(f"{name} {type_}" for name, type_ in ANSWER_COLUMNS.items())
    connection.execute(f"CREATE TEMP TABLE answers ({columns})").fetchall()
    receipts = read_all_receipts(settings, partnership, with_responses=True)
    accepted = pd.DataFrame(
        [
            (receipt.submission_id, feed.agency, receipt.landed.received[:10])
            for feed in partnership.response_feeds
            for receipt in receipts[feed.key]
            if receipt.outcome != "refused"
        ],
        columns=["submission_id", "agency", "received_on"],
    )
    if accepted.empty:
        return
    register(connection, "accepted", accepted)
    files = ", ".join(
        f"'{sql_path(records_path(settings, agency, feed.name, submission))}'"
        for feed in partnership.response_feeds
        for submission, agency in accepted.loc[accepted.agency == feed.agency, ["submission_id", "agency"]].itertuples(
            index=False
        )
    )
    connection.execute(
        f"INSERT INTO answers BY NAME SELECT {', '.join(ANSWER_COLUMNS)} FROM read_parquet([{files}], union_by_name = true) "
        "JOIN (SELECT * REPLACE (CAST(received_on AS DATE) AS received_on) FROM accepted) USING (submission_id)"
    ).fetchall()


def _long_date(day: str) -> str:
    """SQL for a date in words: `4 July 2017`."""
    return f"strftime({day}, '%-d %B %Y')"


def count_answers_lost(settings: Settings, partnership: Partnership) -> int:
    """Accepted rows of returned workbooks less rows of the lake's `responses`: each has to be there, once."""
    receipts = read_all_receipts(settings, partnership, with_responses=True)
    accepted = sum(r.rows_accepted for feed in partnership.response_feeds for r in receipts[feed.key] if r.outcome != "refused")
    path = sql_path(table_path(settings, "responses"))
    with connect(settings) as connection:
        return accepted - int(connection.execute(f"SELECT count(*) FROM read_parquet('{path}')").fetchall()[0][0])
