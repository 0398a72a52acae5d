"""The scorecard of the committed samples: the plan's own numbers beside what is counted, and nothing that may not be shown."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest
from python_calamine import CalamineWorkbook

from csp_pipeline.partnership.partnership import load_partnership
from csp_pipeline.reports.read import read_facts
from csp_pipeline.scorecard import write_scorecard
from csp_pipeline.scorecard.card import NOT_COME, build_card
from csp_pipeline.scorecard.read import card_facts_of
from csp_pipeline.settings import Settings
from tests.conftest import PROJECT
from tests.pipeline.conftest import CommandRun

# The partnership's plan 2017-2020, as printed.
THREE_YEARS = {
    "Total Crime": (2800, 2884, 3685),
    "Domestic Burglary": (196, 201, 302),
    "Theft from motor": (365, 338, 421),
    "Theft of Motor": (67, 80, 64),
    "Violence with injury": (180, 182, 263),
    "Domestic Violence with injury": (68, 54, 79),
    "Criminal damage": (420, 468, 497),
    "ASB Reported (police)": (964, 844, 942),
}
LAST_YEAR = {
    "Total Crime": (3685, 2884),
    "Domestic Burglary": (302, 201),
    "Theft From Motor Vehicle": (421, 338),
    "Theft Of Motor Vehicle": (64, 80),
    "Violence With Injury": (263, 182),
    "Domestic Violence With Injury": (79, 54),
    "Criminal Damage": (497, 468),
    "Shoplifting": (386, 281),
    "ASB Reported (Police Data)": (942, 844),
}
PUBLIC = (
    "Harborough District Council: Figures published",
    "Leicestershire Police: Street-level",
    "Leicestershire Police: Home Office",
)


@pytest.fixture(scope="module")
def html(sample_run: CommandRun) -> str:
    return (sample_run.warehouse / "reports" / "scorecard.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def book(sample_run: CommandRun) -> CalamineWorkbook:
    return CalamineWorkbook.from_path(str(sample_run.warehouse / "reports" / "scorecard.xlsx"))


def rows(book: CalamineWorkbook, sheet: str) -> list[dict[str, Any]]:
    table = book.get_sheet_by_name(sheet).to_python()
    return [dict(zip(table[2], row, strict=True)) for row in table[3:]]


@pytest.mark.parametrize(
    ("title", "years", "printed"),
    [
        ("3 year comparison figures", ("2014-15", "2015-16", "2016-17"), THREE_YEARS),
        ("How did we do last year?", ("2016-17", "2015-16"), LAST_YEAR),
    ],
)
def test_the_plans_tables_stand_as_printed_beside_what_the_police_count(
    book: CalamineWorkbook, sample_run: CommandRun, title: str, years: tuple[str, ...], printed: dict[str, tuple[int, ...]]
) -> None:
    table = [row for row in rows(book, "Plan tables") if row["Table"] == title]
    assert {(row["Row"], row["Year"]): row["Published"] for row in table} == {
        (label, year): number for label, numbers in printed.items() for year, number in zip(years, numbers, strict=True)
    }
    assert all(row["Difference"] == row["Counted"] - row["Published"] for row in table)
    with duckdb.connect(str(sample_run.warehouse / "csp.duckdb"), read_only=True) as database:
        query = "SELECT count(*) FROM police_crimes WHERE status = 'recorded' AND offence_code = '45' AND valid_to IS NULL "
        query += "AND recorded_date BETWEEN '2016-04-01' AND '2017-03-31' AND lsoa_code IN "
        query += "(SELECT area_code FROM areas WHERE district_code = 'E07000131')"
        ((counted,),) = database.execute(query).fetchall()
    theft = next(row for row in table if row["Row"].lower().startswith("theft from motor") and row["Year"] == "2016-17")
    assert theft["Counted"] == counted


def test_every_priority_of_the_plan_has_its_measures_or_says_why_not(html: str, book: CalamineWorkbook) -> None:
    for priority in (
        "To reduce acquisitive crime",
        "To tackle anti-social behaviour",
        "Raise awareness of, and enforcement of, the Fatal Four",
        "To identify and support vulnerable individuals and families",
        "Raise awareness of cybercrime",
        "To prevent and raise awareness of the effects of substance misuse",
        "To reduce reoffending",
    ):
        assert f">{priority}</h2>" in html
        listed = [*rows(book, "Measures"), *rows(book, "Without figures")]
        assert any(row["Priority"] == priority for row in listed), priority


def test_a_measure_shows_three_years_rate_change_and_quarter(book: CalamineWorkbook) -> None:
    row = next(r for r in rows(book, "Measures") if r["Measure"] == "Total recorded crime" and r["First"] == "yes")
    now, before = row["2016-17"], row["2015-16"]
    assert row["Figures from"] == "Leicestershire Police: Recorded crimes"
    assert row["Per 1,000"] == round(1000 * now / 90251, 2)  # the mid-year estimate of 2016
    assert row["Change on the year"] == f"+{now - before:.0f}, +{100 * (now - before) / before:.1f}%"
    assert row["Interval from, %"] < 100 * (now - before) / before < row["Interval to, %"]
    assert row["Beyond chance"] == "up, beyond chance"
    assert row["2016-17 Q4"] > row["2015-16 Q4"]


def test_what_a_break_parts_is_not_tested_and_says_so(book: CalamineWorkbook) -> None:
    row = next(r for r in rows(book, "Measures") if r["Measure"] == "Anti-social behaviour reported" and r["First"] == "yes")
    assert row["Change on the year"] == "[x]"
    assert row["Beyond chance"] == "not tested: a break lies between"
    assert "[b] 2016-17: Police record anti-social behaviour in Niche instead of CIS" in row["Notes"]


def test_other_agencies_figures_stand_beside(book: CalamineWorkbook) -> None:
    found = {r["Figures from"] for r in rows(book, "Measures") if r["Measure"] == "Domestic violence with injury"}
    assert any(source.startswith("Leicestershire County Council") for source in found)
    assert any(source.startswith("Harborough District Council") for source in found)


def test_claims_carry_their_verdicts_and_no_small_count(html: str, book: CalamineWorkbook) -> None:
    claims = {row["Statement"]: row for row in rows(book, "Claims")}
    assert claims["approximately 1 extra crime a day"]["Verdict"] == "contradicted"
    assert "2.2 a day" in claims["approximately 1 extra crime a day"]["What the figures say"]
    assert claims["1 Councillor"]["What the figures say"].startswith("[c]")
    assert "“approximately 1 extra crime a day”" in html


def test_nobody_elses_count_of_1_to_4_is_shown(book: CalamineWorkbook, sample_run: CommandRun) -> None:
    measures = rows(book, "Measures")
    cells = [
        row[period]
        for row in measures
        if not row["Figures from"].startswith(PUBLIC) and row["Unit"] != "per cent"
        for period in ("2014-15", "2015-16", "2016-17", "2015-16 Q4", "2016-17 Q4")
    ]
    assert "[c]" in cells
    assert [cell for cell in cells if isinstance(cell, float) and 0 < cell < 5] == []
    for row in measures:
        if row["2016-17 Q4"] == "[c]":
            assert row["Change on the quarter"] in ("[c]", "[x]", "[z]")


def test_the_page_stands_alone_and_is_marked_up_for_everyone(html: str, sample_run: CommandRun) -> None:
    assert not re.search(r"<(script|img|link|iframe)\b|@import|url\(|(?:src|href)=\"(?:https?:)?//", html)
    assert html.count("<h1>") == 1
    assert html.count("<table") == html.count("<caption>") > 10
    assert not re.search(r"<th(?! scope=)[ >]", html)
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)
    reports = sample_run.warehouse / "reports"
    assert all((reports / place).is_file() for place in re.findall(r'href="([^"#]+)"', html))
    assert 'href="scorecard.html"' in (reports / "index.html").read_text(encoding="utf-8")


def test_the_workbook_follows_the_rules(book: CalamineWorkbook) -> None:
    assert book.sheet_names == ["Cover", "Notes", "Measures", "Discrepancies", "Plan tables", "Claims", "Without figures"]
    for name in book.sheet_names[1:]:
        sheet = book.get_sheet_by_name(name)
        assert not sheet.merged_cell_ranges
        assert all(cell not in ("", None) for row in sheet.to_python()[2:] for cell in row)


def test_the_json_says_what_the_workbook_says_and_names_the_figures_that_are_told(
    book: CalamineWorkbook, sample_run: CommandRun
) -> None:
    card = json.loads((sample_run.warehouse / "reports" / "scorecard.json").read_text(encoding="utf-8"))
    assert (card["schema"], card["district"], card["as_at"]) == ("csp-scorecard/2", "Harborough", "2017-07-01")
    published = json.loads((PROJECT / "docs" / "schemas" / "scorecard.schema.json").read_text(encoding="utf-8"))
    assert [error.message for error in jsonschema.Draft202012Validator(published).iter_errors(card)] == []
    for sheet, told in card["sheets"].items():
        found = rows(book, sheet)
        assert [row.keys() for row in told] == [row.keys() for row in found]
        assert [row.get("Measure", row.get("Statement")) for row in told] == [
            row.get("Measure", row.get("Statement")) for row in found
        ]
    with duckdb.connect(str(sample_run.warehouse / "csp.duckdb"), read_only=True) as db:
        values = dict(
            db.execute(
                "SELECT concat_ws('|', agency || '/' || feed, measure, area_code, period), value FROM figures"
                " WHERE is_headline AND unit <> 'percent'"
                " AND feed NOT IN ('published_figures', 'street', 'recorded_crime_tables')"
            ).fetchall()
        )
    told_cells = set(card["shown_cells"])
    assert "police/crimes|total_crime|E07000131|2016-17" in told_cells
    assert not [cell for cell in told_cells & values.keys() if 0 < (values[cell] or 0) < 5]
    assert {cell: card["shown_cells"][cell] for cell in told_cells & values.keys()} == {
        cell: values[cell] for cell in told_cells & values.keys()
    }


def test_the_same_warehouse_gives_the_same_bytes(sample_run: CommandRun, tmp_path: Path) -> None:
    (tmp_path / "csp.duckdb").symlink_to(sample_run.warehouse / "csp.duckdb")
    summary = write_scorecard(Settings(warehouse=tmp_path))
    assert summary is not None
    for path in (summary.page, summary.workbook, summary.data):
        assert path.read_bytes() == (sample_run.warehouse / "reports" / path.name).read_bytes()


def test_a_measure_of_which_no_figure_has_come_stands_with_its_priority(sample_run: CommandRun) -> None:
    """As where a new partnership has switched it on, and nobody has sent its feed yet: left out, it would not be missed."""
    settings = Settings(warehouse=sample_run.warehouse)
    facts = read_facts(settings, load_partnership(settings.sources))
    given = card_facts_of(settings, facts)
    assert given is not None
    card = build_card(facts, replace(given, figures=given.figures[given.figures.measure != "shoplifting"]))
    shown = {priority.key: [measure.name for measure in priority.measures] for priority in card.priorities}
    told = [(priority.key, gap.aim) for priority in card.priorities for gap in priority.without_figures if gap.reason == NOT_COME]
    assert "shoplifting" not in shown["acquisitive_crime"]
    assert told == [("acquisitive_crime", "Shoplifting")]
