"""Putting the definitions together, and running them in this process."""

import os
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from csp_pipeline.defs.automation import JOB, JOB_DEFINITION, build_schedule, range_tags
from csp_pipeline.defs.intake_assets import build_intake_assets, problems_of
from csp_pipeline.defs.product_assets import build_product_assets
from csp_pipeline.errors import ConfigurationError, PublishError
from csp_pipeline.intake.pull import PullError
from csp_pipeline.stages import Pipeline

INSTANCE = "telemetry:\n  enabled: false\nnux:\n  enabled: false\n"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


WORDED = {ConfigurationError.__name__, PublishError.__name__, PullError.__name__}


@dataclass(frozen=True)
class StepFailure:
    """A step that failed: why, and whether the configuration is to blame."""

    message: str
    is_configuration: bool


def build_definitions(pipeline: Pipeline) -> dg.Definitions:
    """Assets, checks, job and schedule of one pipeline; steps run in one process unless told otherwise."""
    feeds = build_intake_assets(pipeline)
    return dg.Definitions(
        assets=[*feeds, *build_product_assets(pipeline, feeds)],
        jobs=[JOB_DEFINITION],
        schedules=[build_schedule(pipeline)],
        executor=dg.in_process_executor,
    )


def open_instance(home: Path) -> dg.DagsterInstance:
    """The Dagster instance in a folder, made when it is not there; `make ui` shows the same one."""
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        (home / "dagster.yaml").write_text(INSTANCE, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home.resolve())
    return dg.DagsterInstance.get()


def run_in_process(pipeline: Pipeline, years: tuple[str, str] | None = None) -> tuple[list[StepFailure], list[str]]:
    """Run the whole job once in this process; gives the steps that failed, and a message for each file not fetched."""
    every = pipeline.partnership.years
    first, last = years or (every[0].label, every[-1].label)
    with open_instance(pipeline.settings.dagster_home) as instance:
        result = (
            build_definitions(pipeline)
            .resolve_job_def(JOB)
            .execute_in_process(instance=instance, tags=range_tags(first, last), raise_on_error=False, run_config=QUIET)
        )
        events = result.all_events
        failures = [_explain(event) for event in events if event.is_step_failure]
        return failures, sorted({problem for event in events for problem in problems_of(event)})


def _explain(event: dg.DagsterEvent) -> StepFailure:
    """Why a step failed: the error that was worded for people, else the innermost one."""
    error = event.step_failure_data.error
    while error is not None and error.cause is not None and error.cls_name not in WORDED:
        error = error.cause
    reason = error.message.strip().partition(": ")[2] or error.message.strip() if error else "no reason was given"
    is_configuration = error is not None and error.cls_name == ConfigurationError.__name__
    return StepFailure(f"{str(event.step_key).replace('__', '/')}: {reason}", is_configuration)
