"""Delivery of the reports: a job of its own, its schedule, and its sensor after each published warehouse; both stopped."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

from csp_pipeline.defs.instance import POOL
from csp_pipeline.defs.metadata import markdown_table
from csp_pipeline.defs.one_run import ONE_RUN
from csp_pipeline.stages import Pipeline

if TYPE_CHECKING:
    from csp_pipeline.delivery import Delivery

JOB = "deliver_reports"
OP = "deliver"
# A run by hand shows what would be sent, unless it is told to send; schedule and sensor, once started, send.
SENDING = {"ops": {OP: {"config": {"send": True}}}}
HEADERS = ("addressee", "outcome", "place", "report", "changes", "message")


def build_delivery_job(pipeline: Pipeline) -> dg.JobDefinition:
    """The job: one step, which fails when a report could not be delivered, after all the others were."""

    @dg.op(
        name=OP,
        config_schema={"send": dg.Field(bool, default_value=False, description="Send; otherwise show what would be sent.")},
        required_resource_keys={ONE_RUN},
        description="Brings each agency its report, and the strategy group the scorecard, unless that is what it was sent last.",
        tags={"kind": "delivery"},
        pool=POOL,
    )
    def deliver(context: dg.OpExecutionContext) -> None:
        deliveries = pipeline.deliver_reports(send=context.op_config["send"])
        told = markdown_table(HEADERS, [[getattr(d, name) for name in HEADERS] for d in deliveries])
        context.log.info(told)
        failed = [delivery for delivery in deliveries if delivery.outcome == "failed"]
        if failed:
            raise dg.Failure(_sentence(failed), metadata={"deliveries": dg.MetadataValue.md(told)}, allow_retries=False)

    @dg.job(
        name=JOB, description="Deliver the reports as they were last written. Shows what would be sent, unless `send` is set."
    )
    def deliver_reports() -> None:
        deliver()

    return deliver_reports


def build_delivery_schedule(job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Every Monday, after the morning's run; stopped until somebody starts it."""

    @dg.schedule(
        name="every_monday",
        job=job,
        cron_schedule="0 8 * * 1",
        execution_timezone="Europe/London",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Delivers the reports once a week. A report that says what the last one said is not sent again.",
    )
    def every_monday(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        return dg.RunRequest(run_config=SENDING)

    return every_monday


def build_delivery_sensor(job: dg.JobDefinition) -> dg.SensorDefinition:
    """After each published warehouse, as soon as its reports are written; stopped until somebody starts it."""

    @dg.asset_sensor(
        asset_key=dg.AssetKey("reports"),
        job=job,
        name="after_each_warehouse",
        default_status=dg.DefaultSensorStatus.STOPPED,
        minimum_interval_seconds=60,
        description="Delivers the reports once those of a newly published warehouse are written.",
    )
    def after_each_warehouse(context: dg.SensorEvaluationContext, event: dg.EventLogEntry) -> Iterator[dg.RunRequest]:
        yield dg.RunRequest(run_key=context.cursor, run_config=SENDING)

    return after_each_warehouse


def _sentence(failed: "list[Delivery]") -> str:
    return "; ".join(f"{delivery.addressee}: {delivery.message}" for delivery in failed)
