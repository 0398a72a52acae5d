"""The assets of figures: every figure, the figures as known over time, suggested breaks, and changes against chance."""

import dagster as dg

from csp_pipeline.defs.catalogued import describe_table
from csp_pipeline.defs.metadata import draw_bars
from csp_pipeline.defs.product import counted, no_faults, preview, product
from csp_pipeline.publish.checks import (
    count_parts_beyond_whole,
    count_unfounded_suggestions,
    count_vintages_unlike_figures,
    count_without_one_preferred,
    count_wrong_verdicts,
    read_rows,
)
from csp_pipeline.stages import Pipeline

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
STRONGEST = """
    SELECT measure, agency || '/' || feed AS feed, suggested_month, mean_before, mean_after, strength, declared_break
    FROM read_parquet($table) ORDER BY declared_break IS NOT NULL, strength DESC, measure, feed LIMIT 12
"""
BEYOND_CHANCE = """
    SELECT measure, agency || '/' || feed, period, value_before, value, round(p_value, 4), verdict FROM read_parquet($table)
    WHERE verdict IN ('rise', 'fall') AND area_code = $district AND period_kind = 'financial_year'
    ORDER BY period DESC, p_value, measure, feed LIMIT 12
"""
OUTSIDE = """
    SELECT measure, agency || '/' || feed, period, value, round(lower, 1), round(upper, 1) FROM read_parquet($table)
    WHERE signal IN ('above', 'below') ORDER BY period DESC, measure, feed LIMIT 12
"""


def build_figure_assets(pipeline: Pipeline, feeds: list[dg.AssetsDefinition]) -> dict[str, dg.AssetsDefinition]:
    """The assets by name, in flow order."""
    settings, district = pipeline.settings, pipeline.partnership.file.district

    @product(
        "figures",
        deps=feeds,
        description="Every figure of every feed: measure, area, period, date basis and unit, with coverage and status.",
        checks={
            "parts_within_whole": "No part exceeds the whole that it lies in.",
            "one_preferred": "Of figures of one thing just one is preferred.",
        },
        metadata=describe_table(settings, "figures"),
    )
    def figures(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        rows = pipeline.build_figures()
        months = read_rows(settings, "figures", MONTHS, district=district)
        table = [(measure, feed, draw_bars(series), highest) for measure, feed, series, highest in months]
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": rows["figures"],
                "by_month": preview(("measure", "feed", "by month", "highest"), table),
            },
            check_results=[
                no_faults("parts_within_whole", count_parts_beyond_whole(settings), "parts_beyond_their_whole"),
                no_faults("one_preferred", count_without_one_preferred(settings), "figures_without_just_one_preferred"),
            ],
        )

    @product(
        "figures",
        deps=[figures],
        description="Headline figures as known over time: first published, extended, revised, and why.",
        checks={"end_in_figures": "The latest vintages are the figures, and reasons add up."},
        metadata=describe_table(settings, "figure_vintages"),
        is_waited_for=True,
    )
    def figure_vintages(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        events = pipeline.build_vintages()
        revised = read_rows(settings, "figure_vintages", REVISED, district=district)
        headers = ("measure", "period", "feed", "known from", "event", "value before", "value")
        return dg.MaterializeResult(
            metadata={**counted(events), "largest_revisions": preview(headers, revised)},
            check_results=[no_faults("end_in_figures", count_vintages_unlike_figures(settings), "vintages_unlike_figures")],
        )

    @product(
        "figures",
        deps=[figures],
        description="Level shifts in the district's monthly series that may be undeclared breaks, for a person to judge.",
        checks={"founded": "Each lies in its series, and figures carry declared breaks only."},
        metadata=describe_table(settings, "break_suggestions"),
    )
    def break_suggestions(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        rows = pipeline.build_break_suggestions()
        strongest = read_rows(settings, "break_suggestions", STRONGEST)
        headers = ("measure", "feed", "month", "mean before", "mean after", "strength", "declared")
        wrong = count_unfounded_suggestions(settings, [item.id for item in pipeline.measures.breaks])
        return dg.MaterializeResult(
            metadata={"dagster/row_count": rows["break_suggestions"], "strongest": preview(headers, strongest)},
            check_results=[no_faults("founded", wrong, "unfounded_suggestions")],
        )

    @product(
        "figures",
        deps=[figures],
        description="Changes between years tested against chance, and control limits of the district's months and quarters.",
        checks={"verdicts_match_intervals": "Every change has a verdict that its interval bears out."},
        metadata=describe_table(settings, "change_tests"),
    )
    def change_tests(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        verdicts = pipeline.build_change_tests()
        beyond = read_rows(settings, "change_tests", BEYOND_CHANCE, district=district)
        outside = read_rows(settings, "control_limits", OUTSIDE)
        return dg.MaterializeResult(
            metadata={
                **counted({verdict: rows for verdict, rows in verdicts.items() if verdict != "outside_limits"}),
                "outside_limits": dg.MetadataValue.int(verdicts.get("outside_limits", 0)),
                "beyond_chance": preview(("measure", "feed", "period", "before", "after", "p", "verdict"), beyond),
                "points_outside": preview(("measure", "feed", "period", "value", "lower", "upper"), outside),
            },
            check_results=[no_faults("verdicts_match_intervals", count_wrong_verdicts(settings), "wrong_verdicts")],
        )

    made = (figures, figure_vintages, break_suggestions, change_tests)
    return {asset.key.to_user_string(): asset for asset in made}
