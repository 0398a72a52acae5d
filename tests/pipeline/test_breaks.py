"""Declared breaks: what is compared across them, and that figures are marked once."""

from __future__ import annotations

from collections.abc import Callable

import yaml

from csp_pipeline.figures.vintages import build_vintages
from csp_pipeline.reconcile.change_tests import build_change_tests
from csp_pipeline.reconcile.compare import build_comparisons
from tests.conftest import ONE_YEAR, Pipeline
from tests.small_exports import HARBOROUGH, asb, asb_case, csv_text

DAYS = {"2016-04": "15/04/2016", "2016-05": "15/05/2016", "2016-06": "15/06/2016"}
KEYS = {
    "figures": "agency, feed, measure, area_code, period, date_basis, area_basis, unit",
    "figure_vintages": "agency, feed, measure, area_code, period, known_from",
    "changes": "agency, feed, measure, area_code, period",
    "comparisons": "comparison_id",
    "control_limits": "agency, feed, measure, area_code, period",
}


def test_a_feed_outside_the_break_is_not_compared_with_one_inside_it(new_pipeline: Callable[..., Pipeline]) -> None:
    pipeline = new_pipeline(["police/asb", "district/asb_cases"], ONE_YEAR)
    for label, day in DAYS.items():
        pipeline.put(
            "police/asb",
            f"asb_{label}_extracted-2016-07-10.csv",
            csv_text([asb(n, reported_at=f"{day} 10:00") for n in range(50)]),
        )
        cases = [asb_case(f"{label}-{n}", opened=day, perpetrator_age_group="Adult") for n in range(5)]
        pipeline.put("district/asb_cases", f"asb_cases_{label}_extracted-2016-07-10.csv", csv_text(cases))
    pipeline.run_all()
    both = ("police/asb", "district/asb_cases")
    across = pipeline.comparison("asb_reported", "2016-17 Q1", *both)
    assert (across["comparability"], across["verdict"], across["rule"]) == (
        "not_comparable",
        "not_comparable",
        "asb_recording_system",
    )
    after = pipeline.comparison("asb_reported", "2016-06", *both)
    assert (after["comparability"], after["verdict"], abs(after["gap"])) == ("adjustable", "conflict", 45)
    assert pipeline.lake("SELECT count(*) AS n FROM discrepancies WHERE measure = 'asb_reported'") == [{"n": 0}]
    nothing = pipeline.comparison("asb_reported", "2016-17", *both)
    assert nothing["verdict"] == "not_comparable"


def test_two_breaks_in_one_month_mark_a_figure_once(new_pipeline: Callable[..., Pipeline]) -> None:
    pipeline = new_pipeline(["police/asb"], ONE_YEAR)
    path = pipeline.sources / "breaks.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    [declared] = [entry for entry in content["breaks"] if entry["id"] == "asb_recording_system"]
    content["breaks"] += [
        {**declared, "id": "another_change", "date": "2016-06-20"},
        {**declared, "id": "one_more_of_that_day", "date": "2016-06-20"},
    ]
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    for label, day in DAYS.items():
        rows = [asb(int(label[-2:]) * 100 + n, reported_at=f"{day} 10:00") for n in range(5)]
        pipeline.put("police/asb", f"asb_{label}_extracted-2016-07-10.csv", csv_text(rows))
    pipeline.take_in("police/asb")
    pipeline.make_figures()
    build_vintages(pipeline.settings, pipeline.partnership, pipeline.book, pipeline.specs)
    build_comparisons(pipeline.settings, pipeline.partnership, pipeline.book)
    build_change_tests(pipeline.settings, pipeline.partnership, pipeline.book)
    june = pipeline.figure("police/asb", "asb_reported", HARBOROUGH, "2016-06")
    assert (june["value"], june["status"], june["break_id"]) == (5, "B", "another_change")
    assert pipeline.figure("police/asb", "asb_reported", HARBOROUGH, "2016-17 Q1")["value"] == 15
    for table, key in KEYS.items():
        assert pipeline.lake(f"SELECT {key} FROM {table} GROUP BY ALL HAVING count(*) > 1") == [], table
