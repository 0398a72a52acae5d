"""What `csp status` prints: each feed as it stands today."""

from datetime import date

import typer

from csp_pipeline.cli.options import OutputFormat, Sources, Warehouse, settings_of
from csp_pipeline.cli.output import Format, Rows, print_rows
from csp_pipeline.settings import Settings

# In 120 columns, as a terminal at night has them: a short heading for each column, and a short word for the usual outcomes.
HEADINGS = {
    "feed": "feed",
    "last_received": "received",
    "covered_until": "covered_to",
    "next_due": "next_due",
    "late_by": "late",
    "outcome": "outcome",
    "refused": "refused",
    "rejected": "rejects",
    "missing": "missing",
    "open_conflicts": "conflicts",
}
UNREACHED = "{feed}: {unreached_place} could not be reached since {unreached_since} UTC: {unreached_why} {unreached_to_do}"
OUTCOMES = {"accepted_with_warnings": "warnings", "accepted_with_rejects": "rejects"}


def status_of_feeds(settings: Settings) -> Rows:
    """Each feed as it stands today; days of receipt without the time."""
    from csp_pipeline.partnership.partnership import load_partnership
    from csp_pipeline.publish.status import feed_status

    columns, rows = feed_status(settings, load_partnership(settings.sources), date.today())
    place = columns.index("last_received")
    return columns, [(*row[:place], row[place] and row[place].date(), *row[place + 1 :]) for row in rows]


def status(sources: Sources = None, warehouse: Warehouse = None, format: OutputFormat = Format.table) -> None:
    """Show each feed today: last received, covered until, next due, days late, outcome, rejects, open conflicts; and
    which places could not be reached, and which files are no longer named.
    """
    columns, rows = status_of_feeds(settings_of(sources, warehouse))
    entries = [dict(zip(columns, row, strict=True)) for row in rows]
    if format is Format.table:
        rows = [[OUTCOMES.get(str(entry[name]), entry[name]) for name in HEADINGS] for entry in entries]
        columns = list(HEADINGS.values())
    print_rows((columns, rows), format, "Feeds")
    if format is Format.table:
        for entry in entries:
            if entry["unreached_since"]:
                typer.echo(UNREACHED.format_map(entry))
            if entry["not_named"]:
                typer.echo(f"{entry['feed']}: {entry['not_named']}")
