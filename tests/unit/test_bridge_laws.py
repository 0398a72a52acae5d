"""Laws of bridges that hold whatever the tables hold: random links, blanks, contradictions, records sent twice or taken out."""

import string
from dataclasses import replace

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csp_pipeline.reconcile.declared import CAUSES
from tests.accuracy.bridging import Bridged, Way, bridge_tables
from tests.accuracy.other_worlds import CASES, CLIENTS, COUNTY, CRIMES, HARBOROUGH, HERE, INCIDENTS, THERE, VICTIMS

FEEDS = ("police/crimes", "county/domestic_abuse")
MEASURES = {
    "cases": (CRIMES, CASES),
    "people": (VICTIMS, CLIENTS),
    "people_by_crime": (CRIMES, CLIENTS),
    "incidents": (INCIDENTS, CASES),
}
# the other laws need but one measure of records and one of persons
TWO_MEASURES = {name: MEASURES[name] for name in ("cases", "people")}
AREAS = (HARBOROUGH, COUNTY)
YEAR = ("2016-04-01", "2017-03-31")
PERIODS = ("2016-04", "2016-05", "2016-17 Q1", "2016-17", "2017-03")
# an example is a whole bridge, or two
few = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
fewer = settings(few, max_examples=4)

days = st.dates(min_value=pd.Timestamp("2016-03-20").date(), max_value=pd.Timestamp("2016-07-10").date()).map(pd.Timestamp)
maybe_days = st.one_of(st.none(), days)
persons = st.one_of(st.none(), st.sampled_from([letter * 64 for letter in "abcd"]))
references = st.one_of(
    st.none(),
    st.sampled_from(["16/1", "16-2", "3/16", " 16 / 04 ", "2016/1", "16/12", "12/16", "n/a", "16/1 & 16/2", "", "15/1", "99999"]),
    st.text(alphabet=string.digits + "/- &a\u00a0", max_size=9),
)
taken_out = st.sampled_from([None, None, None, pd.Timestamp("2016-09-01"), pd.Timestamp("2016-10-01")])
submissions = st.sampled_from(["one", "two", "three"])
crimes = st.lists(
    st.fixed_dictionaries(
        {
            "crime_number": st.sampled_from(["16/1", "16/2", "16/3", "16/000004", "16/12", "12/16", "15/1", "16/15"]),
            "incident_number": st.sampled_from([None, "I-1", "I-2", "n/a"]),
            "recorded_date": days,
            "committed_from": maybe_days,
            "domestic": st.sampled_from([True, True, True, False, None]),
            "status": st.sampled_from(["recorded", "recorded", "recorded", "cancelled"]),
            "lsoa_code": st.sampled_from([HERE[0], HERE[0], HERE[1], THERE[0], None]),
            "person_key": persons,
            "valid_to": taken_out,
            "submission_id": submissions,
        }
    ),
    max_size=14,
)
cases = st.lists(
    st.fixed_dictionaries(
        {
            "case_id": st.sampled_from([f"C{number}" for number in range(9)]),
            "referral_date": days,
            "incident_date": maybe_days,
            "police_crime_reference": references,
            "residence_district": st.sampled_from([HARBOROUGH, HARBOROUGH, "E07000129", "elsewhere", None]),
            "status": st.sampled_from(["open", "closed", "opened_in_error"]),
            "person_key": persons,
            "valid_to": taken_out,
            "submission_id": submissions,
        }
    ),
    max_size=14,
)


def table(rows: list[dict[str, object]], key: str, columns: list[str]) -> pd.DataFrame:
    """Rows as a feed's table; one submission holds a key once, and is current or not as a whole."""
    frame = pd.DataFrame(rows, columns=columns).astype({"valid_to": "datetime64[s]"})
    frame["submission_id"] += frame.valid_to.dt.strftime("-%m").fillna("")
    frame = frame.drop_duplicates(["submission_id", key]).reset_index(drop=True)
    return frame.assign(sheet=None, row_number=range(2, len(frame) + 2))


CRIME_COLUMNS = [
    "crime_number", "incident_number", "recorded_date", "committed_from", "domestic", "status", "lsoa_code", "person_key",
    "valid_to", "submission_id",
]  # fmt: skip
CASE_COLUMNS = [
    "case_id", "referral_date", "incident_date", "police_crime_reference", "residence_district", "status", "person_key",
    "valid_to", "submission_id",
]  # fmt: skip
crime_tables = crimes.map(lambda rows: table(rows, "crime_number", CRIME_COLUMNS))
case_tables = cases.map(lambda rows: table(rows, "case_id", CASE_COLUMNS))


def bridge(a: pd.DataFrame, b: pd.DataFrame, measures: dict[str, tuple[Way, Way]] = TWO_MEASURES) -> Bridged:
    return bridge_tables(FEEDS, (a, b), measures, AREAS, YEAR, compared=PERIODS)


def told(found: Bridged) -> list[tuple[object, ...]]:
    """What a bridge says of each record, in an order of its own."""
    columns = ["comparison_id", "cause", "detail", "feed", "record_key", "contribution", "counterpart_key", "rule"]
    return sorted(found.records[columns].fillna("").astype(str).itertuples(index=False, name=None))


@few
@given(crime_tables, case_tables)
def test_every_bridge_adds_up_and_every_record_has_one_declared_cause(a: pd.DataFrame, b: pd.DataFrame) -> None:
    found = bridge(a, b, MEASURES)
    gaps = found.comparisons.set_index("comparison_id").gap
    steps = found.steps.groupby("comparison_id")
    assert steps.contribution.sum().reindex(gaps.index).to_dict() == gaps.to_dict()
    assert steps.cause.last().unique().tolist() == ["unexplained"]
    assert found.steps.step.tolist() == (steps.cumcount() + 1).tolist()
    behind = found.records.groupby(["comparison_id", "cause"]).contribution.sum()
    of_steps = found.steps[found.steps.records > 0].groupby(["comparison_id", "cause"]).contribution.sum()
    assert behind.to_dict() == of_steps.to_dict()
    assert found.records.groupby("comparison_id").size().to_dict() == {
        key: records for key, records in steps.records.sum().items() if records
    }
    assert set(found.records.cause) <= set(CAUSES)
    # a row is laid to a cause once; where persons or incidents are counted it may also be one row more than there are of them
    once = ["comparison_id", "feed", "record_key", "submission_id", "row_number", "contribution"]
    assert not found.records.duplicated(once).any()
    of_cases = found.records[found.records.comparison_id.str.startswith("cases.")]
    assert not of_cases.duplicated(["comparison_id", "feed", "record_key"]).any()


@fewer
@given(crime_tables, case_tables, st.randoms(use_true_random=False))
def test_the_order_in_which_records_arrive_does_not_matter(a: pd.DataFrame, b: pd.DataFrame, random: object) -> None:
    seed = random.randint(0, 10**6)  # type: ignore[attr-defined]
    found = bridge(a, b)
    shuffled = bridge(a.sample(frac=1, random_state=seed), b.sample(frac=1, random_state=seed + 1))
    assert told(found) == told(shuffled)
    assert found.links.equals(shuffled.links)


@fewer
@given(crime_tables, case_tables)
def test_the_other_way_round_every_sign_turns(a: pd.DataFrame, b: pd.DataFrame) -> None:
    found = bridge(a, b)
    turned = {name: ways[::-1] for name, ways in TWO_MEASURES.items()}
    swapped = bridge_tables(FEEDS[::-1], (b, a), turned, AREAS, YEAR, compared=PERIODS)
    mirrored = replace(swapped, records=swapped.records.assign(contribution=-swapped.records.contribution))
    assert told(found) == told(mirrored)
