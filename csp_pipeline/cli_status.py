"""What `csp status` prints: each feed as it stands today."""

from datetime import date

from csp_pipeline.cli_output import Rows
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
