"""`csp doctor`: looking at everything a run needs, and saying how to mend what is wrong."""

from dataclasses import astuple, fields

import typer
from rich.console import Console

from csp_pipeline.cli.options import OutputFormat, Sources, Warehouse, settings_of
from csp_pipeline.cli.output import EXIT_CONFIGURATION, EXIT_FAILED, Format, print_rows


def doctor(sources: Sources = None, warehouse: Warehouse = None, format: OutputFormat = Format.table) -> None:
    """Look at configuration, places, secrets, disk, versions and runs, and say how to mend what is wrong. Changes nothing.

    Exit codes: 0 nothing is wrong, though there may be warnings; 1 something is; 4 it is the configuration.
    """
    from csp_pipeline.doctor import Finding, examine

    found = examine(settings_of(sources, warehouse))
    columns = [field.name for field in fields(Finding)]
    order = {"wrong": 0, "warning": 1, "fine": 2}
    found = sorted(found, key=lambda finding: order[finding.verdict])
    if format is not Format.table:
        print_rows((columns, [astuple(finding) for finding in found]), format, "Doctor")
    else:
        console = Console(soft_wrap=True)
        for finding in found:
            told = f"{finding.verdict:8}{finding.area}, {finding.what}: {finding.found}"
            console.out(told, style={"wrong": "red", "warning": "yellow"}.get(finding.verdict), highlight=False)
            if finding.mend:
                console.out(f"        -> {finding.mend}", highlight=False)
    wrong = [finding for finding in found if finding.verdict == "wrong"]
    if wrong:
        is_configuration = any(finding.area == "configuration" for finding in wrong)
        raise typer.Exit(EXIT_CONFIGURATION if is_configuration else EXIT_FAILED)
