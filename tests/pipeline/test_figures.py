"""Figures and what is made of them: counted once in each unit, missing kept apart from zero, bounds, breaks, comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pandas as pd
import pytest

from csp_pipeline.figures.coverage import read_all_receipts
from csp_pipeline.figures.lateness import table_of_due_periods
from csp_pipeline.partnership.periods import periods_between
from csp_pipeline.publish.checks import list_numbers_in_other_units
from tests.conftest import ONE_YEAR, TWO_YEARS, Pipeline
from tests.small_exports import (
    ALSO_IN_HARBOROUGH,
    COUNTY,
    FAR_AWAY,
    FORCE,
    HARBOROUGH,
    IN_BLABY,
    IN_HARBOROUGH,
    asb,
    case,
    crime,
    csv_text,
    episode,
    fire,
    grid,
    person,
    published,
    street,
    tables_row,
    xlsx,
    youth,
)

BLABY = "E07000129"
MONTHS = [f"2016-{month:02d}" for month in range(4, 13)] + ["2017-01", "2017-02", "2017-03"]
DAYS = {label: f"15/{label[5:]}/{label[:4]}" for label in MONTHS}
# Crimes of each month in Harborough and in Blaby; the partnership counted by hand: 78 and 12 in the year.
IN_MONTH = dict(zip(MONTHS, range(1, 13), strict=True))

MEASURES = [
    "total_crime",
    "shoplifting",
    "domestic_burglary",
    "violence_with_injury",
    "deliberate_fires",
    "asb_reported",
    "domestic_abuse",
    "youth_offences",
]


@pytest.fixture(scope="module")
def year(new_pipeline: Callable[..., Pipeline]) -> Pipeline:
    """A whole year of the police's feeds and half a year of the county's, small enough to count by hand; one whole run."""
    pipeline = new_pipeline(
        [
            "police/crimes",
            "police/asb",
            "police/street",
            "police/recorded_crime_tables",
            "county/domestic_abuse",
            "county/youth_offending",
            "district/published_figures",
            "district/asb_cases",
        ],
        TWO_YEARS,
        MEASURES,
    )
    number = iter(range(1, 10_000))
    for label, day in DAYS.items():
        rows = [crime(next(number), recorded_date=day, committed_from="") for _ in range(IN_MONTH[label])]
        rows.append(crime(next(number), recorded_date=day, committed_from="", lsoa_code=IN_BLABY, beat="Blaby"))
        if label == "2016-04":
            rows += list(april_extras(number))
        pipeline.put("police/crimes", f"crimes_{label}_extracted-2017-05-01.csv", csv_text(rows))
        incidents = [asb(next(number), reported_at=f"{day} 10:00") for _ in range(10 if label < "2016-06" else 20)]
        pipeline.put("police/asb", f"asb_{label}_extracted-2017-05-01.csv", csv_text(incidents))
        if label != "2016-08":
            points = [street(Month=label)] * 3 + [
                street(Month=label, **{"LSOA code": "", "LSOA name": "", "Location": "No Location"})
            ]
            points += [street(Month=label, **{"Crime type": "Shoplifting", "Crime ID": person((label, n))}) for n in range(2)]
            pipeline.put("police/street", f"published-2017-05/{label}-leicestershire-street.csv", csv_text(points))
    counts = [tables_row(quarter, count) for quarter, count in ((1, 7), (2, 16), (3, 24), (4, -2))]
    pipeline.put("police/recorded_crime_tables", "published-2017-07/prc-pfa-tables.csv", csv_text(counts))
    q1 = [
        case(1),
        case(2, **{"Client key": person(1)}),
        case(3, Status="Opened in error"),
        case(4, **{"District of residence": "Blaby"}),
    ]
    q1 += [case(5, **{"District of residence": "Other"}), case(6, **{"District of residence": ""})]
    for quarter, rows in (("Q1", q1), ("Q2", [case(11, **{"Referral date": "01/09/2016", "Client key": person(1)})])):
        pipeline.put(
            "county/domestic_abuse", f"domestic_abuse_2016-17-{quarter}_extracted-2017-04-20.xlsx", xlsx({"Cases": grid(rows)})
        )
    children = [youth("a"), youth("a", first_time_entrant="N"), youth("b"), youth("c", district="Blaby")]
    pipeline.put("county/youth_offending", "youth_offending_2016-17-Q1_extracted-2016-07-20.csv", csv_text(children))
    later = [youth("a", disposal_date="20/07/2016", first_time_entrant="N")]
    pipeline.put("county/youth_offending", "youth_offending_2016-17-Q2_extracted-2016-10-20.csv", csv_text(later))
    figures = [published("Total crime", "85"), published("Shoplifting", "<5"), published("ASB reported (police)", "220")]
    figures.append(published("Domestic burglary", "12%"))
    pipeline.put("district/published_figures", "published_figures_2016-17_extracted-2017-05-15.csv", csv_text(figures))
    pipeline.run_all()
    return pipeline


def april_extras(number: Iterator[int]) -> Iterator[dict[str, str]]:
    """In April besides the plain crimes: one cancelled, two without a place, one far away, and a victim of three crimes."""
    yield crime(next(number), status="Cancelled")
    yield crime(next(number), lsoa_code="", beat="")
    yield crime(next(number), lsoa_code="", beat="", offence_code="8N")
    yield crime(next(number), lsoa_code=FAR_AWAY, beat="")
    for _ in range(3):
        yield crime(
            next(number), offence_code="8N", person_key=person("victim"), lsoa_code=ALSO_IN_HARBOROUGH, incident_number="L16-1"
        )


def value(pipeline: Pipeline, feed: str, measure: str, area: str, period: str, **more: str) -> float | None:
    return pipeline.figure(feed, measure, area, period, **more)["value"]


def test_crimes_are_counted_in_their_district_month_quarter_and_year(year: Pipeline) -> None:
    """April has 1 plain crime and the 3 of one victim; those cancelled, without a place or far away are not Harborough's."""
    counted = {
        period: value(year, "police/crimes", "total_crime", HARBOROUGH, period)
        for period in ("2016-04", "2016-05", "2016-17 Q1", "2016-17 Q4", "2016-17")
    }
    assert counted == {"2016-04": 4, "2016-05": 2, "2016-17 Q1": 4 + 2 + 3, "2016-17 Q4": 10 + 11 + 12, "2016-17": 78 + 3}
    assert value(year, "police/crimes", "total_crime", BLABY, "2016-17") == 12


def test_months_add_up_to_quarters_and_quarters_to_years(year: Pipeline) -> None:
    for feed, measure, unit in (
        ("police/crimes", "total_crime", "offence"),
        ("police/asb", "asb_reported", "incident"),
        ("county/youth_offending", "youth_offences", "offence"),
    ):
        rows = year.lake(
            "FROM figures WHERE agency || '/' || feed = ? AND measure = ? AND unit = ? AND is_headline AND area_code = ?"
            " AND period_start >= '2016-04-01' AND period_end <= '2017-03-31'",
            [feed, measure, unit, HARBOROUGH],
        )
        sums = {
            kind: sum(row["value"] or 0 for row in rows if row["period_kind"] == kind)
            for kind in ("month", "quarter", "financial_year")
        }
        assert sums["month"] == sums["quarter"] == sums["financial_year"] > 0, feed


def test_no_part_is_more_than_its_whole_and_lsoas_add_up_to_their_district(year: Pipeline) -> None:
    rows = year.lake("FROM figures WHERE feed = 'crimes' AND measure = 'total_crime' AND is_headline AND period = '2016-17'")
    values = {row["area_code"]: row["value"] for row in rows}
    lsoas = set(
        year.partnership.areas.query(
            "district_code == @HARBOROUGH and area_level == 'lsoa'", local_dict={"HARBOROUGH": HARBOROUGH}
        ).area_code
    )
    assert len(lsoas) == 47
    assert sum(values[code] for code in lsoas) == values[HARBOROUGH] == 81
    assert (values[IN_HARBOROUGH], values[ALSO_IN_HARBOROUGH]) == (78, 3)
    assert (values["harborough-north"], values["harborough-town"]) == (78, 3)
    assert values[COUNTY] == 81 + 12


def test_rows_without_a_place_are_bounds_of_every_district_and_counted_in_the_whole(year: Pipeline) -> None:
    district = year.figure("police/crimes", "total_crime", HARBOROUGH, "2016-04")
    assert (district["value"], district["value_low"], district["value_high"]) == (4, 4, 6)
    force = year.figure("police/crimes", "total_crime", FORCE, "2016-04")
    # 4 in Harborough, 1 in Blaby, 2 without a place, and the one far away that this force recorded
    assert (force["value"], force["value_low"], force["value_high"]) == (8, 8, 8)
    points = year.figure("police/street", "asb_reported", HARBOROUGH, "2016-05")
    assert (points["value"], points["value_high"]) == (3, 4)


def test_a_victim_of_three_crimes_is_one_victim_and_blank_keys_are_nobody(year: Pipeline) -> None:
    by_unit = {
        unit: value(year, "police/crimes", "violence_with_injury", HARBOROUGH, "2016-04", unit=unit, date_basis="recorded")
        for unit in ("offence", "victim", "incident")
    }
    assert by_unit == {"offence": 3, "victim": 1, "incident": 1}
    assert value(year, "police/crimes", "shoplifting", HARBOROUGH, "2016-05", unit="victim", date_basis="recorded") == 0


def test_a_person_counts_once_in_each_period_and_once_in_the_longer_one(year: Pipeline) -> None:
    """Child a has offences in both quarters; b in the first. One client has three cases."""
    counted = {
        period: value(year, "county/youth_offending", "youth_offences", HARBOROUGH, period, unit="person", date_basis="disposed")
        for period in ("2016-17 Q1", "2016-17 Q2", "2016-17")
    }
    assert counted == {"2016-17 Q1": 2, "2016-17 Q2": 1, "2016-17": 2}
    clients = {
        period: value(
            year,
            "county/domestic_abuse",
            "domestic_abuse",
            HARBOROUGH,
            period,
            unit="person",
            date_basis="referred",
            area_basis="residence",
        )
        for period in ("2016-17 Q1", "2016-17 Q2", "2016-17")
    }
    assert clients == {"2016-17 Q1": 1, "2016-17 Q2": 1, "2016-17": 1}
    assert value(year, "county/domestic_abuse", "domestic_abuse", HARBOROUGH, "2016-17 Q1") == 2


def test_a_case_of_somebody_who_lives_elsewhere_counts_in_the_whole_only(year: Pipeline) -> None:
    """Of Q1's five cases that were not opened in error, two are Harborough's, one Blaby's, one from elsewhere, one unknown."""
    assert value(year, "county/domestic_abuse", "domestic_abuse", COUNTY, "2016-17 Q1") == 5
    assert value(year, "county/domestic_abuse", "domestic_abuse", BLABY, "2016-17 Q1") == 1
    assert year.figure("county/domestic_abuse", "domestic_abuse", HARBOROUGH, "2016-17 Q1")["value_high"] == 3


def test_identical_street_rows_without_an_identifier_are_all_counted(year: Pipeline) -> None:
    assert value(year, "police/street", "asb_reported", HARBOROUGH, "2016-05") == 3


def test_a_month_that_never_came_is_missing_and_its_year_incomplete(year: Pipeline) -> None:
    missing = year.figure("police/street", "total_crime", HARBOROUGH, "2016-08")
    assert (missing["value"], missing["status"], missing["coverage"]) == (None, "M", 0)
    part = year.figure("police/street", "shoplifting", HARBOROUGH, "2016-17")
    assert (part["value"], part["status"], part["coverage"]) == (22, "P", 11 / 12)
    assert part["covered"] == "2016-04 to 2016-07, 2016-09 to 2017-03"


def test_a_month_that_came_without_any_is_a_true_zero(year: Pipeline) -> None:
    zero = year.figure("police/crimes", "deliberate_fires", HARBOROUGH, "2016-05")
    assert (zero["value"], zero["status"], zero["coverage"]) == (0, "A", 1)


def test_half_a_year_is_marked_and_never_scaled_up(year: Pipeline) -> None:
    half = year.figure("county/youth_offending", "youth_offences", HARBOROUGH, "2016-17")
    assert (half["value"], half["status"], half["coverage"], half["covered"]) == (4, "P", 0.5, "2016-04 to 2016-09")


def test_negative_counts_of_the_home_office_tables_lower_their_sum(year: Pipeline) -> None:
    assert value(year, "police/recorded_crime_tables", "shoplifting", FORCE, "2016-17") == 7 + 16 + 24 - 2
    assert value(year, "police/recorded_crime_tables", "shoplifting", FORCE, "2016-17 Q4") == -2
    assert year.lake("SELECT count(*) AS n FROM figures WHERE feed = 'recorded_crime_tables' AND period_kind = 'month'") == [
        {"n": 0}
    ]


def test_a_publication_that_differs_from_the_export_is_a_conflict_and_a_discrepancy(year: Pipeline) -> None:
    found = year.comparison("total_crime", "2016-17", "police/crimes", "district/published_figures")
    assert {found["value_a"], found["value_b"]} == {81, 85}
    assert (abs(found["gap"]), found["gap"], found["verdict"], found["rule"]) == (
        4,
        found["value_b"] - found["value_a"],
        "conflict",
        "published_as_counted",
    )
    [raised] = year.lake("FROM discrepancies WHERE discrepancy_id = ?", [found["comparison_id"]])
    assert raised["owner_agencies"] == ["district", "police"]
    assert "Total recorded crime, Harborough, 2016-17" in raised["sentence"]
    assert " 81" in raised["sentence"]
    assert " 85" in raised["sentence"]


def test_a_suppressed_number_is_an_interval_and_conflicts_only_when_apart(year: Pipeline) -> None:
    suppressed = year.figure("district/published_figures", "shoplifting", HARBOROUGH, "2016-17")
    assert (suppressed["value"], suppressed["value_low"], suppressed["value_high"], suppressed["status"]) == (None, 0, 4, "Q")
    apart = year.comparison("shoplifting", "2016-17", "police/crimes", "district/published_figures")
    assert (apart["gap"], apart["verdict"]) == (None, "conflict")


def test_a_percentage_that_is_published_of_a_count_is_no_count(year: Pipeline) -> None:
    """`12%` burglaries are not 12: there is no figure, now or at any time, and the engineers are told of the row."""
    for table in ("figures", "figure_vintages"):
        of_measure = f"FROM {table} WHERE feed = 'published_figures' AND measure = 'domestic_burglary'"
        assert year.lake(f"{of_measure} AND value IS NOT NULL") == []
    [found] = list_numbers_in_other_units(year.settings, year.partnership, year.book, year.specs)
    assert found[:3] == ("district/published_figures", "domestic_burglary", "12%")
    assert found[4] == 5  # the row of the file, its header being the first


def test_intervals_that_touch_agree(new_pipeline: Callable[..., Pipeline]) -> None:
    """A summary shows `<5`; the episodes hold 4 clients of Harborough and 5 of Blaby in treatment."""
    pipeline = new_pipeline(["turning_point/episodes", "turning_point/summary"], ONE_YEAR)
    rows = [episode(number, number) for number in range(4)] + [episode(number, number, LA="Blaby") for number in range(10, 20)]
    rows.append(episode(99, 0))
    pipeline.put("turning_point/episodes", "episodes_2016-17-Q1_extracted-2016-07-20.csv", csv_text(rows))
    summary = [
        {"District": district, "In treatment": "<5", "New presentations": "0", "Successful completions": "[c]"}
        for district in ("Harborough", "Blaby")
    ]
    pipeline.put("turning_point/summary", "summary_2016-17-Q1_extracted-2016-07-20.xlsx", xlsx({"Summary": grid(summary)}))
    pipeline.run_all()
    both = ("turning_point/episodes", "turning_point/summary")
    assert pipeline.figure("turning_point/episodes", "people_in_treatment", HARBOROUGH, "2016-17 Q1")["value"] == 4
    assert pipeline.comparison("people_in_treatment", "2016-17 Q1", *both)["verdict"] == "agrees"
    assert pipeline.comparison("people_in_treatment", "2016-17 Q1", *both, area=BLABY)["verdict"] == "conflict"
    hidden = pipeline.figure("turning_point/summary", "successful_completions", HARBOROUGH, "2016-17 Q1")
    assert (hidden["value"], hidden["value_low"], hidden["value_high"], hidden["status"]) == (None, 0, None, "Q")
    untold = pipeline.comparison("successful_completions", "2016-17 Q1", *both)
    assert (untold["verdict"], untold["rule"]) == ("not_comparable", "suppressed")


def test_a_suppressed_percentage_lies_below_its_bound_and_is_not_a_whole_number(new_pipeline: Callable[..., Pipeline]) -> None:
    """`<5` of a survey can be 4.6 percent; of people it is 4 at most."""
    pipeline = new_pipeline(["county/community_survey"], ONE_YEAR, ["safe_after_dark"])
    sheet = [{"District": "Harborough", "Question": "Feel safe after dark", "Base": 110, "Percentage": "<5"}]
    name = "community_survey_2016-17-Q1_extracted-2016-07-20.xlsx"
    pipeline.put("county/community_survey", name, xlsx({"2016-17 Q1": grid(sheet)}))
    pipeline.run_all()
    hidden = pipeline.figure("county/community_survey", "safe_after_dark", HARBOROUGH, "2016-17 Q1")
    assert (hidden["value"], hidden["value_low"], hidden["value_high"]) == (None, 0, 5)


def test_a_conflict_of_decimals_is_told_with_them(new_pipeline: Callable[..., Pipeline]) -> None:
    """Rounded to whole numbers, 41.4 against 41.2 would be told as 41 and 41, 0 more."""
    pipeline = new_pipeline(["police/crimes", "district/published_figures"], ONE_YEAR, ["total_crime"])
    for number, month in enumerate(periods_between(date(2016, 4, 1), date(2017, 3, 31), "month"), 1):
        row = crime(number, recorded_date=f"{month.start:%d/%m/%Y}", committed_from="", committed_to="")
        pipeline.put("police/crimes", f"crimes_{month.label}_extracted-2017-06-01.csv", csv_text([row]))
    published_file = "published_figures_2016-17_extracted-2017-05-15.csv"
    pipeline.put("district/published_figures", published_file, csv_text([published("Total crime", "1,213.6")]))
    pipeline.run_to_discrepancies()
    told = [row["sentence"] for row in pipeline.lake("FROM discrepancies")]
    assert len(told) == 1
    assert told[0].startswith("Total recorded crime, Harborough, 2016-17: Leicestershire Police (Recorded crimes) 12, ")
    assert told[0].endswith(" (Figures published by the partnership) 1,213.6; 1,201.6 more.")


def test_figures_across_a_break_are_not_compared(year: Pipeline) -> None:
    """The ASB recording system changes on 1 June 2016: inside 2016-17 and its first quarter, not inside later months."""
    marked = {
        period: (
            year.figure("police/asb", "asb_reported", HARBOROUGH, period)["status"],
            year.figure("police/asb", "asb_reported", HARBOROUGH, period)["break_id"],
        )
        for period in ("2016-05", "2016-06", "2016-17 Q1", "2016-17")
    }
    assert marked == {
        "2016-05": ("A", None),
        "2016-06": ("A", None),
        "2016-17 Q1": ("B", "asb_recording_system"),
        "2016-17": ("B", "asb_recording_system"),
    }
    same_source = year.comparison("asb_reported", "2016-17", "police/asb", "district/published_figures")
    assert (same_source["verdict"], same_source["gap"]) == ("agrees", 0)


def test_an_incomplete_year_is_not_compared(year: Pipeline) -> None:
    found = year.comparison("total_crime", "2016-17", "police/crimes", "police/street")
    assert (found["verdict"], found["rule"]) == ("not_comparable", "incomplete_period")
    assert "police/street covers" in found["reasons"]


def test_a_missing_figure_is_missing_not_zero_in_a_comparison(year: Pipeline) -> None:
    found = year.comparison("total_crime", "2016-08", "police/crimes", "police/street")
    assert (found["verdict"], found["gap"]) == ("missing", None)
    assert "nothing received from police/street" in found["reasons"]


def test_changes_over_a_year_that_is_not_there_are_missing(year: Pipeline) -> None:
    rows = year.lake(
        "FROM changes WHERE feed = 'crimes' AND measure = 'total_crime' AND area_code = ? AND period = '2016-17'", [HARBOROUGH]
    )
    assert [(row["value_before"], row["value"], row["change"], row["rule"]) for row in rows] == [(None, 81, None, "missing")]


def test_every_gap_is_the_second_figure_less_the_first(year: Pipeline) -> None:
    assert year.lake("SELECT count(*) AS n FROM comparisons WHERE gap IS DISTINCT FROM value_b - value_a") == [{"n": 0}]
    assert year.lake("SELECT count(*) > 100 AS enough FROM comparisons WHERE gap IS NOT NULL") == [{"enough": True}]


def test_ids_of_comparisons_and_discrepancies_are_unique_and_readable(year: Pipeline) -> None:
    rows = year.lake("SELECT count(*) AS n, count(DISTINCT comparison_id) AS ids FROM comparisons")
    assert rows[0]["n"] == rows[0]["ids"] > 0
    found = year.comparison("total_crime", "2016-17", "police/crimes", "district/published_figures")
    assert found["comparison_id"].startswith("total_crime.harborough.2016-17.")


def test_what_is_published_is_what_the_lake_holds_with_descriptions(year: Pipeline) -> None:
    for table in ("figures", "comparisons", "discrepancies", "changes"):
        lake = year.lake(f"SELECT count(*) AS n FROM {table}")
        assert year.published(f"SELECT count(*) AS n FROM {table}") == lake
    undescribed = year.published(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE comment IS NULL AND schema_name = 'main' AND NOT internal"
    )
    assert undescribed == []


def test_an_incident_and_a_fire_count_by_their_own_conditions(new_pipeline: Callable[..., Pipeline]) -> None:
    pipeline = new_pipeline(["fire/incidents"], ONE_YEAR)
    rows = [
        fire(1),
        fire(2, motive="Accidental"),
        fire(3, motive=""),
        fire(4, incident_group="Special Service", incident_type="RTC", fire_class="", motive=""),
    ]
    rows += [
        fire(5, incident_group="False Alarm", motive="Deliberate"),
        fire(6, time_of_call="30/06/2016 23:59"),
        fire(7, lsoa_code=""),
    ]
    pipeline.put("fire/incidents", "incidents_2016-17-Q1_extracted-2016-07-20.csv", csv_text(rows))
    pipeline.run_all()
    assert pipeline.published("SELECT count(*) AS n FROM breaks") == [{"n": 0}], "a feed without any break"
    deliberate = {
        period: pipeline.figure("fire/incidents", "deliberate_fires", HARBOROUGH, period)["value"]
        for period in ("2016-04", "2016-05", "2016-06", "2016-17 Q1")
    }
    assert deliberate == {"2016-04": 1, "2016-05": 0, "2016-06": 1, "2016-17 Q1": 2}
    assert pipeline.figure("fire/incidents", "deliberate_fires", FORCE, "2016-17 Q1")["value"] == 3
    assert pipeline.figure("fire/incidents", "road_collisions_attended", HARBOROUGH, "2016-17 Q1")["value"] == 1


def test_a_month_that_only_another_forces_file_has_come_for_is_missing(new_pipeline: Callable[..., Pipeline]) -> None:
    pipeline = new_pipeline(["police/street"], ONE_YEAR, ["total_crime", "shoplifting"])
    for month, force in (("2016-04", "leicestershire"), ("2016-04", "northamptonshire"), ("2016-05", "northamptonshire")):
        rows = [street(Month=month, **{"Crime type": "Shoplifting"})]
        pipeline.put("police/street", f"published-2016-08/{month}-{force}-street.csv", csv_text(rows))
    pipeline.take_in("police/street")
    pipeline.make_figures()
    april, may, year = (
        pipeline.figure("police/street", "shoplifting", HARBOROUGH, period) for period in ("2016-04", "2016-05", "2016-17")
    )
    assert (april["value"], april["status"]) == (2, "A")
    assert (may["value"], may["status"]) == (None, "M")
    assert (year["status"], year["covered"]) == ("P", "2016-04")
    feed = pipeline.partnership.feed("police/street")
    due = table_of_due_periods([feed], read_all_receipts(pipeline.settings, pipeline.partnership)).set_index("period")
    assert not pd.isna(due.first_accepted["2016-04"])
    assert pd.isna(due.first_accepted["2016-05"])
