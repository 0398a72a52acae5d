"""A partnership of two feeds over two years, and what is asked of its definitions."""

from typing import Any

import dagster as dg

from csp_pipeline.defs.automation import JOB, range_tags
from csp_pipeline.intake.receipts import read_receipts
from tests.conftest import Pipeline
from tests.small_exports import asb, csv_text

ASB, CRIMES = "police/asb", "police/crimes"
APRIL, MAY = "asb_2016-04_extracted-2016-05-10.csv", "asb_2016-05_extracted-2016-06-10.csv"
APRIL_BEFORE = "asb_2015-04_extracted-2015-05-10.csv"
FIGURES = dg.AssetKey("figures")


def incidents(day: str, *numbers: int) -> str:
    return csv_text([asb(number, reported_at=f"{day} 10:00") for number in numbers])


def tick(definitions: dg.Definitions, instance: dg.DagsterInstance, feed: str, cursor: str | None = None) -> Any:
    """What the feed's arrival sensor says, and its new cursor."""
    context = dg.build_sensor_context(instance, cursor=cursor, repository_def=definitions.get_repository_def())
    return definitions.resolve_sensor_def(f"arrival_{feed.replace('/', '_')}").evaluate_tick(context)


def run(
    definitions: dg.Definitions, instance: dg.DagsterInstance, feed: str, years: tuple[str, str], **tags: str
) -> dg.ExecuteInProcessResult:
    return definitions.resolve_job_def(JOB).execute_in_process(
        instance=instance,
        asset_selection=[dg.AssetKey(feed.split("/"))],
        tags=range_tags(*years) | tags,
        raise_on_error=False,
    )


def outcomes(world: Pipeline, feed: str) -> dict[str, str]:
    return {r.landed.path: r.outcome for r in read_receipts(world.settings, world.partnership.feed(feed))}
