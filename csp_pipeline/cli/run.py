"""A whole run as the command makes it: in this process, with its progress, what it says, what it tells, and its exit code."""

import os
from collections.abc import Sequence

import typer

from csp_pipeline.cli.alerts import print_not_told
from csp_pipeline.cli.output import EXIT_CHECK, EXIT_CONFIGURATION, EXIT_FAILED, EXIT_REFUSED, errors, print_run
from csp_pipeline.cli.progress import ShowingProgress
from csp_pipeline.memory import loading
from csp_pipeline.partnership.periods import Period
from csp_pipeline.settings import Settings


def run_to_the_end(settings: Settings, years: str | None, *, quiet: bool, read_again: bool = False) -> None:
    """Run, tell what is new, and end the command; with `read_again` the files of the years are read anew from landing.

    `years` are as they were typed: `2016-17` or `2015-16:2016-17`; all with None.
    """
    with loading():
        from csp_pipeline.alerts import tell_news
        from csp_pipeline.alerts.concerns import LOOK_AT_THE_CHECK
        from csp_pipeline.defs.build import run_in_process
        from csp_pipeline.publish.checks import list_errors_not_found, list_refused_files
        from csp_pipeline.stages import open_pipeline

    os.environ["CSP_SOURCES"], os.environ["CSP_WAREHOUSE"] = str(settings.sources), str(settings.warehouse)
    with ShowingProgress(quiet):
        pipeline = open_pipeline(settings)
        wanted = _parse_years(years, pipeline.partnership.years) if years else None
        done = run_in_process(pipeline, wanted, read_again=read_again)
        told = tell_news(settings, pipeline.partnership, outcome=done.outcome)
    print_not_told(told)
    for problem in done.not_fetched:
        errors.print(f"Not fetched: {problem}", style="yellow", markup=False, highlight=False)
    for failure in done.failures:
        errors.print(f"Failed: {failure.message}", style="red", markup=False, highlight=False)
    for check, found in done.outcome.failed_checks.items():
        errors.print(f"Check failed: {check}. {found}. {LOOK_AT_THE_CHECK}", style="red", markup=False, highlight=False)
    if done.failures:
        errors.print("The warehouse and reports as they were stay in place.", markup=False)
        is_configuration = any(failure.is_configuration for failure in done.failures)
        raise typer.Exit(EXIT_CONFIGURATION if is_configuration else EXIT_FAILED)
    if not quiet:
        print_run(settings, pipeline.partnership.file.district)
    not_found = list_errors_not_found(settings)
    for feed, correction, problem in not_found:
        message = f"Correction no longer applies: {feed}, {correction}. {problem}"
        errors.print(message, style="red", markup=False, highlight=False)
    if done.outcome.failed_checks:
        raise typer.Exit(EXIT_CHECK)
    raise typer.Exit(EXIT_REFUSED if done.not_fetched or not_found or list_refused_files(settings) else 0)


def split_years(text: str) -> tuple[str, str]:
    """First and last of `2015-16:2016-17`; of `2016-17` itself twice."""
    first, _, last = text.partition(":")
    return first, last or first


def _parse_years(text: str, known: Sequence[Period]) -> tuple[str, str]:
    labels = [year.label for year in known]
    first, last = split_years(text)
    if first not in labels or last not in labels or first > last:
        raise typer.BadParameter(f"expected years between {labels[0]} and {labels[-1]}, such as 2015-16:2016-17; found {text!r}")
    return first, last
