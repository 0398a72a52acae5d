"""The JSON Schema of a report, made from the dataclasses it is written from: `python -m csp_pipeline.reports.schema`."""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from csp_pipeline.reports.answers import GivenAnswer
from csp_pipeline.reports.changed import ChangedColumn, UnmappedCode
from csp_pipeline.reports.conflicts import Conflict
from csp_pipeline.reports.history import Revision, Series
from csp_pipeline.reports.pack import SCHEMA
from csp_pipeline.reports.returned import ReturnedWorkbook
from csp_pipeline.reports.returns import LatePeriod, MissingPeriod, RefusedFile, RejectedRow, Submission
from csp_pipeline.reports.since import Since

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"
PATH = FOLDER / "discrepancy-report.schema.json"
LISTS: dict[str, tuple[type, str]] = {
    "conflicts": (Conflict, "Conflicts that the agency is told of, those of the own district and whole years first"),
    "refused_files": (RefusedFile, "Files that were refused whole, open ones first"),
    "rejected_rows": (RejectedRow, "Rows that were not taken in, open ones first"),
    "unmapped_codes": (UnmappedCode, "Codes that no list knows, in files that hold"),
    "column_changes": (ChangedColumn, "Columns that are not as agreed, and what was done"),
    "missing_periods": (MissingPeriod, "Periods that are due and have not come"),
    "late_periods": (LatePeriod, "Periods that came after they were due"),
    "submissions": (Submission, "Every file received"),
    "revised_figures": (Revision, "Own figures that a later file changed"),
    "answers": (GivenAnswer, "Answers that the agency gave, and what became of them"),
    "returned_workbooks": (ReturnedWorkbook, "Workbooks of answers that the agency sent back, in the order in which they came"),
    "series": (Series, "Own quarterly figures with a break, a gap or a revision in them"),
}
COUNTS = (
    "conflicts",
    "refused_files",
    "rejected_rows",
    "missing_periods",
    "late_periods",
    "submissions",
    "revised_figures",
)
NUMBER: dict[str, Any] = {"anyOf": [{"type": "number"}, {"type": "null"}]}
AS_AT: dict[str, Any] = {
    "anyOf": [{"type": "string", "format": "date"}, {"type": "null"}],
    "description": "Latest extract date received",
}


def report_schema() -> dict[str, Any]:
    """The schema: every object closed, every entry of it required."""
    keys: list[tuple[str, Any, TypeAdapter[Any]]] = [
        (kind.__name__, "serialization", TypeAdapter(kind)) for kind in (*(kind for kind, _ in LISTS.values()), Since)
    ]
    _, made = TypeAdapter.json_schemas(keys, ref_template="#/$defs/{model}")
    definitions: dict[str, Any] = made["$defs"]
    conflict = definitions["Conflict"]["properties"]
    del conflict["gap_shown"]
    shown = {"type": "string", "description": "As people read it, [c] where it is withheld"}
    conflict["gap"] = {"type": "object", "properties": {"value": NUMBER, "shown": shown}}
    definitions["Revision"]["properties"]["change"] = NUMBER
    lists = {
        name: {"type": "array", "items": {"$ref": f"#/$defs/{kind.__name__}"}, "description": told}
        for name, (kind, told) in LISTS.items()
    }
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Discrepancy report of one agency",
        "type": "object",
        "properties": {
            "schema": {"const": SCHEMA, "description": "Name and version of this form"},
            "agency": {"type": "string", "description": "Short name of the agency that the report is for"},
            "agency_name": {"type": "string"},
            "partnership": {"type": "string"},
            "as_at": AS_AT,
            "summary": {"type": "object", "properties": {name: {"type": "integer", "minimum": 0} for name in COUNTS}},
            **lists,
            "content_id": {
                "type": "string",
                "pattern": "^[0-9a-f]{64}$",
                "description": "Hash of all of it but since_last_report: the same where two reports tell the same",
            },
            "since_last_report": {
                "anyOf": [{"$ref": "#/$defs/Since"}, {"type": "null"}],
                "description": "What changed since the last report that was sent; null where none was",
            },
        },
        "$defs": definitions,
    }
    close(schema)
    return schema


def schema_text() -> str:
    """The schema as the text of its file."""
    return as_text(report_schema())


def as_text(schema: dict[str, Any]) -> str:
    """A schema as the text of a file."""
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def close(part: Any) -> None:
    """Require every property, and allow no other."""
    if isinstance(part, dict):
        if part.get("type") == "object" and "properties" in part:
            part["required"], part["additionalProperties"] = sorted(part["properties"]), False
            for value in part["properties"].values():
                value.pop("default", None)
        for value in part.values():
            close(value)
    elif isinstance(part, list):
        for value in part:
            close(value)


if __name__ == "__main__":
    PATH.write_text(schema_text(), encoding="utf-8")
