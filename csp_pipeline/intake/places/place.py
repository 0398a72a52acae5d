"""What every kind of place can do, the files it lists, and the words in which it fails."""

import fnmatch
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from csp_pipeline.errors import ConfigurationError, PullError
from csp_pipeline.partnership.partnership import Feed

HALF_WRITTEN = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", ".swp")
# What Windows makes again in a folder that is looked at.
OF_WINDOWS = ("thumbs.db", "desktop.ini")
ARCHIVES = (".zip", ".gz")


class SourceDownError(PullError):
    """The place itself does not answer, or does not let us in: what is left of the feed waits for the next run."""


class BrokenOffError(PullError):
    """A download ended before its end: it is taken up again where it stood."""


class RestartError(PullError):
    """A download cannot go on where it broke off: it begins again at the start."""


class NotPublishedError(Exception):
    """There is no such file yet at a place that names its files by period: nothing is wrong."""


class NotModifiedError(Exception):
    """The file is the one that was landed last: there is nothing to fetch."""


@dataclass(frozen=True, order=True, slots=True)
class FoundFile:
    """A file at a feed's place: `path` is relative to the place; `version` changes when the file does.

    An unknown size is None. An empty `version` says that only fetching it can tell whether it changed. `address` is where the
    place itself finds it.
    """

    path: str
    address: str = field(repr=False)
    size: int | None
    version: str


@dataclass(frozen=True)
class Body:
    """The bytes of a file from `offset` on, in pieces of bounded size; `total` is the whole file's size where it is known.

    `version` is what the place says of these very bytes, or empty.
    """

    pieces: Iterator[bytes]
    offset: int
    total: int | None
    version: str


class Place(Protocol):
    """A feed's place while it is open. Every method raises PullError; ConfigurationError for what its entry has to say."""

    # Whether a file may be listed before all of it is there.
    grows: bool
    # Whether a file is looked up again after it was copied, to tell that it changed meanwhile.
    looks_again: bool
    # Whether its files are asked for by period, so that one that is not there is no fault.
    by_period: bool

    def list_files(self) -> Iterable[FoundFile]:
        """Every file there is now, never from a cache."""

    def open_file(self, found: FoundFile, offset: int, known_version: str) -> AbstractContextManager[Body]:
        """Begin to read a file at `offset` where that is possible, else from its start: `Body.offset` says which.

        Raises NotModifiedError when the file is still `known_version`, and NotPublishedError when it is not there yet.
        """

    def look_at(self, found: FoundFile) -> FoundFile | None:
        """The file as it is now, or None when it is gone."""

    def close(self) -> None:
        """Leave the place."""


def is_wanted(path: str, feed: Feed) -> bool:
    """Whether a file belongs to the feed by its name, or is an archive that may hold some that do."""
    if any(is_hidden(part) for part in path.split("/")) or path.lower().endswith(HALF_WRITTEN):
        return False
    is_archive = path.lower().endswith(ARCHIVES) and matches(path, feed.entry.pull.archives)
    return is_archive or matches(path, feed.entry.files)


def is_hidden(part: str) -> bool:
    """Whether a folder or file is hidden, an office program's lock or Windows' own: snapshots of a share, settings, litter."""
    return (part.startswith((".", "~$")) and part != "..") or part.lower() in OF_WINDOWS


def matches(path: str, pattern: str) -> bool:
    """Whether a path matches a pattern; `**/` also stands for no folder at all."""
    return fnmatch.fnmatchcase(path, pattern) or fnmatch.fnmatchcase(path, pattern.removeprefix("**/"))


def secret(feed: Feed, name: str | None) -> str | None:
    """The value of the environment variable that the feed names, without spaces or a line's end around it.

    Raises ConfigurationError when it is not set.
    """
    if name is None:
        return None
    value = os.environ.get(name, "").strip()
    if not value:
        raise ConfigurationError(
            f"{feed.key}: the environment variable {name}, which feed.yml names under pull, is not set. Set it."
        )
    return value


def shown(location: str) -> str:
    """A location as messages show it: a URL without user, query and fragment."""
    if "://" not in location:
        return location
    parts = urlsplit(location)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def shown_path(path: str) -> str:
    """A partner's path as messages show it: on one line, of bounded length, with odd characters escaped."""
    text = path.encode("unicode_escape", "backslashreplace").decode("ascii") if not path.isprintable() else path
    return text if len(text) <= 200 else f"{text[:200]}…"


def odd_name(path: str) -> str | None:
    """What is wrong with a partner's path, if it cannot be kept as it is: it has to be relative, plain and inside the place."""
    parts = path.split("/")
    if path.startswith(("/", "\\")) or (len(path) > 1 and path[1] == ":"):
        return "its path is absolute"
    if ".." in parts:
        return "its path leads out of the place ('..')"
    if "\\" in path:
        return "its name holds a backslash"
    if not path.isprintable():
        return "its name holds characters that cannot be shown"
    if not path or any(part in ("", ".") for part in parts):
        return "its path has an empty part"
    if len(path.encode()) > 1_000 or any(len(part.encode()) > 255 for part in parts):
        return "its name is too long"
    return None
