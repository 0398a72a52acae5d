"""Telling at the end of each run, however it was started and however it ended: two sensors on the runs of this project."""

from datetime import date

import dagster as dg

from csp_pipeline.alerts import tell_news
from csp_pipeline.defs.outcome import outcome_of
from csp_pipeline.stages import Pipeline

EVENTS = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.STEP_SUCCESS}


def build_alert_sensors(pipeline: Pipeline) -> list[dg.SensorDefinition]:
    """One sensor for runs that worked and one for those that did not; both run, and say nothing when nothing is new."""

    def tell(context: dg.RunStatusSensorContext) -> dg.SkipReason:
        run_id = context.dagster_run.run_id
        records = context.instance.all_logs(run_id, of_type=EVENTS)
        events = [record.dagster_event for record in records if record.dagster_event is not None]
        outcome = outcome_of(run_id, events, is_success=context.dagster_run.is_success)
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
