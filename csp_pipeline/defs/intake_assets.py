"""One asset for each feed: what the agency sent, as records and rejects in the lake; partitioned by financial year, but for
answers to discrepancies, which belong to no year.
"""

import warnings
from collections.abc import Iterable
from datetime import date
from typing import Any

import dagster as dg

from csp_pipeline.defs.automation import ALL_YEARS, READ_AGAIN, freshness_of
from csp_pipeline.defs.catalogued import describe_feed
from csp_pipeline.defs.instance import POOL
from csp_pipeline.defs.metadata import preview_rejects, preview_submissions
from csp_pipeline.defs.one_run import ONE_RUN
from csp_pipeline.defs.retries import trying_again
from csp_pipeline.figures.lateness import overdue_periods, table_of_due_periods
from csp_pipeline.intake.checks import count_repeated_keys, find_unbalanced_submissions
from csp_pipeline.intake.look_up import looked_up_feeds
from csp_pipeline.intake.places.place import shown
from csp_pipeline.intake.read_again import forget_receipts
from csp_pipeline.intake.take_in import FeedIntake
from csp_pipeline.partnership.partnership import Feed, Partnership
from csp_pipeline.stages import Pipeline
from csp_pipeline.tables import FeedSpec

INTAKE, ANSWERS = "intake", "answers"
NOT_FETCHED = "not_fetched"
IN_TIME = "received_in_time"
CHECKS = {
    IN_TIME: "No expected period is overdue.",
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
    looked_up = looked_up_feeds(pipeline.partnership, pipeline.specs, feed)
    checks = ["rows_conserved", *(["unique_keys"] if spec.traits.key else []), *([IN_TIME] if feed.expected else [])]
    layout = spec.traits.layout.kind
    kinds = {"pandera", "parquet", layout if layout in ("csv", "json") else "excel"}

    @dg.asset(
        key=[feed.agency, feed.name],
        deps=[dg.AssetKey([other.agency, other.name]) for other in looked_up.values()],
        required_resource_keys={ONE_RUN},
        group_name=INTAKE if feed.covers_periods else ANSWERS,
        description=_words_on(feed, spec),
        metadata=_known_before(pipeline, feed, spec),
        owners=["team:data-engineering", f"team:{feed.agency}"],
        kinds=kinds,
        partitions_def=partitions if feed.covers_periods else None,
        backfill_policy=dg.BackfillPolicy.single_run() if feed.covers_periods else None,
        freshness_policy=freshness_of(feed),
        pool=POOL,
        check_specs=[dg.AssetCheckSpec(name, asset=[feed.agency, feed.name], description=CHECKS[name]) for name in checks],
    )
    def intake_asset(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        years = _wanted_years(context, pipeline.partnership) if feed.covers_periods else None
        with trying_again():
            if context.run.tags.get(READ_AGAIN) == "true" and context.retry_number == 0:
                periods = [year for year in pipeline.partnership.years if years is None or year.label in years]
                forgotten = forget_receipts(pipeline.settings, feed, None if years is None else periods)
                context.log.info(f"{forgotten} files are read again from landing.")
            intake = pipeline.take_in(feed.key, years, getattr(context.resources, ONE_RUN))
        for problem in intake.problems:
            context.log.warning(problem)
        for remark in intake.remarks:
            context.log.info(remark)
        return dg.MaterializeResult(metadata=_describe(intake), check_results=_check(pipeline, feed, intake))

    return intake_asset


def _words_on(feed: Feed, spec: FeedSpec) -> str:
    """What a feed is; its title only where the declaration does not begin with it."""
    words, title = " ".join(spec.description.split()), feed.entry.title
    if not words.casefold().startswith(title.casefold()):
        words = f"{title}. {words}"
    return f"{words} Sent {feed.entry.cadence} by {feed.entry.contact}."


def _known_before(pipeline: Pipeline, feed: Feed, spec: FeedSpec) -> dict[str, Any]:
    """Metadata that is known before any run: the table and its columns, where files are left, and when they are due."""
    table = feed.table if feed.covers_periods else None
    due = {"due_days_after_period": feed.entry.deadline_days} if feed.expected else {}
    return {
        **describe_feed(pipeline.settings, table, spec, keeps_extras=feed.entry.changes.keeps_extras),
        "left_at": shown(feed.location),
        **due,
        "sharing_basis": feed.entry.sharing_basis,
    }


def _wanted_years(context: dg.AssetExecutionContext, partnership: Partnership) -> list[str] | None:
    """The financial years of this run; None for all of them, so that a file outside them all is refused, not left waiting."""
    if context.run.tags.get(ALL_YEARS) == "true" or not (context.has_partition_key or context.has_partition_key_range):
        return None
    wanted = list(context.partition_keys)
    return None if len(wanted) == len(partnership.years) else wanted


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
    # A thousand files that were checked when they came cost as much as a new one does.
    unbalanced = find_unbalanced_submissions(pipeline.settings, feed, intake.receipts, intake.new)
    results = [
        dg.AssetCheckResult(
            check_name="rows_conserved",
            passed=not unbalanced,
            metadata={"unbalanced_submissions": "\n".join(unbalanced) or "none"},
        )
    ]
    if spec.traits.key:
        repeated = count_repeated_keys(pipeline.settings, feed, spec, intake.new)
        results.append(dg.AssetCheckResult(check_name="unique_keys", passed=repeated == 0, metadata={"repeated_keys": repeated}))
    if feed.expected:
        results.append(_check_in_time(feed, intake))
    return results


def _check_in_time(feed: Feed, intake: FeedIntake) -> dg.AssetCheckResult:
    overdue = overdue_periods(table_of_due_periods([feed], {feed.key: intake.receipts}), date.today())
    return dg.AssetCheckResult(
        check_name=IN_TIME,
        passed=overdue.empty,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"overdue": ", ".join(f"{row.period} since {row.due:%d/%m/%Y}" for row in overdue.itertuples()) or "none"},
    )


def problems_of(event: dg.DagsterEvent) -> list[str]:
    """What could not be fetched, from the event of a feed's materialisation."""
    if not event.is_step_materialization:
        return []
    value = event.step_materialization_data.materialization.metadata.get(NOT_FETCHED)
    return str(value.value).splitlines() if value is not None else []
