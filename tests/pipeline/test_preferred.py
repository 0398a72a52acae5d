"""The preferred figure: one of several feeds' by a named rule, the others beside it, and rules that cannot be followed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.partnership.measures import load_measures
from csp_pipeline.partnership.partnership import load_partnership
from csp_pipeline.publish.checks import count_without_one_preferred
from csp_pipeline.reconcile.claims import build_claims
from csp_pipeline.reconcile.compare import build_comparisons
from tests.altered import alter_table
from tests.conftest import ONE_YEAR, PROJECT, Pipeline
from tests.copied_sources import copy_configuration
from tests.small_exports import HARBOROUGH, crime, csv_text, published, street

FEEDS = ["police/crimes", "police/street", "district/published_figures"]
LATEST = {"name": "newest", "by": "latest", "reason": "The newest word counts."}
COMPLETE = {"name": "fullest", "by": "most_complete", "reason": "The whole before a part."}
POLICE = {"name": "police_first", "by": "authority", "feed": "police/crimes", "reason": "They record it."}


def set_rules(sources: Path, rules: list[dict[str, Any]]) -> None:
    path = sources / "measures.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(content | {"preferred": rules}, sort_keys=False), encoding="utf-8")


def preferred(pipeline: Pipeline, measure: str, period: str) -> tuple[str, str]:
    [row] = pipeline.lake(
        "FROM figures WHERE measure = ? AND area_code = ? AND period = ? AND preferred_by IS NOT NULL",
        [measure, HARBOROUGH, period],
    )
    assert row["is_headline"]
    return f"{row['agency']}/{row['feed']}", row["preferred_by"]


@pytest.fixture(scope="module")
def sent(new_pipeline: Callable[..., Pipeline]) -> Pipeline:
    """April of the police's crimes; April and May of the street-level file, published later; the year's total, earlier still."""
    pipeline = new_pipeline(FEEDS, ONE_YEAR, ["total_crime", "shoplifting"])
    pipeline.put("police/crimes", "crimes_2016-04_extracted-2016-05-10.csv", csv_text([crime(1), crime(2)]))
    for month in ("2016-04", "2016-05"):
        rows = [street(Month=month, **{"Crime type": "Shoplifting"})]
        pipeline.put("police/street", f"published-2016-08/{month}-leicestershire-street.csv", csv_text(rows))
    name = "published_figures_2016-17_extracted-2016-06-01.csv"
    pipeline.put("district/published_figures", name, csv_text([published("Total crime", "3", published_on="01/06/2016")]))
    for feed in FEEDS:
        pipeline.take_in(feed)
    return pipeline


def with_rules(sent: Pipeline, *rules: dict[str, Any]) -> Pipeline:
    set_rules(sent.sources, list(rules))
    sent.reread_configuration()
    sent.make_figures()
    return sent


def test_an_authority_comes_first_where_it_has_a_figure_and_the_next_rule_after_it(sent: Pipeline) -> None:
    pipeline = with_rules(sent, POLICE, COMPLETE)
    assert preferred(pipeline, "total_crime", "2016-04") == ("police/crimes", "police_first")
    assert preferred(pipeline, "total_crime", "2016-05") == ("police/street", "fullest")
    # a twelfth of a year is the authority's figure all the same, and is marked as incomplete
    assert preferred(pipeline, "total_crime", "2016-17") == ("police/crimes", "police_first")
    assert pipeline.figure("police/crimes", "total_crime", HARBOROUGH, "2016-17")["status"] == "P"


def test_the_most_complete_figure_comes_first(sent: Pipeline) -> None:
    pipeline = with_rules(sent, COMPLETE)
    assert preferred(pipeline, "total_crime", "2016-17") == ("district/published_figures", "fullest")
    assert preferred(pipeline, "total_crime", "2016-17 Q1") == ("police/street", "fullest")


def test_the_latest_figure_comes_first(sent: Pipeline) -> None:
    pipeline = with_rules(sent, LATEST)
    assert preferred(pipeline, "total_crime", "2016-17") == ("police/street", "newest")
    assert preferred(pipeline, "total_crime", "2016-04") == ("police/street", "newest")


def test_a_rule_may_be_for_some_measures_only(sent: Pipeline) -> None:
    pipeline = with_rules(sent, LATEST | {"measures": ["shoplifting"]}, POLICE, COMPLETE)
    assert preferred(pipeline, "shoplifting", "2016-04") == ("police/street", "newest")
    assert preferred(pipeline, "total_crime", "2016-04") == ("police/crimes", "police_first")


def test_the_others_stay_and_each_thing_has_one_preferred_figure(sent: Pipeline, tmp_path: Path) -> None:
    pipeline = with_rules(sent, POLICE, COMPLETE)
    assert count_without_one_preferred(pipeline.settings) == 0
    counted = pipeline.lake(
        "SELECT agency, feed, value FROM figures WHERE measure = 'total_crime' AND area_code = ? AND period = '2016-04'"
        " AND is_headline ORDER BY feed",
        [HARBOROUGH],
    )
    assert [row["value"] for row in counted] == [2, 1]
    change = "CASE WHEN period = '2016-04' THEN NULL ELSE preferred_by END AS preferred_by"
    assert count_without_one_preferred(alter_table(pipeline.settings, tmp_path, "figures", change)) > 0


def test_a_claim_about_several_periods_takes_one_series_the_one_preferred_in_the_last(sent: Pipeline) -> None:
    pipeline = with_rules(sent, POLICE, COMPLETE)
    build_comparisons(pipeline.settings, pipeline.partnership, pipeline.book)
    claim = {"statement": "s", "source": "page 1", "measures": ["total_crime"], "from": "preferred", "tolerance": "exactly"}
    claims = {
        # the police's own count is 2; the street-level file has 1 in each of the two months
        "april": {**claim, "compute": "level", "periods": ["2016-04"], "stated": 2},
        "both": {**claim, "compute": "difference", "periods": ["2016-04", "2016-05"], "stated": 0, "feeds": ["police/crimes"]},
    }
    text = yaml.safe_dump({"tolerances": {"exactly": {"reason": "A count."}}, "claims": claims})
    (pipeline.sources / "claims.yml").write_text(text, encoding="utf-8")
    build_claims(pipeline.settings, pipeline.partnership, pipeline.book)
    april, both = pipeline.lake("FROM claims ORDER BY claim")
    assert (april["feed"], april["preferred_by"], april["verdict"]) == ("crimes", "police_first", "supported")
    assert (both["feed"], both["preferred_by"], both["verdict"]) == ("street", "fullest", "supported")
    assert "(police/street), by the rule fullest" in both["sentence"]
    # what a named feed says stands beside it
    assert both["other_feeds"] == [
        "police/crimes: not_testable. Total recorded crime in Harborough, 2016-05, has no figure from police/crimes."
    ]
    used = pipeline.lake(
        "SELECT period, value, preferred_by FROM claim_figures WHERE claim = 'both' AND feed = 'street' ORDER BY 1"
    )
    assert [(row["period"], row["value"], row["preferred_by"]) for row in used] == [
        ("2016-04", 1, "fullest"),
        ("2016-05", 1, "fullest"),
    ]


def test_without_rules_the_most_complete_is_preferred(sent: Pipeline) -> None:
    path = sent.sources / "measures.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    del content["preferred"]
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    sent.reread_configuration()
    sent.make_figures()
    assert preferred(sent, "total_crime", "2016-17") == ("district/published_figures", "most_complete")


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([POLICE | {"feed": "police/asb"}, COMPLETE], "preferred > police_first > feed: 'police/asb' is not known"),
        (
            [POLICE | {"measures": ["asb_reported"]}, COMPLETE],
            "police/crimes does not give asb_reported, so it cannot be its authority; feeds that give it: police/street",
        ),
        ([COMPLETE | {"measures": ["crime"]}], "preferred > fullest > measures: 'crime' is not known"),
        ([POLICE], "no rule gives total_crime where its authority has no figure"),
        ([COMPLETE, COMPLETE], "the name is given twice"),
        ([COMPLETE | {"feed": "police/crimes"}], "give feed with authority, and only there"),
        ([COMPLETE | {"by": "best"}], "by"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_named(tmp_path: Path, rules: list[dict[str, Any]], words: str) -> None:
    sources = copy_configuration(tmp_path / "sources", feeds=FEEDS)
    set_rules(sources, rules)
    with pytest.raises(ConfigurationError) as caught:
        load_measures(load_partnership(sources))
    assert "measures.yml" in str(caught.value)
    assert words in str(caught.value)


def test_the_projects_own_rules_prefer_a_figure_of_every_measure() -> None:
    book = load_measures(load_partnership(PROJECT / "sources"))
    table = book.preferences_table
    assert set(table.measure) == set(book.measures)
    by_measure = {name: list(rows.rule) for name, rows in table.groupby("measure")}
    assert by_measure["deliberate_fires"] == ["service_that_attends", "police_records", "most_complete"]
    assert by_measure["safe_by_day"] == ["most_complete"]
    assert table[table.rule == "police_records"].agency.unique().tolist() == ["police"]
