"""The JSON Schema of the scorecard, made from the columns of its sheets: `python -m csp_pipeline.scorecard.schema`."""

from typing import Any

from csp_pipeline.reconcile.declared_claims import CLAIM_VERDICTS
from csp_pipeline.reconcile.declared_responses import STATES
from csp_pipeline.reports.schema import AS_AT, FOLDER, as_text, close
from csp_pipeline.scorecard.card import Card
from csp_pipeline.scorecard.data import SCHEMA
from csp_pipeline.scorecard.workbook import sheets_of

PATH = FOLDER / "scorecard.schema.json"
TEXT: dict[str, Any] = {"type": "string"}
YEAR = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$", "description": "Financial year, such as 2016-17"}
MARK = {"type": "string", "pattern": r"^\[[a-z]+\]$", "description": "Why there is no number, such as [c]"}
FIGURE = {"anyOf": [{"type": "number"}, MARK]}
# One end of it may be open, which is told in words.
END_OF_INTERVAL = {"anyOf": [{"type": "number"}, TEXT]}
# What is not plain text, by sheet and column.
VALUES: dict[tuple[str, str], dict[str, Any]] = {
    ("Measures", "First"): {"type": "boolean", "description": "Whether it is the figure that the partnership's rules prefer"},
    ("Measures", "Per 1,000"): FIGURE,
    ("Measures", "Interval from, %"): END_OF_INTERVAL,
    ("Measures", "Interval to, %"): END_OF_INTERVAL,
    ("Measures", "Open discrepancies"): {"anyOf": [{"type": "integer", "minimum": 0}, MARK]},
    ("Discrepancies", "Year"): YEAR,
    ("Discrepancies", "Gap"): FIGURE,
    ("Discrepancies", "State"): {"enum": sorted(STATES)},
    ("Plan tables", "Year"): YEAR,
    ("Plan tables", "Published"): FIGURE,
    ("Plan tables", "Counted"): FIGURE,
    ("Plan tables", "Difference"): FIGURE,
    ("Claims", "Verdict"): {"enum": sorted(verdict.replace("_", " ") for verdict in CLAIM_VERDICTS)},
}
# The figures of the years and quarters that are shown stand in columns named after them.
PERIODS = {"Measures": {"patternProperties": {"^[0-9]{4}-[0-9]{2}( Q[1-4])?$": FIGURE}}}


def scorecard_schema() -> dict[str, Any]:
    """The schema: every object closed, every entry of it required but the columns of periods, which move on."""
    nothing = Card("", "", "the district", None, (), (), (), (), (), "", {})
    sheets = {sheet.name: (sheet.title, [title for title, _ in sheet.columns]) for sheet in sheets_of(nothing)}
    properties: dict[str, Any] = {
        name: {
            "type": "array",
            "description": told,
            "items": {
                "type": "object",
                "properties": {column: VALUES.get((name, column), TEXT) for column in columns},
                **PERIODS.get(name, {}),
            },
        }
        for name, (told, columns) in sheets.items()
    }
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scorecard of the partnership",
        "type": "object",
        "properties": {
            "schema": {"const": SCHEMA, "description": "Name and version of this form"},
            "partnership": TEXT,
            "plan": {"type": "string", "description": "The plan whose priorities it follows"},
            "district": TEXT,
            "as_at": AS_AT,
            "sheets": {
                "type": "object",
                "description": "The sheets of its workbook, as rows by column",
                "properties": properties,
            },
            "shown_cells": {
                "type": "object",
                "propertyNames": {"pattern": r"^[^|]+/[^|]+\|[^|]+\|[^|]+\|[^|]+$"},
                "additionalProperties": {"type": "number"},
                "description": "The figures that it tells, by agency/feed|measure|area|period",
            },
        },
    }
    close(schema)
    return schema


def schema_text() -> str:
    """The schema as the text of its file."""
    return as_text(scorecard_schema())


if __name__ == "__main__":
    PATH.write_text(schema_text(), encoding="utf-8")
