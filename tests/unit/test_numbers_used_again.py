"""A service that numbers its cases from 1 every year uses each number again: two cases of one number are not one sent twice."""

import duckdb
import pandas as pd
import pytest

from csp_pipeline.reconcile import link_sides
from csp_pipeline.sql import read_sql
from tests.accuracy.few_records import ANN, BEA, DAY, bridge, told

YEAR_BEFORE = DAY - pd.DateOffset(years=1)
OF_LAST_YEAR = {"case_id": "1", "referral_date": YEAR_BEFORE, "incident_date": YEAR_BEFORE, "submission_id": "2015"}


def test_two_persons_cases_of_one_number_are_two_cases() -> None:
    """Ann's case of last year had a crime, Bea's of this year bears its number and never came to the police."""
    found = bridge(
        [{"crime_number": "15/1", "person_key": ANN, "recorded_date": YEAR_BEFORE, "committed_from": YEAR_BEFORE}],
        [
            {
                "case_id": "1",
                "person_key": ANN,
                "referral_date": YEAR_BEFORE,
                "incident_date": YEAR_BEFORE,
                "submission_id": "2015",
            },
            {"case_id": "1", "person_key": BEA, "submission_id": "2016"},
        ],
    )
    assert told(found) == {"1": "known_to_one_agency_only: "}


def test_two_cases_of_one_number_and_nobody_are_two_where_their_days_are_of_different_months() -> None:
    found = bridge(
        [{"crime_number": "15/1", "recorded_date": YEAR_BEFORE, "committed_from": YEAR_BEFORE}],
        [
            {"case_id": "1", "police_crime_reference": "15/1", "referral_date": YEAR_BEFORE, "submission_id": "2015"},
            {"case_id": "1", "person_key": BEA, "submission_id": "2016"},
        ],
    )
    assert "reference_date" not in set(found.records.cause)


def test_a_case_that_stands_in_two_files_is_one_whatever_its_person_is_keyed_as() -> None:
    found = bridge(
        [{"crime_number": "16/1", "person_key": ANN, "status": "cancelled"}],
        [
            {"case_id": "1", "person_key": ANN, "submission_id": "first"},
            {"case_id": "1", "person_key": BEA, "submission_id": "second"},
        ],
    )
    assert told(found) == {"1": "status: status = 'recorded'"}


def test_a_case_that_was_taken_out_explains_though_its_number_is_used_again() -> None:
    """Ann's case was taken out by a later file; its number is Bea's since."""
    found = bridge(
        [
            {"crime_number": "16/1", "person_key": ANN},
            {"crime_number": "16/2", "person_key": BEA, "recorded_date": YEAR_BEFORE, "committed_from": YEAR_BEFORE},
        ],
        [
            {"case_id": "1", "person_key": ANN, "submission_id": "old", "valid_to": DAY + pd.Timedelta(days=90)},
            {
                "case_id": "1",
                "person_key": BEA,
                "submission_id": "2015",
                "referral_date": YEAR_BEFORE,
                "incident_date": YEAR_BEFORE,
            },
        ],
    )
    assert told(found) == {"16/1": "later_vintage: taken out by a later extract"}


def test_a_case_whose_person_was_keyed_anew_in_a_later_file_was_not_taken_out() -> None:
    found = bridge(
        [{"crime_number": "16/1", "person_key": ANN}],
        [
            {"case_id": "1", "person_key": ANN, "submission_id": "old", "valid_to": DAY + pd.Timedelta(days=90)},
            {"case_id": "1", "person_key": BEA, "submission_id": "new"},
        ],
    )
    assert told(found) == {"1": "known_to_one_agency_only: ", "16/1": "known_to_one_agency_only: "}


def test_who_stands_again_is_looked_up_and_not_compared_with_every_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """By DuckDB's plan: a resent month of a large force beside ten million crimes would take hours."""
    plans: list[str] = []
    create = link_sides.create_table

    def explain_and_create(connection: duckdb.DuckDBPyConnection, table: str, query: str, **values: object) -> None:
        if query == "link_records":
            plans.append(connection.execute(f"EXPLAIN {read_sql(link_sides.PACKAGE, query, **values)}").fetchall()[0][1])
        create(connection, table, query, **values)

    monkeypatch.setattr(link_sides, "create_table", explain_and_create)
    test_a_case_that_was_taken_out_explains_though_its_number_is_used_again()
    assert len(plans) == 2
    assert not [plan for plan in plans if "NL_JOIN" in plan or "NESTED_LOOP" in plan or "CROSS_PRODUCT" in plan]
