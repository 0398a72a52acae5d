"""In the sample's treatment feeds the definition search finds what was planted: how the provider counted, and when otherwise."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any

import pytest

from csp_pipeline.reconcile.compare import build_comparisons
from csp_pipeline.reconcile.search import build_searches
from csp_pipeline.sample.crimes import Mixer
from csp_pipeline.sample.reference import read_reference
from csp_pipeline.sample.treatment import write_treatment
from csp_pipeline.sample.truth import Truth
from tests.conftest import THREE_YEARS, Pipeline

FEEDS = ("turning_point/episodes", "turning_point/summary")
# the sample's cause, its measure, and the change that undoes it
PLANTED = {
    "counting_unit": ("people_in_treatment", "2015-16 Q2", "unit episode instead of client"),
    "reference_date": ("new_presentations", "2015-16 Q4", "date referred instead of triaged"),
    "reference_period": ("successful_completions", "2014-15 Q4", "each period's last month left out"),
}


@pytest.fixture(scope="module", params=[1, 7, 23])
def searched(request: pytest.FixtureRequest, new_pipeline: Callable[..., Pipeline]) -> tuple[Pipeline, set[str]]:
    """The search over one seed's treatment feeds, and the causes that this seed planted in the summary."""
    pipeline = new_pipeline(FEEDS, THREE_YEARS)
    truth = Truth(pipeline.sources / "truth")
    mixer = Mixer(read_reference(pipeline.sources), request.param, None, {})  # type: ignore[arg-type]
    write_treatment(pipeline.sources, mixer, ["2014-15", "2015-16", "2016-17"], truth)
    truth.write()
    for feed in FEEDS:
        pipeline.take_in(feed)
    pipeline.make_figures()
    build_comparisons(pipeline.settings, pipeline.partnership, pipeline.book)
    build_searches(pipeline.settings, pipeline.partnership, pipeline.book, pipeline.specs)
    with (pipeline.sources / "truth" / "planted.csv").open(encoding="utf-8") as lines:
        return pipeline, {row["cause"] for row in csv.DictReader(lines) if row["feed"] == "summary"}


def search_of(pipeline: Pipeline, measure: str) -> dict[str, Any]:
    return pipeline.lake("FROM definition_searches WHERE measure = ?", [measure])[0]


def test_new_presentations_are_counted_by_the_day_of_triage(searched: tuple[Pipeline, set[str]]) -> None:
    row = search_of(searched[0], "new_presentations")
    assert row["best_variant"].startswith("date triaged instead of referred")
    assert row["result"] == "mostly_consistent"
    # all but the quarter of the change of provider, whose transferred clients the provider did not count
    assert row["periods_agreeing"] >= row["periods_compared"] - 2
    assert row["best_misfit"] < row["headline_misfit"]


def test_what_the_provider_counts_as_the_measure_says_is_found_so(searched: tuple[Pipeline, set[str]]) -> None:
    row = search_of(searched[0], "people_in_treatment")
    assert (row["best_variant"], row["result"]) == ("the headline definition", "consistent")


@pytest.mark.parametrize("cause", PLANTED)
def test_the_quarter_in_which_the_provider_counted_otherwise_is_found(searched: tuple[Pipeline, set[str]], cause: str) -> None:
    pipeline, planted = searched
    assert cause in planted  # seeds for which it makes a difference
    measure, quarter, change = PLANTED[cause]
    exceptions = (search_of(pipeline, measure)["exceptions"] or "").split("; ")
    said = [text for text in exceptions if text.startswith(f"{quarter} is consistent with")]
    assert len(said) == 1
    assert change in said[0]
