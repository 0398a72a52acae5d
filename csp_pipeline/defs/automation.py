"""The job that brings everything up to date, its daily schedule, and the tags that make it one run over all years."""

import dagster as dg

from csp_pipeline.stages import Pipeline

JOB = "bring_up_to_date"
JOB_DEFINITION = dg.define_asset_job(
    JOB,
    selection=dg.AssetSelection.all(),
    description="Take in what is new, then figures, comparisons, warehouse, reports.",
)


def range_tags(first_year: str, last_year: str) -> dict[str, str]:
    """Tags of a run over a range of financial years."""
    return {"dagster/asset_partition_range_start": first_year, "dagster/asset_partition_range_end": last_year}


def build_schedule(pipeline: Pipeline) -> dg.ScheduleDefinition:
    """Every morning, over all the partnership's financial years."""
    years = pipeline.partnership.years

    @dg.schedule(
        name="every_morning",
        job=JOB_DEFINITION,
        cron_schedule="0 6 * * *",
        execution_timezone="Europe/London",
        description="Brings everything up to date before the working day. A run with nothing new reads nothing again.",
    )
    def every_morning(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        return dg.RunRequest(tags=range_tags(years[0].label, years[-1].label))

    return every_morning
