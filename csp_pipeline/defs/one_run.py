"""One run at a time on one warehouse, however runs are started: the resource that every asset needs."""

from collections.abc import Iterator

import dagster as dg

from csp_pipeline.lake import only_run
from csp_pipeline.settings import Settings

ONE_RUN = "one_run"


def build_one_run(settings: Settings) -> dg.ResourceDefinition:
    """The resource that holds the warehouse while a run's steps are at work."""

    @dg.resource(description="Holds the warehouse for this run; another run of the same warehouse fails with a clear message.")
    def one_run(context: dg.InitResourceContext) -> Iterator[None]:
        with only_run(settings, context.run.run_id if context.run else "no run"):
            yield

    return one_run
