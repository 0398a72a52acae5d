"""What is covered of each period, by receipts given by hand: since when, by how much, and as at when."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import duckdb
import pytest

from csp_pipeline.figures.coverage import register_coverage
from tests.conftest import ONE_YEAR, Pipeline
from tests.unit.test_refused_and_replaced import receipt

ASB, FIRE, STREET = "police/asb", "fire/incidents", "police/street"
LEICESTERSHIRE, ANOTHER = "leicestershire", "northamptonshire"


@pytest.fixture(scope="module")
def covered(new_pipeline: Callable[..., Pipeline]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Of one feed April came twice, May was cut on its last day, June came; of street-level crime two forces sent April. Of
    fires nothing came.
    """
    partnership = new_pipeline([ASB, FIRE, STREET], ONE_YEAR).partnership
    received = {
        ASB: [
            receipt("a", "accepted", "2016-04", "2016-05-10"),
            receipt("b", "accepted", "2016-04", "2016-08-01"),
            receipt("c", "accepted", "2016-05", "2016-05-31"),
            receipt("d", "accepted_with_rejects", "2016-06", "2016-07-10"),
            receipt("e", "refused", "2016-07", "2016-08-10"),
        ],
        FIRE: [],
        STREET: [
            receipt("f", "accepted", "2016-04", "2016-06-01", LEICESTERSHIRE),
            receipt("g", "accepted", "2016-04", "2016-09-01", ANOTHER),
        ],
    }
    with duckdb.connect(config={"threads": 1}) as connection:
        register_coverage(connection, partnership, received)
        yield connection


def rows(connection: duckdb.DuckDBPyConnection, query: str, *values: str) -> list[tuple[Any, ...]]:
    return connection.execute(query, values).fetchall()


def test_a_period_is_covered_as_far_as_its_months_are_over_and_sent_and_as_at_its_latest_extract(
    covered: duckdb.DuckDBPyConnection,
) -> None:
    query = "SELECT period, coverage, covered, CAST(as_at AS DATE) FROM coverage WHERE feed = 'asb' AND period IN (?, ?, ?, ?, ?)"
    found = {period: told for period, *told in rows(covered, query, "2016-04", "2016-05", "2016-07", "2016-17 Q1", "2016-17")}
    assert found == {
        "2016-04": [1, None, date(2016, 8, 1)],
        "2016-05": [0, None, None],
        "2016-07": [0, None, None],
        "2016-17 Q1": [2 / 3, "2016-04, 2016-06", date(2016, 8, 1)],
        "2016-17": [2 / 12, "2016-04, 2016-06", date(2016, 8, 1)],
    }


def test_a_month_is_known_from_its_first_whole_extract_on(covered: duckdb.DuckDBPyConnection) -> None:
    query = (
        "SELECT CAST(known_from AS DATE), coverage, covered FROM coverage_steps WHERE feed = 'asb' AND period = ? ORDER BY ALL"
    )
    assert rows(covered, query, "2016-04") == [(date(2016, 5, 10), 1, None)]
    assert rows(covered, query, "2016-17 Q1") == [
        (date(2016, 5, 10), 1 / 3, "2016-04"),
        (date(2016, 7, 10), 2 / 3, "2016-04, 2016-06"),
    ]


def test_every_period_of_a_feed_that_has_sent_nothing_is_known_to_be_missing(covered: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT period_kind, count(*), max(coverage) FROM coverage WHERE feed = 'incidents' GROUP BY ALL ORDER BY ALL"
    assert rows(covered, query) == [("financial_year", 1, 0), ("month", 12, 0), ("quarter", 4, 0)]


def test_an_extract_replaces_the_one_before_of_its_own_part_of_a_feed_alone(covered: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT submission_id, CAST(valid_to AS DATE) FROM validity ORDER BY ALL"
    ends = dict(rows(covered, query))
    assert ends == {"a": date(2016, 8, 1), "b": None, "c": None, "d": None, "f": None, "g": None}
    # the other force's file makes nothing covered, and the month no later
    query = "SELECT coverage, CAST(as_at AS DATE) FROM coverage WHERE feed = 'street' AND period = '2016-04'"
    assert rows(covered, query) == [(1, date(2016, 6, 1))]
