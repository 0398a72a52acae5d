"""The designs of the charts, in altair, compiled to Vega in `templates/` by `python -m csp_pipeline.reports.designs`.

Compiling takes a second of every run and needs altair; drawing a compiled design with data needs neither (see decision 0036).
"""

import json
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from csp_pipeline.reports.charts import COLOURS

FOLDER = Path(__file__).parent / "templates"
INK, SOFT, LINE, MORE, FEWER, PAPER = COLOURS
WIDTH, ROW = 320, 36
LOOK: dict[str, Any] = {
    "background": "transparent",
    # the whole is one picture to assistive technology, named in charts.py
    "aria": False,
    "view": {"stroke": None},
    "axis": {"labelColor": SOFT, "labelFontSize": 11, "gridColor": LINE, "domainColor": LINE, "tickColor": LINE},
}


def waterfall() -> Any:
    """Rows in order: a figure, steps, a figure, each with `label`, `from`, `to`, `end` (the greater of both), `shown`, `kind`."""
    base = alt.Chart(alt.NamedData(name="rows")).encode(y=alt.Y("order:O", axis=None))
    steps = base.transform_filter("datum.kind != 'figure'")
    figures = base.transform_filter("datum.kind == 'figure'")
    # not from 0: the figures are points, and the bars are as long as what they add or take away
    scale = alt.Scale(zero=False, nice=True)
    across = alt.X("from:Q", scale=scale, axis=alt.Axis(title=None, tickCount=4))
    colour = alt.Color("kind:N", scale=alt.Scale(domain=["more", "fewer"], range=[MORE, FEWER]), legend=None)
    connectors = base.transform_filter("datum.order != datum.next").mark_rule(color=SOFT, strokeWidth=1)
    return alt.layer(
        connectors.encode(
            x=alt.X("to:Q", scale=scale),
            y=alt.Y("order:O", axis=None, bandPosition=0.65),
            y2=alt.Y2("next:O", bandPosition=0.65),
        ),
        steps.mark_bar(height=13, yOffset=6).encode(x=across, x2="to:Q", color=colour),
        figures.mark_point(shape="diamond", size=110, filled=True, color=INK, opacity=1, yOffset=6).encode(x=across),
        steps.mark_text(align="left", dx=6, dy=6, fontSize=12, fontWeight="bold", color=INK).encode(x="end:Q", text="shown:N"),
        base.mark_text(align="left", dy=-9, fontSize=12, color=INK).encode(x=alt.value(0), text="label:N"),
    ).properties(width=WIDTH, height=alt.Step(ROW))


def series() -> Any:
    """Quarters with `period`, `value`, `first` (before its revision, else null) and `broken`."""
    first_quarter = "slice(datum.label, 8) == 'Q1' ? slice(datum.label, 0, 7) : ''"
    quarter = alt.X(
        "period:O", sort="ascending", axis=alt.Axis(title=None, labelExpr=first_quarter, labelAngle=0, labelAlign="left")
    )
    count = alt.Y("value:Q", axis=alt.Axis(title=None, tickCount=3), scale=alt.Scale(zero=True))
    base = alt.Chart(alt.NamedData(name="rows")).encode(x=quarter)
    breaks = base.transform_filter("datum.broken")
    return alt.layer(
        breaks.mark_rule(color=INK, strokeDash=[4, 3], strokeWidth=1.5),
        breaks.mark_text(text="[b]", align="left", dx=4, fontSize=12, color=INK).encode(y=alt.value(-6)),
        base.mark_line(color=MORE, strokeWidth=2).encode(y=count),
        base.mark_point(color=MORE, filled=True, size=36, opacity=1).encode(y=count),
        base.transform_filter("datum.first != null")
        .mark_point(color=INK, fill=PAPER, size=55, opacity=1, shape="triangle-up")
        .encode(y=alt.Y("first:Q")),
    ).properties(width=WIDTH, height=110)


DESIGNS = {"waterfall": waterfall, "series": series}


def compiled(name: str) -> str:
    """A design as the text of its file in `templates/`."""
    specification = DESIGNS[name]().configure(**LOOK).to_dict()
    return json.dumps(vl_convert.vegalite_to_vega(specification), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    for design in DESIGNS:
        (FOLDER / f"{design}.vega.json").write_text(compiled(design), encoding="utf-8")
