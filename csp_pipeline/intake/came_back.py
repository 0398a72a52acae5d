"""Paths that came to hold again what they held before: which time counts, and what has to be judged anew."""

from collections.abc import Iterable, Sequence

from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.land import LandedFile
from csp_pipeline.intake.place import place_file
from csp_pipeline.lake import receipt_path
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.settings import Settings


def find_repeats(feed: Feed, landed: Iterable[LandedFile]) -> set[str]:
    """The `landed_id` of files, given in the order received, that count for nothing, as their path came to hold the same again.

    Where its name tells the day of extraction, the first time counts: what comes back is no news. Where it tells none, each day
    on which it came back is one of its own, and of a day the last time counts.
    """
    counts: dict[tuple[str, str], LandedFile] = {}
    repeats = set()
    for file in landed:
        before = counts.get((file.path, file.sha256))
        if before is not None and not _goes_by_receipt(feed, file):
            repeats.add(file.landed_id)
            continue
        if before is not None and before.received[:10] == file.received[:10]:
            repeats.add(before.landed_id)
        counts[file.path, file.sha256] = file
    return repeats


def _goes_by_receipt(feed: Feed, landed: LandedFile) -> bool:
    try:
        return not place_file(feed, landed).extract_date_is_known
    except RefusedFileError:
        return False


def forget_where_back(settings: Settings, landed: Sequence[LandedFile], repeats: set[str]) -> None:
    """Forget what became of the files of a path where one of them, which was taken in, came back: who took whose place is judged
    from the first of them on.
    """
    receipts = {file.landed_id: receipt_path(settings, file.agency, file.feed, file.landed_id) for file in landed}
    back = {file.path for file in landed if file.landed_id in repeats and receipts[file.landed_id].exists()}
    # what came back goes last: killed in between, the next run finds it still
    for file in sorted(landed, key=lambda file: file.landed_id in repeats):
        if file.path in back:
            receipts[file.landed_id].unlink(missing_ok=True)
