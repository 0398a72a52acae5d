"""Telling at the end of each run, however it was started and however it ended: two sensors on the runs of this project."""

from dataclasses import replace
from datetime import date

import dagster as dg

from csp_pipeline.alerts import RunOutcome, tell_news
from csp_pipeline.defs.outcome import EVENTS, outcome_of
from csp_pipeline.stages import Pipeline

# Dagster's tag of a failed run that it is about to start again.
WILL_RETRY = "dagster/will_retry"
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]


def build_alert_sensors(pipeline: Pipeline) -> list[dg.SensorDefinition]:
    """One sensor for runs that worked and one for those that did not; both run, and say nothing when nothing is new."""

    def tell(context: dg.RunStatusSensorContext) -> dg.SkipReason:
        run = context.dagster_run
        if run.tags.get(WILL_RETRY) == "true":
            return dg.SkipReason("Dagster starts this run again by itself; it is told when that fails too.")
        outcome = _what_still_stands(context.instance, run)
        told = tell_news(pipeline.settings, pipeline.partnership, outcome=outcome, today=date.today())
        for entry in told:
            if entry.outcome == "failed":
                context.log.error(f"Not told by {entry.place}: {entry.message}")
        words = [f"{entry.place}: {entry.outcome.replace('_', ' ')}. {entry.subject}{entry.message}" for entry in told]
        return dg.SkipReason(" ".join(words) or "partnership.yml > alerts names nobody to tell.")

    return [
        dg.run_status_sensor(
            run_status=status,
            name=name,
            default_status=dg.DefaultSensorStatus.RUNNING,
            minimum_interval_seconds=30,
            description="Tells what opened, closed or reopened since the last message: one message a run at most.",
        )(tell)
        for name, status in (
            ("tell_after_a_run", dg.DagsterRunStatus.SUCCESS),
            ("tell_after_a_failed_run", dg.DagsterRunStatus.FAILURE),
        )
    ]


def _what_still_stands(instance: dg.DagsterInstance, run: dg.DagsterRun) -> RunOutcome:
    """What became of a run, without the failures of steps and checks that have gone well in a run that ended since.

    A failure may be looked at after the success that followed it: there is a sensor for each, and they run side by side.
    """
    outcome = _outcome(instance, run)
    (record,) = instance.get_run_records(dg.RunsFilter(run_ids=[run.run_id]))
    if not (outcome.failed or outcome.failed_checks) or record.end_time is None:
        return outcome
    ended = instance.get_run_records(dg.RunsFilter(statuses=ENDED, updated_after=record.update_timestamp))
    later = [other for other in ended if (other.end_time or 0) > record.end_time]
    since = [_outcome(instance, other.dagster_run) for other in later]
    worked = frozenset[str]().union(*(other.succeeded for other in since))
    passed = frozenset[str]().union(*(other.passed_checks for other in since))
    return replace(
        outcome,
        failed={step: why for step, why in outcome.failed.items() if step not in worked},
        failed_checks={check: found for check, found in outcome.failed_checks.items() if check not in passed},
    )


def _outcome(instance: dg.DagsterInstance, run: dg.DagsterRun) -> RunOutcome:
    records = instance.all_logs(run.run_id, of_type=EVENTS)
    events = [record.dagster_event for record in records if record.dagster_event is not None]
    return outcome_of(run.run_id, events, is_success=run.is_success)
