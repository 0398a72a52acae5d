"""Suggested breaks in a whole run: from complete months of the district, beside declared ones, and never applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from csp_pipeline.publish.checks import count_unfounded_suggestions
from tests.altered import alter_table
from tests.conftest import THREE_YEARS, Pipeline
from tests.small_exports import HARBOROUGH, asb, csv_text

MONTHS = [f"{year}-{month:02d}" for year in (2014, 2015, 2016, 2017) for month in range(1, 13)][3:39]


def incidents(label: str, count: int, number: Iterator[int]) -> str:
    day = f"15/{label[5:]}/{label[:4]} 10:00"
    return csv_text([asb(next(number), reported_at=day) for _ in range(count)])


def test_a_shift_is_suggested_beside_the_break_declared_near_it(new_pipeline: Callable[..., Pipeline], tmp_path: Path) -> None:
    """Incidents double in May 2016, a month before the declared change of the recording system; one month never came."""
    pipeline = new_pipeline(["police/asb"], THREE_YEARS, ["asb_reported"])
    number = iter(range(1, 100_000))
    for label in MONTHS:
        if label != "2015-02":
            count = (20 if label < "2016-05" else 40) + int(label[5:]) % 3
            pipeline.put("police/asb", f"asb_{label}_extracted-2017-05-01.csv", incidents(label, count, number))
    pipeline.run_all()
    found = pipeline.published("SELECT * FROM break_suggestions WHERE measure = 'asb_reported'")
    assert [(row["area_code"], row["series_kind"], str(row["suggested_month"])) for row in found] == [
        (HARBOROUGH, "month", "2016-05-01")
    ]
    assert found[0]["declared_break"] == "asb_recording_system"
    assert found[0]["mean_before"] < 23 < 39 < found[0]["mean_after"]
    assert pipeline.figure("police/asb", "asb_reported", HARBOROUGH, "2016-05")["status"] == "A"
    assert pipeline.figure("police/asb", "asb_reported", HARBOROUGH, "2016-17 Q1")["break_id"] == "asb_recording_system"

    declared = [item.id for item in pipeline.book.breaks]
    assert count_unfounded_suggestions(pipeline.settings, declared) == 0
    assert count_unfounded_suggestions(pipeline.settings, []) > 0
    altered = alter_table(pipeline.settings, tmp_path, "break_suggestions", "DATE '2015-02-01' AS suggested_month")
    assert count_unfounded_suggestions(altered, declared) > 0


def test_without_a_long_enough_series_there_is_nothing_to_suggest(new_pipeline: Callable[..., Pipeline]) -> None:
    pipeline = new_pipeline(["police/asb"], THREE_YEARS, ["asb_reported"])
    number = iter(range(1, 1_000))
    pipeline.put("police/asb", "asb_2016-04_extracted-2016-05-10.csv", incidents("2016-04", 5, number))
    pipeline.run_all()
    assert pipeline.published("SELECT count(*) AS n FROM break_suggestions") == [{"n": 0}]
