"""Figures side by side: what each comparison says, whatever other figures there are."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.lake import connect, table_path, write_table
from csp_pipeline.partnership.configuration import ComparabilityEntry, ToleranceEntry
from csp_pipeline.partnership.measures import load_measures
from csp_pipeline.partnership.partnership import load_partnership
from csp_pipeline.publish.checks import count_wrong_gaps
from csp_pipeline.reconcile.compare import area_slugs, build_comparisons
from csp_pipeline.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
HARBOROUGH = "E07000131"
POLICE, TABLES, STREET = "police/crimes", "police/recorded_crime_tables", "police/street"


def figure(feed: str, period: str = "2015-16", value: float | None = 100, **other: Any) -> dict[str, Any]:
    start, end = {"2015-16": ("2015-04-01", "2016-03-31"), "2016-17": ("2016-04-01", "2017-03-31")}[period]
    return {
        "agency": feed.split("/")[0],
        "feed": feed.split("/")[1],
        "measure": "total_crime",
        "area_code": HARBOROUGH,
        "area_basis": "offence",
        "period": period,
        "period_kind": "financial_year",
        "period_start": pd.Timestamp(start),
        "period_end": pd.Timestamp(end),
        "date_basis": "recorded",
        "unit": "offence",
        "value": value,
        "value_low": value,
        "value_high": value,
        "status": "A",
        "coverage": 1.0,
        "covered": None,
        "as_at": pd.Timestamp("2017-05-01"),
        "is_headline": True,
        "break_id": None,
    } | other


def compare(folder: Path, *figures: dict[str, Any], **rules: Any) -> pd.DataFrame:
    """The comparisons of the figures by the project's own rules, or others, in the order in which they are written."""
    settings = Settings(warehouse=folder)
    partnership = load_partnership(PROJECT / "sources")
    types = dict.fromkeys(("covered", "break_id"), "str") | dict.fromkeys(("value", "value_low", "value_high"), "float64")
    types |= dict.fromkeys(("period_start", "period_end", "as_at"), "datetime64[s]")
    with connect(settings) as connection:
        connection.register("given", pd.DataFrame(list(figures)).astype(types))
        write_table(connection, settings, "figures", "FROM given")
        build_comparisons(settings, partnership, replace(load_measures(partnership), **rules))
        return connection.execute(f"FROM read_parquet('{table_path(settings, 'comparisons')}')").df()


def test_a_suppressed_figure_agrees_where_its_bounds_reach_and_changes_no_other_comparison(tmp_path: Path) -> None:
    known = [figure(POLICE), figure(TABLES, value=900), figure(POLICE, "2016-17"), figure(TABLES, "2016-17", value=100)]
    suppressed = [
        figure(STREET, value=None, value_low=90, value_high=110, status="Q"),
        figure(STREET, "2016-17", value=None, value_low=3, value_high=4, status="Q"),
    ]
    without, with_bounds = compare(tmp_path / "one", *known), compare(tmp_path / "two", *known, *suppressed)
    assert without.verdict.tolist() == ["conflict", "agrees"]
    same = with_bounds[with_bounds.comparison_id.isin(without.comparison_id)].reset_index(drop=True)
    pd.testing.assert_frame_equal(same, without)
    of_street = with_bounds[(with_bounds.feed_b == "street") & (with_bounds.feed_a == "crimes")].set_index("period")
    assert of_street.verdict.to_dict() == {"2015-16": "agrees", "2016-17": "conflict"}
    assert of_street.gap.isna().all()
    assert of_street[["low_a", "high_a", "low_b", "high_b"]].to_numpy().tolist() == [[100, 100, 90, 110], [100, 100, 3, 4]]


def test_what_one_period_lacks_is_said_of_that_period_only(tmp_path: Path) -> None:
    half = {"coverage": 0.5, "covered": "2015-04 to 2015-09"}
    found = compare(
        tmp_path, figure(POLICE, **half), figure(TABLES), figure(POLICE, "2016-17"), figure(TABLES, "2016-17")
    ).set_index("period")
    assert found.rule["2015-16"] == "incomplete_period"
    assert found.verdict.to_dict() == {"2015-16": "not_comparable", "2016-17": "agrees"}
    assert "police/crimes covers 2015-04 to 2015-09 only" in found.reasons["2015-16"]
    assert pd.isna(found.reasons["2016-17"])


@pytest.mark.parametrize(
    "figures",
    [
        [],
        [figure(POLICE)],
        [figure(POLICE), figure(TABLES, is_headline=False)],
        [figure(POLICE, value=None, status="M", coverage=0.0), figure(TABLES, value=None, status="M", coverage=0.0)],
        # an area that is in no list of areas
        [figure(POLICE, area_code="X1"), figure(TABLES, area_code="X1")],
    ],
    ids=["none", "one", "no_second_headline", "nothing_received", "unknown_area"],
)
def test_where_nothing_can_be_set_side_by_side_there_are_no_comparisons(tmp_path: Path, figures: list[dict[str, Any]]) -> None:
    rows = figures or [figure(POLICE, is_headline=False)]
    assert compare(tmp_path, *rows).empty


AREAS = ["E07000129", "E07000130", "E07000131", "E07000132", "E07000133", "E06000016", "E06000017"]


def test_a_gap_is_within_tolerance_up_to_the_larger_of_both_tolerances_and_no_further(tmp_path: Path) -> None:
    # of the Home Office's tables: 3, or one in a hundred of the larger figure
    pairs = [(100, 103), (100, 104), (1000, 990), (990, 1000), (1000, 989), (100, 100), (0, 3)]
    rows = [
        figure(feed, area_code=area, value=value)
        for area, pair in zip(AREAS, pairs, strict=True)
        for feed, value in zip((POLICE, TABLES), pair, strict=True)
    ]
    found = compare(tmp_path, *rows).set_index("area_code").loc[AREAS]
    within, conflict = "within_tolerance", "conflict"
    assert found.verdict.tolist() == [within, conflict, within, within, conflict, "agrees", within]
    assert found.gap.tolist() == [other - one for one, other in pairs]
    assert set(found.rule) == {"home_office_tables"}


def test_decimals_are_compared_as_they_are_written(tmp_path: Path) -> None:
    """94.4 less 94.1 is 0.3, which the computer's own arithmetic makes a little more."""
    tenths = ToleranceEntry(name="tenths", reason="rounded", absolute=0.3, relative=0)
    rows = [figure(POLICE, value=94.1, unit="percent"), figure(TABLES, value=94.4, unit="percent")]
    rows += [row | {"area_code": AREAS[0]} for row in (rows[0], rows[1] | {"value": 94.5})]
    found = compare(tmp_path, *rows, tolerances=(tenths,)).set_index("area_code").loc[[HARBOROUGH, AREAS[0]]]
    assert found.verdict.tolist() == ["within_tolerance", "conflict"]
    assert found.gap.tolist() == [94.4 - 94.1, 94.5 - 94.1]  # value_b - value_a, whoever takes them from each other
    assert count_wrong_gaps(Settings(warehouse=tmp_path)) == 0


def test_a_number_of_which_not_even_the_most_is_told_agrees_with_nothing(tmp_path: Path) -> None:
    """`[c]` may be any number, a sum with one in it any from the others' sum on: only less than that is a conflict."""
    rows = [figure(POLICE, area_code=area) for area in AREAS[:4]]
    for area, low, high in zip(AREAS, (0, 120, 99, 0), (None, None, None, 110), strict=False):
        rows.append(figure(STREET, area_code=area, value=None, value_low=low, value_high=high, status="Q"))
    found = compare(tmp_path, *rows).set_index("area_code").loc[AREAS[:4]]
    assert found.verdict.tolist() == ["not_comparable", "conflict", "not_comparable", "agrees"]
    assert found.rule.tolist() == ["suppressed", "anonymised_points", "suppressed", "anonymised_points"]
    assert found.comparability.tolist()[0] == "not_comparable"
    assert found.reasons.iloc[0].startswith("police/street is suppressed, and may be any number from 0 on")
    assert "99" in found.reasons.iloc[2]
    assert pd.isna(found.reasons.iloc[3])


def test_whichever_side_it_is_what_is_not_told_decides_only_where_nothing_else_does(tmp_path: Path) -> None:
    """The police's sum with a `[c]` in it is 0, 100 or 120 at least, beside 100; the last has a month missing besides."""
    rows = [figure(STREET, area_code=area) for area in AREAS[:4]]
    for area, low, coverage in zip(AREAS, (0, 100, 120, 0), (1.0, 1.0, 1.0, 0.5), strict=False):
        untold = {"value": None, "value_low": low, "value_high": None, "status": "Q", "coverage": coverage}
        rows.append(figure(POLICE, area_code=area, **untold))
    found = compare(tmp_path, *rows).set_index("area_code").loc[AREAS[:4]]
    assert found.verdict.tolist() == ["not_comparable", "not_comparable", "conflict", "not_comparable"]
    assert found.rule.tolist() == ["suppressed", "suppressed", "anonymised_points", "incomplete_period"]
    assert "suppressed" not in found.reasons.iloc[3]


def test_a_suppressed_figure_is_as_far_off_as_its_nearer_bound(tmp_path: Path) -> None:
    # of anonymised points: 3, or one in fifty of the most that either can be
    bounds = [(104, 200), (105, 200), (0, 97), (0, 96), (0, 130), (100, 100), (5, 5)]
    rows = [figure(POLICE, area_code=area) for area in AREAS]
    for area, (low, high) in zip(AREAS, bounds, strict=True):
        rows.append(figure(STREET, area_code=area, value=None, value_low=low, value_high=high, status="Q"))
    found = compare(tmp_path, *rows).set_index("area_code").loc[AREAS]
    within, conflict = "within_tolerance", "conflict"
    assert found.verdict.tolist() == [within, conflict, within, conflict, "agrees", "agrees", conflict]


def test_bounds_of_records_without_a_location_excuse_no_conflict(tmp_path: Path) -> None:
    found = compare(tmp_path, figure(POLICE, value_high=120), figure(TABLES, value=118))
    assert found.verdict.tolist() == ["conflict"]
    suppressed = [
        figure(STREET, area_code=area, value=None, value_low=low, value_high=high, status="Q")
        for area, low, high in (("E07000129", 115, 130), ("E07000130", 60, 85))
    ]
    counted = [figure(POLICE, area_code=row["area_code"], value_low=80, value_high=120) for row in suppressed]
    assert compare(tmp_path / "suppressed", *counted, *suppressed).verdict.tolist() == ["conflict", "conflict"]


def test_a_comparison_is_as_at_the_later_of_its_two_extracts(tmp_path: Path) -> None:
    rows = [figure(POLICE, area_code=AREAS[0]), figure(TABLES, area_code=AREAS[0], as_at=pd.Timestamp("2017-06-01"))]
    rows += [figure(POLICE, area_code=AREAS[1], as_at=pd.Timestamp("2017-06-01")), figure(TABLES, area_code=AREAS[1])]
    assert compare(tmp_path, *rows).as_at.tolist() == [pd.Timestamp("2017-06-01")] * 2


@pytest.mark.parametrize("is_first", [True, False])
def test_what_either_side_lacks_is_an_obstacle(tmp_path: Path, *, is_first: bool) -> None:
    lacking = [{"value": None, "status": "M", "coverage": 0.0}, {"status": "P", "coverage": 0.5, "covered": "2015-04"}, {}]
    rows = []
    for area, lack in zip(AREAS, lacking, strict=False):
        rows += [figure(POLICE, area_code=area, **(lack if is_first else {}))]
        rows += [figure(TABLES, area_code=area, **({} if is_first else lack))]
    found = compare(tmp_path, *rows).set_index("area_code").loc[AREAS[:3]]
    assert found.verdict.tolist() == ["missing", "not_comparable", "agrees"]
    assert found.rule.tolist() == ["missing", "incomplete_period", "home_office_tables"]
    feed = POLICE if is_first else TABLES
    assert found.reasons[:2].tolist() == [f"nothing received from {feed}", f"{feed} covers 2015-04 only"]


@pytest.mark.parametrize(
    ("feed_a", "feed_b", "breaks", "is_comparable"),
    [
        ("police/asb", "police/street", ("asb_recording_system", "asb_recording_system"), True),
        # the council's cases come from another source
        ("police/asb", "district/asb_cases", ("asb_recording_system", "asb_recording_system"), False),
        ("police/asb", "police/street", ("asb_recording_system", None), False),
        ("police/asb", "police/street", (None, "asb_recording_system"), False),
        ("police/asb", "police/street", (None, None), True),
    ],
)
def test_figures_on_a_break_are_compared_only_where_both_come_from_the_source_that_broke(
    tmp_path: Path, feed_a: str, feed_b: str, breaks: tuple[str | None, str | None], *, is_comparable: bool
) -> None:
    sides = zip((feed_a, feed_b), breaks, strict=True)
    found = compare(tmp_path, *(figure(feed, "2016-17", measure="asb_reported", break_id=broken) for feed, broken in sides))
    assert found.verdict.tolist() == ["agrees" if is_comparable else "not_comparable"]
    assert (found.rule[0] == "asb_recording_system") == (not is_comparable)
    assert ("break in the series: asb_recording_system" in str(found.reasons[0])) == (not is_comparable)


def test_a_break_is_named_before_what_is_not_there_yet_for_more_records_will_not_mend_it(tmp_path: Path) -> None:
    lacking = {"status": "P", "coverage": 0.5, "covered": "2015-04", "break_id": "asb_recording_system"}
    [found] = compare(
        tmp_path, figure("police/asb", measure="asb_reported", **lacking), figure("district/asb_cases", measure="asb_reported")
    ).to_dict("records")
    assert (found["verdict"], found["rule"]) == ("not_comparable", "asb_recording_system")
    assert found["reasons"].startswith("break in the series: asb_recording_system; police/asb covers 2015-04 only")


def test_of_several_declared_differences_the_one_that_forbids_a_comparison_decides(tmp_path: Path) -> None:
    entries = [
        ComparabilityEntry(name=name, between=[POLICE, TABLES], comparability=comparability, reason=reason, measures=measures)
        for name, comparability, reason, measures in (
            ("other_day", "adjustable", "Drawn on another day.", None),
            ("other_rules", "not_comparable", "Counted by other rules.", ["total_crime"]),
            ("of_another_measure", "not_comparable", "No matter.", ["shoplifting"]),
        )
    ]
    [found] = compare(tmp_path / "one", figure(POLICE), figure(TABLES), comparability=entries).to_dict("records")
    assert (found["verdict"], found["rule"]) == ("not_comparable", "other_rules")
    assert found["reasons"] == "Drawn on another day Counted by other rules"
    [found] = compare(tmp_path / "two", figure(POLICE), figure(TABLES), comparability=entries[::2]).to_dict("records")
    assert (found["verdict"], found["comparability"]) == ("agrees", "adjustable")


def test_the_first_tolerance_that_concerns_both_feeds_and_the_measure_applies(tmp_path: Path) -> None:
    def rule(name: str, **concerns: Any) -> ToleranceEntry:
        return ToleranceEntry(name=name, reason="Agreed.", absolute=0, relative=0, **concerns)

    rules = [
        rule("of_other_feeds", between=[POLICE, STREET]),
        rule("of_another_measure", measures=["shoplifting"]),
        rule("of_two_agencies", same_agency=False),
        rule("the_one", between=[POLICE, TABLES, STREET], measures=["total_crime"], same_agency=True),
        rule("the_rest"),
    ]
    assert compare(tmp_path, figure(POLICE), figure(TABLES), tolerances=rules).rule.tolist() == ["the_one"]
    with pytest.raises(ConfigurationError, match=r"no tolerance applies to .* between .*Add one without `between`"):
        compare(tmp_path / "none", figure(POLICE), figure(TABLES), tolerances=rules[:3])


def test_of_areas_with_one_name_the_district_keeps_it_in_ids_and_the_others_add_their_level() -> None:
    areas = pd.DataFrame(
        [
            ("D1", "Rutland", "district"),
            ("C1", "Rutland", "county"),
            ("D2", "Hinckley & Bosworth", "district"),
            ("F1", "Leicestershire", "force"),
        ],
        columns=["area_code", "area_name", "area_level"],
    )
    assert area_slugs(areas).slug.tolist() == ["rutland", "rutland-county", "hinckley-bosworth", "leicestershire"]
