"""What runs when: the job that brings everything up to date, its schedules, and what follows new files by itself."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from csp_pipeline.figures.coverage import read_all_receipts
from csp_pipeline.figures.lateness import overdue_periods, table_of_due_periods
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.partnership.periods import MONTHS_IN, Period, period_holding
from csp_pipeline.stages import Pipeline

LONDON = "Europe/London"
# A run with this tag forgets first what became of the files of its years, so that they are read again from landing.
READ_AGAIN = "csp/read_again"

# A run with this tag takes in every year that its own process knows: a daemon knows those of the day on which it was started.
ALL_YEARS = "csp/all_years"

JOB = "bring_up_to_date"
JOB_DEFINITION = dg.define_asset_job(
    JOB,
    selection=dg.AssetSelection.all(),
    description="Take in what is new, then figures, comparisons, warehouse, reports.",
)


def range_tags(first_year: str, last_year: str) -> dict[str, str]:
    """Tags of a run over a range of financial years."""
    return {"dagster/asset_partition_range_start": first_year, "dagster/asset_partition_range_end": last_year}


def tags_of_years(years: Sequence[Period], first_year: str, last_year: str) -> dict[str, str]:
    """Tags of a run that is asked for by a daemon, which knows these years: where it wants them all, all is what is meant."""
    is_all = (first_year, last_year) == (years[0].label, years[-1].label)
    return range_tags(first_year, last_year) | ({ALL_YEARS: "true"} if is_all else {})


def build_schedule(pipeline: Pipeline) -> dg.ScheduleDefinition:
    """Every morning, over all the partnership's financial years."""
    years = pipeline.partnership.years

    @dg.schedule(
        name="every_morning",
        job=JOB_DEFINITION,
        cron_schedule="0 6 * * *",
        execution_timezone=LONDON,
        description="Brings everything up to date before the working day. A run with nothing new reads nothing again.",
    )
    def every_morning(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        return dg.RunRequest(tags=tags_of_years(years, years[0].label, years[-1].label))

    return every_morning


def build_due_schedule(pipeline: Pipeline) -> dg.ScheduleDefinition:
    """Every morning, the feeds of which a period has become overdue since they were last taken in: their places are looked at
    once more, and it is told.
    """

    @dg.schedule(
        name="when_due",
        job=JOB_DEFINITION,
        cron_schedule="0 7 * * *",
        execution_timezone=LONDON,
        description="After a feed's deadline, for the feeds of which nothing whole has come for the period.",
    )
    def when_due(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        today = context.scheduled_execution_time.astimezone(ZoneInfo(LONDON)).date()
        overdue = feeds_that_became_overdue(pipeline, today, context.instance)
        if not overdue:
            return dg.SkipReason("No period has become overdue since its feed was last taken in.")
        first, last = min(years[0] for years in overdue.values()), max(years[1] for years in overdue.values())
        return dg.RunRequest(
            run_key=today.isoformat(),
            asset_selection=[dg.AssetKey(key.split("/")) for key in sorted(overdue)],
            tags=range_tags(first, last),
        )

    return when_due


def feeds_that_became_overdue(pipeline: Pipeline, today: date, instance: dg.DagsterInstance) -> dict[str, tuple[str, str]]:
    """The feeds of which a period is overdue that was not yet when they were last taken in, with the first and last financial
    year of such periods.

    Not those of one day: Dagster leaves out the ticks of days on which its daemon was off, and a day's run may have failed.
    """
    receipts = read_all_receipts(pipeline.settings, pipeline.partnership)
    found: dict[str, tuple[str, str]] = {}
    for feed in pipeline.partnership.feeds:
        late = overdue_periods(table_of_due_periods([feed], receipts), today)
        taken_in = _last_taken_in(instance, feed) if len(late) else None
        days = zip(late["due"].dt.date, late["period_start"].dt.date, strict=True)
        years = [period_holding(start, "financial_year").label for due, start in days if taken_in is None or taken_in <= due]
        if years:
            found[feed.key] = (min(years), max(years))
    return found


def _last_taken_in(instance: dg.DagsterInstance, feed: Feed) -> date | None:
    """The day in London on which a feed was last taken in, whatever came of it."""
    event = instance.get_latest_materialization_event(dg.AssetKey([feed.agency, feed.name]))
    return datetime.fromtimestamp(event.timestamp, ZoneInfo(LONDON)).date() if event is not None else None


def follows_new_files() -> dg.AutomationCondition:
    """The condition of every asset after intake: something it is made from was updated, and nothing of that is under way.

    Unlike Dagster's `eager`, a feed that has never come, or not for every year, holds nothing: its figures are missing,
    and marked so.
    """
    return (
        dg.AutomationCondition.any_deps_updated().since_last_handled()
        & ~dg.AutomationCondition.any_deps_in_progress()
        & ~dg.AutomationCondition.in_progress()
    ).with_label("follows_new_files")


def build_following_sensor() -> dg.AutomationConditionSensorDefinition:
    """Asks for what follows new files: figures, comparisons and all that comes of them; stopped until somebody starts it."""
    return dg.AutomationConditionSensorDefinition(
        name="follow_new_files",
        target=dg.AssetSelection.all() - dg.AssetSelection.groups("intake", "answers"),
        default_status=dg.DefaultSensorStatus.STOPPED,
        minimum_interval_seconds=60,
        description="Brings up to date what is made from a feed that was taken in.",
    )


def freshness_of(feed: Feed) -> dg.FreshnessPolicy | None:
    """How long a feed may go without being taken in: one period, and the days after it within which it is due.

    A signal in Dagster's pages; which period is overdue is told by the check `received_in_time` and by `csp status`.
    """
    if not feed.covers_periods or not feed.expected:
        return None
    longest = timedelta(days=31 * MONTHS_IN[feed.entry.coverage.kind] + feed.entry.deadline_days)
    return dg.FreshnessPolicy.time_window(fail_window=longest + timedelta(days=1), warn_window=longest)
