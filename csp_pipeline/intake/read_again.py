"""Reading again what has landed: receipts are forgotten, so that the next run takes their files in anew."""

from collections.abc import Collection

from csp_pipeline.intake.receipts import Receipt, read_receipts
from csp_pipeline.lake import receipt_path
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.partnership.periods import Period, parse_period
from csp_pipeline.settings import Settings


def forget_receipts(settings: Settings, feed: Feed, years: Collection[Period] | None) -> int:
    """Forget what became of a feed's files that touch these financial years, of every one with None; gives how many.

    Landed bytes stay, and so do records until their file is read again: killed at any point, the next run goes on. A file
    that covers no known period, such as one refused by its name, is forgotten with None only.
    """
    forgotten = 0
    for receipt in read_receipts(settings, feed):
        if years is None or _touches(feed, receipt, years):
            receipt_path(settings, feed.agency, feed.name, receipt.landed.landed_id).unlink(missing_ok=True)
            forgotten += 1
    return forgotten


def forget_stages(settings: Settings) -> None:
    """Forget what the stages after intake were made from, and the parts they kept, so that each is made anew."""
    for path in [*(settings.lake / "stages").glob("*.json"), *(settings.lake / "parts").glob("*/*")]:
        path.unlink(missing_ok=True)


def _touches(feed: Feed, receipt: Receipt, years: Collection[Period]) -> bool:
    periods = [period for cell in receipt.cells if (period := parse_period(cell, feed.entry.coverage.kind))]
    return any(period.start <= year.end and period.end >= year.start for period in periods for year in years)
