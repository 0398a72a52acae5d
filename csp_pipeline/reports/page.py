"""The pages: self-contained HTML from the templates beside this module; no script, no request, one inlined style."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import groupby
from typing import TypeVar

import jinja2
from markupsafe import Markup

from csp_pipeline.reports import wording
from csp_pipeline.reports.charts import series_chart, waterfall
from csp_pipeline.reports.conflicts import Conflict
from csp_pipeline.reports.pack import AgencyReport, FrontPage
from csp_pipeline.reports.returns import LatePeriod, MissingPeriod

Due = TypeVar("Due", MissingPeriod, LatePeriod)
# Bridges drawn on one page: those of the largest gaps.
MOST_WATERFALLS = 8
_templates = resources.files("csp_pipeline.reports").joinpath("templates")


@dataclass(frozen=True)
class ConflictGroup:
    """Conflicts of one measure that call for the same answer."""

    conflicts: tuple[Conflict, ...]
    reasons: tuple[str, ...]
    question: str
    no_bridges: tuple[str, ...]
    searches: tuple[str, ...]

    @property
    def asked(self) -> tuple[Conflict, ...]:
        """Those that the reader has not answered."""
        return tuple(conflict for conflict in self.conflicts if conflict.is_asked)


@dataclass(frozen=True)
class LateFeed:
    """How late one feed came."""

    feed_title: str
    periods: tuple[LatePeriod, ...]
    longest: int


def agency_page(report: AgencyReport) -> str:
    """One agency's page."""
    return (
        environment()
        .get_template("agency.html.j2")
        .render(
            report=report,
            measures=(leading := conflict_groups(report.conflicts.leading)),
            questions=sum(bool(group.asked) for _, groups in leading for group in groups),
            explained=conflict_groups(report.conflicts.main_settled),
            waterfalls=_waterfalls(report),
            series_charts=[
                (series, Markup(series_chart(series, f"series-{place}", f"{series.measure_title} in each quarter")))  # noqa: S704
                for place, series in enumerate(report.series, start=1)
            ],
            missing=_by_feed(report.missing),
            late=[LateFeed(title, periods, max(p.days_late for p in periods)) for title, periods in _by_feed(report.late)],
        )
    )


def index_page(front: FrontPage, *, has_scorecard: bool = False) -> str:
    """The partnership's front page; it leads to the scorecard where there is one."""
    return environment().get_template("index.html.j2").render(front=front, has_scorecard=has_scorecard)


def conflict_groups(conflicts: Iterable[Conflict]) -> list[tuple[str, list[ConflictGroup]]]:
    """Conflicts by measure, then by the question they raise, the conflicts of one pair of feeds side by side."""
    by_measure = []
    ordered = sorted(conflicts, key=lambda c: (c.measure_title, c.question, *(f.label for f in c.figures), c.period))
    for title, of_measure in groupby(ordered, key=lambda c: c.measure_title):
        groups = []
        for question, found in groupby(of_measure, key=lambda c: c.question):
            same = tuple(found)
            reasons = tuple(dict.fromkeys(reason for conflict in same for reason in conflict.reasons))
            no_bridges = tuple(dict.fromkeys(conflict.no_bridge for conflict in same if conflict.no_bridge))
            searches = tuple(dict.fromkeys(conflict.search for conflict in same if conflict.search))
            groups.append(ConflictGroup(same, reasons, question, no_bridges, searches))
        by_measure.append((title, groups))
    return by_measure


def _waterfalls(report: AgencyReport) -> dict[str, Markup]:
    """Charts of the largest gaps that have a bridge, by conflict; what is drawn stands in a table, too."""
    bridged = [conflict for conflict in report.conflicts.listed if conflict.bridge and conflict.gap]
    bridged.sort(key=lambda conflict: (-abs(conflict.gap or 0), conflict.id))
    drawn = {}
    for place, conflict in enumerate(bridged[:MOST_WATERFALLS], start=1):
        first, second = (f"{wording.capitalised(figure.owner)} {figure.shown} {figure.feed_title}" for figure in conflict.figures)
        title = f"{conflict.measure_title}, {conflict.area}, {conflict.period}"
        if conflict.bridge:
            drawn[conflict.id] = Markup(waterfall(conflict.bridge, f"bridge-{place}", title, first, second))  # noqa: S704
    return drawn


def _by_feed(periods: tuple[Due, ...]) -> list[tuple[str, tuple[Due, ...]]]:
    return [(title, tuple(found)) for title, found in groupby(periods, key=lambda period: period.feed_title)]


@cache
def environment() -> jinja2.Environment:
    """The templates beside this module, with the style sheet and the ways to write numbers and dates."""
    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: _templates.joinpath(name).read_text(encoding="utf-8")),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # The style sheet is ours and must not be escaped inside <style>.
    style = Markup(_templates.joinpath("style.css").read_text(encoding="utf-8"))  # noqa: S704
    made.globals.update(style=style, outcome_words=wording.OUTCOMES, change_words=wording.CHANGES)
    made.filters.update(
        number=wording.number,
        counted=wording.counted,
        further_rejected=wording.further_rejected,
        long_date=wording.long_date,
        date_basis=wording.date_basis,
        area_basis=wording.area_basis,
        coverage=wording.coverage,
        plural=wording.plural,
        sentence_case=wording.sentence_case,
        capitalised=wording.capitalised,
        signed=wording.signed,
        joined=wording.joined,
    )
    return made
