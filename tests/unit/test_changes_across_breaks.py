"""On which days a break keeps a year's figure from being compared with that of the year before."""

import duckdb
import pytest

from csp_pipeline.sql import read_sql

FIGURES = """
    SELECT
        true AS is_headline, 'police' AS agency, 'crimes' AS feed, 'shoplifting' AS measure, 'E07000131' AS area_code,
        'offence' AS area_basis, 'recorded' AS date_basis, 'offence' AS unit, 'financial_year' AS period_kind, period, value,
        1.0 AS coverage, period_start, period_start + INTERVAL 1 YEAR - INTERVAL 1 DAY AS period_end
    FROM (VALUES ('2015-16', DATE '2015-04-01', 70.0), ('2016-17', DATE '2016-04-01', 90.0)) f(period, period_start, value)
"""


def change(*breaks: tuple[str, str, str]) -> tuple[float | None, str, str | None]:
    """The change from the one year to the other with breaks of a feed: name, day and measure."""
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE figures AS {FIGURES}").fetchall()
        connection.execute(
            "CREATE TABLE breaks (agency VARCHAR, feed VARCHAR, break_id VARCHAR, break_date DATE, measure VARCHAR)"
        ).fetchall()
        for broken in breaks:
            connection.execute("INSERT INTO breaks VALUES ('police', 'crimes', ?, ?, ?)", broken).fetchall()
        columns = "period, change, comparability, rule"
        [(period, *found)] = connection.execute(
            f"SELECT {columns} FROM ({read_sql('csp_pipeline.figures', 'changes')})"
        ).fetchall()
    assert period == "2016-17"
    return tuple(found)


@pytest.mark.parametrize("day", ["2015-04-02", "2016-03-31", "2016-04-01", "2016-04-02", "2017-03-31"])
def test_a_break_within_the_two_years_keeps_them_from_being_compared(day: str) -> None:
    assert change(("new_rules", day, "shoplifting")) == (None, "not_comparable", "new_rules")


@pytest.mark.parametrize("day", ["2015-03-31", "2015-04-01", "2017-04-01"])
def test_years_that_lie_on_one_side_of_a_break_are_compared(day: str) -> None:
    """A series that is counted otherwise from the first day of the earlier year on is one and the same in both."""
    assert change(("new_rules", day, "shoplifting")) == (20, "like_for_like", None)


def test_a_break_of_another_measure_is_of_no_matter_and_of_two_the_first_by_name_is_told() -> None:
    assert change(("new_rules", "2016-04-01", "burglary"))[0] == 20
    both = change(("new_system", "2015-10-01", "shoplifting"), ("new_rules", "2016-10-01", "shoplifting"))
    assert both == (None, "not_comparable", "new_rules")
