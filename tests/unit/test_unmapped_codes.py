"""Codes that no list knows: a table that should be empty, with the agency that owns each, and what became of it."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from csp_pipeline.figures.coverage import read_all_receipts, register_coverage
from csp_pipeline.lake import connect, write_table
from csp_pipeline.publish.checks import list_unmapped_codes
from csp_pipeline.publish.warehouse import NOTED, noted_query, table_of_submissions
from csp_pipeline.sql import read_sql
from tests.conftest import ONE_YEAR, Pipeline
from tests.small_exports import asb, crime, csv_text, person

ASB = "police/asb"
CRIMES = "police/crimes"
UNKNOWN = [
    crime(1, offence_code="999Z"),
    crime(2, offence_code="999Z", lsoa_code="E01999999"),
    crime(3, offence_code="8X", domestic="Maybe"),
    crime(4, person_key=person(4)),
]


@pytest.fixture(scope="module")
def published(new_pipeline: Callable[..., Pipeline]) -> Pipeline:
    """Crimes with unknown codes in two months, one of which was sent again without; incidents with an unknown word."""
    pipeline = new_pipeline([ASB, CRIMES], ONE_YEAR)
    pipeline.put(CRIMES, "crimes_2016-04_extracted-2016-05-10.csv", csv_text(UNKNOWN))
    may = [crime(11, recorded_date="02/05/2016", offence_code="999Z"), crime(12, recorded_date="02/05/2016", offence_code="7Y")]
    good = [crime(13, recorded_date="02/05/2016")]
    pipeline.put(CRIMES, "crimes_2016-05_extracted-2016-06-10.csv", csv_text([*may, *good]))
    pipeline.put(CRIMES, "crimes_2016-05_extracted-2016-07-10.csv", csv_text(good))
    noise = [asb(1, category="Noise"), asb(2), asb(3, recording_system="A new one")]
    pipeline.put(ASB, "asb_2016-04_extracted-2016-05-10.csv", csv_text([row | {"ward": ""} for row in noise]))
    for feed in (ASB, CRIMES):
        pipeline.take_in(feed)
    publish_notes(pipeline)
    return pipeline


def publish_notes(pipeline: Pipeline) -> None:
    """The tables of the warehouse that intake alone fills, without the figures."""
    receipts = read_all_receipts(pipeline.settings, pipeline.partnership, with_responses=True)
    with connect(pipeline.settings) as connection:
        register_coverage(connection, pipeline.partnership, receipts)
        write_table(connection, pipeline.settings, "validity", "FROM validity")
    with duckdb.connect(str(pipeline.settings.database)) as database:
        frame = table_of_submissions(pipeline.settings, pipeline.partnership, receipts)
        database.execute("CREATE TABLE submissions AS FROM frame").fetchall()
        for table in NOTED:
            query = noted_query(pipeline.settings, table, pipeline.partnership, receipts)
            if query is not None:
                database.execute(f"CREATE TABLE {table} AS {query}").fetchall()
    assert len(frame) == len(receipts[ASB] + receipts[CRIMES])


def test_each_unknown_code_stands_once_with_its_agency_rows_and_submissions(published: Pipeline) -> None:
    rows = published.published("SELECT agency, feed, column_name, code, rows, submissions, is_open FROM unmapped_codes")
    assert [tuple(row.values()) for row in rows] == [
        ("police", "asb", "category", "Noise", 1, 1, True),
        ("police", "crimes", "lsoa_code", "E01999999", 1, 1, True),
        ("police", "crimes", "offence_code", "7Y", 1, 1, False),
        ("police", "crimes", "offence_code", "8X", 1, 1, True),
        ("police", "crimes", "offence_code", "999Z", 3, 2, True),
    ]


def test_first_and_last_submission_are_those_by_day_of_extraction(published: Pipeline) -> None:
    [row] = published.published("SELECT first_submission, last_submission FROM unmapped_codes WHERE code = '999Z'")
    assert row["first_submission"].startswith("police.crimes.2016-04.2016-05-10.")
    assert row["last_submission"].startswith("police.crimes.2016-05.2016-06-10.")


def test_a_sender_is_told_the_last_file_by_its_name(published: Pipeline) -> None:
    rows = {row["code"]: row["last_file"] for row in published.published(read_sql("csp_pipeline.reports", "unmapped_codes"))}
    assert rows["999Z"] == "crimes_2016-05_extracted-2016-06-10.csv"
    assert "7Y" not in rows  # the file that had it was sent again without


def test_the_check_tells_those_that_hold_and_not_those_that_were_mended(published: Pipeline) -> None:
    assert [(feed, column, code, rows) for feed, column, code, rows, _ in list_unmapped_codes(published.settings)] == [
        ("police/asb", "category", "Noise", 1),
        ("police/crimes", "lsoa_code", "E01999999", 1),
        ("police/crimes", "offence_code", "8X", 1),
        ("police/crimes", "offence_code", "999Z", 3),
    ]


def test_rows_with_unknown_codes_are_still_rejected(published: Pipeline) -> None:
    rejected = published.published("SELECT row_number, code, problems FROM rejects WHERE feed = 'crimes' AND file LIKE '%-04_%'")
    assert [tuple(row.values()) for row in rejected] == [(2, "unknown_code", 1), (3, "unknown_code", 2), (4, "unknown_code", 2)]


def test_changes_of_columns_are_published(published: Pipeline) -> None:
    rows = published.published("SELECT agency, feed, column_name, change, done FROM column_changes WHERE feed = 'asb'")
    assert [tuple(row.values()) for row in rows] == [("police", "asb", "ward", "new", "discard_value")]
