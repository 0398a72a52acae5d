"""Links and bridges in worlds of other habits than the sample's, and where there is little or nothing to link by."""

from dataclasses import replace
from typing import Any

import duckdb
import pandas as pd
import pytest

from csp_pipeline.partnership.links import RuleEntry
from csp_pipeline.reconcile import link
from csp_pipeline.reconcile.link_sides import MACROS, normalised, year_first
from tests.accuracy.bridging import Bridged, Way, bridge_tables, configuration
from tests.accuracy.other_worlds import (
    HARBOROUGH,
    HERE,
    YEARS,
    Habits,
    confuse_other,
    entry,
    false_links,
    make_other_domestic_world,
)

SEEDS = 2
PERSONS_KNOWN = Habits(spoiled=0.3, no_person_a=0, no_person_b=0)


@pytest.mark.parametrize(
    ("habits", "least", "precision"),
    [
        (Habits(), 0.99, 0.995),
        (Habits(is_padded=False, several_share_incident=0.9), 0.99, 0.995),
        (Habits(no_person_a=1, no_person_b=1), 0.99, 0.995),
        (PERSONS_KNOWN, 0.95, 0.995),
    ],
    ids=["identifiers", "numbers_without_zeros", "no_persons", "references_spoiled"],
)
def test_records_get_their_planted_cause(habits: Habits, least: float, precision: float) -> None:
    tables, false, links = [], 0, 0
    for seed in range(10, 10 + SEEDS):
        world = make_other_domestic_world(seed, habits)
        found = world.bridge()
        tables.append(confuse_other(world, found))
        false, links = false + len(false_links(world, found)), links + len(found.links)
        gaps = found.comparisons.set_index("comparison_id").gap
        assert found.steps.groupby("comparison_id").contribution.sum().reindex(gaps.index).to_dict() == gaps.to_dict()
    table = pd.concat(tables)
    assert len(table) > SEEDS * 400
    assert table.is_right.mean() >= least, table.groupby(["planted", "found", "is_right"]).size()
    assert 1 - false / links >= precision


def test_pairs_settled_by_one_join_are_what_the_long_way_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a further rule, which finds nothing, no pair is settled by one join, and all records go the long way."""
    left_over: list[tuple[int, int]] = []
    aside = link.set_quiet_pairs_aside

    def noting_what_is_left(connection: duckdb.DuckDBPyConnection, *of_pair: Any) -> None:
        aside(connection, *of_pair)
        is_short = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'joined'").fetchall()[0][0]
        rest = "SELECT count(record_a) FROM joined WHERE NOT is_quiet" if is_short else "SELECT count(*) FROM records_a"
        left_over.extend(connection.execute(f"SELECT ({rest}), (SELECT count(*) FROM records_a)").fetchall())

    monkeypatch.setattr(link, "set_quiet_pairs_aside", noting_what_is_left)
    world = make_other_domestic_world(7, events=300)
    declared = configuration()[1]
    pair = declared.pair(*world.feeds)
    assert pair is not None
    columns = {"police/crimes": "incident_number", "county/domestic_abuse": "case_id"}
    further = RuleEntry(name="further", identifier=columns, form="letters_and_digits")
    longer = declared.model_copy(update={"pairs": [pair.model_copy(update={"rules": [*pair.rules, further]})]})
    measures = {"cases": world.measures["cases"]}
    tables, years = (world.a, world.b), ["2015-16", "2016-17"]
    short, long = (
        bridge_tables(world.feeds, tables, measures, [HARBOROUGH], YEARS, compared=years, links=links)
        for links in (declared, longer)
    )
    (rest, records), (all_of_them, _) = left_over
    assert records - rest > 20
    assert all_of_them == records
    assert len(short.links) > 100
    assert short.links.equals(long.links)
    assert short.cuts.equals(long.cuts)
    told = [each.records[each.records.counterpart_key.notna()].reset_index(drop=True) for each in (short, long)]
    assert len(told[0]) > 20
    pd.testing.assert_frame_equal(told[0], told[1])


def test_where_no_feed_names_identifiers_or_persons_nothing_gets_a_definite_cause() -> None:
    world = make_other_domestic_world(3, Habits(no_person_a=1, no_person_b=1), events=150)
    found = replace(world, b=world.b.assign(police_crime_reference=None)).bridge()
    assert found.links.empty
    by_feed = found.records.groupby("feed").agg({"cause": "unique", "detail": "unique"})
    assert by_feed.cause.map(list).to_dict() == {"crimes": ["unexplained"], "domestic_abuse": ["unexplained"]}
    # the police do have crime numbers; it is the other feed that never quotes one
    assert by_feed.detail.map(list).to_dict() == {"crimes": ["other_without_identifier"], "domestic_abuse": ["no_identifier"]}
    # each step has a sentence
    told = found.steps[found.steps.detail == "other_without_identifier"].sentence.unique().tolist()
    assert told == ["Most of the other side's records have nothing by which they could be linked."]


def test_an_identifier_that_leads_to_another_person_gives_no_link_and_no_definite_cause() -> None:
    world = make_other_domestic_world(3, Habits(no_person_a=0, no_person_b=0), events=100)
    assert len(world.bridge().links) > 60
    strangers = world.b.assign(person_key=[f"{'f' * 56}{number:08d}" for number in range(len(world.b))])
    found = replace(world, b=strangers).bridge()
    assert found.links.empty
    doubted = found.records[found.records.detail == "contradicting_links"]
    assert doubted.counterpart_key.isna().all()
    assert set(doubted.cause) == {"unexplained"}
    assert (doubted.feed.value_counts() > 60).to_dict() == {"crimes": True, "domestic_abuse": True}
    told = found.steps[found.steps.detail == "contradicting_links"].sentence.unique().tolist()
    assert told == ["Their identifier leads to a record of another person, or of another time."]


def test_that_an_agency_keys_its_persons_anew_is_told() -> None:
    world = make_other_domestic_world(5, Habits(no_person_a=0, no_person_b=0))
    assert "persons_do_not_match" not in set(world.bridge().records.detail)
    since = world.b.referral_date >= "2016-10-01"
    anew = world.b.person_key.where(~since, world.b.person_key.str.replace("^0", "f", regex=True))
    told = replace(world, b=world.b.assign(person_key=anew)).bridge().records
    told = told[told.detail == "persons_do_not_match"].merge(world.b, left_on="record_key", right_on="case_id", how="left")
    assert (told.feed.value_counts() > 30).to_dict() == {"crimes": True, "domestic_abuse": True}
    # neighbouring months hold cases of both
    assert (told.referral_date.dropna() >= "2016-07-01").all()
    assert (told.referral_date.dropna() >= "2016-10-01").mean() > 0.95


ASB = Way(
    entry("incident", "reported", "incident"), lambda f: f.incident_number.notna(), "reported_at", "lsoa_code", "incident_number"
)
ASB_CASES = Way(entry("case", "opened", "incident"), lambda f: f.case_reference.notna(), "opened", "lsoa_code", "case_reference")
ARSON = Way(
    entry("offence", "recorded", "offence", "offence_subgroup = 'Arson'"),
    lambda f: f.offence_subgroup == "Arson",
    "recorded_date",
    "lsoa_code",
    "crime_number",
)
FIRES = Way(
    entry("incident", "call", "incident"), lambda f: f.incident_number.notna(), "time_of_call", "lsoa_code", "incident_number"
)


def rows(frame: pd.DataFrame, date: str, day: str = "2016-05-05") -> pd.DataFrame:
    filled = {"lsoa_code": HERE[0], "valid_to": pd.NaT, "submission_id": "one", "sheet": None}
    filled |= {} if date in frame else {date: pd.Timestamp(day)}
    return frame.assign(**filled, row_number=range(2, len(frame) + 2)).astype({"valid_to": "datetime64[s]"})


def bridge_asb(incidents: list[str], references: list[str | None], **of_cases: list[object]) -> Bridged:
    a = rows(pd.DataFrame({"incident_number": incidents}), "reported_at")
    cases = {
        "case_reference": [f"A{n}" for n in range(len(references))],
        "police_incident_number": references,
        "source": "public",
    }
    b = rows(pd.DataFrame(cases | of_cases), "opened")
    ways = {"asb": (ASB, ASB_CASES)}
    year = ("2016-04-01", "2017-03-31")
    return bridge_tables(("police/asb", "district/asb_cases"), (a, b), ways, [HARBOROUGH], year, compared=["2016-17"])


def test_a_blank_says_that_only_one_agency_knows_and_a_word_that_cannot_be_read_says_nothing() -> None:
    found = bridge_asb(["L-16-0001", "L-16-0002"], ["l 16 / 1", None, "n/a", " - ", "unknown", "TBC", "L-16-77"])
    assert found.links[["record_key_a", "record_key_b"]].to_numpy().tolist() == [["L-16-0001", "A0"]]
    told = found.records.set_index("record_key")[["cause", "detail"]].fillna("").agg(": ".join, axis=1).to_dict()
    assert told == {
        "L-16-0002": "known_to_one_agency_only: ",
        "A1": "known_to_one_agency_only: ",
        "A2": "known_to_one_agency_only: ",
        "A3": "known_to_one_agency_only: ",
        "A4": "unexplained: reference_unreadable",
        "A5": "unexplained: reference_unreadable",
        "A6": "unexplained: reference_not_found",
    }


def tell(found: Bridged) -> dict[str, str]:
    return found.records.set_index("record_key")[["cause", "detail"]].fillna("").agg(": ".join, axis=1).to_dict()


def test_a_case_that_came_from_the_police_without_their_number_is_not_said_to_be_known_to_the_district_only() -> None:
    found = bridge_asb(["L-16-1"], ["L-16-1", None, "n/a", None], source=["police", "police", "police", "public"])
    assert tell(found) == {
        "A1": "unexplained: no_identifier",
        "A2": "unexplained: no_identifier",
        "A3": "known_to_one_agency_only: ",
    }


def test_a_number_of_an_incident_of_another_season_is_anothers_and_gives_no_cause() -> None:
    opened = [pd.Timestamp(day) for day in ("2016-05-06", "2016-12-24", "2016-08-01")]
    found = bridge_asb(["L-16-1", "L-16-2", "L-16-3"], ["L-16-1", "L-16-2", "L-16-3"], opened=opened)
    assert found.links.record_key_a.tolist() == ["L-16-1", "L-16-3"]
    assert tell(found) == {"L-16-2": "unexplained: contradicting_links", "A1": "unexplained: contradicting_links"}
    # a month and a quarter later is another period, seven months later another matter
    found = bridge_asb(["L-16-1", "L-16-2"], ["L-16-2", "L-16-2"], opened=[opened[0], opened[1]])
    assert found.links[["record_key_a", "record_key_b"]].to_numpy().tolist() == [["L-16-2", "A0"]]


def bridge_fires(crimes: dict[str, list[object]], fires: dict[str, list[object]]) -> Bridged:
    a = rows(pd.DataFrame(crimes).assign(offence_subgroup="Arson"), "recorded_date")
    b = rows(pd.DataFrame(fires), "time_of_call")
    year, compared = ("2016-04-01", "2017-03-31"), ["2016-17", "2016-06"]
    ways = {"fires": (ARSON, FIRES)}
    return bridge_tables(("police/crimes", "fire/incidents"), (a, b), ways, [HARBOROUGH], year, compared=compared)


def test_a_crime_without_its_own_incident_number_is_not_said_to_be_unknown_to_the_fire_service() -> None:
    found = bridge_fires(
        {"crime_number": ["16/1", "16/2", "16/3"], "incident_number": ["L1", None, "L3"]},
        {"incident_number": ["F1", "F2", "F3"], "police_incident_number": ["L1", "L2", None]},
    )
    # F2 quotes the incident of 16/2, whose number the police have left out
    assert tell(found) == {
        "16/2": "unexplained: no_identifier",
        "16/3": "known_to_one_agency_only: ",
        "F2": "unexplained: reference_not_found",
        "F3": "known_to_one_agency_only: ",
    }


def test_blanks_say_nothing_where_no_number_leads_anywhere() -> None:
    found = bridge_asb(["L-16-1", "L-16-2"], ["CAD 7781", None, None], source=["police", "public", "public"])
    assert set(found.records.cause) == {"unexplained"}


def test_a_column_of_identifiers_that_nobody_fills_in_explains_nothing_on_either_side() -> None:
    found = bridge_asb(["L-16-1", "L-16-2"], [None, None, None])
    told = found.records.groupby("feed").detail.unique().map(list).to_dict()
    assert set(found.records.cause) == {"unexplained"}
    assert told == {"asb": ["other_without_identifier"], "asb_cases": ["no_identifier"]}


def test_numbers_that_only_look_alike_without_their_signs_are_not_linked() -> None:
    assert bridge_asb(["123-010116", "12-310116"], ["12-310116"]).links.record_key_a.tolist() == ["12-310116"]


def test_placeholders_are_no_identifiers() -> None:
    found = bridge_fires(
        {"crime_number": ["16/1", "16/2"], "incident_number": ["n/a", "000"]},
        {"incident_number": ["F1", "F2"], "police_incident_number": ["N/A", "0"]},
    )
    assert found.links.empty
    empty = found.steps[found.steps.comparison_id == f"fires.{HARBOROUGH}.2016-06"]
    assert empty[["cause", "contribution", "records"]].to_numpy().tolist() == [["unexplained", 0.0, 0]]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        *(
            (text, "16/123456")
            for text in ("16-123456", "123456/16", "2016/123456", " 16 / 0123456 ", "CR 16/123456", "16/123456.")
        ),
        # the unit's code before the number, as some forces write it
        *((text, "16/123456") for text in ("B2/16/123456", "LC-N1-16-123456", "b2 123456/16")),
        ("16/15", "16/15"),
        ("00-123", "00/123"),
        ("16\u00a0/\u00a0123456", "16/123456"),
        *(
            (text, None)
            for text in (
                "16123456",
                "16/123456 & 16/123457",
                "n/a",
                "unknown",
                "16/000000",
                "0/0",
                "16/1234.5",
                "16/1e3",
                "CR16/123456/17",
                "B2/16/123456/1",
                " 6/1234",
                "+6/1234",
            )
        ),
    ],
)
def test_crime_numbers_are_read_as_they_are_written_or_not_at_all(text: str, read: str | None) -> None:
    with duckdb.connect() as connection:
        for statement in MACROS:
            connection.execute(statement).fetchall()
        query = f"SELECT {normalised('x', 'year_and_number')} FROM (SELECT CAST(? AS VARCHAR) AS x, {year_first('x')})"
        values = [connection.execute(query, [value]).fetchall()[0][0] for value in (text, read)]
    assert values[0] == values[1]
    assert (values[0] is None) == (read is None)
