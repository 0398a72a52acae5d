"""The assets after intake, in flow order: figures, comparisons, discrepancies, definition searches, the warehouse,
the reports."""

from collections.abc import Sequence

import dagster as dg

from csp_pipeline.defs.metadata import draw_bars, markdown_table
from csp_pipeline.defs.one_run import ONE_RUN
from csp_pipeline.publish.checks import (
    compare_with_lake,
    count_histories_unlike_comparisons,
    count_parts_beyond_whole,
    count_unfounded_suggestions,
    count_vintages_unlike_figures,
    count_without_one_preferred,
    count_wrong_bridges,
    count_wrong_gaps,
    count_wrong_recounts,
    list_refused_files,
    read_rows,
)
from csp_pipeline.stages import Pipeline

ENGINEERS = ["team:data-engineering"]
CONFLICTS = """
    SELECT measure, period, feed_a, value_a, feed_b, value_b, gap, rule FROM read_parquet($table)
    WHERE verdict = 'conflict' AND area_code = $district AND length(period) = 7 AND period LIKE '____-__'
    ORDER BY period DESC, abs(gap) DESC LIMIT 12
"""
CAUSES = """
    SELECT cause, count(*), sum(contribution), sum(records) FROM read_parquet($table)
    WHERE records > 0 GROUP BY ALL ORDER BY sum(records) DESC
"""
MONTHS = """
    SELECT measure, agency || '/' || feed AS feed, list(value ORDER BY period) AS months, max(value) AS highest
    FROM read_parquet($table)
    WHERE is_headline AND period_kind = 'month' AND area_code = $district AND status <> 'M'
    GROUP BY ALL HAVING sum(value) > 0 ORDER BY ALL LIMIT 20
"""
REVISED = """
    SELECT measure, period, agency || '/' || feed AS feed, known_from, event, value_before, value FROM read_parquet($table)
    WHERE event NOT IN ('first_published', 'extended') AND area_code = $district
    ORDER BY abs(change) DESC NULLS LAST, known_from DESC, measure, period, feed LIMIT 12
"""
OPENED_OR_CLOSED = """
    SELECT comparison_id, known_from, effect, value_a, value_b, array_to_string(changed_by, ', ') FROM read_parquet($table)
    WHERE effect IN ('opened', 'closed') ORDER BY known_from DESC, comparison_id LIMIT 12
"""
STRONGEST = """
    SELECT measure, agency || '/' || feed AS feed, suggested_month, mean_before, mean_after, strength, declared_break
    FROM read_parquet($table) ORDER BY declared_break IS NOT NULL, strength DESC, measure, feed LIMIT 12
"""


def build_product_assets(pipeline: Pipeline, feeds: Sequence[dg.AssetsDefinition]) -> list[dg.AssetsDefinition]:
    """Figures to reports, each depending on the one before."""
    settings, district = pipeline.settings, pipeline.partnership.file.district

    @dg.asset(
        deps=list(feeds),
        required_resource_keys={ONE_RUN},
        group_name="figures",
        kinds={"duckdb", "parquet"},
        owners=ENGINEERS,
        description="Every figure of every feed: measure, area, period, date basis and unit, with coverage and status.",
        check_specs=[
            dg.AssetCheckSpec("parts_within_whole", asset="figures", description="No part exceeds the whole that it lies in."),
            dg.AssetCheckSpec("one_preferred", asset="figures", description="Of figures of one thing just one is preferred."),
        ],
    )
    def figures(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        rows = pipeline.build_figures()
        months = read_rows(settings, "figures", MONTHS, district=district)
        beyond = count_parts_beyond_whole(settings)
        unclear = count_without_one_preferred(settings)
        table = [(measure, feed, draw_bars(series), highest) for measure, feed, series, highest in months]
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": rows["figures"],
                "by_month": dg.MetadataValue.md(markdown_table(("measure", "feed", "by month", "highest"), table)),
            },
            check_results=[
                dg.AssetCheckResult(check_name="parts_within_whole", passed=beyond == 0, metadata={"beyond": beyond}),
                dg.AssetCheckResult(check_name="one_preferred", passed=unclear == 0, metadata={"unclear": unclear}),
            ],
        )

    @dg.asset(
        deps=[figures],
        required_resource_keys={ONE_RUN},
        group_name="figures",
        kinds={"duckdb", "parquet"},
        owners=ENGINEERS,
        description="Headline figures as known over time: first published, extended, revised, and why.",
        check_specs=[
            dg.AssetCheckSpec(
                "end_in_figures", asset="figure_vintages", description="The latest vintages are the figures, and reasons add up."
            )
        ],
    )
    def figure_vintages(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        events = pipeline.build_vintages()
        revised = read_rows(settings, "figure_vintages", REVISED, district=district)
        wrong = count_vintages_unlike_figures(settings)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": sum(events.values()),
                **{event: dg.MetadataValue.int(count) for event, count in events.items()},
                "largest_revisions": dg.MetadataValue.md(
                    markdown_table(("measure", "period", "feed", "known from", "event", "value before", "value"), revised)
                ),
            },
            check_results=[dg.AssetCheckResult(check_name="end_in_figures", passed=wrong == 0, metadata={"wrong": wrong})],
        )

    @dg.asset(
        deps=[figures],
        required_resource_keys={ONE_RUN},
        group_name="figures",
        kinds={"duckdb", "parquet"},
        owners=ENGINEERS,
        description="Level shifts in the district's monthly series that may be undeclared breaks, for a person to judge.",
        check_specs=[
            dg.AssetCheckSpec(
                "founded",
                asset="break_suggestions",
                description="Each lies in its series, and figures carry declared breaks only.",
            )
        ],
    )
    def break_suggestions(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        counted = pipeline.build_break_suggestions()
        strongest = read_rows(settings, "break_suggestions", STRONGEST)
        wrong = count_unfounded_suggestions(settings, [item.id for item in pipeline.measures.breaks])
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": counted["break_suggestions"],
                "strongest": dg.MetadataValue.md(
                    markdown_table(("measure", "feed", "month", "mean before", "mean after", "strength", "declared"), strongest)
                ),
            },
            check_results=[dg.AssetCheckResult(check_name="founded", passed=wrong == 0, metadata={"wrong": wrong})],
        )

    @dg.asset(
        deps=[figures],
        required_resource_keys={ONE_RUN},
        group_name="reconcile",
        kinds={"duckdb", "parquet"},
        owners=ENGINEERS,
        description="Every two feeds' figures for one measure, area and period: comparability, verdict and rule.",
        check_specs=[dg.AssetCheckSpec("gaps_add_up", asset="comparisons", description="Every gap is value_b - value_a.")],
    )
    def comparisons(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        verdicts = pipeline.build_comparisons()
        conflicts = read_rows(settings, "comparisons", CONFLICTS, district=district)
        wrong = count_wrong_gaps(settings)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": sum(verdicts.values()),
                **{verdict: dg.MetadataValue.int(count) for verdict, count in verdicts.items()},
                "largest_conflicts": dg.MetadataValue.md(
                    markdown_table(("measure", "period", "feed a", "value a", "feed b", "value b", "gap", "rule"), conflicts)
                ),
            },
            check_results=[dg.AssetCheckResult(check_name="gaps_add_up", passed=wrong == 0, metadata={"wrong": wrong})],
        )

    @dg.asset(
        deps=[comparisons],
        required_resource_keys={ONE_RUN},
        group_name="reconcile",
        kinds={"duckdb", "parquet"},
        owners=ENGINEERS,
        description="Records of two feeds linked, and every gap between their counts taken apart into causes, down to records.",
        check_specs=[
            dg.AssetCheckSpec("bridges_add_up", asset="bridges", description="The steps of every bridge add up to its gap.")
        ],
    )
    def bridges(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        rows = pipeline.build_bridges()
        causes = read_rows(settings, "bridge_steps", CAUSES)
        wrong = count_wrong_bridges(settings)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": rows["bridge_steps"],
                **{name: dg.MetadataValue.int(rows[name]) for name in ("links", "link_cuts", "bridge_records")},
                "causes": dg.MetadataValue.md(markdown_table(("cause", "bridges", "contribution", "records"), causes)),
            },
            check_results=[dg.AssetCheckResult(check_name="bridges_add_up", passed=wrong == 0, metadata={"wrong": wrong})],
        )

    @dg.asset(
        deps=[comparisons, figure_vintages],
        required_resource_keys={ONE_RUN},
        group_name="reconcile",
        kinds={"duckdb", "parquet"},
        owners=ENGINEERS,
        description="Gaps of earlier vintages: since when they stand, and whose revision opened, changed or closed them.",
        check_specs=[
            dg.AssetCheckSpec(
                "end_in_comparisons",
                asset="gap_history",
                description="The latest gaps are the comparisons.",
            )
        ],
    )
    def gap_history(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        effects = pipeline.build_gap_history()
        moved = read_rows(settings, "gap_history", OPENED_OR_CLOSED)
        wrong = count_histories_unlike_comparisons(settings)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": sum(effects.values()),
                **{effect: dg.MetadataValue.int(count) for effect, count in effects.items()},
                "latest": dg.MetadataValue.md(
                    markdown_table(("comparison", "known from", "effect", "value a", "value b", "changed by"), moved)
                ),
            },
            check_results=[dg.AssetCheckResult(check_name="end_in_comparisons", passed=wrong == 0, metadata={"wrong": wrong})],
        )

    @dg.asset(
        deps=[bridges, gap_history],
        required_resource_keys={ONE_RUN},
        group_name="reconcile",
        kinds={"duckdb", "parquet"},
        owners=ENGINEERS,
        description="Conflicts at the levels that the partnership raises for people to settle.",
    )
    def discrepancies(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        counted = pipeline.build_discrepancies()
        sentences = read_rows(
            settings, "discrepancies", "SELECT sentence FROM read_parquet($table) ORDER BY discrepancy_id LIMIT 12"
        )
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": counted["discrepancies"],
                "preview": dg.MetadataValue.md("\n".join(f"- {sentence}" for (sentence,) in sentences)),
            }
        )

    @dg.asset(
        deps=[comparisons],
        required_resource_keys={ONE_RUN},
        group_name="reconcile",
        kinds={"duckdb", "parquet"},
        owners=ENGINEERS,
        description="Which definitions of one feed's records another feed's bare numbers are consistent with.",
        check_specs=[
            dg.AssetCheckSpec(
                "headlines_as_counted", asset="definition_searches", description="Every headline recount is the figure itself."
            )
        ],
    )
    def definition_searches(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        results = pipeline.search_definitions()
        wrong = count_wrong_recounts(settings)
        return dg.MaterializeResult(
            metadata={"dagster/row_count": sum(results.values()), **{k: dg.MetadataValue.int(n) for k, n in results.items()}},
            check_results=[dg.AssetCheckResult(check_name="headlines_as_counted", passed=wrong == 0, metadata={"wrong": wrong})],
        )

    @dg.asset(
        deps=[discrepancies, definition_searches, break_suggestions],
        required_resource_keys={ONE_RUN},
        group_name="publish",
        kinds={"duckdb"},
        owners=ENGINEERS,
        description="csp.duckdb: every table with its comments, put in place in one rename.",
        check_specs=[
            dg.AssetCheckSpec("equals_lake", asset="warehouse", description="The warehouse holds what the lake does."),
            dg.AssetCheckSpec("nothing_refused", asset="warehouse", description="Every file received could be taken in."),
        ],
    )
    def warehouse(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        rows = pipeline.publish()
        differences = compare_with_lake(settings)
        refused = list_refused_files(settings)
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(str(settings.database)),
                "tables": dg.MetadataValue.md(markdown_table(("table", "rows"), sorted(rows.items()))),
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
                    metadata={"refused": dg.MetadataValue.md(markdown_table(("feed", "file", "message"), refused))},
                ),
            ],
        )

    @dg.asset(
        deps=[warehouse],
        required_resource_keys={ONE_RUN},
        group_name="reports",
        kinds={"html", "excel", "json"},
        owners=ENGINEERS,
        description="A discrepancy report for each agency as a page, a workbook and JSON, and the index.",
    )
    def reports(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        conflicts = pipeline.write_reports()
        return dg.MaterializeResult(
            metadata={
                "index": dg.MetadataValue.path(str(settings.reports / "index.html")),
                "conflicts": dg.MetadataValue.md(markdown_table(("agency", "conflicts"), sorted(conflicts.items()))),
            }
        )

    return [
        figures,
        figure_vintages,
        break_suggestions,
        comparisons,
        gap_history,
        bridges,
        definition_searches,
        discrepancies,
        warehouse,
        reports,
    ]
