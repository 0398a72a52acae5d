"""Probable links: records that share no key, linked where they are alike enough and nothing else is as likely."""

import importlib.util
import sys
from typing import Any

import pandas as pd
import pytest

from csp_pipeline.errors import ConfigurationError
from tests.accuracy.bridging import Bridged
from tests.accuracy.keyless import RULE, KeylessWorld, make_keyless_world
from tests.accuracy.other_worlds import HARBOROUGH, HERE

NUMBER = {
    "name": "number",
    "identifier": {"police/crimes": "crime_number", "fire/incidents": "police_incident_number"},
    "form": "letters_and_digits",
}
SHARES = ([0.7, 0.2, 0.05], [0.8, 0.15, 0.04], [0.9], [0.9])
# nothing is estimated: how many have a counterpart, and how alike counterparts are, is declared
DECLARED = RULE | {
    "prior": 0.5,
    "alike": [column | {"shares": shares} for column, shares in zip(RULE["alike"], SHARES, strict=True)],
}
KEYS = ["record_key_a", "record_key_b"]


needs_splink = pytest.mark.skipif(
    importlib.util.find_spec("splink") is None, reason="splink is not installed: pip install csp-pipeline[probabilistic]"
)


@pytest.fixture(scope="module")
def worlds() -> list[tuple[KeylessWorld, Bridged]]:
    made = [make_keyless_world(seed) for seed in (11,)]
    return [(world, world.bridge(RULE)) for world in made]


def pairs(links: pd.DataFrame) -> set[tuple[str, str]]:
    return set(links[KEYS].itertuples(index=False, name=None))


def crime(day: str, **other: str) -> dict[str, Any]:
    return {"committed_from": day, "recorded_date": day} | other


def small_world(crimes: list[dict[str, Any]], fires: list[dict[str, Any]]) -> KeylessWorld:
    """Records of a few crimes and fires, the same in all that they do not say."""
    a = pd.DataFrame(
        [{"crime_number": f"C{n}", "lsoa_code": HERE[0], "offence_subgroup": "Offence 101"} | row for n, row in enumerate(crimes)]
    )
    b = pd.DataFrame(
        [{"incident_number": f"F{n}", "lsoa_code": HERE[0], "incident_type": "F00"} | row for n, row in enumerate(fires)]
    )
    for frame, dates in ((a, ["committed_from", "recorded_date"]), (b, ["time_of_call"])):
        frame[dates] = frame[dates].apply(pd.to_datetime, format="ISO8601")
        frame[["submission_id", "sheet"]] = ["one", None]
        frame["valid_to"] = pd.Series(pd.NaT, frame.index, dtype="datetime64[s]")
        frame["row_number"] = range(2, len(frame) + 2)
    return KeylessWorld(a, b, pd.DataFrame(columns=KEYS))


@needs_splink
def test_nearly_all_links_are_true_and_many_true_ones_are_found(worlds: list[tuple[KeylessWorld, Bridged]]) -> None:
    found = [(pairs(bridged.links), pairs(world.links)) for world, bridged in worlds]
    links = sum(len(linked) for linked, _ in found)
    right = sum(len(linked & true) for linked, true in found)
    assert right / links >= 0.995
    assert right / sum(len(true) for _, true in found) >= 0.4


@needs_splink
def test_every_link_keeps_its_rule_and_probability_and_is_the_only_one_of_its_records(
    worlds: list[tuple[KeylessWorld, Bridged]],
) -> None:
    for _, bridged in worlds:
        assert bridged.links.rule.unique().tolist() == ["alike"]
        assert bridged.links.probability.between(RULE["probability"], 1).all()
        assert not bridged.links.record_key_a.duplicated().any()
        assert not bridged.links.record_key_b.duplicated().any()
        gaps = bridged.comparisons.set_index("comparison_id").gap
        assert bridged.steps.groupby("comparison_id").contribution.sum().reindex(gaps.index).to_dict() == gaps.to_dict()


@needs_splink
def test_of_two_crimes_that_say_the_same_none_is_linked_and_it_is_said(worlds: list[tuple[KeylessWorld, Bridged]]) -> None:
    for world, bridged in worlds:
        twins = world.a[world.a.event.duplicated(keep=False)]
        assert len(twins) == 30
        assert not set(twins.crime_number) & set(bridged.links.record_key_a)
        undecided = bridged.records[bridged.records.detail == "several_alike"].groupby("feed").record_key.agg(set)
        assert undecided.crimes & set(twins.crime_number)
        cut = bridged.cuts[bridged.cuts.rule == "alike"].set_index("feed").records
        assert cut.crimes >= len(undecided.crimes)
        assert cut.incidents >= len(undecided.incidents)


@needs_splink
def test_the_same_records_in_another_order_get_the_same_links(worlds: list[tuple[KeylessWorld, Bridged]]) -> None:
    world, bridged = worlds[0]
    turned = KeylessWorld(world.a.sample(frac=1, random_state=1), world.b.sample(frac=1, random_state=2), world.links)
    again = turned.bridge(RULE)
    pd.testing.assert_frame_equal(again.links, bridged.links, check_exact=True)
    pd.testing.assert_frame_equal(again.steps, bridged.steps)


@needs_splink
def test_between_feeds_that_know_of_nothing_in_common_hardly_anything_is_linked() -> None:
    world = make_keyless_world(13, both=0, crimes=1000, fires=700, twins=0)
    assert len(world.bridge(RULE).links) <= 3


@needs_splink
def test_records_with_a_key_are_linked_by_it_as_before() -> None:
    world = make_keyless_world(14)
    number = world.links.drop_duplicates("record_key_b").set_index("record_key_b").record_key_a
    quoted = world.b.incident_number.map(number).where(world.b.event % 2 > 0)
    keyed = KeylessWorld(world.a, world.b.assign(police_incident_number=quoted), world.links)
    alone, both = keyed.bridge(NUMBER), keyed.bridge(NUMBER, RULE)
    by_number = both.links[both.links.rule == "number"].reset_index(drop=True)
    pd.testing.assert_frame_equal(by_number, alone.links)
    assert len(by_number) > 200
    assert by_number.probability.isna().all()
    probable = both.links[both.links.rule == "alike"]
    assert len(probable) > 50
    assert not set(probable.record_key_a) & set(by_number.record_key_a)
    assert not set(probable.record_key_b) & set(by_number.record_key_b)


@needs_splink
def test_a_cause_that_rests_on_a_probable_link_says_so() -> None:
    months = [f"2016-{month:02d}" for month in range(6, 13)]
    crimes = [crime(f"{month}-11", lsoa_code=HERE[1], offence_subgroup=f"Of {month}") for month in months]
    fires = [{"time_of_call": f"{month}-25", "lsoa_code": HERE[2], "incident_type": month} for month in months]
    world = small_world(
        [crime("2016-04-30"), *crimes],
        [{"time_of_call": "2016-05-01 00:10"}, *fires],
    )
    found = world.bridge(DECLARED | {"probability": 0.6}, compared=("2016-04", "2016-05", "2016-06", "2016-17"))
    assert found.links[[*KEYS, "rule"]].to_numpy().tolist() == [["C0", "F0", "alike"]]
    told = found.records.set_index(["comparison_id", "record_key"])
    april, may = f"events.{HARBOROUGH}.2016-04", f"events.{HARBOROUGH}.2016-05"
    assert told.loc[(april, "C0"), ["cause", "detail", "rule", "counterpart_key"]].tolist() == [
        "reference_date", "2016-05, probable link by alike", "alike", "F0",
    ]  # fmt: skip
    assert told.loc[(may, "F0"), ["cause", "detail"]].tolist() == ["reference_date", "2016-04, probable link by alike"]
    steps = found.steps[found.steps.comparison_id == april]
    assert steps[["cause", "detail", "contribution"]].fillna("").to_numpy().tolist() == [
        ["reference_date", "probable link by alike", -1.0],
        ["unexplained", "", 0.0],
    ]
    assert steps.sentence.iloc[0] == "Both know of them; the other side's date falls in another period: probable link by alike."
    # that nothing like it was found does not say that nobody else knows of it
    june = found.records[found.records.comparison_id == f"events.{HARBOROUGH}.2016-06"]
    assert set(june.cause) == {"unexplained"}
    assert set(june.detail) == {"no_probable_counterpart"}


@needs_splink
def test_one_candidate_pair_has_the_probability_that_bayes_gives_it() -> None:
    """Ten crimes and four fires, each on a day and of a kind of its own, but for one of each."""
    crimes = [crime(f"2016-05-{day:02d}", offence_subgroup=f"Offence {100 + day}") for day in range(1, 20, 2)]
    fires = [{"time_of_call": f"2016-0{6 + n}-01", "incident_type": f"X{n}"} for n in range(3)]
    fires.append({"time_of_call": "2016-05-05", "incident_type": "F04"})
    rule = DECLARED | {
        "probability": 0.501,
        "alike": [DECLARED["alike"][0] | {"days": [0], "shares": [0.9]}, DECLARED["alike"][2]],
    }
    found = small_world(crimes, fires).bridge(rule)
    # one candidate: as likely as not by the prior; a kind is the same by 0.9 among counterparts, and by chance as often as the
    # fires' side has it (one more of four than there are)
    same = 0.9 / (2 / 5)
    assert found.links[KEYS].to_numpy().tolist() == [["C2", "F3"]]
    assert found.links.probability.tolist() == [pytest.approx(same / (1 + same), abs=1e-5)]
    # a second fire of another kind on the same day is a rival; kinds differ by 0.1 among counterparts, and in 49 of 50 pairs
    found = small_world(crimes, [*fires, {"time_of_call": "2016-05-05", "incident_type": "X9"}]).bridge(rule)
    same, other = 0.9 / (2 / 6), 0.1 / (49 / 50)
    assert found.links[KEYS].to_numpy().tolist() == [["C2", "F3"]]
    assert found.links.probability.tolist() == [pytest.approx(same / (1 + same + other), abs=1e-5)]


@needs_splink
def test_too_few_records_to_learn_from_are_left_undecided() -> None:
    day = crime("2016-05-01")
    found = small_world([day], [{"time_of_call": "2016-05-01"}]).bridge(RULE, compared=("2016-05",))
    assert found.links.empty
    assert found.cuts[["feed", "rule", "records"]].to_numpy().tolist() == [["incidents", "alike", 1], ["crimes", "alike", 1]]


# a date of which only the day itself is near, and the kind; what counterparts share is estimated, from as few pairs as a test has
DAY_AND_KIND = RULE | {"alike": [RULE["alike"][0] | {"days": [0]}, RULE["alike"][2]]}


@needs_splink
def test_a_prior_that_is_declared_stays_while_the_shares_are_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six crimes and six fires, each pair on a day and of a kind of its own: the candidates are the counterparts."""
    monkeypatch.setattr("csp_pipeline.reconcile.link_alike.LEAST_TO_LEARN_FROM", 1)
    days = range(1, 25, 4)
    crimes = [crime(f"2016-05-{day:02d}", offence_subgroup=f"Offence {100 + day}") for day in days]
    fires = [{"time_of_call": f"2016-05-{day:02d}", "incident_type": f"F{day - 1:02d}"} for day in days]
    # all candidates are of the same kind, which by chance 2 of 7 are (one more of six than there are); so by Bayes' rule
    odds = 0.9 / 0.1 * 1 / (2 / 7)
    found = small_world(crimes, fires).bridge(DAY_AND_KIND | {"prior": 0.9, "probability": 0.9})
    assert pairs(found.links) == {(f"C{n}", f"F{n}") for n in range(6)}
    assert found.links.probability.to_numpy() == pytest.approx(odds / (1 + odds), abs=1e-5)
    # one in ten is not likely enough, however alike they are
    assert small_world(crimes, fires).bridge(DAY_AND_KIND | {"prior": 0.1, "probability": 0.6}).links.empty


@needs_splink
def test_where_more_counterparts_are_estimated_than_there_are_records_all_are_left_undecided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Six crimes and two fires of one day and kind, among others that share nothing: twelve pairs, each as good as any."""
    monkeypatch.setattr("csp_pipeline.reconcile.link_alike.LEAST_TO_LEARN_FROM", 1)
    crimes = [crime("2016-05-15", offence_subgroup="Offence 105")] * 6
    crimes += [crime(f"2016-05-{day:02d}", offence_subgroup=f"Offence {200 + day}") for day in range(1, 8)]
    fires = [{"time_of_call": "2016-05-15", "incident_type": "F04"}] * 2
    fires += [{"time_of_call": f"2016-05-{day}", "incident_type": f"X{day}"} for day in range(20, 28)]
    found = small_world(crimes, fires).bridge(DAY_AND_KIND)
    assert found.links.empty
    assert set(found.records.detail) == {"not_estimated"}
    assert dict(zip(found.cuts.feed, found.cuts.records, strict=True)) == {"crimes": 13, "incidents": 10}


@needs_splink
def test_with_too_many_pairs_to_compare_none_is_linked_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    day = "2016-05-01"
    world = small_world([crime(day), crime(day)], [{"time_of_call": day}])
    monkeypatch.setattr("csp_pipeline.reconcile.link_alike.MOST_CANDIDATES", 1)
    found = world.bridge(DECLARED, compared=("2016-05",))
    assert found.links.empty
    assert set(found.records.detail) == {"too_many_alike"}
    assert dict(zip(found.cuts.feed, found.cuts.records, strict=True)) == {"crimes": 2, "incidents": 1}


@needs_splink
def test_records_without_a_date_or_place_are_not_looked_at() -> None:
    day = crime("2016-05-01")
    blank = [{"time_of_call": "2016-05-01", "lsoa_code": None}, {"time_of_call": None}]
    found = small_world([day, day | {"committed_from": None}], blank).bridge(DECLARED, compared=("2016-05",))
    assert found.links.empty
    assert set(found.records.detail) == {"no_probable_counterpart"}


def test_without_splink_the_rule_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "splink", None)
    monkeypatch.delitem(sys.modules, "csp_pipeline.reconcile.link_alike", raising=False)
    day = crime("2016-05-01")
    world = small_world([day], [{"time_of_call": "2016-05-01"}])
    with pytest.raises(ConfigurationError, match=r"fire/incidents > alike: .* pip install csp-pipeline\[probabilistic\]"):
        world.bridge(RULE)
    assert world.bridge(NUMBER).links.empty
