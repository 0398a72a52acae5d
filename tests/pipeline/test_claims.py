"""Claims: published statements, each a computation over figures declared in `claims.yml`, with its verdict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pytest
import yaml

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.lake import table_path
from csp_pipeline.partnership.claims import COMPUTATIONS, load_claims
from csp_pipeline.publish.checks import list_unfounded_claims
from csp_pipeline.reconcile.claims import build_claims
from csp_pipeline.reconcile.compare import build_comparisons
from csp_pipeline.reconcile.computations import FUNCTIONS
from tests.conftest import THREE_YEARS, Pipeline
from tests.small_exports import csv_text, grid, published, xlsx

FEEDS = ["district/published_figures", "district/parish_survey", "county/community_survey", "police/asb"]
# What the partnership published: first year, second year, third year.
PUBLISHED = {
    "Total crime": (2800, 2884, 3685),
    "Domestic burglary": (196, 201, 302),
    "Theft from motor vehicle": (365, 338, 421),
    "Theft of motor vehicle": (67, 80, 64),
    "Violence with injury": (180, 182, 263),
    "Domestic violence with injury": (68, 54, 79),
    "Criminal damage": (420, 468, 497),
    "Shoplifting": (None, 281, 386),
    "ASB reported (police)": (964, 844, 942),
}
YEARS = ("2014-15", "2015-16", "2016-17")
TOLERANCES = {
    "whole": {"absolute": 0.5, "reason": "rounding"},
    "rough": {"relative": 0.25, "reason": "no margin is stated"},
}


def send(pipeline: Pipeline, figures: dict[str, tuple[Any, ...]]) -> None:
    rows = [
        published(name, str(value), period=year)
        for name, values in figures.items()
        for year, value in zip(YEARS, values, strict=True)
        if value is not None
    ]
    pipeline.put("district/published_figures", "published_figures_2016-17_extracted-2017-05-15.csv", csv_text(rows))


def send_surveys(pipeline: Pipeline) -> None:
    answers = [("Road safety", "Acquisitive crime", "ASB")] * 3 + [("Acquisitive crime", "Road safety", "Rural crime")]
    rows = [
        {"Respondent": f"P{n}", "Type": "Parish" if n else "Councillor", "First": a, "Second": b, "Third": c, "Comments": ""}
        for n, (a, b, c) in enumerate(answers)
    ]
    pipeline.put("district/parish_survey", "parish_survey_2016-17_extracted-2017-04-30.xlsx", xlsx({"Answers": grid(rows)}))
    for quarter, extracted, share in (("2015-16-Q3", "2016-01-20", 41), ("2016-17-Q3", "2017-01-20", 15)):
        shares = {"Concern: rubbish or litter": share, "Concern: criminal damage": 12, "Concern: using or dealing drugs": 11}
        sheet = [{"District": "Harborough", "Question": q, "Base": 110, "Percentage": p} for q, p in shares.items()]
        name = f"community_survey_{quarter}_extracted-{extracted}.xlsx"
        pipeline.put("county/community_survey", name, xlsx({quarter.replace("-Q", " Q"): grid(sheet)}))


@pytest.fixture(scope="module")
def partners(new_pipeline: Callable[..., Pipeline]) -> Pipeline:
    """The partnership's published figures and two surveys; nothing from the police."""
    pipeline = new_pipeline(FEEDS, THREE_YEARS)
    send(pipeline, PUBLISHED)
    send_surveys(pipeline)
    for feed in FEEDS:
        pipeline.take_in(feed)
    pipeline.make_figures()
    build_comparisons(pipeline.settings, pipeline.partnership, pipeline.book)
    return pipeline


def declare(pipeline: Pipeline, **claims: dict[str, Any]) -> None:
    entries = {name: {"statement": name, "source": "page 1"} | claim for name, claim in claims.items()}
    text = yaml.safe_dump({"tolerances": TOLERANCES, "claims": entries}, sort_keys=False)
    (pipeline.sources / "claims.yml").write_text(text, encoding="utf-8")


def check(pipeline: Pipeline, **claim: Any) -> dict[str, Any]:
    """The one claim's row of `claims`; the published figures of the last two years unless it says otherwise."""
    default: dict[str, Any] = {"feeds": ["district/published_figures"], "periods": ["2015-16", "2016-17"]}
    declare(pipeline, it=(claim if "not_testable" in claim else default | claim))
    build_claims(pipeline.settings, pipeline.partnership, pipeline.book)
    return pipeline.lake("FROM claims")[0]


# Each computation, by hand


@pytest.mark.parametrize(
    ("claim", "computed", "verdict"),
    [
        (
            {"compute": "level", "measures": ["total_crime"], "periods": ["2016-17"], "stated": 3685, "tolerance": "whole"},
            3685,
            True,
        ),
        ({"compute": "difference", "measures": ["total_crime"], "stated": 801, "tolerance": "whole"}, 801, True),
        ({"compute": "per_day", "measures": ["total_crime"], "stated": 1, "tolerance": "rough"}, 801 / 365, False),
        ({"compute": "percent_change", "measures": ["total_crime"], "stated": 28, "tolerance": "whole"}, 80100 / 2884, True),
        ({"compute": "percent_change", "measures": ["total_crime"], "stated": 28, "compare": "more_than"}, 80100 / 2884, False),
        ({"compute": "direction", "measures": ["total_crime"], "stated": "up", "periods": list(YEARS)}, 88500 / 2800, True),
        ({"compute": "direction", "measures": ["theft_of_motor_vehicle"], "stated": "down"}, -20, True),
        (
            {"compute": "direction", "measures": ["theft_of_motor_vehicle"], "stated": "down", "periods": list(YEARS)},
            -300 / 67,
            False,
        ),
        ({"compute": "significant", "measures": ["theft_of_motor_vehicle"], "stated": "down"}, -20, False),
        ({"compute": "significant", "measures": ["violence_with_injury"], "stated": "up"}, 8100 / 182, True),
        ({"compute": "significant", "measures": ["violence_with_injury"], "stated": "down"}, 8100 / 182, False),
        (
            {
                "compute": "share",
                "measures": ["domestic_violence_with_injury"],
                "of": ["violence_with_injury"],
                "periods": ["2016-17"],
                "stated": 30,
                "tolerance": "whole",
            },
            7900 / 263,
            True,
        ),
        (
            {
                "compute": "spread",
                "measures": ["total_crime", "shoplifting"],
                "periods": ["2016-17"],
                "stated": 3299,
                "compare": "at_most",
            },
            3685 - 386,
            True,
        ),
        ({"compute": "incomparable", "measures": ["total_crime"]}, 80100 / 2884, False),
    ],
)
def test_a_computation_by_hand(partners: Pipeline, claim: dict[str, Any], computed: float, verdict: bool) -> None:
    found = check(partners, **claim)
    assert found["computed"] == pytest.approx(computed)
    assert found["verdict"] == ("supported" if verdict else "contradicted")


def test_every_computation_of_the_vocabulary_is_there_and_declared() -> None:
    assert set(FUNCTIONS) == set(COMPUTATIONS)


CRIMES = ["domestic_burglary", "theft_from_motor_vehicle", "shoplifting", "violence_with_injury"]


def test_the_largest_by_number_need_not_be_the_largest_by_percent(partners: Pipeline) -> None:
    """Shoplifting +105, burglary +101, theft from vehicles +83, violence +81; but violence +44.5% and shoplifting +37.4%."""
    named = {"compute": "rank", "measures": CRIMES, "stated": CRIMES[:3]}
    assert check(partners, **named, by="change")["verdict"] == "supported"
    found = check(partners, **named, by="percent_change")
    assert (found["verdict"], found["computed"]) == ("contradicted", 2)
    assert "Violence with injury +44.5%" in found["sentence"]


def test_a_tie_is_no_first_place(partners: Pipeline) -> None:
    both = ["parish_top_three_road_safety", "parish_top_three_acquisitive_crime"]
    found = check(partners, compute="rank", measures=both, stated=both[:1], feeds=["district/parish_survey"], periods=["2016-17"])
    assert found["verdict"] == "contradicted"


def test_survey_percentages_are_tested_and_shown_as_such(partners: Pipeline) -> None:
    quarters = {"feeds": ["county/community_survey"], "periods": ["2015-16 Q3", "2016-17 Q3"]}
    found = check(partners, compute="significant", measures=["concern_litter"], stated="down", **quarters)
    assert (found["verdict"], found["computed"], found["unit"]) == ("supported", -26, "percentage points")
    assert found["p_value"] < 0.001
    assert "41% in 2015-16 Q3, 15% in 2016-17 Q3" in found["sentence"]


# Verdicts that are neither


def test_decimals_are_compared_as_they_are_written(new_pipeline: Callable[..., Pipeline]) -> None:
    """94.4 less 94 is 0.4, which the computer's own arithmetic makes a little more."""
    pipeline = new_pipeline(["county/community_survey"], THREE_YEARS, ["safe_after_dark"])
    for quarter, extracted, share in (("2015-16-Q3", "2016-01-20", "94%"), ("2016-17-Q3", "2017-01-20", "94.4%")):
        sheet = [{"District": "Harborough", "Question": "Feel safe after dark", "Base": 110, "Percentage": share}]
        name = f"community_survey_{quarter}_extracted-{extracted}.xlsx"
        pipeline.put("county/community_survey", name, xlsx({quarter.replace("-Q", " Q"): grid(sheet)}))
    pipeline.take_in("county/community_survey")
    pipeline.make_figures()
    build_comparisons(pipeline.settings, pipeline.partnership, pipeline.book)
    change = {"compute": "difference", "measures": ["safe_after_dark"], "feeds": ["county/community_survey"]}
    change |= {"periods": ["2015-16 Q3", "2016-17 Q3"]}
    for compare, stated, verdict in (
        ("at_most", 0.4, "supported"),
        ("at_least", 0.4, "supported"),
        ("more_than", 0.4, "contradicted"),
        ("at_most", 0.3, "contradicted"),
    ):
        found = check(pipeline, **change, compare=compare, stated=stated)
        assert (found["verdict"], found["computed"]) == (verdict, 0.4), compare


def test_a_change_across_a_break_is_not_comparable_unless_the_claim_says_why(partners: Pipeline) -> None:
    rise = {"compute": "percent_change", "measures": ["asb_reported"], "stated": 20, "tolerance": "rough"}
    found = check(partners, **rise)
    assert (found["verdict"], found["rule"], found["computed"]) == ("not_comparable", "asb_recording_system", None)
    assert "Niche" in found["sentence"]
    found = check(partners, **rise, across_break="The forecast was of the figures as they are counted.")
    assert found["verdict"] == "contradicted"
    assert found["computed"] == pytest.approx(9800 / 844)
    assert found["p_value"] is None, "chance says nothing across a break"
    assert "Niche" in found["sentence"]
    found = check(partners, compute="incomparable", measures=["asb_reported"])
    assert found["verdict"] == "not_comparable"


@pytest.mark.parametrize(
    ("claim", "rule", "words"),
    [
        ({"periods": ["2014-15", "2016-17"]}, "missing", "Shoplifting in Harborough, 2014-15, has no figure"),
        ({"periods": ["1999-00", "2016-17"]}, "missing", "1999-00"),
        ({"measures": ["asb_reported"], "feeds": ["police/asb"], "periods": ["2014-15", "2015-16"]}, "missing", "police/asb"),
    ],
)
def test_without_a_figure_there_is_no_test(partners: Pipeline, claim: dict[str, Any], rule: str, words: str) -> None:
    found = check(partners, **{"compute": "direction", "measures": ["shoplifting"], "stated": "up"} | claim)
    assert (found["verdict"], found["rule"]) == ("not_testable", rule)
    assert words in found["sentence"]
    assert found["computed"] is None


def test_a_statement_without_figures_says_why(partners: Pipeline) -> None:
    found = check(partners, not_testable="Nobody counts smiles.")
    assert (found["verdict"], found["sentence"], found["feed"]) == ("not_testable", "Nobody counts smiles.", None)
    assert partners.lake("FROM claim_figures") == []


def test_nothing_is_no_base(new_pipeline: Callable[..., Pipeline]) -> None:
    pipeline = new_pipeline(["district/published_figures"], THREE_YEARS)
    send(pipeline, {"Total crime": (1, 0, 5), "Shoplifting": ("<5", "<5", 9)})
    pipeline.take_in("district/published_figures")
    pipeline.make_figures()
    build_comparisons(pipeline.settings, pipeline.partnership, pipeline.book)
    found = check(pipeline, compute="percent_change", measures=["total_crime"], stated=5, tolerance="whole")
    assert (found["verdict"], found["rule"]) == ("not_testable", "cannot_be_computed")
    found = check(pipeline, compute="direction", measures=["shoplifting"], stated="up")
    assert (found["verdict"], found["rule"]) == ("not_testable", "suppressed")
    found = check(pipeline, compute="share", measures=["total_crime"], of=["total_crime"], periods=["2015-16"], stated=100,
                  compare="at_most")  # fmt: skip
    assert found["verdict"] == "not_testable"


def test_no_claims_and_no_file_are_no_trouble(partners: Pipeline) -> None:
    declare(partners)
    assert build_claims(partners.settings, partners.partnership, partners.book) == {}
    (partners.sources / "claims.yml").unlink()
    assert build_claims(partners.settings, partners.partnership, partners.book) == {}
    assert partners.lake("FROM claims") == partners.lake("FROM claim_figures") == []


# Verdicts follow the figures


def test_other_figures_give_another_verdict(new_pipeline: Callable[..., Pipeline]) -> None:
    daily = {"compute": "per_day", "measures": ["total_crime"], "stated": 1, "tolerance": "rough"}
    verdicts = {}
    for last in (3685, 3249, 2884):
        pipeline = new_pipeline(["district/published_figures"], THREE_YEARS)
        send(pipeline, {"Total crime": (2800, 2884, last)})
        pipeline.take_in("district/published_figures")
        pipeline.make_figures()
        build_comparisons(pipeline.settings, pipeline.partnership, pipeline.book)
        found = check(pipeline, **daily)
        verdicts[last] = (found["verdict"], round(found["computed"], 2))
    assert verdicts == {3685: ("contradicted", 2.19), 3249: ("supported", 1.0), 2884: ("contradicted", 0.0)}


def test_the_figures_used_are_listed_and_checked_against_the_figures(partners: Pipeline) -> None:
    check(partners, compute="direction", measures=["total_crime"], stated="up")
    used = partners.lake("SELECT period, value, status FROM claim_figures ORDER BY period")
    assert used == [
        {"period": "2015-16", "value": 2884, "status": "A"},
        {"period": "2016-17", "value": 3685, "status": "A"},
    ]
    assert list_unfounded_claims(partners.settings) == []
    for table, damage in (
        ("claim_figures", "SELECT * REPLACE (value + 1 AS value) FROM given"),
        ("claim_figures", "FROM given WHERE false"),
        ("claims", "SELECT * REPLACE ('not_comparable' AS verdict) FROM given"),
    ):
        path = table_path(partners.settings, table)
        whole = path.read_bytes()
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE given AS FROM '{path}'").fetchall()
            connection.execute(f"COPY ({damage}) TO '{path}' (FORMAT parquet)").fetchall()
        assert list_unfounded_claims(partners.settings) == ["it"]
        path.write_bytes(whole)


# Figures that the partnership prefers


def test_a_claim_of_the_preferred_figures_says_whose_they_are_and_by_which_rule(partners: Pipeline) -> None:
    preferred = {"from": "preferred", "feeds": [], "periods": ["2016-17"], "tolerance": "whole"}
    found = check(partners, compute="level", measures=["total_crime"], stated=3685, **preferred)
    assert (found["verdict"], found["computed"]) == ("supported", 3685)
    assert (found["agency"], found["feed"], found["preferred_by"]) == ("district", "published_figures", "most_complete")
    whose = "those of Harborough District Council, Figures published by the partnership (district/published_figures)"
    assert found["sentence"].endswith(f"The preferred figures are {whose}, by the rule most_complete.")
    assert partners.lake("SELECT preferred_by, value FROM claim_figures") == [{"preferred_by": "most_complete", "value": 3685}]
    assert list_unfounded_claims(partners.settings) == []


def test_where_nobody_has_a_figure_none_is_preferred_and_there_is_no_test(partners: Pipeline) -> None:
    preferred = {"from": "preferred", "feeds": [], "periods": ["1999-00", "2000-01"]}
    found = check(partners, compute="direction", measures=["total_crime"], stated="up", **preferred)
    assert (found["verdict"], found["rule"], found["preferred_by"]) == ("not_testable", "missing", None)
    assert found["sentence"].endswith("No figure is preferred, as there is none.")


def test_a_claim_that_names_its_feed_has_no_preference(partners: Pipeline) -> None:
    found = check(partners, compute="direction", measures=["total_crime"], stated="up")
    assert found["preferred_by"] is None
    assert "preferred" not in found["sentence"]


# Names that do not exist, and keys that do not fit

GOOD: dict[str, Any] = {
    "compute": "percent_change",
    "measures": ["total_crime"],
    "feeds": ["district/published_figures"],
    "periods": ["2015-16", "2016-17"],
    "stated": 28,
    "tolerance": "whole",
}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"measures": ["total_crimes"]}, ["measures", "'total_crimes'", "total_crime"]),
        ({"areas": ["E07000132x"]}, ["areas", "'E07000132x'", "E07000132"]),
        ({"areas": ["Melton"]}, ["areas", "'Melton' is no area's code", "E07000133 (Melton)", "melton (Melton)"]),
        ({"areas": ["Ankh-Morpork"]}, ["areas", "'Ankh-Morpork' is no area's code; see areas.csv."]),
        ({"feeds": ["district/publishd_figures"]}, ["feeds", "district/published_figures"]),
        ({"feeds": ["police/asb"]}, ["feeds (total_crime)", "give the measure", "district/published_figures"]),
        ({"periods": ["2015-16", "2016/2017"]}, ["periods", "'2016/2017'", "2016-17 Q1"]),
        ({"periods": ["2015-16 Q4 to 2015-16 Q1", "2016-17"]}, ["is no period"]),
        ({"compute": "percent_chnage"}, ["compute", "percent_change"]),
        ({"tolerance": "hole"}, ["tolerance", "whole"]),
        ({"compare": "equals"}, ["compare", "equal"]),
        ({"periods": ["2016-17"]}, ["takes 2 periods, found 1"]),
        # a rise would be told as a fall
        ({"periods": ["2016-17", "2015-16"]}, ["in their order, the earliest first", "2016-17, 2015-16"]),
        ({"stated": "up"}, ["stated has to be a number"]),
        ({"tolerance": None}, ["needs a tolerance"]),
        ({"compute": "direction"}, ["stated has to be up or down"]),
        ({"compute": "share", "periods": ["2016-17"]}, ["`of`"]),
        ({"measures": ["total_crime", "shoplifting"]}, ["takes one measure"]),
        ({"compute": "rank", "stated": ["shoplifting"], "by": "change"}, ["stated has to name some"]),
        ({"compute": "incomparable"}, ["takes nothing that is stated"]),
        ({"not_testable": "why"}, ["either compute, or not_testable"]),
        ({"feeds": []}, ["needs measures, feeds (or `from: preferred`) and periods"]),
        ({"from": "prefered"}, ["from", "preferred"]),
        ({"compute": "conflict", "from": "preferred", "periods": ["2016-17"], "stated": None}, ["`from: preferred` names none"]),
        ({"claim": "x"}, ["claim", "not a key known here"]),
        ({"periods": ["2015-16", "2016-17 Q1 to 2016-17 Q2"]}, ["as many months", "12", "6"]),
    ],
)
def test_a_wrong_name_or_key_is_told_with_file_and_entry(partners: Pipeline, wrong: dict[str, Any], words: list[str]) -> None:
    declare(partners, it=GOOD | wrong)
    with pytest.raises(ConfigurationError) as error:
        load_claims(partners.partnership, partners.book)
    for word in ["claims.yml", "it", *words]:
        assert word in str(error.value)


def test_percentages_do_not_add_up_over_periods(partners: Pipeline) -> None:
    survey = {"measures": ["concern_litter"], "feeds": ["county/community_survey"]}
    declare(partners, it=GOOD | survey | {"periods": ["2015-16 Q1 to 2015-16 Q2", "2016-17 Q3"]})
    with pytest.raises(ConfigurationError, match="do not add up"):
        load_claims(partners.partnership, partners.book)
