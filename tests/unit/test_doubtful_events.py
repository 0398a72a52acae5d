"""What is in doubt for one record of an event is in doubt for all of it, and two persons' records are not one entered twice."""

import pandas as pd

from tests.accuracy.bridging import Bridged
from tests.accuracy.few_records import ANN, BEA, CAT, DAY, bridge, told


def possible_counterparts(found: Bridged) -> int:
    """How many of the records known to one agency only may be the other side's unexplained ones."""
    (step,) = found.steps[found.steps.cause == "known_to_one_agency_only"].to_dict("records")
    return int(step["possible_counterparts"])


def test_a_contradiction_casts_doubt_on_every_crime_of_the_incident() -> None:
    """The service's case names 16/1 and another person; whether it is of that incident cannot be told of 16/2 either."""
    found = bridge(
        [
            {"crime_number": "16/1", "incident_number": "I-1", "person_key": ANN},
            {"crime_number": "16/2", "incident_number": "I-1", "person_key": ANN},
            {"crime_number": "16/3", "incident_number": "I-2", "person_key": CAT},
        ],
        [{"case_id": "C1", "police_crime_reference": "16/1", "person_key": BEA}],
    )
    assert found.links.empty
    assert told(found) == {
        "16/1": "unexplained: contradicting_links",
        "16/2": "unexplained: contradicting_links",
        "16/3": "known_to_one_agency_only: ",
        "C1": "unexplained: contradicting_links",
    }


def test_a_reference_that_leads_nowhere_casts_doubt_on_the_other_cases_of_the_incident() -> None:
    """Both cases are of one person and day, so that the number which the police do not have is about both."""
    found = bridge(
        [{"crime_number": "16/3", "person_key": CAT, "recorded_date": DAY + pd.Timedelta(days=200), "committed_from": None}],
        [
            {"case_id": "C1", "police_crime_reference": "16/999", "person_key": ANN},
            {"case_id": "C2", "person_key": ANN, "referral_date": DAY + pd.Timedelta(days=9)},
            {"case_id": "C3", "person_key": BEA},
        ],
    )
    assert told(found) == {
        "16/3": "known_to_one_agency_only: ",
        "C1": "unexplained: reference_not_found",
        "C2": "unexplained: reference_not_found",
        "C3": "known_to_one_agency_only: ",
    }
    # the crime may be that of C1 or C2; C3 can be none of the police's, who have no record left over
    assert possible_counterparts(found) == 1


def test_cases_of_two_persons_are_not_one_case_entered_twice() -> None:
    """A mother and her child, referred on one day with the number of one crime, that the police hold no person for."""
    found = bridge(
        [{"crime_number": "16/1"}],
        [
            {"case_id": "C1", "police_crime_reference": "16/1", "person_key": ANN},
            {"case_id": "C2", "police_crime_reference": "16/1", "person_key": BEA},
            {"case_id": "C3", "police_crime_reference": "16/1", "person_key": BEA},
            {"case_id": "C4", "police_crime_reference": "16/1"},
        ],
    )
    # C3 is C2 once more; of C4 nobody can say whose it is
    assert told(found) == {"C2": "counting_unit: ", "C3": "duplicates: ", "C4": "counting_unit: "}


def days_after(days: int) -> pd.Timestamp:
    return DAY + pd.Timedelta(days=days)


def test_two_known_days_of_an_incident_that_lie_far_apart_are_two_incidents() -> None:
    """The referral came the day after a crime of another day was recorded, months after it was committed."""
    found = bridge(
        [{"crime_number": "16/1", "person_key": ANN, "recorded_date": days_after(70)}],
        [{"case_id": "C1", "person_key": ANN, "incident_date": days_after(60), "referral_date": days_after(71)}],
    )
    assert found.links.empty
    assert set(told(found).values()) == {"known_to_one_agency_only: "}


def test_the_incident_of_the_same_day_is_nearer_than_the_crime_recorded_on_the_day_of_referral() -> None:
    found = bridge(
        [
            {"crime_number": "16/1", "person_key": ANN, "committed_from": days_after(9), "recorded_date": days_after(9)},
            {"crime_number": "16/2", "person_key": ANN, "committed_from": DAY, "recorded_date": DAY, "status": "cancelled"},
        ],
        [
            {"case_id": "C1", "person_key": ANN, "incident_date": DAY, "referral_date": days_after(9)},
            {"case_id": "C2", "person_key": ANN, "incident_date": days_after(9), "referral_date": days_after(30)},
        ],
    )
    assert found.links[["record_key_a", "record_key_b"]].to_numpy().tolist() == [["16/1", "C2"], ["16/2", "C1"]]
    assert told(found) == {"C1": "status: status = 'recorded'"}
