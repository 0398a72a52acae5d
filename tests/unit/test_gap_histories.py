"""When a gap opened and closed, and whose figure did it: by comparisons as they were known on some days, each written out."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb

from csp_pipeline.sql import read_sql

COLUMNS = (
    "comparison_id VARCHAR, known_from DATE, value_a DOUBLE, low_a DOUBLE, high_a DOUBLE, value_b DOUBLE, low_b DOUBLE,"
    " high_b DOUBLE, gap DOUBLE, verdict VARCHAR, rule VARCHAR, since_a DATE, since_b DATE, agency_a VARCHAR, feed_a VARCHAR,"
    " agency_b VARCHAR, feed_b VARCHAR"
)
POLICE, COUNTY = "police/crimes", "county/cases"
# what is known of one figure: its number, or the interval of one that was suppressed
Known = int | tuple[int, int]


def day(number: int) -> date:
    return date(2016, 5, number)


def history(*known: tuple[int, Known, Known, str, Sequence[str]]) -> list[dict[str, Any]]:
    """The history of one comparison: of each day the two figures, the verdict, and whose figure is of that day."""
    since: dict[str, date | None] = {POLICE: None, COUNTY: None}
    rows = []
    for number, police, county, verdict, changed in known:
        since |= dict.fromkeys(changed, day(number))
        figures = [(known, known, known) if isinstance(known, int) else (None, *known) for known in (police, county)]
        of_day = [value for figure in figures for value in figure]
        rows.append(["it", day(number), *of_day, 0, verdict, "exact", *since.values(), *POLICE.split("/"), *COUNTY.split("/")])
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE known ({COLUMNS})").fetchall()
        connection.executemany(f"INSERT INTO known VALUES ({', '.join('?' * len(rows[0]))})", rows)
        found = connection.execute(read_sql("csp_pipeline.reconcile", "gap_history", comparisons="FROM known"))
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def told(rows: list[dict[str, Any]]) -> list[tuple[int, str, list[str]]]:
    return [(row["known_from"].day, row["effect"], row["changed_by"]) for row in rows]


def test_whose_revision_opened_a_gap_and_whose_closed_it() -> None:
    rows = history(
        (1, 10, 10, "agrees", [POLICE, COUNTY]),
        (3, 17, 10, "conflict", [POLICE]),
        (5, 18, 10, "conflict", [POLICE]),
        (8, 18, 17, "within_tolerance", [COUNTY]),
        (9, 18, 18, "agrees", [COUNTY]),
    )
    assert told(rows) == [
        (1, "first_known", [POLICE, COUNTY]),
        (3, "opened", [POLICE]),
        (5, "changed", [POLICE]),
        (8, "closed", [COUNTY]),
        (9, "changed", [COUNTY]),
    ]
    assert [row["known_to"] for row in rows] == [day(3), day(5), day(8), day(9), None]


def test_a_gap_that_was_there_from_the_first_day_was_opened_by_the_figure_that_came_last() -> None:
    assert told(history((1, 4, 9, "conflict", [COUNTY]), (2, 4, 9, "not_comparable", []))) == [
        (1, "opened", [COUNTY]),
        (2, "closed", []),
    ]


def test_a_suppressed_number_that_may_be_larger_now_changes_a_comparison_and_what_stays_as_it_was_does_not() -> None:
    rows = history(
        (1, (1, 4), 3, "agrees", [POLICE, COUNTY]),
        (2, (1, 4), 3, "agrees", [POLICE]),
        (3, (1, 9), 3, "agrees", [POLICE]),
        (4, 3, (0, 4), "agrees", [POLICE, COUNTY]),
        (5, 3, (1, 4), "agrees", [COUNTY]),
    )
    assert [number for number, _, _ in told(rows)] == [1, 3, 4, 5]
