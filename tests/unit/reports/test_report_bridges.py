"""The way from one figure to the other, as each side may read it."""

from functools import partial
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from csp_pipeline.partnership.partnership import load_partnership
from csp_pipeline.reports import ReportSummary
from csp_pipeline.reports.bridges import Reader, build_bridge
from csp_pipeline.reports.disclosure_conflicts import small_counts_in_search
from csp_pipeline.reports.read import read_facts
from csp_pipeline.reports.searches import search_sentence
from csp_pipeline.settings import Settings
from tests.unit.reports.reading import conflict, everything_written_for, page, rows

THE_CONFLICT = "domestic_abuse.e07000901"


def steps_of(found: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(s["title"], s["first_records"], s["second_records"], s["contribution"]) for s in found["bridge"]["steps"]]


def test_a_gap_is_led_back_to_its_causes_in_the_readers_order(summary: ReportSummary) -> None:
    found = conflict(summary, "police", THE_CONFLICT)
    assert steps_of(found) == [
        ("Dated in another period", 4, 9, 5),
        ("Not met: status is not opened in error", 6, 0, -6),
        ("Known to one side only", 50, 21, -29),
    ]
    assert [s["reached"] for s in found["bridge"]["steps"]] == [125, 119, 90]
    assert (found["bridge"]["start"], found["bridge"]["end"], found["bridge"]["unexplained"]) == (120, 90, 0)
    assert "Nothing is left unexplained." in page(summary, "police")


def test_steps_that_would_tell_anothers_small_count_are_put_together(summary: ReportSummary) -> None:
    # the police's 4, 6 and 50 are told to the county as 60 in one step; its own 9 and 21 stay as they are
    found = conflict(summary, "county", THE_CONFLICT)
    assert steps_of(found) == [
        ("Dated in another period", 9, 0, -9),
        ("Known to one side only", 21, 0, -21),
        ("Other causes, together", 0, 60, 60),
    ]
    assert found["bridge"]["unexplained"] is None
    assert found["bridge"]["steps"][-1]["reached"] == 120


def test_only_the_readers_own_references_are_listed(summary: ReportSummary) -> None:
    own = rows(summary, "police", "Own records")
    assert len(own) == 4 + 6 + 50
    assert own[0]["Your reference"] == "POLICE-1-0"
    assert (own[0]["File"], own[0]["Row"]) == ("crimes_april.csv", 2)
    for agency, other in (("police", "COUNTY-"), ("county", "POLICE-")):
        for text in everything_written_for(summary, agency):
            assert f"{other}SECRET" not in text
            assert f"{other}1-0" not in text


def test_the_workbook_has_the_steps_that_the_page_shows(summary: ReportSummary) -> None:
    steps = rows(summary, "county", "Steps of gaps")
    assert [(s["Step"], s["Adds"]) for s in steps] == [
        ("Dated in another period", -9),
        ("Known to one side only", -21),
        ("Other causes, together", 60),
    ]


def test_without_a_bridge_the_report_says_why_and_what_the_definition_search_found(summary: ReportSummary) -> None:
    found = conflict(summary, "police", "theft")
    assert found["no_bridge"].startswith("One of the two is only a number")
    no_proof = "That they are consistent does not show that this is the cause."
    assert found["search"] == f"Theft: the number is consistent with another date; the differences add up to 5. {no_proof}"
    assert found["search"] in page(summary, "police")
    # the publisher is not told how far the police's own numbers lie from it
    told = conflict(summary, "district", "theft")["search"]
    assert told == (
        "Your Published figures is consistent with Northshire Police's Recorded crimes counted by date committed instead of "
        f"recorded (12 definitions tried, 2 as good as the best). {no_proof}"
    )


def test_a_number_that_no_definition_fits_is_not_said_to_be_consistent() -> None:
    row = {"measure": "theft", "agency": "police", "feed": "crimes", "other_agency": "district", "other_feed": "published"}
    row |= {"result": "none", "variants_tried": 12, "variants_as_good": 2, "best_variant": "date committed", "sentence": "None."}
    figures = SimpleNamespace(key="police/crimes", label="A"), SimpleNamespace(key="district/published", label="b")
    told = [
        search_sentence([row], "theft", cast("Any", figures), lambda _, known=known: known, lambda *_: False)
        for known in (False, True)
    ]
    nearest = "B is consistent with none of the definitions tried; the nearest is A counted by date committed"
    assert told == ["None.", f"{nearest} (12 definitions tried, 2 as good as the best)."]


def test_small_counts_that_fit_a_definition_are_not_told_to_whoever_can_count_by_it(settings: Settings) -> None:
    facts = read_facts(settings, load_partnership(settings.sources))
    [search] = facts.searches
    # of theft in Northby the police count 8 and 3 was published
    small = {key: small_counts_in_search(facts, search, key) for key in ("police/crimes", "district/published_figures")}
    assert small == {"police/crimes": False, "district/published_figures": True}
    figures = SimpleNamespace(key="police/crimes", label="A"), SimpleNamespace(key="district/published_figures", label="b")

    def told(kept: str) -> str | None:
        return search_sentence(
            [search], "theft", cast("Any", figures), lambda key: key == kept, partial(small_counts_in_search, facts)
        )

    assert "B is consistent with A" in (told("police/crimes") or "")
    assert told("district/published_figures") is None


def test_earlier_gaps_leave_out_what_tells_a_small_revision_of_anothers(summary: ReportSummary) -> None:
    own = conflict(summary, "county", THE_CONFLICT)["past"]
    assert [(gap["first"], gap["second"], gap["verdict"]) for gap in own] == [
        (90, 120, "conflict"),
        (88, 120, "conflict"),
        (118, 120, "within tolerance"),
    ]
    # from 88 to 90 the county added 2 records: a count of 1 to 4
    assert [gap["second"] for gap in conflict(summary, "police", THE_CONFLICT)["past"]] == [90, 118]


def test_a_conflict_says_how_it_came_about(summary: ReportSummary) -> None:
    assert (
        "Until 28 July 2016 they stood at 118 and 120, within the tolerance; then came a new extract of your Abuse cases."
        in page(summary, "county")
    )
    # from the police a state in between is withheld: the last day without a conflict cannot be told
    assert "they stood at" not in page(summary, "police")


counts = st.integers(0, 12)


@given(st.lists(st.tuples(counts, counts), min_size=1, max_size=8), st.booleans(), st.booleans())
def test_a_bridge_always_arrives_and_never_shows_a_small_count_of_another(
    sides: list[tuple[int, int]], swapped: bool, is_third: bool
) -> None:
    steps = [
        {"cause": "geography", "detail": None, "sentence": "", "records_a": a, "records_b": b, "contribution": b - a}
        for a, b in sides
    ]
    start, own = 1_000, ("c" if is_third else "a")
    end = start + sum(b - a for a, b in sides)
    figures, feeds = ((end, start), ("b/y", "a/x")) if swapped else ((start, end), ("a/x", "b/y"))
    reader = Reader(own, lambda feed: not feed.startswith(own), lambda n: 0 < n < 5, lambda _, feed: feed)
    bridge, why = build_bridge(reader, steps, [], figures, feeds, swapped=swapped)
    if bridge is None:
        assert "withheld" in why
        return
    assert bridge.start + sum(step.contribution for step in bridge.steps) == bridge.end
    for step in bridge.steps:
        shown = {feeds[0]: step.first_records, feeds[1]: step.second_records}
        assert all(shown[feed] not in range(1, 5) for feed in feeds if reader.is_protected(feed))
