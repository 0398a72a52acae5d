"""The scorecard's page: self-contained HTML in the reports' own frame and style; no script, no request."""

from functools import cache

import jinja2

from csp_pipeline.reports.page import environment
from csp_pipeline.scorecard.card import Card

VERDICTS = {
    "supported": "supported",
    "contradicted": "contradicted",
    "not_testable": "not testable",
    "not_comparable": "not comparable",
}


def scorecard_page(card: Card) -> str:
    """The page."""
    return _templates().get_template("scorecard.html.j2").render(card=card, verdict_words=VERDICTS)


@cache
def _templates() -> jinja2.Environment:
    reports = environment()
    own = jinja2.PackageLoader("csp_pipeline", "scorecard/templates")
    assert reports.loader is not None  # noqa: S101 (the reports' templates have one)
    return reports.overlay(loader=jinja2.ChoiceLoader([own, reports.loader]))
