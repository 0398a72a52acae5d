"""The assets of reconciliation: comparisons, their history, bridges, definition searches, discrepancies, claims."""

from collections.abc import Mapping

import dagster as dg

from csp_pipeline.defs.catalogued import describe_table
from csp_pipeline.defs.product import counted, no_faults, preview, product
from csp_pipeline.publish.checks import (
    count_histories_unlike_comparisons,
    count_wrong_bridges,
    count_wrong_gaps,
    count_wrong_recounts,
    list_unfounded_claims,
    read_rows,
)
from csp_pipeline.reconcile.responses import count_answers_lost
from csp_pipeline.stages import Pipeline

CONFLICTS = """
    SELECT measure, period, feed_a, value_a, feed_b, value_b, gap, rule FROM read_parquet($table)
    WHERE verdict = 'conflict' AND area_code = $district AND length(period) = 7 AND period LIKE '____-__'
    ORDER BY period DESC, abs(gap) DESC LIMIT 12
"""
OPENED_OR_CLOSED = """
    SELECT comparison_id, known_from, effect, value_a, value_b, array_to_string(changed_by, ', ') FROM read_parquet($table)
    WHERE effect IN ('opened', 'closed') ORDER BY known_from DESC, comparison_id LIMIT 12
"""
CAUSES = """
    SELECT cause, count(*), sum(contribution), sum(records) FROM read_parquet($table)
    WHERE records > 0 GROUP BY ALL ORDER BY sum(records) DESC
"""
ANSWERED = """
    SELECT answered_on, agency, answer, discrepancy_id, status FROM read_parquet($table)
    ORDER BY answered_on DESC, agency, discrepancy_id LIMIT 12
"""
SENTENCES = "SELECT sentence FROM read_parquet($table) ORDER BY discrepancy_id LIMIT 12"
SEARCHED = "SELECT search_id, result, best_variant, variants_tried FROM read_parquet($table) ORDER BY search_id LIMIT 20"
VERDICTS = "SELECT claim, verdict, sentence FROM read_parquet($table)"


def build_reconcile_assets(
    pipeline: Pipeline, before: Mapping[str, dg.AssetsDefinition], answers: list[dg.AssetsDefinition]
) -> dict[str, dg.AssetsDefinition]:
    """The assets by name, in flow order; `before` are the assets of figures, `answers` the feeds of agencies' answers."""
    settings, district = pipeline.settings, pipeline.partnership.file.district

    @product(
        "reconcile",
        deps=[before["figures"]],
        description="Every two feeds' figures for one measure, area and period: comparability, verdict and rule.",
        checks={"gaps_add_up": "Every gap is value_b - value_a."},
        metadata=describe_table(settings, "comparisons"),
        is_waited_for=True,
    )
    def comparisons(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        verdicts = pipeline.build_comparisons()
        conflicts = read_rows(settings, "comparisons", CONFLICTS, district=district)
        headers = ("measure", "period", "feed a", "value a", "feed b", "value b", "gap", "rule")
        return dg.MaterializeResult(
            metadata={**counted(verdicts), "largest_conflicts": preview(headers, conflicts)},
            check_results=[no_faults("gaps_add_up", count_wrong_gaps(settings), "wrong_gaps")],
        )

    @product(
        "reconcile",
        deps=[comparisons, before["figure_vintages"]],
        description="Gaps of earlier vintages: since when they stand, and whose revision opened, changed or closed them.",
        checks={"end_in_comparisons": "The latest gaps are the comparisons."},
        metadata=describe_table(settings, "gap_history"),
    )
    def gap_history(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        effects = pipeline.build_gap_history()
        moved = read_rows(settings, "gap_history", OPENED_OR_CLOSED)
        headers = ("comparison", "known from", "effect", "value a", "value b", "changed by")
        return dg.MaterializeResult(
            metadata={**counted(effects), "latest": preview(headers, moved)},
            check_results=[
                no_faults("end_in_comparisons", count_histories_unlike_comparisons(settings), "histories_unlike_comparisons")
            ],
        )

    @product(
        "reconcile",
        deps=[comparisons],
        description="Records of two feeds linked, and every gap between their counts taken apart into causes, down to records.",
        checks={"bridges_add_up": "The steps of every bridge add up to its gap, and its records to its steps."},
        metadata=describe_table(settings, "bridge_steps"),
        is_waited_for=True,
    )
    def bridges(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        rows = pipeline.build_bridges()
        causes = read_rows(settings, "bridge_steps", CAUSES)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": rows["bridge_steps"],
                **{name: dg.MetadataValue.int(rows[name]) for name in ("links", "link_cuts", "bridge_records")},
                "causes": preview(("cause", "bridges", "contribution", "records"), causes),
            },
            check_results=[no_faults("bridges_add_up", count_wrong_bridges(settings), "bridges_that_do_not_add_up")],
        )

    @product(
        "reconcile",
        deps=[comparisons],
        description="Which definitions of one feed's records another feed's bare numbers are consistent with.",
        checks={"headlines_as_counted": "Every headline recount is the figure itself."},
        metadata=describe_table(settings, "definition_searches"),
    )
    def definition_searches(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        results = pipeline.search_definitions()
        searched = read_rows(settings, "definition_searches", SEARCHED)
        return dg.MaterializeResult(
            metadata={**counted(results), "searches": preview(("search", "result", "best variant", "tried"), searched)},
            check_results=[no_faults("headlines_as_counted", count_wrong_recounts(settings), "wrong_recounts")],
        )

    @product(
        "reconcile",
        deps=[gap_history, *answers],
        description="What agencies answered to discrepancies, and which answers are in force.",
        checks={"no_answer_lost": "Every accepted row of a returned workbook is there, once."},
        metadata=describe_table(settings, "responses"),
    )
    def responses(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        statuses = pipeline.build_responses()
        latest = read_rows(settings, "responses", ANSWERED)
        return dg.MaterializeResult(
            metadata={**counted(statuses), "latest": preview(("day", "agency", "answer", "discrepancy", "status"), latest)},
            check_results=[no_faults("no_answer_lost", count_answers_lost(settings, pipeline.partnership), "answers_lost")],
        )

    @product(
        "reconcile",
        deps=[bridges, gap_history, responses],
        description="Conflicts at the levels that the partnership raises for people to settle.",
        metadata=describe_table(settings, "discrepancies"),
    )
    def discrepancies(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        rows = pipeline.build_discrepancies()
        sentences = read_rows(settings, "discrepancies", SENTENCES)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": rows["discrepancies"],
                "preview": dg.MetadataValue.md("\n".join(f"- {sentence}" for (sentence,) in sentences)),
            }
        )

    @product(
        "reconcile",
        deps=[comparisons],
        description="Published statements, each tested by a computation over figures: verdict and sentence.",
        checks={"verdicts_rest_on_figures": "Every claim's figures are the figures."},
        metadata=describe_table(settings, "claims"),
    )
    def claims(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        verdicts = pipeline.build_claims()
        unfounded = list_unfounded_claims(settings)
        return dg.MaterializeResult(
            metadata={
                **counted(verdicts),
                "sentences": preview(("claim", "verdict", "sentence"), read_rows(settings, "claims", VERDICTS)),
            },
            check_results=[
                dg.AssetCheckResult(
                    check_name="verdicts_rest_on_figures",
                    passed=not unfounded,
                    metadata={"unfounded": ", ".join(unfounded) or "none"},
                )
            ],
        )

    made = (comparisons, gap_history, bridges, definition_searches, responses, discrepancies, claims)
    return {asset.key.to_user_string(): asset for asset in made}
