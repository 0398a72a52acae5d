"""Looking whether what has landed is still there, and still what each feed names."""

from collections.abc import Iterator, Sequence

from csp_pipeline.doctor.findings import Finding, fine, warning, wrong
from csp_pipeline.figures.coverage import read_all_receipts
from csp_pipeline.intake.land import has_bytes, landed_files
from csp_pipeline.intake.membership import SAY_SO, find_not_named, word_not_named
from csp_pipeline.intake.places.place import shown_path
from csp_pipeline.intake.receipts import Receipt
from csp_pipeline.partnership.partnership import Feed, Partnership
from csp_pipeline.settings import Settings

AREA = "files"
MOST_TOLD = 5
RESTORE = "Restore landing from its backup, or put the files back where their senders left them and run again (csp run)."


def examine_files(settings: Settings, partnership: Partnership) -> Iterator[Finding]:
    """Feeds with files that landing has lost, or that their feed.yml no longer names; or that there are none."""
    receipts = read_all_receipts(settings, partnership, with_responses=True)
    count, all_well = 0, True
    for feed in partnership.every_feed:
        paths = [receipt.landed.path for receipt in receipts[feed.key]]
        count += len(paths)
        for finding in _examine_feed(settings, feed, receipts[feed.key], paths):
            all_well = False
            yield finding
    if all_well:
        yield fine(AREA, "landed files", f"{count:,}, each there and named by its feed")


def _examine_feed(settings: Settings, feed: Feed, receipts: Sequence[Receipt], paths: list[str]) -> Iterator[Finding]:
    if not_named := find_not_named(feed, paths):
        yield warning(AREA, feed.key, word_not_named(feed, not_named), SAY_SO)
    landed = landed_files(settings, feed)
    if lost := sorted(file.path for file in landed if not has_bytes(settings, file)):
        found = f"the bytes of {_files(lost)} are no longer in landing: what was loaded counts until it has to be read again."
        yield wrong(AREA, feed.key, found, RESTORE)
    known = {file.landed_id for file in landed}
    if unknown := sorted(receipt.landed.path for receipt in receipts if receipt.landed.landed_id not in known):
        found = f"landing has no note of {_files(unknown)}, from which there are records: a lake made anew would lack them."
        yield wrong(AREA, feed.key, found, f"{RESTORE} Where they are not to count: csp backfill --all.")


def _files(paths: list[str]) -> str:
    told = [*map(shown_path, paths[:MOST_TOLD]), *([f"{len(paths) - MOST_TOLD:,} more"] if len(paths) > MOST_TOLD else [])]
    return f"{len(paths):,} {'file' if len(paths) == 1 else 'files'} ({', '.join(told)})"
