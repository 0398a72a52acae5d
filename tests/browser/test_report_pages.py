"""The pages as people open them: from a folder, without a network, in either theme, on a telephone, by keyboard, on paper."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

PAGES = ("index", "police", "county", "clinic")
SIZES = ((1280, 900), (980, 900), (740, 900), (360, 740))
Open = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any, reports: Path) -> Iterator[Open]:
    """Opens a page as a file, for tests that do something with it or need another kind of browser."""
    contexts = []

    def open_it(name: str, width: int = 1280, height: int = 900, **context: Any) -> Any:
        opened = browser.new_context(viewport={"width": width, "height": height}, **context)
        contexts.append(opened)
        page = opened.new_page()
        page.goto((reports / f"{name}.html").as_uri())
        return page

    yield open_it
    for opened in contexts:
        opened.close()


@pytest.fixture(scope="module")
def read_page(browser: Any, reports: Path) -> Iterator[Open]:
    """Gives a page that is opened once, with everything on it unfolded, for tests that only look at it."""
    with browser.new_context() as context:
        opened: dict[str, Any] = {}

        def read(name: str, width: int = 1280, height: int = 900) -> Any:
            if name not in opened:
                opened[name] = page = context.new_page()
                page.requests, page.complaints = [], []
                page.on("request", lambda request: page.requests.append(request.url))
                page.on("console", lambda message: page.complaints.append(message.text))
                page.on("pageerror", lambda error: page.complaints.append(str(error)))
                page.goto((reports / f"{name}.html").as_uri())
                open_everything(page)
            opened[name].set_viewport_size({"width": width, "height": height})
            return opened[name]

        yield read


def open_everything(page: Any) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_nothing_but_itself(name: str, read_page: Open) -> None:
    page = read_page(name)
    assert [url for url in page.requests if not url.startswith("file:")] == []
    assert len(page.requests) == 1
    assert page.complaints == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_no_script(name: str, open_page: Open) -> None:
    page = open_page(name, java_script_enabled=False)
    assert page.locator("script").count() == 0
    assert page.locator("h1").is_visible()


@pytest.mark.parametrize(("name", "theme"), [("index", "light"), ("police", "light"), ("police", "dark"), ("clinic", "dark")])
def test_everybody_can_read_a_page(name: str, theme: str, open_page: Open, axe: str) -> None:
    page = open_page(name, color_scheme=theme)
    open_everything(page)
    page.evaluate(axe)
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", rules)
    said = [(rule["id"], [node["html"][:120] for node in rule["nodes"][:3]]) for rule in found["violations"]]
    assert said == []
    assert found["passes"]


@pytest.mark.parametrize("name", PAGES)
def test_headings_go_down_one_level_at_a_time(name: str, read_page: Open) -> None:
    levels = [int(tag[1]) for tag in read_page(name).eval_on_selector_all("h1,h2,h3,h4", "all => all.map(h => h.tagName)")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_runs_off_the_side(name: str, width: int, height: int, read_page: Open) -> None:
    page = read_page(name, width, height)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    beyond = page.evaluate(
        """width => [...document.querySelectorAll('main *')].filter(e => e.checkVisibility() && !e.closest('svg *'))
            .filter(e => e.getBoundingClientRect().right > width + 1 && getComputedStyle(e).position != 'absolute')
            .map(e => e.outerHTML.slice(0, 100))""",
        width,
    )
    assert beyond == []


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str, read_page: Open, reports: Path) -> None:
    page = read_page(name)
    links = page.eval_on_selector_all("a", "all => all.map(a => a.getAttribute('href'))")
    assert links
    for link in links:
        place, _, anchor = link.partition("#")
        assert not place or (reports / place).is_file(), link
        if anchor:
            assert page.locator(f'[id="{anchor}"]').count() == 1, link


def test_the_front_page_leads_an_agency_to_its_report(open_page: Open) -> None:
    page = open_page("index")
    page.get_by_role("link", name="Northshire County Council", exact=True).click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Northshire County Council")
    page.go_back()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Northby Community Safety Partnership")


def test_the_keyboard_reaches_the_report_at_once_and_shows_where_it_is(open_page: Open) -> None:
    page = open_page("county")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_charts_are_pictures_with_names_beside_their_tables(read_page: Open) -> None:
    page = read_page("police")
    charts = page.get_by_role("img")
    assert charts.count() == 3
    for name in ("Domestic abuse, Northby, 2016-17", "Youth offending, Northby, 2016-17"):
        assert page.get_by_role("img", name=name).is_visible()
    assert page.get_by_role("table", name=re.compile("from your 120 offences")).is_visible()


def test_tables_stay_tables_on_a_narrow_screen(read_page: Open) -> None:
    page = read_page("police", 360, 740)
    table = page.get_by_role("table", name=re.compile("from your 120 offences"))
    assert table.get_by_role("rowheader").count() == 3
    assert table.get_by_role("columnheader").count() == 5


@pytest.mark.parametrize("name", PAGES)
def test_a_page_prints_on_a4(name: str, open_page: Open) -> None:
    page = open_page(name)
    page.emulate_media(media="print")
    assert page.locator(".skip").is_hidden()
    pdf = page.pdf(format="A4", margin=dict.fromkeys(("top", "right", "bottom", "left"), "15mm"))
    pages = re.findall(rb"/Type\s*/Page\b", pdf)
    assert 1 <= len(pages) <= 12
    boxes = {tuple(round(float(n)) for n in box.split()) for box in re.findall(rb"/MediaBox\s*\[([\d. ]+)\]", pdf)}
    assert boxes
    assert all(abs(box[2] - 595) <= 1 and abs(box[3] - 842) <= 1 for box in boxes)
