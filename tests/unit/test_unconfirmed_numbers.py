"""A number that leads to a record without a person: whether it holds is for the days to say, as no person can."""

from typing import Any

import pandas as pd

from tests.accuracy.few_records import ANN, BEA, DAY, bridge, told


def days(number: int) -> pd.Timestamp:
    return DAY + pd.Timedelta(days=number)


def linked(found: Any) -> set[tuple[str, str, str]]:
    return set(found.links[["record_key_a", "record_key_b", "rule"]].itertuples(index=False, name=None))


def test_a_number_holds_where_the_persons_own_other_crime_lies_further_off() -> None:
    """The crime quoted was recorded on the day before the referral, but without a person; hers that has one, a month before."""
    found = bridge(
        [
            {"crime_number": "16/1", "recorded_date": days(-1)},
            {"crime_number": "16/2", "recorded_date": days(-34), "person_key": ANN, "domestic": False},
        ],
        [{"case_id": "C1", "police_crime_reference": "16/1", "person_key": ANN, "incident_date": None}],
    )
    assert linked(found) == {("16/1", "C1", "crime_number")}
    assert found.records.empty


def test_a_number_gives_way_to_the_persons_own_nearer_crime() -> None:
    found = bridge(
        [
            {"crime_number": "16/1", "committed_from": days(-9)},
            {"crime_number": "16/2", "committed_from": days(-1), "person_key": ANN},
        ],
        [{"case_id": "C1", "police_crime_reference": "16/1", "person_key": ANN}],
    )
    assert linked(found) == {("16/2", "C1", "same_person")}
    assert told(found) == {"16/1": "known_to_one_agency_only: "}


def test_the_crime_of_a_case_without_a_person_is_not_taken_for_that_of_another_case() -> None:
    """Ann's crime is quoted by a case that names nobody; her other case, of weeks later, has no crime."""
    found = bridge(
        [{"crime_number": "16/1", "person_key": ANN}],
        [
            {"case_id": "C1", "police_crime_reference": "16/1"},
            {"case_id": "C2", "person_key": ANN, "incident_date": None, "referral_date": days(40)},
        ],
    )
    assert linked(found) == {("16/1", "C1", "crime_number")}
    assert told(found) == {"C2": "known_to_one_agency_only: "}


def test_a_number_that_leads_to_another_season_is_no_link_though_nobody_is_named_there() -> None:
    """A digit keyed wrongly leads to a theft from a shop, half a year before: no reason why the police do not count it."""
    found = bridge(
        [
            {"crime_number": "16/1", "committed_from": days(-180), "recorded_date": days(-180), "domestic": False},
            {"crime_number": "16/2", "person_key": BEA},
        ],
        [{"case_id": "C1", "police_crime_reference": "16/1", "person_key": ANN}, {"case_id": "C2", "person_key": BEA}],
    )
    assert linked(found) == {("16/2", "C2", "same_person")}
    assert told(found) == {"C1": "unexplained: contradicting_links"}


def test_a_number_holds_where_only_the_day_of_the_incident_was_keyed_wrongly() -> None:
    """The service writes 1 January where it does not know the day; the referral came on the day after the crime was recorded."""
    found = bridge(
        [{"crime_number": "16/1", "status": "cancelled"}],
        [{"case_id": "C1", "police_crime_reference": "16/1", "incident_date": days(-125), "referral_date": days(1)}],
    )
    assert linked(found) == {("16/1", "C1", "crime_number")}
    assert told(found) == {"C1": "status: status = 'recorded'"}


def test_a_case_entered_twice_stays_a_duplicate_when_its_number_was_keyed_wrongly_too() -> None:
    found = bridge(
        [
            {"crime_number": "16/1", "person_key": ANN},
            {"crime_number": "16/9", "committed_from": days(-180), "recorded_date": days(-180), "domestic": False},
        ],
        [
            {"case_id": "C1", "person_key": ANN},
            {"case_id": "C2", "person_key": ANN, "police_crime_reference": "16/9"},
        ],
    )
    assert told(found) == {"C2": "duplicates: "}
