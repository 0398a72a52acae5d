"""A number that another agency only states: the definitions of the records it is consistent with are found, and no others."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from csp_pipeline.lake import table_path
from csp_pipeline.partnership.periods import financial_years, periods_between, table_of_periods
from csp_pipeline.publish.checks import count_wrong_recounts
from csp_pipeline.publish.describe_search import describe_search
from csp_pipeline.reconcile.compare import build_comparisons
from csp_pipeline.reconcile.search import Pair, build_searches, pairs_to_search, read_comparisons
from csp_pipeline.reconcile.search_fit import Fit
from csp_pipeline.reconcile.search_space import Space
from tests.conftest import ONE_YEAR, THREE_YEARS, Pipeline
from tests.small_exports import HARBOROUGH, IN_BLABY, IN_HARBOROUGH, case, crime, csv_text, grid, person, published, xlsx

CRIMES, CASES, PUBLISHED = "police/crimes", "county/domestic_abuse", "district/published_figures"
YEARS = financial_years("2014-15", "2016-17")
EXTRACTED = "extracted-2017-06-01"
# measure, its name in the publication, offence code
SHOPLIFTING = ("shoplifting", "Shoplifting", "46")
BURGLARY = ("domestic_burglary", "Domestic burglary", "28A")
FROM_VEHICLES = ("theft_from_motor_vehicle", "Theft from motor vehicle", "45")
VIOLENCE = ("violence_with_injury", "Violence with injury", "8N")
DAMAGE = ("criminal_damage", "Criminal damage", "58C")


def make_crimes(seed: int) -> pd.DataFrame:
    """Crimes of three years in two districts, as exported: several crimes to some incidents, some victims met again, some crimes
    recorded long after they were committed, some cancelled.
    """
    rng = random.Random(seed)  # noqa: S311 (made-up records)
    rows = []
    days = pd.date_range(YEARS[0].start, YEARS[-1].end)
    for number in range(1, 3001):
        recorded = days[rng.randrange(len(days))]
        committed = recorded - pd.Timedelta(days=rng.choice([0, 0, 1, 20, 90]))
        changes = {
            "incident_number": f"L-{number if rng.random() < 0.7 else number - 1}",
            "recorded_date": f"{recorded:%d/%m/%Y}",
            "committed_from": f"{committed:%d/%m/%Y} 12:00",
            "offence_code": rng.choice([SHOPLIFTING, BURGLARY, FROM_VEHICLES, VIOLENCE, DAMAGE])[2],
            "domestic": rng.choice("YNNN"),
            "lsoa_code": rng.choice([IN_HARBOROUGH, IN_HARBOROUGH, IN_HARBOROUGH, IN_BLABY]),
            "person_key": person(rng.randrange(900)) if rng.random() < 0.9 else "",
            "status": rng.choice(["Recorded"] * 8 + ["Cancelled", "Transferred"]),
        }
        rows.append(crime(number, **changes) | {"day": recorded, "committed": committed})
    return pd.DataFrame(rows)


def make_cases(seed: int) -> pd.DataFrame:
    """Cases of three years whose clients do not all live where it happened."""
    rng = random.Random(seed)  # noqa: S311 (made-up records)
    days = pd.date_range(YEARS[0].start, YEARS[-1].end)
    rows = []
    for number in range(1, 1501):
        referred = days[rng.randrange(len(days))]
        changes = {
            "Referral date": f"{referred:%d/%m/%Y}",
            "Incident date": f"{referred - pd.Timedelta(days=rng.randrange(60)):%d/%m/%Y}",
            "District of residence": rng.choice(["Harborough", "Harborough", "Blaby"]),
            "LSOA of incident": rng.choice([IN_HARBOROUGH, IN_BLABY, IN_BLABY, ""]),
            "Physical injury": rng.choice(["Yes", "No", "Not known"]),
            "Status": rng.choice(["Open", "Closed", "Closed", "Opened in error"]),
        }
        rows.append(case(number, **changes) | {"day": referred})
    return pd.DataFrame(rows)


def put_crimes(pipeline: Pipeline, crimes: pd.DataFrame) -> None:
    columns = list(crime(1))
    for month in periods_between(YEARS[0].start, YEARS[-1].end, "month"):
        rows = crimes.loc[crimes.day.between(pd.Timestamp(month.start), pd.Timestamp(month.end)), columns]
        pipeline.put(CRIMES, f"crimes_{month.label}_{EXTRACTED}.csv", csv_text(rows.to_dict("records"), columns=columns))


def put_cases(pipeline: Pipeline, cases: pd.DataFrame) -> None:
    columns = list(case(1))
    for quarter in periods_between(YEARS[0].start, YEARS[-1].end, "quarter"):
        rows = cases.loc[cases.day.between(pd.Timestamp(quarter.start), pd.Timestamp(quarter.end)), columns]
        name = f"domestic_abuse_{quarter.label.replace(' ', '-')}_{EXTRACTED}.xlsx"
        pipeline.put(CASES, name, xlsx({"Cases": grid(rows.to_dict("records"))}))


def put_published(pipeline: Pipeline, numbers: dict[str, Iterable[int]]) -> None:
    rows = [
        published(measure, str(number), period=year.label)
        for measure, of_years in numbers.items()
        for year, number in zip(YEARS, of_years, strict=True)
    ]
    pipeline.put(PUBLISHED, "published_figures_2016-17_extracted-2017-05-15.csv", csv_text(rows))


def by_year(rows: pd.DataFrame, day: str = "day", unit: str | None = None) -> list[int]:
    """Rows, or different non-blank values of a column, in each financial year."""
    counts = []
    for year in YEARS:
        of_year = rows[rows[day].between(pd.Timestamp(year.start), pd.Timestamp(year.end))]
        counts.append(len(of_year) if unit is None else of_year.loc[of_year[unit] != "", unit].nunique())
    return counts


def search(pipeline: Pipeline, *feeds: str) -> dict[str, dict[str, Any]]:
    """Run up to the search; gives the searches by measure."""
    for feed in feeds:
        pipeline.take_in(feed)
    pipeline.make_figures()
    build_comparisons(pipeline.settings, pipeline.partnership, pipeline.book)
    build_searches(pipeline.settings, pipeline.partnership, pipeline.book, pipeline.specs)
    return {row["measure"]: row for row in pipeline.lake("FROM definition_searches")}


@pytest.fixture(scope="module", params=[1, 2])
def found(request: pytest.FixtureRequest, new_pipeline: Callable[..., Pipeline]) -> tuple[Pipeline, dict[str, dict[str, Any]]]:
    """Five published measures, three of them counted in another way than the police headline, one by no definition at all."""
    measures = [measure for measure, _, _ in (SHOPLIFTING, BURGLARY, FROM_VEHICLES, VIOLENCE, DAMAGE)]
    pipeline = new_pipeline([CRIMES, PUBLISHED], THREE_YEARS, measures)
    crimes = make_crimes(request.param)
    put_crimes(pipeline, crimes)
    here = crimes[crimes.lsoa_code == IN_HARBOROUGH]
    recorded = here[here.status == "Recorded"]
    rng = random.Random(100 + request.param)  # noqa: S311 (made-up records)
    numbers = {
        SHOPLIFTING[1]: by_year(recorded[recorded.offence_code == SHOPLIFTING[2]], unit="person_key"),
        BURGLARY[1]: by_year(recorded[recorded.offence_code == BURGLARY[2]], day="committed"),
        FROM_VEHICLES[1]: by_year(here[(here.offence_code == FROM_VEHICLES[2]) & (here.status != "Transferred")]),
        VIOLENCE[1]: [rng.randrange(1000, 2000) for _ in YEARS],
        DAMAGE[1]: by_year(recorded[recorded.offence_code == DAMAGE[2]]),
    }
    put_published(pipeline, numbers)
    return pipeline, search(pipeline, CRIMES, PUBLISHED)


@pytest.mark.parametrize(
    ("measure", "variant"),
    [
        (SHOPLIFTING, "unit victim instead of offence"),
        (BURGLARY, "date committed instead of recorded"),
        (FROM_VEHICLES, "status cancelled counted too"),
    ],
)
def test_the_definition_behind_a_number_is_found(
    found: tuple[Pipeline, dict[str, dict[str, Any]]], measure: tuple[str, str, str], variant: str
) -> None:
    row = found[1][measure[0]]
    assert (row["best_variant"], row["best_misfit"], row["result"]) == (variant, 0, "consistent")
    assert row["headline_misfit"] > 0
    assert row["periods_agreeing"] == row["periods_compared"] == row["periods_predicted"] == 3
    assert "is consistent with" in row["sentence"]
    assert "because" not in row["sentence"]


def test_a_number_counted_as_the_headline_is_said_to_be(found: tuple[Pipeline, dict[str, dict[str, Any]]]) -> None:
    row = found[1][DAMAGE[0]]
    assert (row["best_variant"], row["headline_misfit"], row["result"]) == ("the headline definition", 0, "consistent")


def test_a_number_that_no_definition_gives_is_consistent_with_none(found: tuple[Pipeline, dict[str, dict[str, Any]]]) -> None:
    row = found[1][VIOLENCE[0]]
    assert row["result"] == "none"
    assert "is consistent with none of the definitions tried" in row["sentence"]


def test_how_many_variants_were_tried_and_fit_as_well_is_said(found: tuple[Pipeline, dict[str, dict[str, Any]]]) -> None:
    pipeline, searches = found
    row = searches[SHOPLIFTING[0]]
    # 2 dates, 3 units, 3 choices of months; status kept, dropped, or with one status more; the offence code kept or dropped;
    # domestic yes, no or either; a suspect under 18 yes, no or either, of which one at most is added: 5 choices
    assert row["variants_tried"] == 2 * 3 * 3 * 4 * 2 * 5
    equal = pipeline.lake(
        "SELECT count(*) AS n FROM definition_variants v JOIN definition_searches s USING (search_id) "
        "WHERE s.measure = 'shoplifting' AND v.misfit = s.best_misfit AND v.figures_within = s.figures_within"
    )[0]["n"]
    assert 1 <= row["variants_as_good"] == equal


@pytest.mark.parametrize(("within", "as_many"), [((2, 3, 3, 1, 3), 1), ((0, 0, 0, 0, 0), 0)])
def test_variants_that_agree_in_as_many_figures_are_counted_though_they_fit_less_well(
    within: tuple[int, ...], as_many: int
) -> None:
    """The second is the best; the third, a little further off, agrees in as many figures; the last cannot be counted."""
    rest = dict.fromkeys(("agreeing", "period_misfit", "period_beyond", "period_figures", "changes"), np.zeros(0))
    misfit, order = np.array([208.0, 29.0, 32.0, 9.0, np.inf]), np.array([1, 2, 0, 3])
    fit = Fit(space=Space((), ()), figures=3, misfit=misfit, within=np.array(within), order=order, **rest)
    assert (fit.as_good, fit.as_many) == (1, as_many)


def test_numbers_that_nothing_at_all_would_meet_say_nothing_of_a_definition(new_pipeline: Callable[..., Pipeline]) -> None:
    """A publication without the code prints 0, and `<5` may hide it: any condition that no record meets gives that too."""
    measures = [measure for measure, _, _ in (SHOPLIFTING, BURGLARY, VIOLENCE)]
    pipeline = new_pipeline([CRIMES, PUBLISHED], THREE_YEARS, measures)
    crimes = make_crimes(1)
    burglaries = (crimes.offence_code == BURGLARY[2]) & (crimes.lsoa_code == IN_HARBOROUGH) & (crimes.status == "Recorded")
    kept = crimes[burglaries].groupby(crimes.recorded_date.str[-7:]).head(1).groupby(crimes.day.dt.year).head(2)
    crimes = crimes[~burglaries | crimes.index.isin(kept.index)]
    put_crimes(pipeline, crimes)
    put_published(pipeline, {SHOPLIFTING[1]: [0, 0, 0], BURGLARY[1]: ["<5"] * 3, VIOLENCE[1]: [0, 0, 0]})
    found = search(pipeline, CRIMES, PUBLISHED)
    for measure in (SHOPLIFTING[0], VIOLENCE[0]):
        assert found[measure]["result"] == "none"
        assert found[measure]["sentence"].endswith("A count of nothing at all would agree in as many.")
        # every figure agrees: that they are consistent with none would read like a contradiction
        assert "cannot be said to be consistent with any of the definitions tried" in found[measure]["sentence"]
    # the headline was not picked: that it agrees stands
    assert (found[BURGLARY[0]]["result"], found[BURGLARY[0]]["best_variant"]) == ("consistent", "the headline definition")
    assert "nothing at all" not in found[BURGLARY[0]]["sentence"]


def test_the_headline_every_single_change_and_the_way_to_the_best_are_kept(
    found: tuple[Pipeline, dict[str, dict[str, Any]]],
) -> None:
    pipeline, searches = found
    rows = pipeline.lake("FROM definition_variants WHERE search_id = ? ORDER BY rank", [searches[SHOPLIFTING[0]]["search_id"]])
    single = {row["variant"] for row in rows if row["changes"] == 1}
    assert len(single) == 1 + 2 + 2 + 3 + 1 + 4
    assert {"each period's last month left out", "the condition offence_code = '46' dropped", "only domestic true"} <= single
    assert [row["variant"] for row in rows if row["is_headline"]] == ["the headline definition"]
    way = sorted((row["step"], row["changes"], row["misfit"]) for row in rows if row["step"] is not None)
    assert [(step, changes) for step, changes, _ in way] == [(0, 0), (1, 1)]
    assert (way[0][2], way[1][2]) == (searches[SHOPLIFTING[0]]["headline_misfit"], 0)
    assert [row["rank"] for row in rows[:25]] == list(range(1, 26))


def test_every_headline_recount_is_the_figure_itself(found: tuple[Pipeline, dict[str, dict[str, Any]]]) -> None:
    rows = found[0].lake(
        "SELECT d.headline, f.value FROM definition_figures d JOIN definition_searches s USING (search_id) JOIN figures f "
        "ON f.feed = s.feed AND f.measure = s.measure AND f.area_code = d.area_code AND f.period = d.period AND f.is_headline"
    )
    assert len(rows) == 15
    assert all(row["headline"] == row["value"] for row in rows)


def test_a_headline_recount_that_is_not_the_figure_is_noticed(found: tuple[Pipeline, dict[str, dict[str, Any]]]) -> None:
    settings = found[0].settings
    assert count_wrong_recounts(settings) == 0
    path = table_path(settings, "definition_figures")
    whole = path.read_bytes()
    damaged = f"SELECT * REPLACE (headline + (period = '2016-17')::INT AS headline) FROM read_parquet('{path}')"
    duckdb.execute(f"COPY ({damaged}) TO '{path}.bad' (FORMAT parquet)").fetchall()
    Path(f"{path}.bad").replace(path)
    try:
        assert count_wrong_recounts(settings) == 5
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("seed", [1, 2])
def test_cases_counted_where_it_happened_instead_of_where_the_client_lives(
    new_pipeline: Callable[..., Pipeline], seed: int
) -> None:
    pipeline = new_pipeline([CASES, PUBLISHED], THREE_YEARS, ["domestic_violence_with_injury"])
    cases = make_cases(seed)
    put_cases(pipeline, cases)
    counted = cases[(cases["LSOA of incident"] == IN_HARBOROUGH) & (cases["Physical injury"] == "Yes")]
    put_published(pipeline, {"Domestic violence with injury": by_year(counted[counted.Status != "Opened in error"])})
    row = search(pipeline, CASES, PUBLISHED)["domestic_violence_with_injury"]
    assert (row["best_variant"], row["best_misfit"]) == ("area incident instead of residence", 0)
    assert row["result"] == "consistent"


def test_several_changes_are_shown_one_by_one(new_pipeline: Callable[..., Pipeline]) -> None:
    pipeline = new_pipeline([CRIMES, PUBLISHED], THREE_YEARS, ["shoplifting"])
    crimes = make_crimes(9)
    put_crimes(pipeline, crimes)
    here = crimes[(crimes.lsoa_code == IN_HARBOROUGH) & (crimes.offence_code == "46") & (crimes.status != "Transferred")]
    put_published(pipeline, {"Shoplifting": by_year(here, "committed", "person_key")})
    row = search(pipeline, CRIMES, PUBLISHED)["shoplifting"]
    assert (
        row["best_variant"] == "date committed instead of recorded; unit victim instead of offence; status cancelled counted too"
    )
    way = pipeline.lake("FROM definition_variants WHERE step IS NOT NULL ORDER BY step")
    assert [step["changes"] for step in way] == [0, 1, 2, 3]
    assert way[0]["misfit"] == row["headline_misfit"]
    assert way[-1]["misfit"] == 0
    assert way[-1]["conditions"] == "(status IN ('recorded', 'cancelled')) AND (offence_code = '46')"


def test_a_search_is_found_by_its_comparison(found: tuple[Pipeline, dict[str, dict[str, Any]]]) -> None:
    pipeline, searches = found
    comparison = "shoplifting.harborough.2016-17.police_crimes.district_published_figures"
    [published] = pipeline.lake(
        "FROM definition_figures WHERE search_id = ? AND period = '2016-17'", [searches["shoplifting"]["search_id"]]
    )
    with pipeline.lake_tables() as database:
        described = describe_search(database, comparison)
        assert describe_search(database, "no_such_comparison") == {}
    columns, rows = described["search"]
    row = dict(zip(columns, rows[0], strict=True))
    assert (row["number_low"], row["headline"], row["best"]) == tuple(
        published[name] for name in ("number_low", "headline", "best")
    )
    assert row["best"] == row["number_low"] != row["headline"]
    assert [row[1] for row in described["steps"][1]] == ["the headline definition", "unit victim instead of offence"]
    assert described["variants"][1][0][1] == "unit victim instead of offence"


# Which pairs are searched


def test_feeds_that_can_be_linked_are_not_searched_and_numbers_are_never_recounted(desk: Pipeline) -> None:
    pairs = pairs_to_search(desk.book, desk.specs)
    assert Pair("shoplifting", CRIMES, PUBLISHED) in pairs
    assert Pair("people_in_treatment", "turning_point/episodes", "turning_point/summary") in pairs
    # rows without identifiers can only be a number beside those with
    assert Pair("shoplifting", CRIMES, "police/street") in pairs
    # sums and published numbers have no records behind them here
    counted = {pair.feed for pair in pairs}
    assert counted.isdisjoint({PUBLISHED, "police/recorded_crime_tables", "turning_point/summary", "county/community_survey"})
    assert {CRIMES, CASES} not in [{pair.feed, pair.other} for pair in pairs]
    unlinked = pairs_to_search(desk.book, desk.specs, linked=[])
    assert Pair("domestic_abuse", CRIMES, CASES) in unlinked
    linked = pairs_to_search(desk.book, desk.specs, linked=[frozenset((CRIMES, CASES))])
    assert {CRIMES, CASES} not in [{pair.feed, pair.other} for pair in linked]


# What cannot be searched


def test_where_nothing_may_be_compared_the_search_says_so(new_pipeline: Callable[..., Pipeline]) -> None:
    pipeline = new_pipeline([CRIMES, PUBLISHED], THREE_YEARS, ["shoplifting"])
    put_published(pipeline, {"Shoplifting": [5, 6, 7]})
    row = search(pipeline, PUBLISHED)["shoplifting"]
    assert (row["result"], row["figures_compared"], row["best_variant"]) == ("nothing_to_compare", 0, None)
    assert "there is no period in which it may be compared" in row["sentence"]


def test_years_that_may_not_be_compared_are_not_searched_though_both_have_numbers(desk: Pipeline) -> None:
    """Of 2015-16 the police have sent a part; in 2016-17 the publication was counted otherwise, as breaks.yml says."""
    verdicts = {"2013-14": "agrees", "2014-15": "conflict", "2015-16": "not_comparable", "2016-17": "not_comparable"}
    comparisons = pd.DataFrame({"period": verdicts.keys(), "verdict": verdicts.values()}).assign(
        measure="shoplifting", area_code=HARBOROUGH, rule="exact", agency_a="police", feed_a="crimes", value_a=9.0, low_a=9.0,
        high_a=9.0, agency_b="district", feed_b="published_figures", value_b=12.0, low_b=12.0, high_b=12.0,
    )  # fmt: skip
    with duckdb.connect() as connection:
        connection.register("comparisons", comparisons)
        connection.register("periods", table_of_periods(YEARS[0].start.replace(year=2013), YEARS[-1].end))
        searched = read_comparisons(connection, desk.partnership, [Pair("shoplifting", CRIMES, PUBLISHED)])
    assert searched.period.tolist() == ["2013-14", "2014-15"]


def test_without_any_pair_there_are_empty_tables(new_pipeline: Callable[..., Pipeline]) -> None:
    pipeline = new_pipeline([CRIMES], ONE_YEAR)
    pipeline.put(CRIMES, f"crimes_2016-04_{EXTRACTED}.csv", csv_text([crime(1)]))
    assert search(pipeline, CRIMES) == {}
    assert pipeline.lake("FROM definition_variants") == pipeline.lake("FROM definition_figures") == []


def test_the_same_inputs_give_the_same_rows(found: tuple[Pipeline, dict[str, dict[str, Any]]]) -> None:
    pipeline = found[0]
    before = [pipeline.lake(f"FROM {name}") for name in ("definition_searches", "definition_variants", "definition_figures")]
    build_searches(pipeline.settings, pipeline.partnership, pipeline.book, pipeline.specs)
    assert before == [
        pipeline.lake(f"FROM {name}") for name in ("definition_searches", "definition_variants", "definition_figures")
    ]
