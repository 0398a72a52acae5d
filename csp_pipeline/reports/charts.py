"""Charts as inline SVG that need no script, no font and no request, and take their colours from the page's style sheet."""

import html
import json
import re
from functools import cache
from importlib import resources
from typing import Any

from csp_pipeline.reports import wording
from csp_pipeline.reports.bridges import Bridge
from csp_pipeline.reports.history import Series

# Colours are drawn as these values and then replaced by the style sheet's own, which know light, dark and print.
COLOURS = {
    "#010101": "--ink",
    "#020202": "--soft",
    "#030303": "--line",
    "#040404": "--more",
    "#050505": "--fewer",
    "#060606": "--paper",
}
TAG = re.compile(r"<(\w+)((?: [\w:-]+=\"[^\"]*\")*)(\s*/?)>")
ATTRIBUTE = re.compile(r" ([\w:-]+)=\"([^\"]*)\"")
# What a picture does not need: roles and names of its parts, which assistive technology does not see, and fonts.
LEFT_OUT = ("aria-", "role", "class", "font-family", "pointer-events", "xmlns")


def waterfall(bridge: Bridge, name: str, title: str, first: str, second: str) -> str:
    """A bridge drawn as a waterfall from the first figure to the second; `name` is unique on the page.

    The figures are points, so that the scale need not start at 0, and the steps are bars as long as what they add or take away.
    """
    rows: list[dict[str, Any]] = [{"label": first, "from": bridge.start, "to": bridge.start, "shown": "", "kind": "figure"}]
    reached = bridge.start
    for step in bridge.steps:
        shown, kind = wording.signed(step.contribution), "more" if step.contribution > 0 else "fewer"
        rows.append({"label": step.title, "from": reached, "to": step.reached, "shown": shown, "kind": kind})
        reached = step.reached
    rows.append({"label": second, "from": bridge.end, "to": bridge.end, "shown": "", "kind": "figure"})
    for place, row in enumerate(rows):
        row["order"], row["next"] = place, min(place + 1, len(rows) - 1)
        row["label"] = row["label"] if len(row["label"]) <= 48 else f"{row['label'][:47]}…"
        row["end"] = max(row["from"], row["to"])
    told = "; ".join(f"{step.title} {wording.signed(step.contribution)}" for step in bridge.steps)
    return _picture(_drawn("waterfall", rows), name, title, f"{first}. Steps: {told}. {second}.")


def series_chart(series: Series, name: str, title: str) -> str:
    """One quarterly series on a scale from 0, with a mark at each break and each figure as it was before its revision."""
    rows = [
        {
            "period": point.period,
            "value": point.value,
            "first": point.first if point.first != point.value else None,
            "broken": point.break_title is not None,
        }
        for point in series.points
    ]
    told = ", ".join(f"{point.period} {_value(point.value)}" for point in series.points)
    return _picture(_drawn("series", rows), name, title, f"{told}.")


def _value(value: float | None) -> str:
    return "[x]" if value is None else wording.number(value)


@cache
def _design(name: str) -> dict[str, Any]:
    """A chart's design without data, as `designs.py` compiled it."""
    path = resources.files("csp_pipeline.reports").joinpath("templates", f"{name}.vega.json")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _drawn(name: str, rows: list[dict[str, Any]]) -> str:
    import vl_convert  # what is drawn without a chart should not wait for it

    specification = _design(name)
    data = [entry | {"values": rows} if entry["name"] == "rows" else entry for entry in specification["data"]]
    return str(vl_convert.vega_to_svg(specification | {"data": data}))


def _picture(svg: str, name: str, title: str, description: str) -> str:
    """The drawing as one picture with a name and a description, in the style sheet's colours."""
    inner = TAG.sub(_plain, svg)
    opening, rest = re.match(r"<svg([^>]*)>(.*)", inner, re.DOTALL).groups()  # type: ignore[union-attr]
    width = re.search(r' width="([\d.]+)"', opening)[1]  # type: ignore[index]
    box = re.search(r' viewBox="[^"]*"', opening)[0]  # type: ignore[index]
    return (
        f'<svg role="img" aria-labelledby="{name}-title" aria-describedby="{name}-text"{box} width="{width}">'
        f'<title id="{name}-title">{html.escape(title)}</title><desc id="{name}-text">{html.escape(description)}</desc>{rest}'
    )


def _plain(tag: re.Match[str]) -> str:
    """A tag without what a picture does not need, its colours from the style sheet."""
    element, attributes, end = tag.groups()
    kept, style = [], []
    for key, value in ATTRIBUTE.findall(attributes):
        if key in ("fill", "stroke") and value in COLOURS:
            style.append(f"{key}:var({COLOURS[value]})")
        elif not key.startswith(LEFT_OUT):
            kept.append(f' {key}="{value}"')
    coloured = f' style="{";".join(style)}"' if style else ""
    return f"<{element}{''.join(kept)}{coloured}{end}>"
