"""Looking whether what has landed is still what each feed names."""

from collections.abc import Iterator

from csp_pipeline.doctor.findings import Finding, fine, warning
from csp_pipeline.figures.coverage import read_all_receipts
from csp_pipeline.intake.membership import SAY_SO, find_not_named, word_not_named
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.settings import Settings

AREA = "files"


def examine_files(settings: Settings, partnership: Partnership) -> Iterator[Finding]:
    """Feeds with files that were taken in and that their feed.yml no longer names; or that there are none."""
    receipts = read_all_receipts(settings, partnership, with_responses=True)
    count, all_named = 0, True
    for feed in partnership.every_feed:
        paths = [receipt.landed.path for receipt in receipts[feed.key]]
        count += len(paths)
        if not_named := find_not_named(feed, paths):
            all_named = False
            yield warning(AREA, feed.key, word_not_named(feed, not_named), SAY_SO)
    if all_named:
        yield fine(AREA, "landed files", f"{count:,}, each named by its feed")
