"""The scorecard tells nobody another agency's count of 1 to 4, nor lets it be worked out from its years and quarters."""

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from csp_pipeline.partnership.partnership import load_partnership
from csp_pipeline.partnership.scorecard import ScorecardFile, SumEntry
from csp_pipeline.reports import write_reports
from csp_pipeline.reports.disclosure_cells import Seen, numbers
from csp_pipeline.reports.read import read_facts
from csp_pipeline.scorecard.card import cells_shown
from csp_pipeline.scorecard.protection import find_hidden
from csp_pipeline.scorecard.read import CardFacts
from csp_pipeline.sql import read_sql
from tests.unit.reports.made_rules import RULES
from tests.unit.reports.made_warehouse import make_warehouse

QUARTERS = ["Q1", "Q2", "Q3", "Q4"]
# every count of four quarters up to 12 each: a 9 beside a 4 that may be a 1 may be a 12
WORLDS = np.stack(np.meshgrid(*[np.arange(13)] * 4), axis=-1).reshape(-1, 4)


def figures(feed: str, measure: str, quarters: list[int], unit: str = "offence") -> pd.DataFrame:
    """A year and its four quarters of one feed's measure; the cells are named `<measure> year`, `<measure> Q1` and on."""
    starts = pd.to_datetime(["2016-04-01", "2016-07-01", "2016-10-01", "2017-01-01"])
    ends = pd.to_datetime(["2016-06-30", "2016-09-30", "2016-12-31", "2017-03-31"])
    frame = pd.DataFrame({"period": QUARTERS, "period_start": starts, "period_end": ends, "value": [float(n) for n in quarters]})
    year = {"period": "year", "period_start": starts[0], "period_end": ends[3], "value": float(sum(quarters))}
    frame = pd.concat([frame.assign(period_kind="quarter"), pd.DataFrame([year]).assign(period_kind="financial_year")])
    return frame.assign(feed=feed, measure=measure, unit=unit, cell=measure + " " + frame.period)


def hidden(table: pd.DataFrame, shown: set[str], **more: object) -> frozenset[str]:
    options: dict[str, object] = {"seen": Seen(), "withheld": frozenset(), "sums": [], "rules": RULES}
    return find_hidden(table, frozenset(shown), **(options | more))  # type: ignore[arg-type]


def test_a_small_count_is_hidden_and_zero_is_told() -> None:
    table = figures("police/crimes", "arson", [0, 3, 6, 8])
    assert hidden(table, {"arson year", "arson Q1", "arson Q2"}) == {"arson Q2"}


def test_with_every_quarter_shown_the_year_does_not_give_the_small_one_away() -> None:
    table = figures("police/crimes", "arson", [9, 3, 6, 8])
    found = hidden(table, {f"arson {period}" for period in ("year", *QUARTERS)})
    assert "arson Q2" in found
    assert len(found) >= 2


def test_what_its_owner_publishes_is_shown() -> None:
    table = figures("police/street", "arson", [9, 3, 6, 8])
    assert hidden(table, set(table.cell)) == frozenset()


def test_percentages_are_shown() -> None:
    table = figures("county/community_survey", "litter", [2, 3, 2, 1], unit="percent")
    assert hidden(table[table.period_kind == "quarter"], {"litter Q1"}) == frozenset()


def test_what_the_front_page_withholds_is_withheld_here() -> None:
    table = figures("police/crimes", "arson", [9, 30, 6, 8])
    withheld = frozenset({"arson Q2"})
    assert hidden(table, {"arson year", "arson Q2"}, withheld=withheld) == {"arson Q2"}
    # also where an earlier scorecard has shown it
    assert hidden(table, {"arson year", "arson Q2"}, withheld=withheld, seen=Seen(withheld)) == {"arson Q2"}


def test_a_figure_is_hidden_where_it_and_what_the_front_page_shows_tell_a_small_count() -> None:
    table = figures("police/crimes", "arson", [9, 6, 6, 8])
    # the front page shows 32 for a whole of which the year's 29 is all but 3
    cells = pd.DataFrame({"cell": ["whole", "small"], "value": [32, 3], "is_protected": True, "is_known": [True, False]})
    terms = pd.DataFrame({"relation": "r", "cell": ["whole", "small", "arson year"], "coefficient": [1, -1, -1]})
    assert hidden(table, {"arson year"}) == frozenset()
    assert hidden(table, {"arson year"}, front_page=numbers(cells, terms)) == {"arson year"}


def test_people_counted_in_two_quarters_and_once_in_the_year_give_no_small_quarter_away() -> None:
    table = figures("police/crimes", "victims", [9, 3, 6, 8])
    table.loc[table.period == "year", "value"] = 25
    # the year is no more than its quarters together: beside 9, 6 and 8 a reader would know of 2 or more
    found = hidden(table, set(table.cell))
    assert "victims Q2" in found
    assert len(found) >= 2


def test_what_the_front_page_shows_is_not_relied_upon_as_a_secret() -> None:
    table = figures("police/crimes", "arson", [9, 3, 6, 8])
    shown = {f"arson {period}" for period in ("year", *QUARTERS)}
    found = hidden(table, shown, seen=Seen(frozenset({"arson year", "arson Q1"})))
    assert found & {"arson Q3", "arson Q4"}
    assert not found & {"arson year", "arson Q1"}


def test_parts_of_a_measure_do_not_give_a_small_part_away() -> None:
    cases = [figures("district/cases", name, numbers) for name, numbers in (("all", [20] * 4), ("young", [3, 9, 9, 9]))]
    cases.append(figures("district/cases", "adult", [17, 11, 11, 11]))
    sums = [SumEntry(feed="district/cases", whole="all", parts=["young", "adult"])]
    shown = {"all Q1", "young Q1", "adult Q1"}
    assert hidden(pd.concat(cases), shown, sums=sums) > {"young Q1"}
    assert hidden(pd.concat(cases), shown) == {"young Q1"}  # without the declaration nothing says that they add up


def test_a_year_is_hidden_where_its_quarters_are_known_by_no_conflict_with_them_being_listed(tmp_path: Path) -> None:
    # the fire service's first three quarters lie no more than 2 from the police's 10, 12 and 7, or there would be conflicts: they
    # are 35 at most, and beside a year of 38 the 3 of the fourth is no 1 or 2
    table = figures("fire/incidents", "arson", [12, 14, 9, 3])
    table = table.assign(cell="fire/incidents|arson|" + table.period)
    pairs = table[table.period_kind == "quarter"].assign(agency="fire", other_agency="police", other=[10.0, 12.0, 7.0, 3.0])
    pairs = pairs.assign(other_feed="police/crimes", rule="two_agencies", is_main=False)
    pairs["other_cell"] = "police/crimes|" + pairs.cell.str.partition("|")[2]
    made = make_warehouse(tmp_path)
    facts = read_facts(made, load_partnership(made.sources))
    file = ScorecardFile.model_validate({"plan": "Plan", "priorities": {"fires": {"title": "Fires", "measures": ["arson"]}}})
    card = CardFacts(file, {}, table, [], [], years=("year",), quarters=("Q4",))

    def shown(compared: pd.DataFrame) -> frozenset[str]:
        return cells_shown(replace(facts, conflicts=[], figures=facts.figures.iloc[:0], compared=compared), card)

    year = "fire/incidents|arson|year"
    assert shown(pairs.iloc[:0]) == {year}
    assert shown(pairs) == frozenset()


def test_an_agencys_report_reckons_with_what_the_scorecard_shows(tmp_path: Path) -> None:
    # the fire service's year of 20 is 6, 7, a third quarter of 2 that no report shows, and 5
    warehouse = make_warehouse(tmp_path)

    def shown_to_the_police(on_scorecard: frozenset[str]) -> dict[str, str]:
        write_reports(warehouse, lambda *_: on_scorecard)
        report = json.loads((warehouse.reports / "police.json").read_text(encoding="utf-8"))
        arson = [entry for entry in report["conflicts"] if (entry["measure"], entry["area"]) == ("arson", "Southby")]
        return {entry["period"]: figure["shown"] for entry in arson for figure in entry["figures"] if figure["agency"] == "fire"}

    alone = shown_to_the_police(frozenset())
    hidden_alone = {period for period, shown in alone.items() if shown == "[c]"}
    assert hidden_alone
    beside = shown_to_the_police(frozenset(f"fire/incidents|arson|E07000902|{period}" for period in hidden_alone))
    assert {period for period, shown in beside.items() if shown == "[c]"} - hidden_alone


def test_of_a_claim_of_preferred_figures_every_feeds_figures_are_looked_at_and_of_another_only_its_own() -> None:
    assert feeds_looked_at("named", computation="level") == {"police/crimes"}
    assert feeds_looked_at("preferred", computation="level") == {"police/crimes", "fire/incidents"}


def test_of_a_claim_about_a_conflict_both_figures_are_looked_at_as_it_tells_how_far_they_lie_apart() -> None:
    assert feeds_looked_at("named", computation="conflict") == {"police/crimes", "fire/incidents"}


def feeds_looked_at(claim: str, computation: str) -> set[str]:
    """The feeds whose figures a claim is taken to tell: it is of the police's 30, and the fire service has 3."""
    with duckdb.connect() as db:
        db.execute(
            "CREATE TABLE claims AS SELECT ? AS claim, 's' AS statement, 'p' AS source, NULL AS reading, ? AS computation, "
            "'supported' AS verdict, 'w' AS sentence, 'police' AS agency, 'crimes' AS feed",
            [claim, computation],
        ).fetchall()
        db.execute(
            "CREATE TABLE claim_figures AS SELECT c.claim, agency, feed, 'arson' AS measure, 'E07000901' AS area_code, "
            "'2016-17' AS period, 'offence' AS unit, value, CASE WHEN c.claim = 'preferred' THEN 'rule' END AS preferred_by "
            "FROM (SELECT claim FROM claims) AS c, "
            "(VALUES ('police', 'crimes', 30), ('fire', 'incidents', 3)) AS f(agency, feed, value)"
        ).fetchall()
        (row,) = db.execute(read_sql("csp_pipeline.scorecard", "claims")).fetchall()
    return {figure["feed"] for figure in row[-1]}


@settings(max_examples=15, deadline=None)
@example([0, 0, 4, 9], {"Q1", "Q2"}, True)
@given(st.lists(st.integers(0, 9), min_size=4, max_size=4), st.sets(st.sampled_from(QUARTERS)), st.booleans())
def test_whoever_tries_every_world_learns_only_that_a_hidden_count_is_small(
    counts: list[int], shown_quarters: set[str], year_is_shown: bool
) -> None:
    table = figures("police/crimes", "arson", counts)
    shown = {f"arson {quarter}" for quarter in shown_quarters} | ({"arson year"} if year_is_shown else set())
    told = shown - hidden(table, shown)
    agrees = np.ones(len(WORLDS), dtype=bool)
    for position, (quarter, count) in enumerate(zip(QUARTERS, counts, strict=True)):
        if f"arson {quarter}" in told:
            agrees &= WORLDS[:, position] == count
    if "arson year" in told:
        agrees &= WORLDS.sum(axis=1) == sum(counts)
    for position, count in enumerate(counts):
        if 1 <= count <= 4:
            assert {1, 2, 3, 4} <= set(WORLDS[agrees, position].tolist())
