"""The assets that people open: the warehouse, the reports and the scorecard."""

from collections.abc import Mapping

import dagster as dg

from csp_pipeline.defs.product import preview, product
from csp_pipeline.publish.checks import (
    compare_with_lake,
    list_errors_not_found,
    list_numbers_in_other_units,
    list_refused_files,
    list_unmapped_codes,
)
from csp_pipeline.stages import Pipeline

NEEDED = ("discrepancies", "definition_searches", "break_suggestions", "change_tests", "claims")


def build_publish_assets(pipeline: Pipeline, before: Mapping[str, dg.AssetsDefinition]) -> dict[str, dg.AssetsDefinition]:
    """The assets by name, in flow order; `before` are those of figures and reconciliation."""
    settings = pipeline.settings

    @product(
        "publish",
        deps=[before[name] for name in NEEDED],
        kinds=("duckdb",),
        description="csp.duckdb: every table with its comments, put in place in one rename.",
        checks={
            "equals_lake": "The warehouse holds what the lake does.",
            "nothing_refused": "Every file received could be taken in, or was replaced by one that could.",
            "corrections_apply": "Every known error is found as corrections.yml expects it.",
            "no_unmapped_codes": "Code lists and mappings know every code that was sent.",
            "published_in_unit": "Every published number is in its measure's unit: none is a percentage for a count, or a share.",
        },
    )
    def warehouse(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        rows = pipeline.publish()
        differences = compare_with_lake(settings)
        refused = list_refused_files(settings)
        unmapped = list_unmapped_codes(settings)
        not_found = list_errors_not_found(settings)
        in_other_units = list_numbers_in_other_units(settings, pipeline.partnership, pipeline.measures, pipeline.specs)
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(str(settings.database)),
                "tables": preview(("table", "rows"), sorted(rows.items())),
            },
            check_results=[
                dg.AssetCheckResult(
                    check_name="equals_lake",
                    passed=not differences,
                    metadata={"differences": "\n".join(differences) or "none"},
                ),
                dg.AssetCheckResult(
                    check_name="nothing_refused",
                    passed=not refused,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata={"refused": preview(("feed", "file", "message"), refused)},
                ),
                dg.AssetCheckResult(
                    check_name="corrections_apply",
                    passed=not not_found,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata={"not_found": preview(("feed", "correction", "problem"), not_found)},
                ),
                dg.AssetCheckResult(
                    check_name="no_unmapped_codes",
                    passed=not unmapped,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata={"codes": preview(("feed", "column", "code", "rows", "last_submission"), unmapped)},
                ),
                dg.AssetCheckResult(
                    check_name="published_in_unit",
                    passed=not in_other_units,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata={"numbers": preview(("feed", "measure", "number", "submission", "row"), in_other_units)},
                ),
            ],
        )

    @product(
        "reports",
        deps=[warehouse],
        kinds=("html", "excel", "json"),
        description="A discrepancy report for each agency as a page, a workbook and JSON, and the index.",
    )
    def reports(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        conflicts = pipeline.write_reports()
        return dg.MaterializeResult(
            metadata={
                "index": dg.MetadataValue.path(str(settings.reports / "index.html")),
                "conflicts": preview(("agency", "conflicts"), sorted(conflicts.items())),
            }
        )

    @product(
        "reports",
        deps=[reports],  # which keeps what both hide
        kinds=("html", "excel"),
        description="The strategy group's scorecard: the plan's priorities, its tables and its statements, checked.",
    )
    def scorecard(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        rows = pipeline.write_scorecard()["measures"]
        headers = list(rows[0]) if rows else ["measure"]
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": len(rows),
                "page": dg.MetadataValue.path(str(settings.reports / "scorecard.html")),
                "measures": preview(headers, [list(row.values()) for row in rows]),
            }
        )

    return {"warehouse": warehouse, "reports": reports, "scorecard": scorecard}
