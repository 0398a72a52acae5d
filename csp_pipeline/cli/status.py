"""What `csp status` prints: each feed as it stands today."""

from datetime import date

from csp_pipeline.cli.options import OutputFormat, Sources, Warehouse, settings_of
from csp_pipeline.cli.output import Format, Rows, print_rows
from csp_pipeline.settings import Settings

SHOWN = [
    "feed",
    "last_received",
    "covered_until",
    "next_due",
    "late_by",
    "outcome",
    "files",
    "refused",
    "rows",
    "rejected",
    "missing",
    "open_conflicts",
]


def status_of_feeds(settings: Settings) -> Rows:
    """Each feed as it stands today; days of receipt without the time."""
    from csp_pipeline.partnership.partnership import load_partnership
    from csp_pipeline.publish.status import feed_status

    columns, rows = feed_status(settings, load_partnership(settings.sources), date.today())
    place = columns.index("last_received")
    return columns, [(*row[:place], row[place] and row[place].date(), *row[place + 1 :]) for row in rows]


def status(sources: Sources = None, warehouse: Warehouse = None, format: OutputFormat = Format.table) -> None:
    """Show each feed today: last received, covered until, next due, days late, outcome, rejects, open conflicts."""
    print_rows(status_of_feeds(settings_of(sources, warehouse)), format, "Feeds", SHOWN)
