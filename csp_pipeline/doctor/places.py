"""Looking whether each feed's place can be listed: side by side, so that a dead one does not hold the others."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from csp_pipeline.doctor.findings import Finding, fine, warning, wrong
from csp_pipeline.errors import ConfigurationError, PullError
from csp_pipeline.intake.pull import list_arrivals
from csp_pipeline.intake.unreached import what_to_do
from csp_pipeline.partnership.partnership import Feed, Partnership

AREA, AT_ONCE = "places", 8


def examine_places(partnership: Partnership) -> Iterator[Finding]:
    """Each feed's place: how many files lie there, or why it cannot be listed."""
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="places") as pool:
        yield from pool.map(_examine_place, partnership.every_feed)


def _examine_place(feed: Feed) -> Finding:
    try:
        arrivals = list_arrivals(feed)
    except (PullError, ConfigurationError) as error:
        tell = warning if isinstance(error, PullError) and error.is_transient else wrong
        return tell(AREA, feed.key, str(error), what_to_do(error))
    return fine(AREA, feed.key, f"{arrivals.files:,} files")
