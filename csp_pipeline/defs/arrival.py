"""A sensor for each feed's place: a run of that feed as soon as something new lies there; stopped until somebody starts it."""

from datetime import UTC, datetime

import dagster as dg

from csp_pipeline.defs.automation import JOB_DEFINITION, tags_of_years
from csp_pipeline.errors import ConfigurationError, PullError
from csp_pipeline.intake.arrivals import look_for_new_files
from csp_pipeline.intake.places.place import shown
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.stages import Pipeline

SECONDS = 300


def build_arrival_sensors(pipeline: Pipeline) -> list[dg.SensorDefinition]:
    """One sensor for each feed: a place that is dead or slow holds none but its own."""
    return [_build_sensor(pipeline, feed) for feed in pipeline.partnership.every_feed]


def sensor_name(feed: Feed) -> str:
    """The sensor of a feed, such as `arrival_police_crimes`."""
    return f"arrival_{feed.agency}_{feed.name}"


def _build_sensor(pipeline: Pipeline, feed: Feed) -> dg.SensorDefinition:
    years = pipeline.partnership.years

    @dg.sensor(
        name=sensor_name(feed),
        job=JOB_DEFINITION,
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=f"Looks where {feed.key} is left, and takes in what is new there: this feed alone, these years alone.",
    )
    def arrival(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            # its entry may have changed since the daemon was started
            now = pipeline.as_configured_now().partnership.feed(feed.key)
            cursor, new = look_for_new_files(pipeline.settings, now, years, context.cursor, datetime.now(UTC).date())
        except (PullError, ConfigurationError) as error:
            return dg.SkipReason(str(error))
        if new is None:
            return dg.SensorResult(skip_reason=f"Nothing new in {shown(now.entry.location)}.", cursor=cursor)
        request = dg.RunRequest(
            run_key=f"{feed.key} {new.digest}",
            asset_selection=[dg.AssetKey([feed.agency, feed.name])],
            tags={"csp/new_files": str(new.files)}
            | (tags_of_years(years, new.first_year, new.last_year) if feed.covers_periods else {}),
        )
        return dg.SensorResult(run_requests=[request], cursor=cursor)

    return arrival
