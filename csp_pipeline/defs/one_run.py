"""One run at a time on one warehouse, however runs are started, and its feeds pulled side by side: the resource that every
asset needs.
"""

from collections.abc import Iterator

import dagster as dg

from csp_pipeline.defs.automation import READ_AGAIN
from csp_pipeline.intake.pull import PulledAhead, pull_ahead
from csp_pipeline.intake.read_again import forget_stages
from csp_pipeline.lake import only_run
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.stages import Pipeline

ONE_RUN = "one_run"


def build_one_run(pipeline: Pipeline) -> dg.ResourceDefinition:
    """The resource that holds the warehouse while a run's steps are at work, and pulls the feeds that it takes in."""

    @dg.resource(
        description="Holds the warehouse for this run, another run of which fails with a clear message; pulls its "
        "feeds side by side."
    )
    def one_run(context: dg.InitResourceContext) -> Iterator[PulledAhead]:
        run_id = context.run.run_id if context.run else "no run"
        with (
            only_run(pipeline.settings, run_id),
            pull_ahead(_feeds_of(pipeline, context), pipeline.settings) as ahead,
        ):
            if context.run and context.run.tags.get(READ_AGAIN) == "true":
                forget_stages(pipeline.settings)  # here, for once steps are at work some of them make what others would remove
            yield ahead

    return one_run


def _feeds_of(pipeline: Pipeline, context: dg.InitResourceContext) -> list[Feed]:
    """The feeds that the run was asked for: all, unless it is of some assets only."""
    selected = context.run.asset_selection if context.run else None
    return [
        feed for feed in pipeline.partnership.every_feed if selected is None or dg.AssetKey([feed.agency, feed.name]) in selected
    ]
