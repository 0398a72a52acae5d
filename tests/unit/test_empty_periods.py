"""Bridges of periods in which one side, or both, has no record at all: a cause that the tables bear out, or `unexplained`."""

from collections.abc import Sequence

import pandas as pd

from tests.accuracy.bridging import Bridged, bridge_tables
from tests.accuracy.other_worlds import CASES, CLIENTS, CRIMES, HARBOROUGH, HERE, VICTIMS

FEEDS = ("police/crimes", "county/domestic_abuse")
YEAR = ("2016-04-01", "2017-03-31")
APRIL, MAY, JUNE, FIRST_QUARTER = "2016-04", "2016-05", "2016-06", "2016-17 Q1"


def crimes(*days: str) -> pd.DataFrame:
    """Domestic crimes recorded on these days, each with a victim of its own, numbered 16/1, 16/2, ..."""
    return frame(
        {
            "crime_number": [f"16/{number}" for number in range(1, len(days) + 1)],
            "recorded_date": days,
            "committed_from": days,
            "domestic": [True for _ in days],
            "status": ["recorded" for _ in days],
            "lsoa_code": [HERE[0] for _ in days],
            "person_key": [f"{number:064}" for number in range(1, len(days) + 1)],
        },
        ["recorded_date", "committed_from"],
    )


def cases(*days: str, first: int = 1) -> pd.DataFrame:
    """Cases referred on these days, which name the crimes 16/`first`, and so on, and their victims."""
    numbers = range(first, first + len(days))
    return frame(
        {
            "case_id": [f"C{number}" for number in numbers],
            "referral_date": days,
            "incident_date": days,
            "police_crime_reference": [f"16/{number}" for number in numbers],
            "residence_district": [HARBOROUGH for _ in days],
            "status": ["open" for _ in days],
            "person_key": [f"{number:064}" for number in numbers],
        },
        ["referral_date", "incident_date"],
    )


def frame(columns: dict[str, Sequence[object]], dates: list[str]) -> pd.DataFrame:
    made = pd.DataFrame(columns, dtype="object")
    made[dates] = made[dates].apply(pd.to_datetime)
    more = {"valid_to": pd.NaT, "submission_id": "one", "sheet": None, "row_number": range(2, len(made) + 2)}
    return made.assign(**more).astype({"valid_to": "datetime64[s]"})


def bridge(
    a: pd.DataFrame, b: pd.DataFrame, *periods: str, persons: bool = False, not_covered: dict[str, Sequence[str]] | None = None
) -> Bridged:
    measures = {"cases": (CRIMES, CASES)} | ({"people": (VICTIMS, CLIENTS)} if persons else {})
    return bridge_tables(FEEDS, (a, b), measures, [HARBOROUGH], YEAR, not_covered, compared=periods)


def steps(found: Bridged, period: str, measure: str = "cases") -> dict[str, int]:
    """The steps of one comparison, by cause; they add up to its gap."""
    comparison = f"{measure}.{HARBOROUGH}.{period}"
    chosen = found.steps[found.steps.comparison_id == comparison]
    assert chosen.contribution.sum() == found.comparisons.set_index("comparison_id").gap[comparison]
    return {row.cause: int(row.contribution) for row in chosen.itertuples()}


def test_periods_that_are_empty_on_one_side_or_both_between_feeds_that_name_their_records() -> None:
    # a crime that nobody refers to; one of the end of May whose case is of June; one of August with its case
    a, b = crimes("2016-05-03", "2016-05-30", "2016-08-05"), cases("2016-06-02", "2016-08-05", first=2)
    found = bridge(a, b, APRIL, MAY, JUNE, FIRST_QUARTER, persons=True)
    for measure in ("cases", "people"):
        assert steps(found, MAY, measure) == {"reference_date": -1, "known_to_one_agency_only": -1, "unexplained": 0}
        assert steps(found, JUNE, measure) == {"reference_date": 1, "unexplained": 0}
        assert steps(found, FIRST_QUARTER, measure) == {"known_to_one_agency_only": -1, "unexplained": 0}
        assert steps(found, APRIL, measure) == {"unexplained": 0}
    assert not found.records.comparison_id.str.endswith(APRIL).any()


def test_two_feeds_without_any_record_have_a_bridge_of_nothing() -> None:
    found = bridge(crimes(), cases(), MAY)
    assert steps(found, MAY) == {"unexplained": 0}
    assert found.records.empty
    assert found.links.empty


def test_what_one_side_has_beside_a_feed_without_any_record_is_known_to_it_alone() -> None:
    found = bridge(crimes("2016-05-03", "2016-05-04"), cases(), MAY, FIRST_QUARTER)
    for period in (MAY, FIRST_QUARTER):
        assert steps(found, period) == {"known_to_one_agency_only": -2, "unexplained": 0}


def test_numbers_quoted_of_a_feed_without_any_record_stay_unexplained() -> None:
    found = bridge(crimes(), cases("2016-05-03", "2016-05-04"), MAY, FIRST_QUARTER)
    for period in (MAY, FIRST_QUARTER):
        assert steps(found, period) == {"unexplained": 2}
    assert set(found.records.detail) == {"reference_not_found"}


def test_where_the_other_side_counts_nothing_and_names_none_of_its_records_nothing_is_known() -> None:
    # its cases may be of these crimes, and nothing says that they are not
    nameless = cases("2016-05-03", "2016-05-05", "2016-06-01").assign(
        status="opened_in_error", police_crime_reference=None, person_key=None
    )
    found = bridge(crimes("2016-05-03", "2016-05-04"), nameless, MAY)
    assert steps(found, MAY) == {"unexplained": -2}
    assert set(found.records.detail) == {"other_without_identifier"}


def test_a_month_that_no_submission_of_the_other_feed_covers_is_why_its_records_are_not_there() -> None:
    told = crimes("2016-05-03", "2016-05-04", "2016-06-05"), cases("2016-06-05", first=3)
    found = bridge(*told, MAY, JUNE, FIRST_QUARTER, not_covered={FEEDS[1]: [MAY]})
    for period in (MAY, FIRST_QUARTER):
        assert steps(found, period) == {"reference_period": -2, "unexplained": 0}
    assert steps(found, JUNE) == {"unexplained": 0}


def test_numbers_quoted_of_a_month_that_is_not_covered_may_be_of_another_month_and_stay_unexplained() -> None:
    only_june = crimes("2016-05-03", "2016-05-04", "2016-06-05").iloc[2:]
    told = only_june, cases("2016-05-03", "2016-05-04", "2016-06-05")
    found = bridge(*told, MAY, FIRST_QUARTER, not_covered={FEEDS[0]: [MAY]})
    for period in (MAY, FIRST_QUARTER):
        assert steps(found, period) == {"unexplained": 2}
    assert set(found.records.detail) == {"reference_not_found"}
