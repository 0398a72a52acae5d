"""Mistakes in `links.yml`: each message names the file, the entry, what was found and what was expected."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from csp_pipeline.agencies import find_feed_spec
from csp_pipeline.errors import ConfigurationError
from csp_pipeline.partnership.links import FeedLinksEntry, load_links
from csp_pipeline.partnership.partnership import load_partnership
from csp_pipeline.reconcile.link_sides import Side, check_columns, check_conditions
from tests.copied_sources import copy_configuration

PAIR = 0
Change = list[tuple[list[Any], Any]]
REMOVED = object()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_configuration(tmp_path_factory.mktemp("links") / "sources")


def load_changed(sources: Path, changes: Change) -> Any:
    original = Path(__file__).parents[2] / "sources" / "links.yml"
    content = yaml.safe_load(original.read_text(encoding="utf-8"))
    for path, value in changes:
        at = content
        for key in path[:-1]:
            at = at[key]
        if value is REMOVED:
            del at[path[-1]]
        else:
            at[path[-1]] = value
    (sources / "links.yml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return load_links(load_partnership(sources))


RULE = ["pairs", PAIR, "rules"]
DAYS = {"police/crimes": "recorded_date", "county/domestic_abuse": "referral_date"}


def alike(**changes: Any) -> dict[str, Any]:
    """A rule by likeness, as a third one of the pair, with changes to it or to its compared date, place or code."""
    columns: dict[str, dict[str, Any]] = {
        "date": {"date": {"police/crimes": "committed_from", "county/domestic_abuse": "incident_date"}, "days": [0, 3]},
        "place": {"place": {"police/crimes": "lsoa_code", "county/domestic_abuse": "residence_district"}, "levels": ["district"]},
        "code": {"code": {"police/crimes": "status", "county/domestic_abuse": "status"}},
    }
    for name in columns:
        columns[name] |= changes.pop(name, {})
    return {"name": "alike", "alike": list(columns.values()), "probability": 0.99} | changes


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([(["pairs", PAIR, "between"], ["police/crimes", "police/crimes"])], ["pairs > 0", "the two feeds have to differ"]),
        ([(["pairs", PAIR, "between"], ["police/crimes"])], ["pairs > 0 > between"]),
        ([(["feeds", "police/crime"], {"event": "incident_number"})], ["feeds", "'police/crime'", "known: ", "police/crimes"]),
        ([([*RULE, 0, "person"], {"police/crimes": "person_key"})], ["pairs > 0 > rules > 0", "one of identifier and person"]),
        ([([*RULE, 0, "form"], "soundex")], ["pairs > 0 > rules > 0 > form", "'soundex'", "year_and_number"]),
        ([([*RULE, 0, "form"], REMOVED)], ["pairs > 0 > rules > 0", "identifier goes with form"]),
        ([([*RULE, 1, "within_days"], REMOVED)], ["pairs > 0 > rules > 1", "person goes with dates and within_days"]),
        ([([*RULE, 1, "within_days"], -3)], ["pairs > 0 > rules > 1 > within_days", "-3"]),
        ([([*RULE, 1, "within_days"], [1, 2, 3])], ["pairs > 0 > rules > 1", "one for each of the 2 dates"]),
        ([([*RULE, 0, "name"], REMOVED)], ["pairs > 0 > rules > 0 > name", "is missing"]),
        ([([*RULE, 1, "name"], "crime_number")], ["pairs > 0", "a name of its own", "crime_number"]),
        ([([*RULE, 0, "idenifier"], {})], ["pairs > 0 > rules > 0 > idenifier", "misspelt"]),
        (
            [([*RULE, 0, "identifier"], {"police/crimes": "crime_number"})],
            ["pairs > 0", "rule crime_number", "county/domestic_abuse"],
        ),
        ([(["causes"], ["status"])], ["causes", "later_vintage"]),
        ([(["most_records"], 0)], ["most_records", "0"]),
        ([([*RULE], [])], ["pairs > 0 > rules", "at least 1"]),
        ([([*RULE, 1], alike(date={"days": [3, 0]}))], ["rules > 1 > alike > 0", "the nearest first", "3, 0"]),
        ([([*RULE, 1], alike(date={"days": None}))], ["rules > 1 > alike > 0", "days go with date"]),
        ([([*RULE, 1], alike(place={"levels": ["district", "same"]}))], ["alike > 1", "in the order same, beat, district"]),
        ([([*RULE, 1], alike(place={"levels": ["street"]}))], ["alike > 1 > levels", "street"]),
        ([([*RULE, 1], alike(code={"days": [1]}))], ["alike > 2", "days go with date"]),
        ([([*RULE, 1], alike(date={"code": {"police/crimes": "status"}}))], ["alike > 0", "give one of date, place and code"]),
        ([([*RULE, 1], alike(date={"shared": {"police/crimes": {"a": "b"}}}))], ["alike > 0", "shared goes with code"]),
        (
            [([*RULE, 1], alike(code={"shared": {"police/asb": {"a": "b"}}}))],
            ["shared: 'police/asb' is neither of police/crimes"],
        ),
        ([([*RULE, 1], alike(code={"code": {"police/crimes": "status"}}))], ["rule alike: give a column for each"]),
        ([([*RULE, 1], alike(date={"shares": [0.7, 0.4]}))], ["alike > 0", "one for each of the 2 levels, together less than 1"]),
        ([([*RULE, 1], alike(date={"shares": [0.7, 0.2]}))], ["rules > 1", "shares for every column, and prior"]),
        ([([*RULE, 1], alike(probability=0.5))], ["rules > 1 > probability", "0.5"]),
        ([([*RULE, 1], alike(probability=None))], ["rules > 1", "alike goes with probability"]),
        ([([*RULE, 1], alike(alike=[{"code": {"police/crimes": "a", "county/domestic_abuse": "b"}}]))], ["one of them a date"]),
        ([([*RULE, 0], alike())], ["pairs > 0", "as the last"]),
        ([([*RULE, 1], alike()), ([*RULE, 0, "blank_is_unknown"], False)], ["pairs > 0", "alike", "blank_is_unknown: false"]),
        ([([*RULE, 0, "probability"], 0.9)], ["rules > 0", "probability and prior go with alike"]),
        ([([*RULE, 0, "within_days"], 9)], ["rules > 0", "dates with within_days"]),
        ([([*RULE, 0, "blank_is_unknown"], {"police/asb": True})], ["crime_number", "give it for police/crimes or county"]),
        (
            [([*RULE, 0, "dates"], [DAYS]), ([*RULE, 0, "within_days"], 9)],
            ["pairs > 0", "where persons confirm identifiers, dates are for the person rule only"],
        ),
    ],
)
def test_a_mistake_is_named_with_its_entry_and_what_was_expected(sources: Path, changes: Change, said: list[str]) -> None:
    with pytest.raises(ConfigurationError) as error:
        load_changed(sources, changes)
    assert str(sources / "links.yml") in str(error.value)
    for words in said:
        assert words in str(error.value)


def test_an_unknown_feed_in_a_pair_is_named(sources: Path) -> None:
    rule = {
        "name": "number",
        "identifier": {"police/crimes": "crime_number", "county/cases": "number"},
        "form": "letters_and_digits",
    }
    pair = {"between": ["police/crimes", "county/cases"], "reason": "a slip", "rules": [rule]}
    with pytest.raises(
        ConfigurationError, match=r"pairs > police/crimes and county/cases: 'county/cases' is not known; known: county/"
    ):
        load_changed(sources, [(["pairs", PAIR], pair)])


def test_the_commented_example_of_a_rule_by_likeness_can_be_used(sources: Path) -> None:
    lines = (Path(__file__).parents[2] / "sources" / "links.yml").read_text(encoding="utf-8").splitlines()
    start = lines.index("#      - name: alike")
    end = lines.index("", start)
    rule = yaml.safe_load("\n".join(line.removeprefix("#") for line in lines[start:end]))
    pair = {"between": ["police/crimes", "fire/incidents"], "reason": "no key", "rules": rule}
    links = load_changed(sources, [(["pairs"], [pair])])
    for name, key in zip("ab", pair["between"], strict=True):
        side = Side(name, key, find_feed_spec(key), "", None, ())  # type: ignore[arg-type]
        check_columns(side, links.pairs[0], FeedLinksEntry())
    assert links.pairs[0].alike_rule.probability == 0.99


def test_a_condition_on_blanks_that_is_none_is_named_with_the_columns(sources: Path) -> None:
    links = load_changed(sources, [([*RULE, 0, "blank_is_unknown"], {"county/domestic_abuse": "sauce = 'police'"})])
    pair = links.pair("police/crimes", "county/domestic_abuse")
    side = Side("b", "county/domestic_abuse", find_feed_spec("county/domestic_abuse"), "", None, ())  # type: ignore[arg-type]
    with duckdb.connect() as connection, pytest.raises(ConfigurationError) as error:
        check_conditions(connection, side, pair)
    for words in ("crime_number > blank_is_unknown", "sauce = 'police'", "referral_source"):
        assert words in str(error.value)


def test_a_pair_given_twice_in_either_order_is_named(sources: Path) -> None:
    content = yaml.safe_load((Path(__file__).parents[2] / "sources" / "links.yml").read_text(encoding="utf-8"))
    pair = content["pairs"][0]
    turned = pair | {"between": pair["between"][::-1]}
    with pytest.raises(ConfigurationError, match="county/domestic_abuse and police/crimes are given twice"):
        load_changed(sources, [(["pairs"], [pair, turned])])


@pytest.mark.parametrize(
    ("changes", "of_feed", "said"),
    [
        (
            [([*RULE, 0, "identifier", "police/crimes"], "crime_no")],
            FeedLinksEntry(),
            ["crime_number: police/crimes has no column 'crime_no'"],
        ),
        ([], FeedLinksEntry(event="incident"), ["feeds > police/crimes > event", "no column 'incident'", "incident_number"]),
        ([], FeedLinksEntry(duplicates=[["offence_code", "place"]]), ["feeds > police/crimes > duplicates", "no column 'place'"]),
        (
            [([*RULE, 1, "dates", 0, "police/crimes"], "status")],
            FeedLinksEntry(),
            ["same_person", "police/crimes", "status", "VARCHAR", "a date"],
        ),
        (
            [([*RULE, 1], alike(code={"code": {"police/crimes": "kind", "county/domestic_abuse": "status"}}))],
            FeedLinksEntry(),
            ["alike: police/crimes has no column 'kind'"],
        ),
        (
            [([*RULE, 1], alike(date={"date": {"police/crimes": "status", "county/domestic_abuse": "incident_date"}}))],
            FeedLinksEntry(),
            ["alike", "police/crimes", "status", "VARCHAR", "a date"],
        ),
    ],
)
def test_an_unknown_column_is_named_with_those_that_there_are(
    sources: Path, changes: Change, of_feed: FeedLinksEntry, said: list[str]
) -> None:
    links = load_changed(sources, changes)
    pair = links.pair("police/crimes", "county/domestic_abuse")
    side = Side("a", "police/crimes", find_feed_spec("police/crimes"), "", None, ())  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError) as error:
        check_columns(side, pair, of_feed)
    for words in ("links.yml", *said):
        assert words in str(error.value)
