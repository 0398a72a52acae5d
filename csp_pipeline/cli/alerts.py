"""What `csp alerts` prints, and what a run says of what could not be told."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from csp_pipeline.cli.options import OutputFormat, Sources, Warehouse, settings_of
from csp_pipeline.cli.output import EXIT_UNDELIVERED, Format, errors, print_rows

if TYPE_CHECKING:
    from csp_pipeline.alerts import Told

COLUMNS = ("place", "outcome", "subject", "message")


def print_told(told: "Sequence[Told]", format: Format, *, sent: bool) -> bool:
    """Print what became of each message, and for people the message itself; gives whether any could not be told."""
    if not told:
        errors.print("Nobody is told anything: partnership.yml > alerts names neither email nor webhook.", markup=False)
        if format is not Format.table:  # what a script reads has its form even where there is nothing in it
            print_rows((COLUMNS, []), format, "Alerts")
        return False
    print_rows((COLUMNS, [tuple(getattr(entry, name) for name in COLUMNS) for entry in told]), format, "Alerts")
    texts = dict.fromkeys(entry.text for entry in told if entry.text)
    if format is Format.table:
        for text in texts:
            print(text)
    if texts and not sent:
        errors.print("Nothing was sent. Send with --send; every run does, when it ends.", markup=False)
    return any(entry.outcome == "failed" for entry in told)


def print_not_told(told: "Sequence[Told]") -> None:
    """On the error stream, what could not be told at the end of a run."""
    for entry in told:
        if entry.outcome == "failed":
            errors.print(f"Not told by {entry.place}: {entry.message}", style="yellow", markup=False, highlight=False)


def alerts(
    send: Annotated[bool, typer.Option("--send", help="Send it; otherwise only show it.")] = False,
    sources: Sources = None,
    warehouse: Warehouse = None,
    format: OutputFormat = Format.table,
) -> None:
    """Show what would be told: what opened, closed or reopened since the last message. Every run tells it when it ends.

    Exit code 5: it could not be told; the next run tells it.
    """
    from csp_pipeline.alerts import tell_news
    from csp_pipeline.partnership.partnership import load_partnership

    settings = settings_of(sources, warehouse)
    if print_told(tell_news(settings, load_partnership(settings.sources), send=send), format, sent=send):
        raise typer.Exit(EXIT_UNDELIVERED)
