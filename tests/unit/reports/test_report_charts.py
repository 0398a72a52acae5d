"""Charts: one picture each, with a name and a description, in the page's own colours, and nothing to fetch or run."""

import re
from importlib import resources
from xml.etree import ElementTree

import pytest

from csp_pipeline.reports import ReportSummary, designs
from csp_pipeline.reports.charts import COLOURS

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def charts(summary: ReportSummary) -> list[ElementTree.Element]:
    """Of the charts of the police's page, two waterfalls and a series, the first and the last."""
    html = (summary.index.parent / "police.html").read_text(encoding="utf-8")
    found = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(found) == 3
    return [ElementTree.fromstring(svg) for svg in (found[0], found[-1])]  # noqa: S314


def test_a_chart_is_a_picture_with_a_name_and_a_description(charts: list[ElementTree.Element]) -> None:
    for svg in charts:
        assert svg.get("role") == "img"
        by_id = {element.get("id"): element.text for element in svg.iter() if element.get("id")}
        assert by_id[svg.get("aria-labelledby")]
        assert by_id[svg.get("aria-describedby")]
        assert not [element.tag for element in svg.iter() if element is not svg and element.get("role")]
    assert "Known to one side only −29" in "".join(charts[0].itertext())


def test_the_steps_are_drawn_from_figure_to_figure(charts: list[ElementTree.Element]) -> None:
    words = [text.text for text in charts[0].iter("text")]
    assert {"Your 120 Recorded crimes", "Northshire County Council's 90 Abuse cases", "+5", "−6", "−29"} <= set(words)


def test_breaks_are_marked(charts: list[ElementTree.Element]) -> None:
    assert [text.text for text in charts[1].iter("text")].count("[b]") == 1


def test_colours_come_from_the_style_sheet_and_nothing_is_fetched(charts: list[ElementTree.Element]) -> None:
    css = resources.files("csp_pipeline.reports").joinpath("templates", "style.css").read_text(encoding="utf-8")
    light, dark = css.split("@media (prefers-color-scheme: dark)")
    for variable in COLOURS.values():
        assert f"{variable}:" in light
        assert f"{variable}:" in dark
    for svg in charts:
        text = ElementTree.tostring(svg, encoding="unicode")
        assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|rgb\(|url\(|href|<script|font-family", text)
        assert re.findall(r"var\(--[a-z]+\)", text)


@pytest.mark.parametrize("name", sorted(designs.DESIGNS))
def test_the_compiled_designs_are_those_of_designs_py(name: str) -> None:
    kept = resources.files("csp_pipeline.reports").joinpath("templates", f"{name}.vega.json").read_text(encoding="utf-8")
    assert kept == designs.compiled(name), "run: python -m csp_pipeline.reports.designs"
