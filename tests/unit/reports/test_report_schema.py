"""The published JSON Schema describes every report, and notices one that is not of its form."""

import json
from typing import Any

import jsonschema
import pytest

from csp_pipeline.reports import ReportSummary
from csp_pipeline.reports.schema import PATH, schema_text
from tests.unit.reports.made_warehouse import AGENCIES
from tests.unit.reports.reading import content

PUBLISHED = json.loads(PATH.read_text(encoding="utf-8"))
CHECK = jsonschema.Draft202012Validator(PUBLISHED, format_checker=jsonschema.FormatChecker())


def test_the_published_schema_is_that_of_the_code() -> None:
    assert PATH.read_text(encoding="utf-8") == schema_text(), "run: python -m csp_pipeline.reports.schema"
    jsonschema.Draft202012Validator.check_schema(PUBLISHED)


@pytest.mark.parametrize("agency", [entry[0] for entry in AGENCIES])
def test_every_report_is_of_the_published_form(agency: str, summary: ReportSummary) -> None:
    assert [error.message for error in CHECK.iter_errors(content(summary, agency))] == []


@pytest.mark.parametrize(
    "change",
    [
        lambda report: report.pop("conflicts"),
        lambda report: report.update(schema="csp-discrepancy-report/1"),
        lambda report: report.update(as_at="last Monday"),
        lambda report: report["conflicts"][0].update(gap=3),
        lambda report: report["conflicts"][0]["figures"][0].pop("unit"),
        lambda report: report["rejected_rows"][0].update(row="seventeen"),
        lambda report: report["conflicts"][0].update(surprise=1),
    ],
)
def test_a_report_of_another_form_is_noticed(change: Any, summary: ReportSummary) -> None:
    report = content(summary, "police")
    change(report)
    assert list(CHECK.iter_errors(report))
