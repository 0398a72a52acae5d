"""Any other place that fsspec opens, such as a bucket of another cloud: what that file system knows of secrets holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import fsspec

from csp_pipeline.errors import ConfigurationError, PullError
from csp_pipeline.intake.places.file_systems import why_not_opened
from csp_pipeline.intake.places.place import Body, FoundFile, SourceDownError, shown
from csp_pipeline.partnership.partnership import Feed

PIECE = 8 * 1024 * 1024
# What file systems call that which changes with a file.
CHANGED = ("mtime", "ETag", "etag", "md5Hash", "LastModified", "last_modified", "created")


class OtherPlace:
    """A file system of fsspec, opened anew for each look, since many keep the listing of the last one."""

    grows = True
    looks_again = True
    by_period = False

    def __init__(self, feed: Feed) -> None:
        self._feed, self._where = feed, shown(feed.location)
        if why := why_not_opened(feed.location):
            raise ConfigurationError(f"{feed.key}: {self._where} cannot be opened. {why}")
        try:
            self._files, root = fsspec.core.url_to_fs(feed.location, skip_instance_cache=True, use_listings_cache=False)
        except (ImportError, ValueError, TypeError) as error:
            raise ConfigurationError(
                f"{feed.key}: fsspec cannot open {self._where}: {type(error).__name__}. Is the location right, and "
                "the file system's "
                "package installed?"
            ) from error
        except Exception as error:  # each file system has errors of its own, of no common kind
            raise self._down("reached", error) from error
        self._root = root.rstrip("/")

    def list_files(self) -> Iterator[FoundFile]:
        """Every file."""
        try:
            self._files.invalidate_cache()
            if not self._files.exists(self._root):
                raise SourceDownError(
                    f"{self._feed.key}: the place {self._where} does not exist. Make it, or correct feed.yml > location."
                )
            for folder, _, files in self._files.walk(self._root, detail=True):
                for name, info in files.items():
                    full_path = f"{folder}/{name}"
                    yield self._found(full_path, info)
        except PullError:
            raise
        except Exception as error:
            raise self._down("listed", error) from error

    @contextmanager
    def open_file(self, found: FoundFile, offset: int, known_version: str) -> Iterator[Body]:
        """The file's bytes from `offset` on."""
        try:
            source = self._files.open(found.address, "rb")
        except FileNotFoundError as error:
            raise PullError(f"{self._feed.key}: {found.path} disappeared while it was read; it is looked for again.") from error
        except Exception as error:
            raise self._down("read", error) from error
        with source:
            yield Body(self._pieces(source, offset), offset, found.size, found.version)

    def look_at(self, found: FoundFile) -> FoundFile | None:
        """The file as it is now."""
        self._files.invalidate_cache()
        try:
            return self._found(found.address, self._files.info(found.address))
        except FileNotFoundError:
            return None
        except Exception as error:
            raise self._down("read", error) from error

    def _pieces(self, source: Any, offset: int) -> Iterator[bytes]:
        try:
            source.seek(offset)
            while piece := source.read(PIECE):
                yield piece
        except Exception as error:
            raise self._down("read", error) from error

    def _down(self, done: str, error: Exception) -> SourceDownError:
        """Its failure in our words; those of the file system may hold what it knows of secrets."""
        return SourceDownError(
            f"{self._feed.key}: {self._where} cannot be {done}: {type(error).__name__}. Check the location and the file system's "
            "own secrets; it is tried again at the next run."
        )

    def close(self) -> None:
        """Nothing is held open."""

    def _found(self, full_path: str, info: dict[str, Any]) -> FoundFile:
        changed = next((info[key] for key in CHANGED if info.get(key)), "")
        # A time is a number in some listings and a time in the answer about one file.
        changed = changed.timestamp() if isinstance(changed, datetime) else changed
        size = info.get("size")
        return FoundFile(full_path[len(self._root) :].lstrip("/"), full_path, size, f"{size}-{changed}")
