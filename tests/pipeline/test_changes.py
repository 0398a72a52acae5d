"""Changes between years: tested against chance where the two may be compared, and said why where they may not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from csp_pipeline.lake import table_path
from csp_pipeline.publish.checks import count_wrong_verdicts
from csp_pipeline.reconcile.change_tests import build_change_tests
from tests.conftest import TWO_YEARS, Pipeline
from tests.pipeline.conftest import CommandRun, run_csp
from tests.small_exports import FORCE, HARBOROUGH, IN_HARBOROUGH, crime, csv_text, grid, published, xlsx

# Crimes in each month of a year, so that every one can be counted by hand.
YEARS = {"2015-16": 30, "2016-17": 60}
FEEDS = ["police/crimes", "district/published_figures", "county/community_survey"]
MEASURES = [
    *("total_crime", "shoplifting", "criminal_damage", "domestic_burglary", "theft_of_motor_vehicle", "violence_with_injury"),
    *("domestic_violence_with_injury", "asb_reported", "concern_litter", "safe_by_day", "safe_after_dark"),
]


@pytest.fixture(scope="module")
def years(new_pipeline: Callable[..., Pipeline]) -> Pipeline:
    """Two years of the partnership's figures and of the police's crimes, and two quarters of the survey."""
    pipeline = new_pipeline(FEEDS, TWO_YEARS, MEASURES)
    before = [
        published("Theft of motor vehicle", "80"),
        published("Domestic violence with injury", "54"),
        published("ASB reported (police)", "844"),
        published("Shoplifting", "<5"),
        published("Criminal damage", "3"),
        published("Domestic burglary", "0"),
        published("Violence with injury", "0"),
    ]
    after = [
        published("Theft of motor vehicle", "64"),
        published("Domestic violence with injury", "79"),
        published("ASB reported (police)", "942"),
        published("Shoplifting", "386"),
        published("Criminal damage", "4.5"),
        published("Domestic burglary", "9"),
        published("Violence with injury", "0"),
    ]
    rows = [row | {"period": "2015-16"} for row in before] + after
    pipeline.put("district/published_figures", "published_figures_2016-17_extracted-2017-05-15.csv", csv_text(rows))
    number = iter(range(1, 10_000))
    for year, monthly in YEARS.items():
        first = int(year[:4])
        for month in range(12):
            label = f"{first + (month >= 9)}-{(month + 3) % 12 + 1:02d}"
            day = f"15/{label[5:]}/{label[:4]}"
            # one month never comes
            if label == "2015-05":
                continue
            rows = [crime(next(number), recorded_date=day, committed_from="") for _ in range(monthly)]
            pipeline.put("police/crimes", f"crimes_{label}_extracted-2017-05-01.csv", csv_text(rows))
    for quarter, extracted, share, base in (("2015-16-Q3", "2016-01-20", 41, 118), ("2016-17-Q3", "2017-01-20", 15, 100)):
        answers = [
            {"District": "Harborough", "Question": "Concern: rubbish or litter", "Base": base, "Percentage": share},
            {"District": "Harborough", "Question": "Feel safe during the day", "Base": base, "Percentage": 100},
            {"District": "Harborough", "Question": "Feel safe after dark", "Base": "", "Percentage": 90},
        ]
        sheet = {quarter.replace("-Q", " Q"): grid(answers)}
        pipeline.put("county/community_survey", f"community_survey_{quarter}_extracted-{extracted}.xlsx", xlsx(sheet))
    pipeline.run_all()
    return pipeline


def change(
    pipeline: Pipeline, measure: str, period: str = "2016-17", area: str = HARBOROUGH, feed: str = "published_figures"
) -> dict[str, Any]:
    query = "FROM change_tests WHERE measure = ? AND period = ? AND area_code = ? AND feed = ?"
    found = pipeline.lake(query, [measure, period, area, feed])
    assert len(found) == 1, found
    return found[0]


def test_a_fall_within_chance(years: Pipeline) -> None:
    """80 to 64 thefts of vehicles: 20% down, and no more than chance can do."""
    found = change(years, "theft_of_motor_vehicle")
    assert (found["value_before"], found["value"], found["change"], found["percent"]) == (80, 64, -16, -20)
    assert found["verdict"] == "within_chance"
    assert found["ratio_low"] < 1 < found["ratio_high"]
    assert found["p_value"] == pytest.approx(0.185, abs=0.001)


def test_a_rise_beyond_chance(years: Pipeline) -> None:
    """54 to 79 domestic violence crimes with injury, out of 89,144 and 90,251 people."""
    found = change(years, "domestic_violence_with_injury")
    assert found["verdict"] == "rise"
    assert found["reason"] is None
    assert (found["population_before"], found["population"]) == (89_144, 90_251)
    assert found["p_value"] == pytest.approx(0.044, abs=0.0005)
    assert found["rate"] == pytest.approx(79 / 90.251)
    assert found["rate_before"] == pytest.approx(54 / 89.144)
    # Garwood's interval of 79 is 62.54 to 98.46
    assert (found["rate_low"], found["rate_high"]) == pytest.approx((62.5444 / 90.251, 98.4580 / 90.251), abs=1e-4)
    assert found["low_count"] is False


def test_a_change_across_a_break_is_not_tested(years: Pipeline) -> None:
    found = change(years, "asb_reported")
    assert (found["verdict"], found["reason"], found["break_id"]) == ("not_tested", "break", "asb_recording_system")
    assert found["p_value"] is None
    assert found["change"] is None


def test_a_suppressed_number_is_not_tested(years: Pipeline) -> None:
    found = change(years, "shoplifting")
    assert (found["verdict"], found["reason"]) == ("not_tested", "suppressed")


def test_a_broken_number_is_no_count(years: Pipeline) -> None:
    assert change(years, "criminal_damage")["reason"] == "not_a_count"


def test_a_rise_from_nothing_has_a_verdict_and_no_percentage(years: Pipeline) -> None:
    found = change(years, "domestic_burglary")
    assert (found["verdict"], found["percent"], found["ratio"], found["ratio_high"]) == ("rise", None, None, None)
    assert found["low_count"] is True


def test_nothing_and_nothing_are_within_chance(years: Pipeline) -> None:
    found = change(years, "violence_with_injury")
    assert (found["verdict"], found["p_value"], found["change"]) == ("within_chance", 1, 0)


def test_a_year_that_is_not_covered_whole_is_not_tested_and_its_other_quarters_are(years: Pipeline) -> None:
    assert change(years, "total_crime", feed="crimes")["reason"] == "incomplete_period"
    assert change(years, "total_crime", "2016-17 Q1", feed="crimes")["reason"] == "incomplete_period"
    found = change(years, "total_crime", "2016-17 Q2", feed="crimes")
    assert (found["value_before"], found["value"], found["verdict"]) == (90, 180, "rise")
    assert found["period_before"] == "2015-16 Q2"


def test_the_force_has_the_population_of_its_districts_and_an_lsoa_none(years: Pipeline) -> None:
    force = change(years, "total_crime", "2016-17 Q2", FORCE, feed="crimes")
    # mid-2015: Leicester 344036, Rutland 38352, Blaby 96458, Charnwood 175167, Harborough 89144, Hinckley and Bosworth
    # 108603, Melton 50956, North West Leicestershire 97098, Oadby and Wigston 55984
    assert force["population_before"] == 344036 + 38352 + 96458 + 175167 + 89144 + 108603 + 50956 + 97098 + 55984
    small = change(years, "total_crime", "2016-17 Q2", IN_HARBOROUGH, feed="crimes")
    assert (small["population"], small["rate"]) == (None, None)
    assert small["ratio"] == 2
    assert small["verdict"] == "rise"


def test_survey_percentages_are_compared_as_proportions(years: Pipeline) -> None:
    """Litter from 41% of 118 to 15% of 100: z is 4.2; an interval in points, and no rate ratio."""
    found = change(years, "concern_litter", "2016-17 Q3", feed="community_survey")
    assert (found["verdict"], found["base_before"], found["base"]) == ("fall", 118, 100)
    assert found["points_low"] < -26 < found["points_high"] < 0
    assert (found["change"], found["percent"]) == (-26, None)
    assert (found["ratio"], found["rate"], found["low_count"]) == (None, None, False)
    assert change(years, "safe_by_day", "2016-17 Q3", feed="community_survey")["verdict"] == "within_chance"


def test_a_percentage_without_its_base_is_not_tested(years: Pipeline) -> None:
    assert change(years, "safe_after_dark", "2016-17 Q3", feed="community_survey")["reason"] == "no_base"


def test_every_yearly_and_quarterly_change_is_judged_once(years: Pipeline) -> None:
    """Months are not: there are control limits for them."""
    expected = years.lake("SELECT count(*) AS n FROM changes c JOIN periods p USING (period) WHERE p.period_kind <> 'month'")
    assert years.lake("SELECT count(*) AS n FROM change_tests") == expected
    assert expected[0]["n"] > 0


def test_what_is_published_is_what_was_made(years: Pipeline) -> None:
    for table in ("change_tests", "control_limits"):
        key = "ORDER BY agency, feed, measure, area_code, period"
        assert years.published(f"FROM {table} {key}") == years.lake(f"FROM {table} {key}")


@pytest.mark.parametrize(
    "damage",
    [
        "SELECT * REPLACE ('within_chance' AS verdict) FROM given",
        "SELECT * REPLACE (0.9 AS ratio_low) FROM given",
        "FROM given WHERE measure <> 'theft_of_motor_vehicle'",
        "FROM given UNION ALL SELECT * REPLACE ('2030-31' AS period) FROM given",
    ],
)
def test_the_check_finds_verdicts_that_do_not_hold(years: Pipeline, damage: str) -> None:
    path = table_path(years.settings, "change_tests")
    assert count_wrong_verdicts(years.settings) == 0
    whole = path.read_bytes()
    try:
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE given AS FROM '{path}'").fetchall()
            connection.execute(f"COPY ({damage}) TO '{path}' (FORMAT parquet)").fetchall()
        assert count_wrong_verdicts(years.settings) > 0
    finally:
        path.write_bytes(whole)


def test_with_nothing_sent_there_is_nothing_to_test(pipeline: Pipeline) -> None:
    pipeline.make_figures()
    counted = build_change_tests(pipeline.settings, pipeline.partnership, pipeline.book)
    assert counted.get("rise", 0) == counted.get("fall", 0) == counted["outside_limits"] == 0
    assert pipeline.lake("SELECT DISTINCT verdict FROM change_tests") in ([], [{"verdict": "not_tested"}])


# The command, on the committed samples


def test_changes_on_the_command_line(sample_run: CommandRun, tmp_path: Path) -> None:
    run = run_csp("changes", "theft_of_motor_vehicle", "--period", "2016-17", warehouse=sample_run.warehouse)
    assert run.code == 0, run.err
    assert "within_chance" in run.out
    run = run_csp("changes", "--beyond-chance", "--agency", "fire", warehouse=sample_run.warehouse)
    assert run.code == 0, run.err
    assert "none" in run.out, "deliberate fires and road collisions change within chance"
    assert run_csp("changes", "theft_of_moter_vehicle", warehouse=sample_run.warehouse).code == 2


def test_points_outside_limits_on_the_command_line(sample_run: CommandRun) -> None:
    run = run_csp("limits", "concern_litter", warehouse=sample_run.warehouse)
    assert run.code == 0, run.err
    assert run.out.count("below") == 2
    every = run_csp("limits", "concern_litter", "--every", "--format", "csv", warehouse=sample_run.warehouse)
    assert len(every.out.splitlines()) == 1 + 12
    # beyond its limit by less than a tenth: the two are not printed alike
    near = run_csp("limits", "concern_drugs", "--format", "json", warehouse=sample_run.warehouse)
    [quarter] = json.loads(near.out)
    assert (quarter["signal"], quarter["value"]) == ("above", 15)
    assert quarter["upper"] < quarter["value"]
