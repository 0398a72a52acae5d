"""Verdicts on statements, from figures given by hand: which figures count for a claim, and what they say to it."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
import yaml

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.lake import connect, register
from csp_pipeline.partnership.claims import load_claims
from csp_pipeline.partnership.periods import KINDS, Period, parse_period
from csp_pipeline.reconcile.claims import Compared, Words, find_figures, find_p_values, judge_claims
from tests.conftest import Pipeline
from tests.small_exports import HARBOROUGH

BLABY, CHARNWOOD = "E07000129", "E07000130"
CRIMES, ASB, PUBLISHED = "police/crimes", "police/asb", "district/published_figures"
EPISODES, SURVEY = "turning_point/episodes", "county/community_survey"
TOLERANCES = {
    "larger_of_both": {"absolute": 2, "relative": 0.1, "reason": "rounding"},
    "a_tenth": {"relative": 0.1, "reason": "no margin is stated"},
}
Judge = Callable[..., dict[str, Any]]


def figure(feed: str, measure: str, period: str, value: float | None, area: str = HARBOROUGH, **other: Any) -> dict[str, Any]:
    agency, _, name = feed.partition("/")
    found = period_of(period)
    place = {"agency": agency, "feed": name, "measure": measure, "area_code": area, "period": period, "period_kind": found.kind}
    told = {"unit": "offence", "date_basis": "recorded", "status": "A", "coverage": 1.0, "is_headline": True}
    return place | told | {"value": value, "base": None, "preferred_by": None} | other


def period_of(label: str) -> Period:
    return next(period for kind in reversed(KINDS) if (period := parse_period(label, kind)))


@pytest.fixture(scope="module")
def judge(new_pipeline: Callable[..., Pipeline]) -> Judge:
    """Gives the one claim's row from its figures and, where it asks for them, its comparisons."""
    pipeline = new_pipeline()
    partnership, book = pipeline.partnership, pipeline.book
    names = dict(zip(partnership.areas.area_code, partnership.areas.area_name, strict=True))
    names |= {name: measure.title for name, measure in book.measures.items()}
    words = Words(names, {entry.id: entry.title for entry in book.breaks}, {CRIMES: "crimes", PUBLISHED: "published"})

    def judged(*figures: dict[str, Any], compared: tuple[Compared, ...] = (), **claim: Any) -> dict[str, Any]:
        entry = {"statement": "It is so.", "source": "page 1", "measures": ["total_crime"], "feeds": [CRIMES]} | claim
        text = yaml.safe_dump({"tolerances": TOLERANCES, "claims": {"it": entry}})
        (pipeline.sources / "claims.yml").write_text(text, encoding="utf-8")
        claims = load_claims(partnership, book)
        numbers = dict.fromkeys(("value", "base", "coverage"), "float64")
        with connect(pipeline.settings) as connection:
            register(connection, "figures", pd.DataFrame(list(figures)).astype(numbers | {"preferred_by": "str"}))
            asked = find_figures(connection, partnership, book, claims)
            p_values = find_p_values(connection)
            populations = connection.execute("SELECT period, population FROM claim_figures ORDER BY ALL").fetchall()
        [row] = judge_claims(claims, asked, compared, p_values, words)
        return row | {"populations": dict(populations)}

    return judged


# Which figures count


def test_a_figure_of_a_part_of_its_period_bears_nothing_out(judge: Judge) -> None:
    part = figure(CRIMES, "total_crime", "2016-17", 1200, status="P", coverage=0.5)
    found = judge(part, compute="level", periods=["2016-17"], stated=1300, compare="less_than")
    assert (found["verdict"], found["rule"], found["computed"]) == ("not_testable", "incomplete_period", None)
    assert "Total recorded crime in Harborough, 2016-17, is not covered whole from police/crimes." in found["sentence"]


def test_of_a_feeds_figures_in_several_units_the_headline_counts_alone(judge: Judge) -> None:
    victims = figure(CRIMES, "total_crime", "2016-17", 70, unit="victim", is_headline=False)
    offences = figure(CRIMES, "total_crime", "2016-17", 80)
    found = judge(victims, offences, compute="level", periods=["2016-17"], stated=80, compare="at_most")
    assert (found["verdict"], found["computed"], found["unit"]) == ("supported", 80, "offence")
    assert found["p_value"] is None, "there is no change that chance could have made"


def test_a_financial_year_is_not_the_month_of_the_same_name(judge: Judge) -> None:
    year = figure(CRIMES, "total_crime", "2011-12", 2400)
    december = figure(CRIMES, "total_crime", "2011-12", 180, period_kind="month")
    found = judge(december, year, compute="level", periods=["2011-12"], stated=2400, compare="at_most")
    assert (found["verdict"], found["computed"]) == ("supported", 2400)


def test_periods_of_a_run_are_added_up_and_a_day_is_one_of_the_whole_later_run(judge: Judge) -> None:
    """The half year from October 2015 has 183 days, as February 2016 has 29; the one before has 182."""
    quarters = {"2014-15 Q3": 30, "2014-15 Q4": 4, "2015-16 Q3": 100, "2015-16 Q4": 300}
    found = judge(
        *(figure(CRIMES, "total_crime", period, value) for period, value in quarters.items()),
        compute="per_day",
        periods=["2014-15 Q3 to 2014-15 Q4", "2015-16 Q3 to 2015-16 Q4"],
        stated=2,
        compare="at_least",
    )
    assert (found["computed"], found["verdict"]) == ((400 - 34) / 183, "supported")
    # the population of a quarter is that of the middle of its financial year
    assert found["populations"] == dict.fromkeys(["2014-15 Q3", "2014-15 Q4"], 87_935) | dict.fromkeys(
        ["2015-16 Q3", "2015-16 Q4"], 89_144
    )


@pytest.mark.parametrize(
    ("periods", "verdict"),
    [(["2016-06", "2016-07"], "supported"), (["2016-05", "2016-06"], "not_comparable"), (["2016-04", "2016-05"], "supported")],
)
def test_a_break_lies_between_figures_only_where_it_comes_after_the_first_day(
    judge: Judge, periods: list[str], verdict: str
) -> None:
    """Anti-social behaviour is recorded in Niche from 1 June 2016 on."""
    figures = [figure(ASB, "asb_reported", period, value) for period, value in zip(periods, (10, 20), strict=True)]
    found = judge(*figures, compute="direction", measures=["asb_reported"], feeds=[ASB], periods=periods, stated="up")
    assert found["verdict"] == verdict


def test_preferred_figures_are_those_of_the_feed_that_is_preferred_in_the_latest_period(judge: Judge) -> None:
    figures = [
        figure(CRIMES, "total_crime", "2015-16", 100, preferred_by="most_complete"),
        figure(CRIMES, "total_crime", "2016-17", 90),
        figure(PUBLISHED, "total_crime", "2015-16", 110),
        figure(PUBLISHED, "total_crime", "2016-17", 120, preferred_by="authority"),
    ]
    found = judge(*figures, compute="direction", **{"from": "preferred"}, feeds=[], periods=["2015-16", "2016-17"], stated="up")
    assert (found["verdict"], found["feed"], found["preferred_by"]) == ("supported", "published_figures", "authority")
    assert "110 in 2015-16, 120 in 2016-17" in found["sentence"]


def test_preferred_figures_of_several_areas_are_those_of_the_feed_that_is_preferred_in_most(judge: Judge) -> None:
    areas = {HARBOROUGH: 50, BLABY: 40, CHARNWOOD: 30}
    figures = [
        figure(CRIMES, "total_crime", "2016-17", value, area, preferred_by=None if area == CHARNWOOD else "most_complete")
        for area, value in areas.items()
    ]
    figures.append(figure(PUBLISHED, "total_crime", "2016-17", 60, CHARNWOOD, preferred_by="most_complete"))
    asked = {"from": "preferred", "feeds": [], "periods": ["2016-17"], "areas": list(areas)}
    found = judge(*figures, compute="rank", stated=[HARBOROUGH], **asked)
    assert (found["verdict"], found["agency"], found["feed"]) == ("supported", "police", "crimes")


# Whether chance may be asked


@pytest.mark.parametrize(
    ("feed", "measure", "other"),
    [
        (EPISODES, "people_in_treatment", {"unit": "client", "date_basis": "open"}),
        (PUBLISHED, "total_crime", {"values": (100.5, 300.5)}),
        (PUBLISHED, "total_crime", {"values": (-2, 100)}),
        (SURVEY, "safe_after_dark", {"unit": "percent"}),
    ],
    ids=["the same people in both years", "no whole numbers", "fewer than none", "a percentage without its base"],
)
def test_what_chance_cannot_tell_of_is_no_significant_change(
    judge: Judge, feed: str, measure: str, other: dict[str, Any]
) -> None:
    before, after = other.pop("values", (10, 90))
    figures = [figure(feed, measure, "2014-15", before, **other), figure(feed, measure, "2015-16", after, **other)]
    asked = {"measures": [measure], "feeds": [feed], "periods": ["2014-15", "2015-16"]}
    found = judge(*figures, compute="significant", stated="up", **asked)
    assert (found["verdict"], found["rule"], found["p_value"]) == ("not_testable", "cannot_be_computed", None)
    assert "the change cannot be tested" in found["sentence"]


@pytest.mark.parametrize(("after", "within", "words"), [(110, True, "within chance"), (200, False, "beyond chance (p < 0.001)")])
def test_a_change_says_whether_it_is_within_chance(judge: Judge, after: int, words: str, *, within: bool) -> None:
    figures = [figure(CRIMES, "total_crime", "2015-16", 100), figure(CRIMES, "total_crime", "2016-17", after)]
    found = judge(*figures, compute="direction", periods=["2015-16", "2016-17"], stated="up")
    assert (found["verdict"], found["within_chance"]) == ("supported", within)
    assert f"The change is {words}" in found["sentence"]


# What the figures say


@pytest.mark.parametrize(
    ("value", "claim", "holds"),
    [
        (12, {"stated": 10, "tolerance": "larger_of_both"}, True),
        (12.1, {"stated": 10, "tolerance": "larger_of_both"}, False),
        (110, {"stated": 100, "tolerance": "larger_of_both"}, True),
        (111, {"stated": 100, "tolerance": "larger_of_both"}, False),
        (-11, {"stated": -10, "tolerance": "a_tenth"}, True),
        (90, {"stated": 100, "tolerance": "a_tenth", "compare": "at_least"}, True),
        (89, {"stated": 100, "tolerance": "a_tenth", "compare": "at_least"}, False),
        (110, {"stated": 100, "tolerance": "a_tenth", "compare": "at_most"}, True),
        (111, {"stated": 100, "tolerance": "a_tenth", "compare": "at_most"}, False),
        (100, {"stated": 100, "compare": "more_than"}, False),
        (101, {"stated": 100, "compare": "more_than"}, True),
        (100, {"stated": 100, "compare": "less_than"}, False),
        (99, {"stated": 100, "compare": "less_than"}, True),
    ],
)
def test_a_stated_number_is_borne_out_up_to_its_tolerance(
    judge: Judge, value: float, claim: dict[str, Any], *, holds: bool
) -> None:
    found = judge(
        figure(PUBLISHED, "total_crime", "2016-17", value), compute="level", feeds=[PUBLISHED], periods=["2016-17"], **claim
    )
    assert found["verdict"] == ("supported" if holds else "contradicted")


def test_one_earlier_figure_of_nothing_leaves_no_order_by_percent(judge: Judge) -> None:
    figures = [figure(CRIMES, "total_crime", "2015-16", value, area) for area, value in ((HARBOROUGH, 0), (BLABY, 10))]
    figures += [figure(CRIMES, "total_crime", "2016-17", 20, area) for area in (HARBOROUGH, BLABY)]
    asked = {"compute": "rank", "periods": ["2015-16", "2016-17"], "areas": [HARBOROUGH, BLABY], "stated": [HARBOROUGH]}
    assert judge(*figures, by="percent_change", **asked)["verdict"] == "not_testable"
    assert judge(*figures, by="change", **asked)["verdict"] == "supported"


def test_an_unchanged_figure_is_not_said_to_be_down(judge: Judge) -> None:
    figures = [figure(CRIMES, "total_crime", period, 100) for period in ("2015-16", "2016-17")]
    found = judge(*figures, compute="percent_change", periods=["2015-16", "2016-17"], stated=0, compare="at_most")
    assert "100 in 2015-16, 100 in 2016-17, unchanged; stated" in found["sentence"]


@pytest.mark.parametrize("periods", [["2016-17", "2015-16"], ["2016-17", "2016-17"]])
def test_periods_that_do_not_follow_each_other_are_told(judge: Judge, periods: list[str]) -> None:
    """A rise from 2016-17 back to 2015-16 would be a fall."""
    with pytest.raises(ConfigurationError, match=r"claims > it: periods are given in their order, the earliest first"):
        judge(figure(CRIMES, "total_crime", "2016-17", 1), compute="direction", periods=periods, stated="up")


# Conflicts


@pytest.mark.parametrize(
    ("compared", "verdict", "computed", "words"),
    [
        ([("not_comparable", None)], "not_comparable", None, "may not be compared (two_agencies)"),
        ([("not_comparable", None), ("agrees", 0.0)], "contradicted", 0, "0 of 1 comparisons"),
        ([("within_tolerance", -200.0), ("conflict", -90.0)], "supported", 90, "1 of 2 comparisons"),
        ([("conflict", -90.0), ("conflict", 40.0)], "supported", 90, "2 of 2 comparisons"),
        ([("conflict", None)], "supported", 0, "1 of 1 comparisons"),
        ([("missing", None)], "not_testable", None, "have no two figures to compare"),
        ([], "not_testable", None, "have no two figures to compare"),
    ],
)
def test_feeds_conflict_where_one_of_their_comparisons_does(
    judge: Judge, compared: list[tuple[str, float | None]], verdict: str, computed: float | None, words: str
) -> None:
    found = judge(
        figure(CRIMES, "total_crime", "2016-17", 80),
        compared=tuple(Compared("it", verdict, gap, "two_agencies") for verdict, gap in compared),
        compute="conflict",
        feeds=[CRIMES, PUBLISHED],
        periods=["2016-17"],
    )
    assert (found["verdict"], found["computed"]) == (verdict, computed)
    assert words in found["sentence"]
