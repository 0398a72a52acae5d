"""`csp status`: each feed as it stands on a day, from what landed and from the configuration."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import pytest

from csp_pipeline.figures.coverage import read_all_receipts
from csp_pipeline.figures.lateness import overdue_periods, table_of_due_periods
from csp_pipeline.publish.status import feed_status
from tests.command import call_csp
from tests.conftest import ONE_YEAR, Pipeline
from tests.small_exports import asb, csv_text
from tests.unit.test_refused_and_replaced import receipt

ASB = "police/asb"
FIRE = "fire/incidents"


@pytest.fixture(scope="module")
def pipeline(new_pipeline: Callable[..., Pipeline]) -> Pipeline:
    """Two feeds; of the monthly one April came in time, May a week late, June was refused, July was cut before its end."""
    made = new_pipeline([ASB, FIRE], ONE_YEAR)
    made.put(ASB, "asb_2016-04_extracted-2016-05-15.csv", csv_text([asb(1), asb(2, category="No such")]))
    made.put(ASB, "asb_2016-05_extracted-2016-06-22.csv", csv_text([asb(3, reported_at="15/05/2016 10:00")]))
    made.put(ASB, "asb_2016-07_extracted-2016-07-20.csv", csv_text([asb(5, reported_at="15/07/2016 10:00")]))
    made.put(ASB, "asb_2016-06_extracted-2016-07-10.csv", "no,such,column\n1,2,3\n")
    made.take_in(ASB)
    return made


def status_on(pipeline: Pipeline, day: str) -> dict[str, dict[str, Any]]:
    columns, rows = feed_status(pipeline.settings, pipeline.partnership, date.fromisoformat(day))
    return {row[0]: dict(zip(columns, row, strict=True)) for row in rows}


def test_status_tells_what_came_what_is_due_next_and_how_late_the_oldest_gap_is(pipeline: Pipeline) -> None:
    feed = status_on(pipeline, "2016-08-10")[ASB]
    assert feed["files"] == 4
    assert (feed["refused"], feed["rows"], feed["rejected"]) == (1, 3, 1)
    assert feed["outcome"] == "accepted_with_warnings", "of four that came at one time, that of the last by path: July's"
    assert feed["covered_until"] == date(2016, 7, 31)
    # June was due on 15 July; July, of which only a part came, on 15 August
    assert (feed["missing"], feed["first_missing"], feed["late_by"]) == (1, "2016-06", 26)
    assert (feed["next_period"], feed["next_due"]) == ("2016-07", date(2016, 8, 15))


def test_a_feed_is_not_late_on_the_day_it_is_due_and_is_on_the_next(pipeline: Pipeline) -> None:
    assert [status_on(pipeline, day)[FIRE]["late_by"] for day in ("2016-07-30", "2016-07-31")] == [0, 1]


def test_lateness_is_told_for_each_period_and_does_not_depend_on_today(pipeline: Pipeline) -> None:
    receipts = read_all_receipts(pipeline.settings, pipeline.partnership)
    periods = table_of_due_periods(pipeline.partnership.feeds, receipts)
    assert len(periods) == 12 + 4
    came = periods[periods.agency == "police"].set_index("period").days_late
    assert (came["2016-04"], came["2016-05"]) == (0, 7)
    assert came[["2016-06", "2016-07"]].isna().all()
    overdue = overdue_periods(periods, date(2016, 8, 10))
    assert sorted(zip(overdue.feed, overdue.period, overdue.days_overdue, strict=True)) == [
        ("asb", "2016-06", 26),
        ("incidents", "2016-17 Q1", 11),
    ]


def test_a_period_came_when_its_first_whole_file_did_whatever_came_before_and_after(pipeline: Pipeline) -> None:
    """April was due on 15 May; cut on its last day, it was not whole, and an extract of August makes it no later."""
    days = [("a", "2016-04-30"), ("b", "2016-06-01"), ("c", "2016-05-20"), ("d", "2016-08-01")]
    received = {ASB: [receipt(name, "accepted", "2016-04", day) for name, day in days]}
    received[ASB].append(receipt("e", "refused", "2016-04 2016-05", "2016-05-10"))
    periods = table_of_due_periods([pipeline.partnership.feed(ASB)], received).set_index("period")
    assert (periods.first_accepted["2016-04"], periods.days_late["2016-04"]) == (pd.Timestamp("2016-05-20"), 5)
    assert pd.isna(periods.first_accepted["2016-05"])


def test_before_the_first_run_the_command_tells_what_is_expected(new_pipeline: Callable[..., Pipeline]) -> None:
    made = new_pipeline([ASB, FIRE], ONE_YEAR)
    done = call_csp("status", "--format", "json", warehouse=made.settings.warehouse, sources=made.sources)
    assert done.returncode == 0, done.stderr
    feeds = {row["feed"]: row for row in json.loads(done.stdout)}
    assert set(feeds) == {ASB, FIRE}
    assert (feeds[ASB]["files"], feeds[ASB]["outcome"], feeds[ASB]["missing"]) == (0, None, 12)
    # March 2017 and the last quarter were due on 15 and 30 April 2017; nothing is expected after them
    assert feeds[ASB]["next_due"] is None
    assert not made.settings.lake.exists()


def test_the_table_is_readable_in_120_columns(new_pipeline: Callable[..., Pipeline], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    made = new_pipeline()
    made.take_in_one(ASB, "asb_2016-04_extracted-2016-05-10.csv", csv_text([asb(1), asb(1)]))
    done = call_csp("status", warehouse=made.settings.warehouse, sources=made.sources)
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 120
    assert len([line for line in lines if line.startswith("police/recorded_crime_tables ")]) == 1
    (police,) = [line.split() for line in lines if line.startswith(f"{ASB} ")]
    assert police[2:3] + police[4:6] == ["2016-04-30", "rejects", "0"]
