"""A folder on this machine or on a share that is mounted here."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from csp_pipeline.errors import PullError
from csp_pipeline.intake.places.place import Body, FoundFile, is_hidden
from csp_pipeline.partnership.partnership import Feed

PIECE = 8 * 1024 * 1024
# A file that has gone since it was listed, a link to nothing, and links in a circle.
LEADS_NOWHERE = {errno.ENOENT, errno.ELOOP}


class FolderPlace:
    """A feed's folder, with the folders below it; links to folders are not followed, so that none leads in a circle."""

    looks_again = True
    by_period = False

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._root = feed.location.removeprefix("file://").rstrip("/") or "/"
        # What stands in the project's own folder was put there by hand or by a copy that is over.
        self.grows = not self._root.startswith(f"{feed.folder}{os.sep}")

    def list_files(self) -> Iterator[FoundFile]:
        """Every file, and every link to one or to nowhere, fetching which fails by name; no pipe, which may never end."""
        if not os.path.isdir(self._root):
            if not self._feed.covers_periods and os.path.isdir(os.path.dirname(self._root)):
                return  # an agency that has answered nothing yet needs no folder
            raise PullError(f"{self._feed.key}: the place {self._root} does not exist. Make it, or correct feed.yml > location.")
        waiting = [self._root]
        try:
            while waiting:
                with os.scandir(waiting.pop()) as entries:
                    for entry in entries:
                        if entry.is_dir(follow_symlinks=False):
                            if not is_hidden(entry.name):
                                waiting.append(entry.path)
                        elif (status := _status_of(entry.path)) is None or stat.S_ISREG(status.st_mode):
                            yield self._found(entry.path, status)
        except OSError as error:
            raise PullError(f"{self._feed.key}: {self._root} cannot be listed: {error}. Ask for read access.") from error

    @contextmanager
    def open_file(self, found: FoundFile, offset: int, known_version: str) -> Iterator[Body]:
        """The file's bytes from `offset` on."""
        try:
            source = open(found.address, "rb")  # noqa: SIM115 (closed below; only opening it is put in words here)
        except FileNotFoundError as error:
            raise PullError(
                f"{self._feed.key}: {found.path} disappeared while it was read. If it was moved by mistake, put it back; "
                "it is looked for again at the next run."
            ) from error
        except PermissionError as error:
            raise PullError(
                f"{self._feed.key}: {found.path} may not be read by this user. Ask for read access.", is_transient=False
            ) from error
        with source:
            source.seek(offset)
            yield Body(_pieces(source), offset, os.fstat(source.fileno()).st_size, found.version)

    def look_at(self, found: FoundFile) -> FoundFile | None:
        """The file as it is now."""
        status = _status_of(found.address)
        return self._found(found.address, status) if status is not None else None

    def close(self) -> None:
        """Nothing is held open."""

    def _found(self, full_path: str, status: os.stat_result | None) -> FoundFile:
        path = full_path[len(self._root) :].lstrip("/")
        if status is None:
            return FoundFile(path, full_path, None, "")
        return FoundFile(path, full_path, status.st_size, f"{status.st_size}-{status.st_mtime}")


def _status_of(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError as error:
        if error.errno in LEADS_NOWHERE:
            return None
        raise


def _pieces(source: IO[bytes]) -> Iterator[bytes]:
    while piece := source.read(PIECE):
        yield piece
