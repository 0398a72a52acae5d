"""Looking whether each feed's place can be listed: side by side, so that a dead one does not hold the others."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from csp_pipeline.doctor.findings import Finding, fine, warning, wrong
from csp_pipeline.errors import ConfigurationError, PullError
from csp_pipeline.intake.pull import list_arrivals
from csp_pipeline.partnership.partnership import Feed, Partnership

AREA, AT_ONCE = "places", 8
MEND = "Correct the place in feed.yml, or make it, or ask its owner for access."


def examine_places(partnership: Partnership) -> Iterator[Finding]:
    """Each feed's place: how many files lie there, or why it cannot be listed."""
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="places") as pool:
        yield from pool.map(_examine_place, partnership.every_feed)


def _examine_place(feed: Feed) -> Finding:
    try:
        arrivals = list_arrivals(feed)
    except PullError as error:
        if error.is_transient:
            mend = "See whether the server is up and the address right; it is tried again at the next run."
            return warning(AREA, feed.key, str(error), mend)
        return wrong(AREA, feed.key, str(error), MEND)
    except ConfigurationError as error:
        return wrong(AREA, feed.key, str(error), MEND)
    return fine(AREA, feed.key, f"{arrivals.files:,} files")
