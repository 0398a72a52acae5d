"""One asset for each feed: what the agency sent, as records and rejects in the lake; partitioned by financial year."""

import warnings
from collections.abc import Iterable

import dagster as dg

from csp_pipeline.defs.metadata import preview_rejects, preview_submissions
from csp_pipeline.defs.one_run import ONE_RUN
from csp_pipeline.intake.checks import count_repeated_keys, find_unbalanced_submissions
from csp_pipeline.intake.take_in import FeedIntake
from csp_pipeline.partnership.partnership import Feed, Partnership
from csp_pipeline.stages import Pipeline

NOT_FETCHED = "not_fetched"
CHECKS = {
    "rows_conserved": "Rows read are records and rejects.",
    "unique_keys": "No submission holds one key twice.",
}


def financial_year_partitions(partnership: Partnership) -> dg.StaticPartitionsDefinition:
    """The financial years that the partnership takes in."""
    return dg.StaticPartitionsDefinition([year.label for year in partnership.years])


def build_intake_assets(pipeline: Pipeline, feeds: Iterable[Feed]) -> list[dg.AssetsDefinition]:
    """Each feed's asset."""
    partitions = financial_year_partitions(pipeline.partnership)
    with warnings.catch_warnings():
        # A range of partitions in one run is marked beta in Dagster 1.13; it is what intake rests on, and tested here.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return [_build_intake_asset(pipeline, feed, partitions) for feed in feeds]


def _build_intake_asset(pipeline: Pipeline, feed: Feed, partitions: dg.StaticPartitionsDefinition) -> dg.AssetsDefinition:
    spec = pipeline.specs[feed.key]
    checks = ["rows_conserved", "unique_keys"] if spec.traits.key else ["rows_conserved"]
    kinds = {"pandera", "parquet", "csv" if spec.traits.layout.kind == "csv" else "excel"}

    @dg.asset(
        key=[feed.agency, feed.name],
        required_resource_keys={ONE_RUN},
        group_name="intake",
        description=f"{feed.entry.title}. {spec.description} Sent {feed.entry.cadence} by {feed.entry.contact}.",
        owners=["team:data-engineering", f"team:{feed.agency}"],
        kinds=kinds,
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[dg.AssetCheckSpec(name, asset=[feed.agency, feed.name], description=CHECKS[name]) for name in checks],
    )
    def intake_asset(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        years = list(context.partition_keys) if context.has_partition_key or context.has_partition_key_range else None
        intake = pipeline.take_in(feed.key, years, getattr(context.resources, ONE_RUN))
        for problem in intake.problems:
            context.log.warning(problem)
        for remark in intake.remarks:
            context.log.info(remark)
        return dg.MaterializeResult(metadata=_describe(intake), check_results=_check(pipeline, feed, intake))

    return intake_asset


def _describe(intake: FeedIntake) -> dict[str, dg.MetadataValue]:
    return {
        "dagster/row_count": dg.MetadataValue.int(intake.rows("rows_accepted")),
        "files": dg.MetadataValue.int(len(intake.receipts)),
        "new_files": dg.MetadataValue.int(len(intake.new)),
        "rows_rejected": dg.MetadataValue.int(intake.rows("rows_rejected")),
        "files_refused": dg.MetadataValue.int(sum(r.outcome == "refused" for r in intake.receipts)),
        **({NOT_FETCHED: dg.MetadataValue.text("\n".join(intake.problems))} if intake.problems else {}),
        "submissions": dg.MetadataValue.md(preview_submissions(intake)),
        "refused_and_rejected": dg.MetadataValue.md(preview_rejects(intake)),
    }


def _check(pipeline: Pipeline, feed: Feed, intake: FeedIntake) -> list[dg.AssetCheckResult]:
    spec = pipeline.specs[feed.key]
    unbalanced = find_unbalanced_submissions(pipeline.settings, feed, intake.receipts)
    results = [
        dg.AssetCheckResult(
            check_name="rows_conserved", passed=not unbalanced, metadata={"unbalanced": "\n".join(unbalanced) or "none"}
        )
    ]
    if spec.traits.key:
        repeated = count_repeated_keys(pipeline.settings, feed, spec, intake.receipts)
        results.append(dg.AssetCheckResult(check_name="unique_keys", passed=repeated == 0, metadata={"repeated_keys": repeated}))
    return results


def problems_of(event: dg.DagsterEvent) -> list[str]:
    """What could not be fetched, from the event of a feed's materialisation."""
    if not event.is_step_materialization:
        return []
    value = event.step_materialization_data.materialization.metadata.get(NOT_FETCHED)
    return str(value.value).splitlines() if value is not None else []
