"""What a person's other records say: of a number quoted wrongly, a course of incidents, and days that lie too far apart."""

from typing import Any

import pandas as pd
import pytest

from csp_pipeline.partnership.links import RuleEntry
from tests.accuracy.bridging import Bridged, configuration
from tests.accuracy.few_records import ANN, BEA, DAY, bridge, told


def day(days: int) -> pd.Timestamp:
    return DAY + pd.Timedelta(days=days)


def crime(number: int, committed: int | None = 0, recorded: int = 0, **more: Any) -> dict[str, Any]:
    """A crime of Ann's, by days."""
    of_day = {"committed_from": None if committed is None else day(committed), "recorded_date": day(recorded)}
    return {"crime_number": f"16/{number}", "person_key": ANN} | of_day | more


def case(number: int, incident: int | None = 0, referred: int = 0, reference: str | None = None, **more: Any) -> dict[str, Any]:
    """A case of Ann's, by days."""
    of_day = {"incident_date": None if incident is None else day(incident), "referral_date": day(referred)}
    return {"case_id": f"C{number}", "police_crime_reference": reference, "person_key": ANN} | of_day | more


def linked(found: Bridged) -> dict[tuple[str, str], str]:
    """The rule of each link."""
    return dict(zip(zip(found.links.record_key_a, found.links.record_key_b, strict=True), found.links.rule, strict=True))


def test_a_number_that_no_person_confirms_gives_way_to_the_crime_against_the_person_that_the_case_names() -> None:
    """The case quotes 16/1 of three days before, of which the police hold no person; its client's crime of that day is 16/2."""
    found = bridge([crime(1, -3, person_key=None), crime(2)], [case(1, reference="16/1")])
    assert linked(found) == {("16/2", "C1"): "same_person"}


def test_a_case_that_names_nobody_keeps_the_crime_that_it_quotes_though_another_case_is_of_the_same_person() -> None:
    found = bridge([crime(1)], [case(1, reference="16/1", person_key=None), case(2)])
    assert linked(found) == {("16/1", "C1"): "crime_number", ("16/1", "C2"): "same_person"}


def test_a_further_case_within_a_fortnight_of_a_linked_crime_is_one_more_of_its_course() -> None:
    """By the first day that both have: of C2 and C3 only the day of referral is known."""
    cases = [case(1, reference="16/1"), case(2, incident=None, referred=14), case(3, incident=None, referred=15)]
    assert linked(bridge([crime(1)], cases)) == {("16/1", "C1"): "crime_number", ("16/1", "C2"): "same_person"}


def test_a_further_crime_within_a_fortnight_of_a_linked_case_is_one_more_of_its_course() -> None:
    crimes = [crime(1), crime(2, committed=None, recorded=14), crime(3, committed=None, recorded=15)]
    found = bridge(crimes, [case(1, reference="16/1")])
    assert linked(found) == {("16/1", "C1"): "crime_number", ("16/2", "C1"): "same_person"}


def test_one_more_of_a_course_joins_the_incident_that_is_nearest() -> None:
    crimes, cases = [crime(1), crime(2, 10, 10)], [case(1, reference="16/1"), case(2, 10, 10, "16/2")]
    pairs = {("16/1", "C1"): "crime_number", ("16/2", "C2"): "crime_number"}
    assert linked(bridge(crimes, [*cases, case(3, 9, 9)])) == pairs | {("16/2", "C3"): "same_person"}
    assert linked(bridge([*crimes, crime(3, 9, 9)], cases)) == pairs | {("16/3", "C2"): "same_person"}


@pytest.mark.parametrize(("days", "is_linked"), [(92, True), (93, False)])
def test_a_referral_comes_at_most_three_months_after_the_crime_was_recorded(days: int, is_linked: bool) -> None:
    found = bridge([crime(1)], [case(1, incident=None, referred=days)])
    assert bool(linked(found)) == is_linked


@pytest.mark.parametrize(("days", "is_linked"), [(14, True), (15, False)])
def test_two_days_of_one_incident_lie_at_most_a_fortnight_apart(days: int, is_linked: bool) -> None:
    found = bridge([crime(1)], [case(1, incident=days)])
    assert bool(linked(found)) == is_linked


@pytest.mark.parametrize("is_turned", [False, True])
def test_what_happened_on_nearer_days_belongs_together_though_other_dates_agree(is_turned: bool) -> None:
    """One was referred when the other was recorded, and the other way round; the day on which it happened counts."""
    days, others = [(0, 20), (9, 40)], [(10, 20), (1, 40)]
    crimes, cases = (others, days) if is_turned else (days, others)
    assert linked_in_order(crimes, cases) == {("16/1", "C2"), ("16/2", "C1")}


@pytest.mark.parametrize("is_turned", [False, True])
def test_of_two_that_happened_as_near_the_one_whose_other_date_is_nearer_is_meant(is_turned: bool) -> None:
    days, others = [(0, 20), (-3, 100)], [(-1, 60), (1, 20)]
    crimes, cases = (others, days) if is_turned else (days, others)
    assert linked_in_order(crimes, cases) == {("16/1", "C2"), ("16/2", "C1")}


def linked_in_order(crimes: list[tuple[int, int]], cases: list[tuple[int, int]]) -> set[tuple[str, str]]:
    """The links of crimes and cases that are numbered from 1, each with its two days."""
    return set(linked(bridge([crime(n, *d) for n, d in enumerate(crimes, 1)], [case(n, *d) for n, d in enumerate(cases, 1)])))


def test_an_event_that_two_numbers_tie_together_is_one_event_and_each_of_its_records_is_counted_once() -> None:
    """The case quotes 16/1; by a second rule its own number is that of the incident of 16/2."""
    declared = configuration()[1]
    [pair] = [pair for pair in declared.pairs if set(pair.between) == {"police/crimes", "county/domestic_abuse"}]
    columns = {"police/crimes": "incident_number", "county/domestic_abuse": "case_id"}
    further = RuleEntry(name="incident", identifier=columns, form="letters_and_digits")
    twice = declared.model_copy(update={"pairs": [pair.model_copy(update={"rules": [*pair.rules, further]})]})
    crimes = [crime(1, person_key=None), crime(2, person_key=None, incident_number="C1"), crime(3, person_key=BEA)]
    found = bridge(crimes, [case(1, reference="16/1", person_key=None), case(2, person_key=BEA)], links=twice)
    assert set(linked(found)) == {("16/1", "C1"), ("16/2", "C1"), ("16/3", "C2")}
    assert told(found) == {"16/2": "counting_unit: "}
    assert found.steps.contribution.sum() == -1


@pytest.mark.parametrize(
    ("wrong", "right", "nameless", "detail"),
    [
        (10, 1, 0, "persons_do_not_match"),
        # of whom the service names nobody nothing agrees or disagrees
        (10, 1, 9, "persons_do_not_match"),
        (10, 2, 0, "contradicting_links"),
        (9, 0, 0, "contradicting_links"),
    ],
)
def test_only_where_nine_in_ten_numbers_of_a_month_lead_to_others_have_persons_been_keyed_anew(
    wrong: int, right: int, nameless: int, detail: str
) -> None:
    """Each crime has a victim of its own, and each case quotes one crime."""
    crimes = [crime(number, person_key=f"{number:064}") for number in range(1, wrong + right + nameless + 1)]
    clients = [
        f"{number + 100 * (number <= wrong):064}" if number <= wrong + right else None for number in range(1, len(crimes) + 1)
    ]
    cases = [case(number, reference=f"16/{number}", person_key=client) for number, client in enumerate(clients, 1)]
    assert set(told(bridge(crimes, cases)).values()) == {f"unexplained: {detail}"}
