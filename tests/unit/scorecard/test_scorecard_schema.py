"""The published JSON Schema describes every scorecard, and notices one that is not of its form."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import jsonschema
import pytest

from csp_pipeline.partnership.scorecard import WithoutFiguresEntry
from csp_pipeline.scorecard.card import Card, Claim, Line, Measure, Priority
from csp_pipeline.scorecard.changes import NO_TEST, Change
from csp_pipeline.scorecard.data import as_json
from csp_pipeline.scorecard.numbers import MISSING, Number
from csp_pipeline.scorecard.published import PublishedCell, PublishedRow, PublishedTable
from csp_pipeline.scorecard.schema import PATH, schema_text

PUBLISHED = json.loads(PATH.read_text(encoding="utf-8"))
CHECK = jsonschema.Draft202012Validator(PUBLISHED, format_checker=jsonschema.FormatChecker())
HIDDEN = Number("[c]", None)
# From a count of nothing, the upper end of an interval is not known.
NO_END = Change("+3", "+50.0% or more", "no change beyond chance", "within_chance", None, 50.0, None)


def line(agency: str, *, change: Change, years: tuple[Number, ...], quarters: tuple[Number, ...]) -> Line:
    return Line(
        "asb", "Anti-social behaviour", agency, agency, "Incidents", "incidents", years, quarters, MISSING, change, NO_TEST, ()
    )


def card(**changes: Any) -> Card:
    """A scorecard with each kind of cell; another one where changed."""
    first = line("police", change=NO_END, years=(Number("0", 0), Number("3", 3)), quarters=(HIDDEN, Number("1.5", 1.5)))
    other = line("district", change=NO_TEST, years=(MISSING, HIDDEN), quarters=(MISSING, MISSING))
    priority = Priority(
        "asb",
        "To reduce anti-social behaviour",
        (Measure("asb", "All of it", first, (other,), ()),),
        (WithoutFiguresEntry(aim="Noise", reason="Nobody sends it."),),
    )
    cells = (
        PublishedCell("2016-17", Number("5", 5), Number("4", 4), "Police"),
        PublishedCell("2015-16", MISSING, MISSING, "[x]"),
    )
    made: dict[str, Any] = {
        "partnership": "Northby",
        "plan": "Plan",
        "district": "Northby",
        "as_at": date(2017, 7, 1),
        "years": ("2015-16", "2016-17"),
        "quarters": ("2015-16 Q4", "2016-17 Q4"),
        "priorities": (priority,),
        "tables": (PublishedTable("Three years", ("2016-17", "2015-16"), (PublishedRow("ASB", cells),)),),
        "claims": (Claim("ASB is up", "page 2", None, "not_testable", "Nobody counts it."),),
        "omission": "",
        "shown_cells": {"police/asb|asb|E1|2016-17": 3.0},
    }
    return Card(**(made | changes))


def content(made: Card) -> dict[str, Any]:
    return json.loads(json.dumps(as_json(made)))


def test_the_published_schema_is_that_of_the_code() -> None:
    assert PATH.read_text(encoding="utf-8") == schema_text(), "run: python -m csp_pipeline.scorecard.schema"
    jsonschema.Draft202012Validator.check_schema(PUBLISHED)


@pytest.mark.parametrize(
    "made",
    [card(), card(as_at=None, years=(), quarters=(), priorities=(), tables=(), claims=(), shown_cells={})],
    ids=["with each kind of cell", "before the first file"],
)
def test_every_scorecard_is_of_the_published_form(made: Card) -> None:
    assert [error.message for error in CHECK.iter_errors(content(made))] == []


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told.pop("district"),
        lambda told: told.update(schema="csp-scorecard/0"),
        lambda told: told.update(as_at="last Monday"),
        lambda told: told["sheets"].pop("Claims"),
        lambda told: told["sheets"]["Measures"][0].update({"2016-17": "three"}),
        lambda told: told["sheets"]["Measures"][0].update({"2016-17 Q5": 3}),
        lambda told: told["sheets"]["Measures"][0].pop("Unit"),
        lambda told: told["sheets"]["Measures"][0].update(First="yes"),
        lambda told: told["sheets"]["Claims"][0].update(Verdict="perhaps"),
        lambda told: told["shown_cells"].update({"police/asb": 3}),
        lambda told: told["shown_cells"].update({"police/asb|asb|E1|2016-17": "three"}),
    ],
)
def test_a_scorecard_of_another_form_is_noticed(change: Callable[[dict[str, Any]], Any]) -> None:
    told = content(card())
    change(told)
    assert list(CHECK.iter_errors(told))
