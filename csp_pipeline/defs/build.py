"""Putting the definitions together, and running them in this process."""

import sqlite3
import uuid
from dataclasses import dataclass

import dagster as dg

from csp_pipeline.alerts import RunOutcome
from csp_pipeline.defs.alerts import build_alert_sensors
from csp_pipeline.defs.arrival import build_arrival_sensors
from csp_pipeline.defs.automation import (
    JOB,
    JOB_DEFINITION,
    READ_AGAIN,
    build_due_schedule,
    build_following_sensor,
    build_schedule,
    range_tags,
)
from csp_pipeline.defs.delivery import build_delivery_job, build_delivery_schedule, build_delivery_sensor
from csp_pipeline.defs.figure_assets import build_figure_assets
from csp_pipeline.defs.instance import QUIET, open_instance
from csp_pipeline.defs.intake_assets import build_intake_assets, problems_of
from csp_pipeline.defs.launcher import give_up_gone_runs
from csp_pipeline.defs.one_run import ONE_RUN, build_one_run
from csp_pipeline.defs.outcome import LOOK_AT_THE_DISK, StepFailure, failures_of, outcome_of
from csp_pipeline.defs.publish_assets import build_publish_assets
from csp_pipeline.defs.reconcile_assets import build_reconcile_assets
from csp_pipeline.defs.side_by_side import build_executor, execute_here
from csp_pipeline.errors import PublishError
from csp_pipeline.lake import interrupt_queries, only_run
from csp_pipeline.stages import Pipeline


@dataclass(frozen=True)
class RunResult:
    """A run in this process: the steps that failed, a message for each file not fetched, and what is told of it outside."""

    failures: list[StepFailure]
    not_fetched: list[str]
    outcome: RunOutcome


def build_definitions(pipeline: Pipeline) -> dg.Definitions:
    """Assets, checks, jobs, schedules and sensor of one pipeline; steps run in one process, side by side."""
    feeds = build_intake_assets(pipeline, pipeline.partnership.feeds)
    answers = build_intake_assets(pipeline, pipeline.partnership.response_feeds)
    products = build_figure_assets(pipeline, feeds)
    products |= build_reconcile_assets(pipeline, products, answers)
    products |= build_publish_assets(pipeline, products)
    delivery = build_delivery_job(pipeline)
    return dg.Definitions(
        assets=[*feeds, *answers, *products.values()],
        jobs=[JOB_DEFINITION, delivery],
        schedules=[build_schedule(pipeline), build_due_schedule(pipeline), build_delivery_schedule(delivery)],
        sensors=[
            *build_arrival_sensors(pipeline),
            build_following_sensor(),
            build_delivery_sensor(delivery),
            *build_alert_sensors(pipeline),
        ],
        resources={ONE_RUN: build_one_run(pipeline)},
        executor=build_executor(pipeline.settings.steps_at_once, interrupt_queries),
    )


def run_in_process(pipeline: Pipeline, years: tuple[str, str] | None = None, *, read_again: bool = False) -> RunResult:
    """Run the whole job once in this process; with `read_again` the files of these years are read anew from landing.

    Raises PublishError when another run is under way on the same warehouse, or Dagster's record of runs cannot be written.
    """
    every = pipeline.partnership.years
    first, last = years or (every[0].label, every[-1].label)
    run_id = str(uuid.uuid4())
    with only_run(pipeline.settings, run_id):
        try:
            with open_instance(pipeline.settings.dagster_home) as instance:
                give_up_gone_runs(instance)
                result = execute_here(
                    build_definitions(pipeline).resolve_job_def(JOB),
                    instance,
                    run_id=run_id,
                    tags=range_tags(first, last) | ({READ_AGAIN: "true"} if read_again else {}),
                    run_config=QUIET,
                )
        except Exception as error:
            cause = _first_cause(error)
            if not isinstance(cause, OSError | sqlite3.Error):
                raise
            raise PublishError(
                f"{pipeline.settings.dagster_home}: the record of runs cannot be written: {cause}. {LOOK_AT_THE_DISK}"
            ) from error
        events = result.all_events
        outcome = outcome_of(run_id, events, is_success=result.success)
        failures = failures_of(events, is_success=result.success)
        problems = sorted({problem for event in events for problem in problems_of(event)})
        return RunResult(failures, problems, outcome)


def _first_cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error
