"""A number or a key that too many records share links nothing, contradicts nobody and ties no event together; and it is said."""

from typing import Any

import pytest

from csp_pipeline.reconcile import link
from tests.accuracy.bridging import Bridged, configuration
from tests.accuracy.few_records import ANN, BEA, bridge, told

# as links.yml says it, with a number that a test can reach
AT_MOST_THREE = configuration()[1].model_copy(update={"most_records": 3})


def crime(number: int, **more: Any) -> dict[str, Any]:
    return {"crime_number": f"16/{number}"} | more


def case(number: int, reference: str | None = None, **more: Any) -> dict[str, Any]:
    return {"case_id": f"C{number}", "police_crime_reference": reference} | more


def linked(found: Bridged) -> set[tuple[str, str]]:
    return set(zip(found.links.record_key_a, found.links.record_key_b, strict=True))


def cut(found: Bridged) -> dict[tuple[str, str], int]:
    """Records whose links were cut, by feed and rule."""
    return dict(zip(zip(found.cuts.feed, found.cuts.rule, strict=True), found.cuts.records, strict=True))


def test_a_number_that_too_many_cases_quote_links_none_of_them_nor_says_that_its_crime_is_unknown_to_the_service() -> None:
    crimes = [crime(1), crime(2)]
    several = [case(9, "16/2"), *(case(number, "16/1") for number in range(1, 4))]
    found = bridge(crimes, several, AT_MOST_THREE)
    assert linked(found) == {("16/2", "C9"), ("16/1", "C1"), ("16/1", "C2"), ("16/1", "C3")}
    assert cut(found) == {}
    found = bridge(crimes, [*several, case(4, "16/1")], AT_MOST_THREE)
    assert linked(found) == {("16/2", "C9")}
    assert cut(found) == {("domestic_abuse", "crime_number"): 4, ("crimes", "crime_number"): 1}
    assert told(found) == dict.fromkeys(["16/1", "C1", "C2", "C3", "C4"], "unexplained: shared_identifier")


def test_a_number_that_too_many_crimes_have_links_none_of_them_and_is_not_said_to_be_missing_at_the_police() -> None:
    written = [{"crime_number": text} for text in ("16/1", "16-1", "1/16", "2016/1")]
    cases = [case(1, "16/1"), case(2, "16/2")]
    found = bridge([crime(2), *written[:3]], cases, AT_MOST_THREE)
    assert linked(found) == {("16/2", "C2"), ("16/1", "C1"), ("16-1", "C1"), ("1/16", "C1")}
    found = bridge([crime(2), *written], cases, AT_MOST_THREE)
    assert linked(found) == {("16/2", "C2")}
    assert cut(found) == {("crimes", "crime_number"): 4, ("domestic_abuse", "crime_number"): 1}
    assert set(told(found).values()) == {"unexplained: shared_identifier"}


def test_a_number_that_the_police_do_not_have_is_said_so_unless_too_many_quote_it() -> None:
    several = [case(9, "16/2"), *(case(number, "16/1") for number in range(1, 4))]
    found = bridge([crime(2)], several, AT_MOST_THREE)
    assert (cut(found), told(found)["C1"]) == ({}, "unexplained: reference_not_found")
    found = bridge([crime(2)], [*several, case(4, "16/1")], AT_MOST_THREE)
    assert (cut(found), told(found)["C1"]) == ({("domestic_abuse", "crime_number"): 4}, "unexplained: shared_identifier")


def test_a_person_key_that_too_many_records_of_one_feed_share_is_nobodys() -> None:
    crimes = [crime(1, person_key=ANN), crime(2, person_key=BEA)]
    cases = [case(9, person_key=BEA), *(case(number, person_key=ANN) for number in range(1, 4))]
    assert ("16/1", "C1") in linked(bridge(crimes, cases, AT_MOST_THREE))
    found = bridge(crimes, [*cases, case(4, person_key=ANN)], AT_MOST_THREE)
    assert linked(found) == {("16/2", "C9")}
    assert cut(found) == {("domestic_abuse", "same_person"): 4, ("crimes", "same_person"): 1}
    assert told(found) == dict.fromkeys(["16/1", "C1", "C2", "C3", "C4"], "unexplained: shared_identifier")


@pytest.mark.parametrize("crowd", ["crimes", "cases"])
def test_a_key_that_stands_for_a_crowd_does_not_contradict_the_number_that_a_case_quotes(crowd: str) -> None:
    """Each person has a key of their own in the one feed; the other has one placeholder for all of them."""

    def keyed(feed: str, number: int) -> str:
        return ANN if feed == crowd else str(number) * 64

    def bridge_first(records: int) -> Bridged:
        numbers = range(1, records + 1)
        crimes = [crime(number, person_key=keyed("crimes", number)) for number in numbers]
        cases = [case(number, f"16/{number}", person_key=keyed("cases", number)) for number in numbers]
        return bridge(crimes, cases, AT_MOST_THREE)

    assert linked(bridge_first(4)) == {(f"16/{number}", f"C{number}") for number in range(1, 5)}
    # so few records may be of one person
    assert linked(bridge_first(3)) == set()


@pytest.mark.parametrize(
    ("incident", "records", "cause"),
    [
        ("L-16-1", 3, "counting_unit: "),
        ("L-16-1", 4, "known_to_one_agency_only: "),
        ("unknown", 3, "known_to_one_agency_only: "),
        ("000", 3, "known_to_one_agency_only: "),
    ],
)
def test_crimes_that_share_a_crowded_incident_number_or_a_word_are_not_one_incident(
    incident: str, records: int, cause: str
) -> None:
    crimes = [crime(number, incident_number=incident) for number in range(1, records + 1)]
    found = bridge(crimes, [case(1, "16/1")], AT_MOST_THREE)
    assert told(found) == {f"16/{number}": cause for number in range(2, records + 1)}


def test_links_that_tie_more_together_than_one_event_can_be_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    crimes = [crime(1, incident_number="L-16-1"), crime(2, incident_number="L-16-1"), crime(3)]
    cases = [case(1, "16/1"), case(2, "16/1"), case(3, "16/2"), case(4, "16/3")]
    monkeypatch.setattr(link, "MOST_TOGETHER", 5)
    assert len(bridge(crimes, cases).links) == 4
    monkeypatch.setattr(link, "MOST_TOGETHER", 4)
    found = bridge(crimes, cases)
    assert linked(found) == {("16/3", "C4")}
    assert cut(found) == {("crimes", "event"): 2, ("domestic_abuse", "event"): 3}
    assert told(found) == dict.fromkeys(["16/1", "16/2", "C1", "C2", "C3"], "unexplained: shared_identifier")
