"""`csp backfill`: reading financial years anew from what has landed, and making all that comes of them."""

from typing import Annotated

import typer

from csp_pipeline.cli.options import Sources, Warehouse, settings_of


def backfill(
    years: Annotated[
        str | None, typer.Argument(help="Financial year, or first and last: 2015-16, 2015-16:2016-17.", show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every financial year that the partnership takes in.")] = False,
    sources: Sources = None,
    warehouse: Warehouse = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Read the files of a financial year again from landing, and make everything that comes of them anew.

    For a lake that was damaged or restored: csp run reads again by itself what a change of code or configuration
    concerns. What is new at the places is taken in too. Landed bytes never change. Exit codes as of csp run.
    """
    from csp_pipeline.cli.run import run_to_the_end

    if (years is None) != every:
        raise typer.BadParameter("give a financial year such as 2015-16, a range such as 2015-16:2016-17, or --all")
    run_to_the_end(settings_of(sources, warehouse), years, quiet=quiet, read_again=True)
