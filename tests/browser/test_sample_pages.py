"""The pages of the samples as people open them: longer than those made by hand, and the scorecard beside them."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

PAGES = ("scorecard", "index", "county", "police", "fire", "turning_point", "district")
WIDTHS = (1280, 980, 740, 360)
# The agencies' other pages hold the same parts as this one; the longest would take axe-core a minute.
CHECKED = (("scorecard", "light"), ("index", "dark"), ("turning_point", "light"))
OPEN_EVERYTHING = "document.querySelectorAll('details').forEach(d => d.open = true)"
BEYOND = """width => [...document.querySelectorAll('main table, main svg, main p, main li')]
    .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > width + 1).map(e => e.outerHTML.slice(0, 100))"""

CUT_OFF = """() => [...document.querySelectorAll('svg text')].filter(text => {
    const chart = text.ownerSVGElement, box = chart.getBoundingClientRect(), own = text.getBoundingClientRect();
    return getComputedStyle(chart).overflow != 'visible' && (own.right > box.right + 0.5 || own.left < box.left - 0.5);
}).map(text => text.textContent)"""


@pytest.fixture(scope="session")
def sample_reports(sample_command: tuple[Path, subprocess.CompletedProcess[str]]) -> Path:
    return sample_command[0] / "reports"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_samples_fits_every_screen_and_leads_nowhere_in_vain(name: str, browser: Any, sample_reports: Path) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        asked: list[str] = []
        complaints: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto((sample_reports / f"{name}.html").as_uri())
        page.evaluate(OPEN_EVERYTHING)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, width
            assert page.evaluate(BEYOND, width) == [], width
        links = page.eval_on_selector_all("a", "all => all.map(a => a.getAttribute('href'))")
        anchors = {f"#{name}" for name in page.eval_on_selector_all("[id]", "all => all.map(e => e.id)")}
        assert {link for link in links if link.startswith("#")} <= anchors
        others = {link for link in links if not link.startswith("#")}
        assert all((sample_reports / link).is_file() for link in others)
        # an agency's page may arrive alone: it leads to nothing but the workbook that comes with it
        assert others <= {f"{name}.xlsx"} or name == "index"
        assert (len(asked), complaints) == (1, [])


@pytest.mark.parametrize("name", ["county", "police"])
def test_no_text_of_a_chart_is_cut_off(name: str, browser: Any, sample_reports: Path) -> None:
    """A chart's size is reckoned with letters of another width than the reader's may have."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto((sample_reports / f"{name}.html").as_uri())
        page.evaluate(OPEN_EVERYTHING)
        assert page.locator("svg text").count()
        assert page.evaluate(CUT_OFF) == []


@pytest.mark.parametrize(("name", "theme"), CHECKED)
def test_everybody_can_read_a_page_of_the_samples(name: str, theme: str, browser: Any, axe: str, sample_reports: Path) -> None:
    with browser.new_context(color_scheme=theme) as context:
        page = context.new_page()
        page.goto((sample_reports / f"{name}.html").as_uri())
        page.evaluate(OPEN_EVERYTHING)
        page.evaluate(axe)
        rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        found = page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", rules)
        assert [(rule["id"], [node["html"][:120] for node in rule["nodes"][:3]]) for rule in found["violations"]] == []
        assert found["passes"]
