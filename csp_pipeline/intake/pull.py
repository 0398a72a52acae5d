"""Finding a feed's files where the partner leaves them: any place that fsspec can list."""

import fnmatch
import hashlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import fsspec

from csp_pipeline.errors import PullError
from csp_pipeline.partnership.partnership import Feed

HALF_WRITTEN = (".part", ".tmp", ".crdownload", ".filepart", ".swp")


@dataclass(frozen=True, order=True)
class FoundFile:
    """A file at a feed's place: `path` is relative to the place; `version` changes when the file does."""

    path: str
    full_path: str
    size: int
    version: str


@dataclass(frozen=True)
class Arrivals:
    """What lies at a feed's place: how many files, and a `cursor` that differs as soon as one of them is new or changed."""

    cursor: str
    files: int


def list_arrivals(feed: Feed) -> Arrivals:
    """Look at a feed's place without reading any file: the same files in the same versions give the same cursor.

    Raises PullError when the place cannot be listed; its `is_transient` says whether to try again.
    """
    digest = hashlib.sha256()
    found = find_files(feed)
    for file in found:
        digest.update(f"{file.path}\0{file.version}\n".encode())
    return Arrivals(digest.hexdigest()[:32], len(found))


def open_place(feed: Feed) -> tuple[Any, str]:
    """The fsspec file system of a feed's location, and the root path in it."""
    file_system, root = fsspec.core.url_to_fs(feed.location)
    return file_system, root.rstrip("/")


def find_files(feed: Feed) -> list[FoundFile]:
    """Every file of a feed, in order of path; hidden and half-written ones are left for later.

    Raises PullError when the place is missing or cannot be listed.
    """
    try:
        file_system, root = open_place(feed)
        if not file_system.exists(root):
            if not feed.covers_periods and file_system.exists(root.rpartition("/")[0]):
                return []  # an agency that has answered nothing yet needs no folder
            raise PullError(f"{feed.key}: the place {feed.location} does not exist. Make it, or correct feed.yml > location.")
        listing = file_system.find(root, detail=True)
    except (OSError, ValueError, ImportError) as error:
        raise PullError(f"{feed.key}: {feed.location} cannot be listed: {error}.") from error
    found = []
    for full_path, info in listing.items():
        path = full_path[len(root) :].lstrip("/")
        # A link to nowhere is taken along, so that fetching it fails by name instead of passing it over in silence.
        if (info.get("type") != "file" and not info.get("islink")) or not _is_wanted(path, feed.entry.files):
            continue
        version = f"{info.get('size')}-{info.get('mtime') or info.get('ETag') or info.get('LastModified') or ''}"
        found.append(FoundFile(path=path, full_path=full_path, size=int(info.get("size") or 0), version=version))
    return sorted(found)


def _is_wanted(path: str, pattern: str) -> bool:
    parts = PurePosixPath(path).parts
    if any(part.startswith((".", "~$")) for part in parts) or path.lower().endswith(HALF_WRITTEN):
        return False
    return fnmatch.fnmatch(path, pattern) or fnmatch.fnmatch(path, pattern.removeprefix("**/"))
