"""How figures, changes and the plan's tables are worded, and what scorecard.yml may hold."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.partnership.measures import load_measures
from csp_pipeline.partnership.partnership import Partnership, load_partnership
from csp_pipeline.partnership.scorecard import PublishedEntry, load_scorecard
from csp_pipeline.scorecard.changes import word_change
from csp_pipeline.scorecard.numbers import MARKS, Number, shown_number, whole_note
from csp_pipeline.scorecard.published import published_tables
from csp_pipeline.scorecard.workbook import NOTES
from tests.conftest import PROJECT

TEST = {"points_low": None, "points_high": None, "low_count": False, "reason": None}


@pytest.mark.parametrize("mark", MARKS.values())
def test_every_mark_that_may_stand_beside_a_figure_is_explained_on_the_page_and_in_the_workbook(mark: str) -> None:
    page = (PROJECT / "csp_pipeline" / "scorecard" / "templates" / "scorecard.html.j2").read_text(encoding="utf-8")
    assert f"{mark} " in page[page.index("[b] break in the series") :]
    assert mark in dict(NOTES)


@pytest.mark.parametrize(
    ("row", "text", "interval", "words"),
    [
        # 50 after 100: half, by how much is not our matter here
        (
            {"change": -50.0, "percent": -50.0, "ratio_low": 0.35, "ratio_high": 0.71, "verdict": "fall"},
            "−50, −50.0%",
            "−65.0 to −29.0%",
            "down, beyond chance",
        ),
        (
            {"change": 3.0, "percent": None, "ratio_low": 1.5, "ratio_high": None, "verdict": "within_chance"},
            "+3",
            "+50.0% or more",
            "no change beyond chance",
        ),
        (
            {
                "change": 2.0,
                "percent": None,
                "ratio_low": None,
                "points_low": -2.3,
                "points_high": 7.1,
                "verdict": "within_chance",
            },
            "+2.0 points",
            "−2.3 to +7.1 points",
            "no change beyond chance",
        ),
        ({"verdict": "not_tested", "reason": "break"}, "[x]", "[x]", "not tested: a break lies between"),
    ],
)
def test_a_change_is_worded_with_its_interval(row: dict[str, Any], text: str, interval: str, words: str) -> None:
    change = word_change(TEST | row)
    assert (change.text, change.interval, change.words) == (text, interval, words)


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        (None, "[x]"),
        ({"status": "M", "value": 0.0}, "[x]"),
        ({"status": "Q", "value": None}, "[c]"),
        ({"status": "A", "value": 0.0}, "0"),
        ({"status": "B", "value": 1204.0}, "1,204"),
    ],
)
def test_a_missing_figure_is_never_zero(row: dict[str, Any] | None, shown: str) -> None:
    assert shown_number(row).text == shown


def test_marks_stand_in_notes_with_their_reason() -> None:
    figure = {"period": "2016-17", "value": 9.0, "coverage": 1.0, "break_title": "New system"}
    assert whole_note(figure | {"status": "B"}) == "[b] 2016-17: New system"
    assert whole_note(figure | {"status": "P", "coverage": 0.75}) == "[p] 2016-17: covers 75% of the period"
    assert whole_note(figure | {"status": "A"}) is None


def test_the_plans_numbers_stand_beside_the_counted_ones() -> None:
    entry = PublishedEntry.model_validate(
        {"feed": "d/plan", "tables": [{"title": "T", "periods": ["2015-16", "2016-17"], "rows": {"Crime": "crime"}}]}
    )
    rows = [
        {"feed": feed, "measure": "crime", "period": period, "value": value, "is_preferred": feed == "p/crimes"}
        for feed, period, value in (
            ("d/plan", "2015-16", 10.0),
            ("p/street", "2015-16", 12.0),
            ("p/crimes", "2015-16", 10.0),
            ("d/plan", "2016-17", 14.0),
            ("p/crimes", "2016-17", 16.0),
        )
    ]
    (table,) = published_tables(
        entry, rows, lambda row: Number("", row["value"]) if row else Number("[x]", None), lambda r: r["feed"]
    )
    (row,) = table.rows
    assert [(c.published.value, c.counted.value, c.source) for c in row.cells] == [(10, 10, "p/crimes"), (14, 16, "p/crimes")]
    assert row.holds == "2016-17: 2 more counted"


@pytest.fixture(scope="module")
def partnership() -> Partnership:
    return load_partnership(PROJECT / "sources")


def test_the_projects_scorecard_names_every_measure_of_the_plans_tables(partnership: Partnership) -> None:
    file = load_scorecard(partnership, load_measures(partnership))
    assert file is not None
    assert len(file.priorities) == 9
    assert file.published is not None
    assert [len(table.rows) for table in file.published.tables] == [8, 9]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            {"priorities": {"a": {"title": "A", "measures": ["total_crimes"]}}},
            "'total_crimes' is not known; nearest known: total_crime",
        ),
        ({"priorities": {"a": {"title": "A"}}}, "give measures, or under without_figures why there are none"),
        ({"published": {"feed": "district/published", "tables": []}}, "'district/published' is not known"),
        (
            {
                "published": {
                    "feed": "district/published_figures",
                    "tables": [{"title": "T", "periods": ["2016"], "rows": {"C": "total_crime"}}],
                }
            },
            "expected financial years such as 2016-17, found '2016'",
        ),
        ({"sums": [{"feed": "police/asb", "whole": "asb", "parts": ["asb_personal"]}]}, "'asb' is not known"),
        (
            {"sums": [{"feed": "district/asb_cases", "whole": "asb_reported", "parts": ["asb_personal"]}]},
            "'asb_personal' is not known; nearest of district/asb_cases: asb_reported",
        ),
        ({"priority": {}}, "not a key known here"),
    ],
)
def test_a_mistake_in_the_declaration_is_told_with_its_place(
    partnership: Partnership, tmp_path: Path, content: dict[str, Any], told: str
) -> None:
    base = {"plan": "Plan", "priorities": {"a": {"title": "A", "measures": ["total_crime"]}}}
    (tmp_path / "scorecard.yml").write_text(yaml.safe_dump(base | content), encoding="utf-8")
    elsewhere = Partnership(sources=tmp_path, file=partnership.file, feeds=partnership.feeds)
    with pytest.raises(ConfigurationError) as refused:
        load_scorecard(elsewhere, load_measures(partnership))
    assert told in str(refused.value)
    assert "scorecard.yml" in str(refused.value)
