"""Numbers that agencies publish: added up to longer periods only where all of them are there, now and as known earlier."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from csp_pipeline.figures.vintages import build_vintages
from csp_pipeline.publish.checks import count_vintages_unlike_figures
from tests.conftest import TWO_YEARS, Pipeline
from tests.small_exports import HARBOROUGH, csv_text, grid, published, xlsx

SUMMARY, PUBLISHED = "turning_point/summary", "district/published_figures"
MEASURES = ["total_crime", "people_in_treatment", "new_presentations", "successful_completions"]
# Quarter and day of extract: in treatment, new presentations and successful completions, as printed.
QUARTERS = {
    ("2015-16-Q1", "2015-07-20"): ("20", "5", "5"),
    ("2015-16-Q2", "2015-10-20"): ("20", "5", "5"),
    ("2015-16-Q3", "2016-01-20"): ("20", "5", "5"),
    ("2015-16-Q4", "2016-04-20"): ("20", "5", "5"),
    ("2015-16-Q4", "2016-08-20"): ("20", "5", "5"),
    ("2016-17-Q1", "2016-07-20"): ("20", "6", "<5"),
    ("2016-17-Q2", "2016-10-20"): ("20", "7", "3"),
    ("2016-17-Q3", "2017-01-20"): ("20", "8", "2"),
    ("2016-17-Q4", "2017-04-20"): ("20", "9", "[c]"),
    ("2016-17-Q4", "2017-06-20"): ("20", "10", "1"),
}


@pytest.fixture(scope="module")
def numbers(new_pipeline: Callable[..., Pipeline]) -> Pipeline:
    """Eight quarters of a provider's summary, the last of each year sent twice; and two publications, one restating the other."""
    pipeline = new_pipeline([SUMMARY, PUBLISHED], TWO_YEARS, MEASURES)
    columns = ("District", "In treatment", "New presentations", "Successful completions")
    for (quarter, extracted), told in QUARTERS.items():
        rows = [dict(zip(columns, ("Harborough", *told), strict=True))]
        rows.append(dict(zip(columns, ("Blaby", "20", "5", "[c]" if quarter == "2016-17-Q3" else "5"), strict=True)))
        # the last quarter of the first year was sent again without Harborough
        rows = rows[1:] if (quarter, extracted) == ("2015-16-Q4", "2016-08-20") else rows
        pipeline.put(SUMMARY, f"summary_{quarter}_extracted-{extracted}.xlsx", xlsx({"Summary": grid(rows)}))
    first = published("Total crime", "100", period="2015-16", published_on="01/05/2016")
    again = published("Total crime", "104", period="2015-16")
    pipeline.put(PUBLISHED, "published_figures_2015-16_extracted-2016-05-15.csv", csv_text([first]))
    second = csv_text([again, published("Total crime", "120")])
    pipeline.put(PUBLISHED, "published_figures_2016-17_extracted-2017-05-15.csv", second)
    for feed in (SUMMARY, PUBLISHED):
        pipeline.take_in(feed)
    pipeline.make_figures()
    build_vintages(pipeline.settings, pipeline.partnership, pipeline.book, pipeline.specs)
    return pipeline


def years_of(pipeline: Pipeline, measure: str) -> list[str]:
    """The years for which there is a number, or bounds of one."""
    query = "SELECT period FROM figures WHERE measure = ? AND area_code = ? AND period IN ('2015-16', '2016-17')"
    query += " AND value_low IS NOT NULL"
    return [row["period"] for row in pipeline.lake(query, [measure, HARBOROUGH])]


def test_a_year_is_the_sum_of_its_four_quarters_as_sent_last(numbers: Pipeline) -> None:
    year = numbers.figure(SUMMARY, "new_presentations", HARBOROUGH, "2016-17")
    assert (year["value"], year["value_low"], year["value_high"]) == (31, 31, 31)
    assert year["as_at"] == date(2017, 6, 20)


def test_a_year_of_which_a_quarter_was_withdrawn_has_no_figure(numbers: Pipeline) -> None:
    assert years_of(numbers, "new_presentations") == ["2016-17"]


def test_people_counted_in_every_quarter_do_not_add_up(numbers: Pipeline) -> None:
    assert numbers.figure(SUMMARY, "people_in_treatment", HARBOROUGH, "2016-17 Q1")["value"] == 20
    assert years_of(numbers, "people_in_treatment") == []


def test_with_a_suppressed_quarter_a_year_is_an_interval(numbers: Pipeline) -> None:
    """`<5` is 0 to 4; the others are 3, 2 and 1."""
    year = numbers.figure(SUMMARY, "successful_completions", HARBOROUGH, "2016-17")
    assert (year["value"], year["value_low"], year["value_high"]) == (None, 6, 10)
    # of Blaby's a quarter is `[c]`, which may be any number, and the others 5 each
    year = numbers.figure(SUMMARY, "successful_completions", "E07000129", "2016-17")
    assert (year["value"], year["value_low"], year["value_high"]) == (None, 15, None)


def test_a_sum_is_known_once_its_last_part_came_and_follows_each_of_them(numbers: Pipeline) -> None:
    """While the fourth quarter was `[c]`, not even the most of the year was known."""
    query = (
        "SELECT period, CAST(known_from AS VARCHAR) AS day, event, value, value_low, value_high FROM figure_vintages"
        " WHERE measure = ? AND area_code = ? AND period IN ('2015-16', '2016-17') ORDER BY period, revision"
    )

    def told(measure: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in numbers.lake(query, [measure, HARBOROUGH])]

    assert told("new_presentations") == [
        ("2015-16", "2016-04-20", "first_published", 20, 20, 20),
        ("2015-16", "2016-08-20", "withdrawn", None, None, None),
        ("2016-17", "2017-04-20", "first_published", 30, 30, 30),
        ("2016-17", "2017-06-20", "restated", 31, 31, 31),
    ]
    assert told("successful_completions")[2:] == [
        ("2016-17", "2017-04-20", "first_published", None, 5, None),
        ("2016-17", "2017-06-20", "bounds", None, 6, 10),
    ]
    assert told("people_in_treatment") == []
    assert count_vintages_unlike_figures(numbers.settings) == 0


def test_of_two_publications_that_stand_the_later_gives_the_figure(numbers: Pipeline) -> None:
    figure = numbers.figure(PUBLISHED, "total_crime", HARBOROUGH, "2015-16")
    assert (figure["value"], figure["as_at"]) == (104, date(2017, 5, 15))
    query = "SELECT CAST(known_from AS VARCHAR) AS day, value FROM figure_vintages WHERE measure = ? AND period = ? ORDER BY ALL"
    found = [tuple(row.values()) for row in numbers.lake(query, ["total_crime", "2015-16"])]
    assert found == [("2016-05-15", 100), ("2017-05-15", 104)]
