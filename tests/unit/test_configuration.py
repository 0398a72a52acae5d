"""Mistakes in `sources/`: each is told by file, entry, what was found and what is known; nothing is ignored."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from types import ModuleType

import pytest
import yaml

from csp_pipeline.agencies import find_feed_spec
from csp_pipeline.errors import ConfigurationError
from csp_pipeline.feed_specs import find_specs
from csp_pipeline.partnership.partnership import load_partnership
from csp_pipeline.reconcile.compare import build_comparisons
from tests.conftest import PROJECT, Pipeline
from tests.copied_sources import keep_feeds
from tests.small_exports import asb, csv_text

FEEDS = ["police/asb", "police/street"]
BREAK = "  - {id: a, title: t, date: %s, feeds: [%s], measures: [%s], reason: r, source: s}\n"


@pytest.fixture
def small(new_pipeline: Callable[..., Pipeline]) -> Pipeline:
    return new_pipeline(FEEDS)


def expect_error(small: Pipeline, file: str, change: Callable[[str], str], *words: str) -> None:
    """After this change to a file of the configuration, using it fails with a message that has these words."""
    path = small.sources / file
    before = path.read_text(encoding="utf-8")
    after = change(before)
    assert after != before, "the change changes nothing"
    path.write_text(after, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        use_everything(small)
    for word in words:
        assert word in str(caught.value)


def use_everything(small: Pipeline) -> None:
    partnership = small.partnership
    assert {"E01025770", "E01000001"} <= partnership.references["lsoa"].values
    assert len(partnership.populations)
    assert len(small.book.measures)
    small.make_figures()
    build_comparisons(small.settings, partnership, small.book)


def test_the_projects_own_configuration_is_sound() -> None:
    partnership = load_partnership(PROJECT / "sources")
    harborough = partnership.areas[partnership.areas.district_code == "E07000131"]
    assert (harborough.area_level == "lsoa").sum() == 47
    assert len(partnership.feeds) == 13
    assert set(harborough[harborough.area_level == "lsoa"].county_code) == {"E10000018"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: "measures:\n  a: [\n", ("measures.yml, line 3", "not valid YAML")),
        (lambda text: text.replace("  asb_reported:", "\tasb_reported:"), ("line 7", "there is a tab; indent with spaces")),
        (lambda text: "", ("measures.yml", "found none")),
        (lambda text: "- a\n", ("measures.yml", "expected keys")),
        (lambda text: text[: text.index("tolerances:")] + "tolerances:\n", ("tolerances: expected a list", "for none write []")),
        (
            lambda text: text.replace("where:\n        - category = 'personal'", "where: category = 'personal'"),
            ("asb_personal", "where: expected a list, such as", "category = 'personal'"),
        ),
        (lambda text: text.replace("  asb_reported:", "  2016:"), ("measures > 2016", "quotation marks")),
        (lambda text: "? [a]\n: 1\n", ("measures.yml, line 1", "a key has to be a word")),
        (
            lambda text: text.replace("unit: incident", "unitt: incident", 1),
            ("asb_reported > unitt", "misspelt", "unit: is missing"),
        ),
        (
            lambda text: text.replace("unit: incident", "unit: incident\n    unit: row", 1),
            ("'unit' is given twice", "line"),
        ),
        (
            lambda text: text.replace("police/asb:", "police/abs:", 1),
            ("asb_reported > feeds", "'police/abs' is not known", "police/asb"),
        ),
        (
            lambda text: text.replace("category = 'personal'", "category is like personal"),
            ("asb_personal", "'category is like personal'", "not a condition", "syntax error"),
        ),
        (
            lambda text: text.replace("category = 'personal'", "kategory = 'personal'"),
            ("asb_personal", "police/asb > where", "kategory", "Columns: incident_number"),
        ),
        (lambda text: text.replace("category = 'personal'", "category"), ("asb_personal", "it gives VARCHAR")),
        (lambda text: text.replace("category = 'personal'", "count(*) > 3"), ("asb_personal", "not a condition")),
        (
            lambda text: text.replace("count: incident", "count: people", 1),
            ("count: 'people' is not known; known: incident",),
        ),
        (
            lambda text: text.replace("date: reported", "date: repoted", 1),
            ("date: 'repoted' is not known; known: reported",),
        ),
        (
            lambda text: text.replace("area: anonymised_point", "area: point", 1),
            ("area: 'point' is not known; known: anonymised_point",),
        ),
        (
            lambda text: text.replace("count: incident", "count: incident\n        sum: category", 1),
            ("exactly one of count, sum and take",),
        ),
        (lambda text: text.replace("count: incident", "take: category", 1), ("take", "counted, not taken")),
        (
            lambda text: text[: text.index("tolerances:")] + "tolerances: []\n",
            ("no tolerance applies to asb_reported", "police/asb", "police/street"),
        ),
        (
            lambda text: text.replace("absolute: 3", "absolute: -1", 1),
            ("absolute", "greater than or equal to 0", "found -1"),
        ),
    ],
)
def test_a_mistake_in_measures_is_told(small: Pipeline, change: Callable[[str], str], words: tuple[str, ...]) -> None:
    expect_error(small, "measures.yml", change, *words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("district: E07000131\n", ""), ("partnership.yml", "district: is missing")),
        (
            lambda text: text.replace("E07000131", "E07000113"),
            ("partnership.yml", "district", "'E07000113' is not in areas.csv"),
        ),
        (lambda text: text.replace("last: 2018-19", "last: 2018-20"), ("financial_years", "'2018-20'", "2014-15")),
        (
            lambda text: text.replace("expected_last: 2016-17", "expected_last: 2020-21"),
            ("the expected years lie outside 2014-15 to 2018-19",),
        ),
        (lambda text: text.replace("areas: areas.csv", "areas: places.csv"), ("places.csv", "cannot be read")),
        (lambda text: text.replace("- financial_year\n", "- fortnight\n"), ("discrepancies > periods", "fortnight")),
        # nothing would be raised of the district, without a word
        (
            lambda text: text.replace("- district\n", "- districts\n"),
            ("discrepancies > area_levels", "'district'", "'districts'"),
        ),
        (
            lambda text: text.replace("district: E07000131", "district: E10000018"),
            ("district: 'E10000018' is a county in areas.csv; expected a district",),
        ),
        (
            lambda text: text.replace("force: E23000021", "force: E10000018"),
            ("force: 'E10000018' is a county in areas.csv; expected a force",),
        ),
        (lambda text: re.sub("agencies:(.*\n)+discrep", "agencies: [police]\ndiscrep", text), ("agencies: expected names with",)),
        (
            lambda text: text.replace("  police:", "  police_force:"),
            ("public_feeds > 0 > feed: 'police/street' is not known, as partnership.yml has no agency 'police'. Add it there",),
        ),
    ],
)
def test_a_mistake_in_the_partnership_is_told(small: Pipeline, change: Callable[[str], str], words: tuple[str, ...]) -> None:
    expect_error(small, "partnership.yml", change, *words)


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("Fire-Rescue/incidents", ("Fire-Rescue: an agency's and a feed's folder is named with a-z, 0-9 and _ only",)),
        ("fire/Incidents 2016", ("fire/Incidents 2016: an agency's and a feed's folder is named",)),
        ("police_street/level", ("police_street/level and of police/street_level", "both be the table police_street_level")),
        ("bridge/steps", ("bridge/steps: its records would be the table bridge_steps, which the warehouse has already",)),
    ],
)
def test_an_agency_or_feed_whose_name_cannot_be_a_table_of_its_own_is_told(
    small: Pipeline, folder: str, words: tuple[str, ...]
) -> None:
    ready = (small.sources / "police" / "street" / "feed.yml").read_text(encoding="utf-8") + "layout: police_uk_street\n"
    for key in (folder, "police/street_level"):
        (small.sources / key).mkdir(parents=True)
        (small.sources / key / "feed.yml").write_text(ready, encoding="utf-8")
    path = small.sources / "partnership.yml"
    agencies = f"agencies:\n  {folder.split('/')[0]}: {{name: Another, contact: Its analysts}}\n"
    if not folder.startswith("fire"):
        path.write_text(path.read_text(encoding="utf-8").replace("agencies:\n", agencies), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        find_specs(small.partnership)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("found", "instead", "words"),
    [
        (
            "feed: police/street",
            "feed: police/steet",
            ("disclosure > public_feeds > 0 > feed", "'police/steet'", "police/street"),
        ),
        ("highest: 4", "highest: 0", ("disclosure > small_counts > highest", "greater than or equal to 1")),
        ("- unit: percent", "- units: percent", ("disclosure > exempt_units > 0 > unit: is missing", "is it misspelt")),
    ],
)
def test_disclosure_rules_that_cannot_be_used(small: Pipeline, found: str, instead: str, words: tuple[str, ...]) -> None:
    expect_error(small, "partnership.yml", lambda text: text.replace(found, instead), "partnership.yml", *words)


def test_a_rule_of_disclosure_has_its_reason(small: Pipeline) -> None:
    def without_reasons(text: str) -> str:
        content = yaml.safe_load(text)
        content["disclosure"]["public_feeds"] = [{"feed": "police/street"}]
        return yaml.safe_dump(content)

    expect_error(small, "partnership.yml", without_reasons, "disclosure > public_feeds > 0 > reason: is missing")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("kind: month", "kind: fortnight"), ("coverage > kind", "fortnight")),
        (lambda text: text.replace("(?:^|/)", "(?:^|/"), ("coverage > pattern", "not a regular expression")),
        (lambda text: text.replace("P<coverage>", "P<cover>"), ("unknown groups ['cover']",)),
        (lambda text: text.replace("  pattern:", "  main_scope: kent\n  pattern:"), ("main_scope is one of",)),
        (
            lambda text: text.replace("covers_area: E23000021", "covers_area: E23000012"),
            ("police/asb/feed.yml", "'E23000012' is not in areas.csv"),
        ),
        (lambda text: text + "expected_from: soon\n", ("expected_from", "2016-04", "'soon'")),
        (
            lambda text: text + "expected_from: 2016-08\nexpected_until: 2016-04\n",
            ("expected_until: '2016-04' lies before expected_from, '2016-08'",),
        ),
        (
            lambda text: text.replace("(?P<coverage>", "("),
            ("coverage: the pattern has no group (?P<coverage>...)", "by: content"),
        ),
        (lambda text: text + "layout: police_street\n", ("layout", "'police_street'", "police_uk_street")),
        (lambda text: text.replace("deadline_days: 15", "deadline_days: soon"), ("deadline_days", "soon")),
        (lambda text: text + "retries: 3\n", ("retries", "misspelt")),
    ],
)
def test_a_mistake_in_a_feed_is_told(small: Pipeline, change: Callable[[str], str], words: tuple[str, ...]) -> None:
    expect_error(small, "police/asb/feed.yml", change, *words)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        (BREAK % ("2016-02-31", "police/asb", "asb_reported"), ("breaks.yml, line 2, column", "'2016-02-31'", "does not exist")),
        (
            BREAK % ("2016-06-01", "police/street", "asb_personal"),
            ("a > measures: none of police/street gives asb_personal", "feeds that give it: police/asb"),
        ),
        (BREAK % ('"2016-02-31"', "police/asb", "asb_reported"), ("breaks.yml", "date", "2016-02-31")),
        (BREAK % ("June", "police/asb", "asb_reported"), ("date", "2016-06-01", "'June'")),
        (BREAK % ("2016-06-01", "police/abs", "asb_reported"), ("a > feeds", "'police/abs' is not known")),
        (BREAK % ("2016-06-01", "police/asb", "asb"), ("a > measures", "'asb' is not known", "asb_reported")),
        (BREAK % ("2016-06-01", "", "asb_reported"), ("feeds", "at least 1")),
        ((BREAK % ("2016-06-01", "police/asb", "asb_reported")) * 2, ("'a' is given twice",)),
    ],
)
def test_a_mistake_in_the_breaks_is_told(small: Pipeline, entries: str, words: tuple[str, ...]) -> None:
    expect_error(small, "breaks.yml", lambda text: "breaks:\n" + entries, *words)


@pytest.mark.parametrize(
    ("file", "change", "words"),
    [
        ("population.csv", lambda text: text.replace(",334631", ",many"), ("population.csv", "whole numbers", "many")),
        (
            "population.csv",
            lambda text: text + text.splitlines()[-1] + "\n",
            ("population.csv: the population of E07000135 in 2019 is given twice",),
        ),
        # rows of a beat that two districts have would be of both
        (
            "areas.csv",
            lambda text: text + "blaby-town,Harborough Town,beat,E07000129,,E10000018,E23000021,\n",
            ("the list of each beat: 'Harborough Town' stands for blaby-town, harborough-town",),
        ),
        (
            "police/offence_codes.csv",
            lambda text: text + text.splitlines()[-1].replace("Fraud offences recorded", "Frauds recorded") + "\n",
            ("the list of each offence code: 'UK Finance' stands for UK Finance, UK Finance",),
        ),
        (
            "population.csv",
            lambda text: text.replace("mid_year", "year"),
            ("population.csv", "missing columns mid_year"),
        ),
        ("lsoa_2011_issued.csv", lambda text: text.replace("E01000003", "E01x"), ("LSOA", "'E01x'")),
        ("areas.csv", lambda text: text + text.splitlines()[-1] + "\n", ("areas.csv", "given twice")),
        (
            "areas.csv",
            lambda text: text.replace("Melton,district", "Melton,town"),
            ("E07000133", "'town'", "lsoa, beat, district"),
        ),
        (
            "areas.csv",
            lambda text: text.replace("E07000131,harborough-north", "E07000131,harborough-nord", 1),
            ("beat_code harborough-nord",),
        ),
    ],
)
def test_a_mistake_in_a_list_is_told(small: Pipeline, file: str, change: Callable[[str], str], words: tuple[str, ...]) -> None:
    expect_error(small, file, change, *words)


@pytest.mark.parametrize(
    ("decorator", "role", "words"),
    [
        ('@tables.feed(row_unit="order", key=("order_id",), coverage_date="made_on")', "date: made", ()),
        ("", "date: made", ("Orders: @tables.feed(...) above the class is missing",)),
        (
            '@tables.feed(row_unit="order", key=("orderid",))',
            "date: made",
            ("key: 'orderid' is not known; known: order_id, made_on",),
        ),
        ('@tables.feed(row_unit="order", coverage_date="made")', "date: made", ("coverage_date: 'made' is not known",)),
        ('@tables.feed(row_unit="order")', "day: made", ("role: 'day' is not known; known: date, unit",)),
        ('@tables.feed(row_unit="order")', "date", ("role: 'date' lacks the name that measures call it by",)),
    ],
)
def test_a_mistake_in_the_declaration_of_a_feed_of_ones_own_is_told(
    monkeypatch: pytest.MonkeyPatch, decorator: str, role: str, words: tuple[str, ...]
) -> None:
    module = ModuleType("csp_pipeline.agencies.probation")
    exec(  # noqa: S102 (as a module of the folder would be imported)
        f"""from csp_pipeline import tables
{decorator}
class Orders(tables.FeedTable):
    order_id: str = tables.text("Order", role="unit: order")
    made_on: str = tables.day("%d/%m/%Y", "Day it was made", role="{role}")
""",
        module.__dict__,
    )
    monkeypatch.setitem(sys.modules, module.__name__, module)
    if not words:
        assert find_feed_spec("probation/orders").traits.key == ("order_id",)
        return
    with pytest.raises(ConfigurationError) as caught:
        find_feed_spec("probation/orders")
    for word in ("csp_pipeline/agencies/probation.py: Orders", *words):
        assert word in str(caught.value)


def test_text_that_is_not_utf_8_is_told_by_its_byte(small: Pipeline) -> None:
    path = small.sources / "measures.yml"
    path.write_bytes("# é\n".encode("cp1252") + path.read_bytes())
    with pytest.raises(ConfigurationError, match=r"measures.yml: not UTF-8 text at byte 2"):
        use_everything(small)


def test_a_folder_that_is_no_sources_folder_is_told(small: Pipeline) -> None:
    with pytest.raises(ConfigurationError, match=r"partnership.yml: not found. Is this a sources folder"):
        load_partnership(small.sources / "police")


def test_a_new_list_of_codes_takes_a_file_in_again(small: Pipeline) -> None:
    """A row that was rejected for an unknown beat becomes a record once the beat is known: no file is sent again."""
    name = "asb_2016-04_extracted-2016-05-10.csv"
    before = small.take_in_one("police/asb", name, csv_text([asb(1), asb(2, beat="Kibworth")]))
    assert before.rows_rejected == 1
    areas = small.sources / "areas.csv"
    areas.write_text(
        areas.read_text(encoding="utf-8") + "kibworth,Kibworth,beat,E07000131,,E10000018,E23000021,\n", encoding="utf-8"
    )
    small.reread_configuration()
    [after] = small.take_in("police/asb").new
    assert (after.landed.path, after.rows_accepted, after.rows_rejected) == (name, 2, 0)


def test_narrowing_for_tests_leaves_what_is_left_as_it_was(new_pipeline: Callable[..., Pipeline]) -> None:
    whole, narrow = new_pipeline(), new_pipeline()
    keep_feeds(narrow.sources, FEEDS)
    assert set(narrow.book.measures["asb_reported"].feeds) == set(FEEDS)
    assert narrow.book.measures["asb_personal"] == whole.book.measures["asb_personal"]
