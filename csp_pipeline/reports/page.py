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
from csp_pipeline.reports.conflicts import Conflict
from csp_pipeline.reports.pack import AgencyReport, FrontPage
from csp_pipeline.reports.returns import LatePeriod, MissingPeriod

Due = TypeVar("Due", MissingPeriod, LatePeriod)
_templates = resources.files("csp_pipeline.reports").joinpath("templates")


@dataclass(frozen=True)
class ConflictGroup:
    """Conflicts of one measure that call for the same answer."""

    conflicts: tuple[Conflict, ...]
    reasons: tuple[str, ...]
    question: str


@dataclass(frozen=True)
class LateFeed:
    """How late one feed came."""

    feed_title: str
    periods: tuple[LatePeriod, ...]
    longest: int


def agency_page(report: AgencyReport) -> str:
    """One agency's page."""
    return (
        _environment()
        .get_template("agency.html.j2")
        .render(
            report=report,
            measures=conflict_groups(report.conflicts.leading),
            missing=_by_feed(report.missing),
            late=[LateFeed(title, periods, max(p.days_late for p in periods)) for title, periods in _by_feed(report.late)],
        )
    )


def index_page(front: FrontPage) -> str:
    """The partnership's front page."""
    return _environment().get_template("index.html.j2").render(front=front)


def conflict_groups(conflicts: Iterable[Conflict]) -> list[tuple[str, list[ConflictGroup]]]:
    """Conflicts by measure, then by the question they raise, the conflicts of one pair of feeds side by side."""
    by_measure = []
    ordered = sorted(conflicts, key=lambda c: (c.measure_title, c.question, *(f.label for f in c.figures), c.period))
    for title, of_measure in groupby(ordered, key=lambda c: c.measure_title):
        groups = []
        for question, found in groupby(of_measure, key=lambda c: c.question):
            same = tuple(found)
            reasons = tuple(dict.fromkeys(reason for conflict in same for reason in conflict.reasons))
            groups.append(ConflictGroup(same, reasons, question))
        by_measure.append((title, groups))
    return by_measure


def _by_feed(periods: tuple[Due, ...]) -> list[tuple[str, tuple[Due, ...]]]:
    return [(title, tuple(found)) for title, found in groupby(periods, key=lambda period: period.feed_title)]


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: _templates.joinpath(name).read_text(encoding="utf-8")),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # The style sheet is ours and must not be escaped inside <style>.
    style = Markup(_templates.joinpath("style.css").read_text(encoding="utf-8"))  # noqa: S704
    environment.globals.update(style=style, outcome_words=wording.OUTCOMES)
    environment.filters.update(
        number=wording.number,
        counted=wording.counted,
        long_date=wording.long_date,
        date_basis=wording.date_basis,
        area_basis=wording.area_basis,
        coverage=wording.coverage,
        plural=wording.plural,
        sentence_case=wording.sentence_case,
        joined=wording.joined,
    )
    return environment
