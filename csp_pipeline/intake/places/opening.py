"""Which kind of place a feed's location is; each kind is loaded only where a feed needs it."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.intake.places.place import Place, shown
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.partnership.pulling import scheme_of

# Libraries that only some partnerships need, and the extra that brings each.
EXTRAS = {"sftp": ("asyncssh", "sftp"), "s3": ("boto3", "s3")}


@contextmanager
def open_place(feed: Feed) -> Iterator[Place]:
    """The feed's place, closed when the block ends.

    Raises ConfigurationError when the library for it is not installed or what it needs is not configured, PullError when
    the place does not let us in.
    """
    place = _make(feed)
    try:
        yield place
    finally:
        place.close()


def _make(feed: Feed) -> Place:
    kind = scheme_of(feed.location)
    if kind in EXTRAS:
        library, extra = EXTRAS[kind]
        if importlib.util.find_spec(library) is None:
            raise ConfigurationError(
                f"{feed.key}: {shown(feed.location)} needs the library {library}, which is not installed. "
                f"Install it: pip install 'csp-pipeline[{extra}]'."
            )
    # Imported here, since asyncssh, boto3 and httpx take as long to load as a run with nothing new.
    if kind == "sftp":
        from csp_pipeline.intake.places.sftp import SftpPlace

        return SftpPlace(feed)
    if kind == "s3":
        from csp_pipeline.intake.places.s3 import S3Place

        return S3Place(feed)
    if kind == "web" and feed.entry.pull.api is not None:
        from csp_pipeline.intake.places.api import ApiPlace

        return ApiPlace(feed)
    if kind == "web":
        from csp_pipeline.intake.places.web import WebPlace

        return WebPlace(feed)
    if kind == "folder":
        from csp_pipeline.intake.places.folder import FolderPlace

        return FolderPlace(feed)
    from csp_pipeline.intake.places.other import OtherPlace

    return OtherPlace(feed)
