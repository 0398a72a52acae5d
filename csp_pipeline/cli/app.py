"""The `csp` command: run the pipeline, see where it stands, read figures and discrepancies, write a sample world."""

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from csp_pipeline.cli.alerts import alerts
from csp_pipeline.cli.backfill import backfill
from csp_pipeline.cli.doctor import doctor
from csp_pipeline.cli.feeds import app as feeds
from csp_pipeline.cli.init import init
from csp_pipeline.cli.options import OutputFormat, Sources, Warehouse, settings_of
from csp_pipeline.cli.output import (
    EXIT_CONFIGURATION,
    EXIT_FAILED,
    EXIT_UNDELIVERED,
    Format,
    errors,
    print_deliveries,
    print_rows,
    with_bounds,
)
from csp_pipeline.cli.progress import ShowingProgress
from csp_pipeline.cli.run import run_to_the_end, split_years
from csp_pipeline.cli.status import status
from csp_pipeline.cli.warehouse import (
    ask_warehouse,
    check_known,
    check_narrowing,
    district_of,
    need_warehouse,
    open_warehouse,
    raised_of,
)
from csp_pipeline.errors import CspError
from csp_pipeline.settings import PROJECT

# The periods that are shown unless one is named.
YEARS = "financial years"

app = typer.Typer(
    help="Reconcile the figures of the agencies in a Community Safety Partnership.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command()
def run(
    sources: Sources = None,
    warehouse: Warehouse = None,
    years: Annotated[
        str | None, typer.Option(help="Financial years to take in, such as 2015-16:2016-17; all by default.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Take in what is new, rebuild figures and comparisons, publish the warehouse and write the reports.

    Exit codes: 0 all well; 1 a step failed (the warehouse as it was stays in place); 2 wrong usage; 3 published, but
    files were refused or could not be fetched, or a correction no longer applies; 4 the configuration cannot be used; 6
    published, but a check of what was made failed; 130 interrupted.
    """
    run_to_the_end(settings_of(sources, warehouse), years, quiet=quiet)


# In the order of csp --help; these stand in modules of their own.
for command in (status, doctor, backfill, alerts, init):
    app.command()(command)
app.add_typer(feeds, name="feeds")


@app.command()
def figures(
    measure: Annotated[str | None, typer.Argument(help="Measure, such as total_crime; all by default.")] = None,
    area: Annotated[str | None, typer.Option(help="Area code or name; the partnership's own district by default.")] = None,
    period: Annotated[str | None, typer.Option(help="Period such as 2016-17, '2016-17 Q1' or 2016-04; years by default.")] = None,
    agency: Annotated[str | None, typer.Option(help="Agency; all by default.")] = None,
    every: Annotated[bool, typer.Option("--every", help="Every date basis and unit, not the headline alone.")] = False,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="As known at the end of this day: 2016-07-01.")
    ] = None,
    revisions: Annotated[
        bool, typer.Option("--revisions", help="What each figure was first published as, and what changed it since.")
    ] = False,
    sources: Sources = None,
    warehouse: Warehouse = None,
    format: OutputFormat = Format.table,
) -> None:
    """Print figures with status and coverage, as they are or as they were known on a day, or how they were revised."""
    values = {"measure": measure, "area": area, "period": period, "agency": agency, "every_variant": every}
    settings = settings_of(sources, warehouse)
    values["district"] = district_of(settings)
    shown = ["feed", "period", "value", "unit", "date_basis", "status", "coverage"]
    shown += ["preferred_by"] if measure is not None and as_of is None else []
    shown += (["measure"] if measure is None else []) + (["area_basis"] if every else [])
    check_narrowing(settings, values)
    day = as_of.date() if as_of else None
    title = f"{measure or 'Figures'}, {period or YEARS}" + (f", as known on {day}" if day else "")
    if revisions:
        from csp_pipeline.cli.vintages import revisions as find_revisions

        shown = ["feed", "period", "known_from", "event", "value", "change", "status", "coverage", "why"]
        print_rows(find_revisions(settings, day, values), format, title, shown)
    elif day is not None:
        from csp_pipeline.cli.vintages import figures_as_of

        found = figures_as_of(settings, day, values)
        print_rows(found, format, title, with_bounds(shown, found))
    else:
        found = ask_warehouse(settings, "figures", values)
        print_rows(found, format, title, with_bounds(shown, found))


@app.command()
def discrepancies(
    measure: Annotated[str | None, typer.Option(help="Measure; all by default.")] = None,
    agency: Annotated[str | None, typer.Option(help="Agency that can settle it; all by default.")] = None,
    area: Annotated[str | None, typer.Option(help="Area code or name; all by default.")] = None,
    period: Annotated[str | None, typer.Option(help="Period; all by default.")] = None,
    sources: Sources = None,
    warehouse: Warehouse = None,
    format: OutputFormat = Format.table,
) -> None:
    """Print the conflicts that people have to settle. Exit code 0 whether there are any or not."""
    values = {"measure": measure, "agency": agency, "area": area, "period": period}
    settings = settings_of(sources, warehouse)
    check_narrowing(settings, values)
    shown = ["discrepancy_id", "value_a", "value_b", "gap", "unexplained", "state", "answers", "first_seen", "rule"]
    found = ask_warehouse(settings, "discrepancies", values)
    title = "Discrepancies" if found[1] else f"Discrepancies, raised for {raised_of(settings)} (others: the table comparisons)"
    print_rows(found, format, title, shown)


@app.command()
def explain(
    comparison_id: Annotated[str, typer.Argument(help="Id of a discrepancy or comparison, as csp discrepancies prints it.")],
    records: Annotated[bool, typer.Option("--records", help="List the records behind the steps too.")] = False,
    cause: Annotated[str | None, typer.Option(help="With --records: those of one cause, such as geography.")] = None,
    sources: Sources = None,
    warehouse: Warehouse = None,
    format: OutputFormat = Format.table,
) -> None:
    """Explain a gap: both figures, and the steps that lead from one to the other, cause by cause."""

    from csp_pipeline.cli.explain import print_explanation, read_comparison
    from csp_pipeline.reconcile.declared import CAUSES

    settings = settings_of(sources, warehouse)
    if cause is not None and cause not in CAUSES:
        raise typer.BadParameter(f"no cause {cause!r}; known: {', '.join(CAUSES)}")
    check_known(settings, "comparisons", "comparison_id", comparison_id)
    with open_warehouse(settings) as database:
        comparison = read_comparison(database, comparison_id)
        if comparison is not None:
            print_explanation(database, comparison, format, records=records or cause is not None, cause=cause)


@app.command()
def changes(
    measure: Annotated[str | None, typer.Argument(help="Measure; all by default.")] = None,
    area: Annotated[str | None, typer.Option(help="Area code or name; the partnership's own district by default.")] = None,
    period: Annotated[str | None, typer.Option(help="Period such as 2016-17 or '2016-17 Q1'; years by default.")] = None,
    agency: Annotated[str | None, typer.Option(help="Agency; all by default.")] = None,
    beyond_chance: Annotated[bool, typer.Option("--beyond-chance", help="Only rises and falls that chance cannot make.")] = False,
    sources: Sources = None,
    warehouse: Warehouse = None,
    format: OutputFormat = Format.table,
) -> None:
    """Print each figure beside that of the year before, tested against chance."""
    settings = settings_of(sources, warehouse)
    values = {"measure": measure, "area": area, "period": period, "agency": agency, "beyond_chance": beyond_chance}
    values["district"] = district_of(settings)
    check_narrowing(settings, values)
    shown = ["feed", "period", "value_before", "value", "change", "percent", "ratio_low", "ratio_high", "p", "verdict", "reason"]
    shown += ["measure"] if measure is None else []
    title = f"Changes: {measure + ', ' if measure else ''}{period or YEARS}"
    print_rows(ask_warehouse(settings, "change_tests", values), format, title, shown)


@app.command()
def limits(
    measure: Annotated[str | None, typer.Argument(help="Measure; all by default.")] = None,
    every: Annotated[bool, typer.Option("--every", help="Every month and quarter, not only those outside the limits.")] = False,
    sources: Sources = None,
    warehouse: Warehouse = None,
    format: OutputFormat = Format.table,
) -> None:
    """Print the district's months and quarters that lie outside their control limits."""
    settings = settings_of(sources, warehouse)
    check_known(settings, "measures", "measure", measure)
    shown = ["feed", "period", "value", "centre", "lower", "upper", "signal", "reason"] + (["measure"] if measure is None else [])
    title = f"Control limits: {measure}" if measure else "Control limits"
    print_rows(ask_warehouse(settings, "control_limits", {"measure": measure, "every": every}), format, title, shown)


@app.command()
def claims(
    claim: Annotated[str | None, typer.Argument(help="Claim, such as one_extra_crime_a_day; all by default.")] = None,
    verdict: Annotated[str | None, typer.Option(help="Verdict, such as contradicted; all by default.")] = None,
    figures_used: Annotated[bool, typer.Option("--figures", help="The figures that they rest on.")] = False,
    sources: Sources = None,
    warehouse: Warehouse = None,
    format: OutputFormat = Format.table,
) -> None:
    """Print published statements and what the figures say of them."""
    from csp_pipeline.reconcile.declared_claims import CLAIM_VERDICTS

    settings = settings_of(sources, warehouse)
    if verdict is not None and verdict not in CLAIM_VERDICTS:
        raise typer.BadParameter(f"no verdict {verdict!r}; known: {', '.join(CLAIM_VERDICTS)}")
    check_known(settings, "claims", "claim", claim)
    values = {"claim": claim, "verdict": verdict}
    shown = ["claim", "verdict", "stated", "computed", "unit", "sentence"] + (["other_feeds"] if claim else [])
    if not figures_used or format is Format.table:
        print_rows(ask_warehouse(settings, "claims", values), format, "Claims", shown)
    if figures_used:
        print_rows(ask_warehouse(settings, "claim_figures", values), format, "Their figures")


@app.command()
def sample(
    to: Annotated[Path, typer.Option("--to", help="Folder to write; it becomes a whole sources folder.")],
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same bytes.", min=0)],
    crimes: Annotated[int | None, typer.Option("--crimes", help="Crimes in the whole force over all years.", min=1)] = None,
    years: Annotated[str, typer.Option("--years", help="Financial years, first:last.")] = "2014-15:2016-17",
    sources: Sources = None,
) -> None:
    """Write a sample world with planted causes, and beside it in `truth` what was planted."""
    from csp_pipeline.partnership.partnership import load_partnership
    from csp_pipeline.sample import write_sample

    if to.is_file() or (to.is_dir() and any(to.iterdir())):
        raise typer.BadParameter(f"{to} is there already, and nothing in it was touched; give a new or an empty folder")
    settings = settings_of(sources, None)
    load_partnership(settings.sources)
    first, last = split_years(years)
    with ShowingProgress(False) as tell:
        summary = write_sample(
            to, seed=seed, sources=settings.sources, crimes=crimes, first_year=first, last_year=last, progress=tell
        )
    print_rows((["feed", "rows"], sorted(summary.rows.items())), Format.table, f"Wrote {len(summary.files)} files to {to}")
    Console().print(f"Run it: csp run --sources {to} --warehouse {to / 'warehouse'}", highlight=False, soft_wrap=True)


@app.command()
def reports(
    agency: Annotated[str | None, typer.Argument(help="Agency, or with --deliver strategy_group; all by default.")] = None,
    deliver: Annotated[bool, typer.Option("--deliver", help="Show what would be sent to whom; sends nothing yet.")] = False,
    send: Annotated[bool, typer.Option("--send", help="With --deliver: send it.")] = False,
    sources: Sources = None,
    warehouse: Warehouse = None,
    format: OutputFormat = Format.table,
) -> None:
    """Write the reports again from the published warehouse and list where they are, or deliver them and the scorecard.

    Exit code 5: a report could not be delivered; the others were.
    """
    from csp_pipeline.delivery import addressees_of, deliver_reports
    from csp_pipeline.lake import only_run
    from csp_pipeline.partnership.partnership import load_partnership
    from csp_pipeline.reports import write_reports
    from csp_pipeline.scorecard import cells_on_scorecard, write_scorecard
    from csp_pipeline.stages import open_pipeline

    if send and not deliver:
        raise typer.BadParameter("--send goes with --deliver")
    settings = settings_of(sources, warehouse)
    need_warehouse(settings)
    partnership = load_partnership(settings.sources)
    known = addressees_of(partnership) if deliver else list(partnership.file.agencies)
    if agency is not None and agency not in known:
        raise typer.BadParameter(f"no agency {agency!r}; known: {', '.join(known)}")
    with only_run(settings, f"reports {os.getpid()}"):
        # what a run has just written, and what it worked out of the same figures, is not made again
        summary = write_reports(settings, cells_on_scorecard, open_pipeline(settings).parts_of("reports"))
        write_scorecard(settings, facts=summary.facts)
        addressees = [agency] if agency else None
        deliveries = deliver_reports(settings, partnership, send=send, addressees=addressees) if deliver else []
    if deliver:
        print_deliveries(deliveries, format, sent=send)
        raise typer.Exit(EXIT_UNDELIVERED if any(delivery.outcome == "failed" for delivery in deliveries) else 0)
    rows = [
        (report.agency, report.conflicts, report.rejects, report.missing, str(report.pages[0]))
        for report in summary.agencies
        if agency in (None, report.agency)
    ]
    print_rows((["agency", "conflicts", "rejected_rows", "missing", "page"], rows), format, "Reports")


@app.command()
def scorecard(sources: Sources = None, warehouse: Warehouse = None, format: OutputFormat = Format.table) -> None:
    """Write the strategy group's scorecard again, print its measures and say where it is."""
    from csp_pipeline.lake import only_run
    from csp_pipeline.scorecard import write_scorecard
    from csp_pipeline.scorecard.card import rows_of

    settings = settings_of(sources, warehouse)
    need_warehouse(settings)
    with only_run(settings, f"scorecard {os.getpid()}"):
        summary = write_scorecard(settings)
    if summary is None:
        errors.print(f"{settings.sources / 'scorecard.yml'}: not found, so there is no scorecard.", markup=False)
        raise typer.Exit(EXIT_CONFIGURATION)
    rows = rows_of(summary.card, as_numbers=format is not Format.table)
    columns = list(rows[0]) if rows else ["measure"]
    shown = [column for column in columns if column not in ("priority", "source")]
    print_rows((columns, [list(row.values()) for row in rows]), format, f"Scorecard: {summary.card.district}", shown)
    errors.print(f"Scorecard  {summary.page}", markup=False, highlight=False)


@app.command()
def ui(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 3000,
    sources: Sources = None,
    warehouse: Warehouse = None,
) -> None:
    """Start Dagster's pages and daemon over the same runs, until interrupted."""
    from csp_pipeline.defs.instance import open_instance

    settings = settings_of(sources, warehouse)
    open_instance(settings.dagster_home).dispose()
    os.environ["CSP_SOURCES"], os.environ["CSP_WAREHOUSE"] = str(settings.sources), str(settings.warehouse)
    dagster = str(Path(sys.executable).parent / "dagster")
    workspace = str(PROJECT / "workspace.yaml")
    os.execv(dagster, [dagster, "dev", "-w", workspace, "--host", host, "--port", str(port)])  # noqa: S606


@app.command()
def dictionary(
    check: Annotated[bool, typer.Option("--check", help="Only check that the file is up to date.")] = False,
    sources: Sources = None,
) -> None:
    """Write warehouse/DICTIONARY.md from the declarations, or check that it is up to date."""
    from csp_pipeline.publish.dictionary import write_dictionary

    settings = settings_of(sources, None)
    path = settings.views.parent / "DICTIONARY.md"
    if not write_dictionary(settings, path, only_check=check):
        errors.print(f"{path} is not up to date. Write it with .venv/bin/csp dictionary.", markup=False)
        raise typer.Exit(EXIT_FAILED)


def main() -> None:
    """The command: errors meant for people are printed as one sentence, without a traceback."""
    for name in ("stdout", "stderr"):  # closed by the shell: the next file that is opened would take its place
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (until the process ends)
    try:
        try:
            app()
        finally:
            sys.stdout.flush()  # here, where it can be told that it fails
    except CspError as error:
        from csp_pipeline.errors import ConfigurationError

        errors.print(f"Error: {error}", style="red", markup=False, highlight=False)
        sys.exit(EXIT_CONFIGURATION if isinstance(error, ConfigurationError) else EXIT_FAILED)
    except OSError as error:  # of the disk or of a right, such as those of where the output goes
        if not isinstance(error, BrokenPipeError):  # who reads it has seen enough
            errors.print(f"Error: {error}", style="red", markup=False, highlight=False)
        # what is left is written nowhere: Python would try again at its end, and fail in its own words
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_FAILED)
