"""Archives: what a ZIP or gzip file holds, read in a stream and never beyond its limits, whatever its headers say."""

import gzip
import mmap
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.places.place import ARCHIVES, HALF_WRITTEN, is_hidden, odd_name, shown_path
from csp_pipeline.partnership.pulling import LimitsEntry

PIECE = 1024 * 1024
# Below this size a high ratio harms nobody: a page of zeros packs a thousandfold.
RATIO_FROM = 16 * 1024 * 1024
NESTED = (".zip", ".gz", ".tgz", ".tar", ".7z", ".rar", ".bz2", ".xz", ".zst")
# Workbooks are ZIP files too, and are what is sent.
WORKBOOKS = (".xlsx", ".xlsm", ".ods")
ZIP_MARK, GZIP_MARK = b"PK\x03\x04", b"\x1f\x8b"
DIRECTORY_ENTRY = b"PK\x01\x02"
UNIX_LINK, UNIX_TYPES = 0o120000, 0o170000
# How the files in a ZIP may be packed: what zipfile unpacks.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
# What zipfile and gzip raise for what cannot be unpacked: damaged, or cut short.
UNPACKABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)


@dataclass(frozen=True)
class Member:
    """A file in an archive: its path there, and its bytes in pieces, which have to be read before the next member."""

    path: str
    pieces: Iterator[bytes]


def is_archive(path: str) -> bool:
    """Whether a file is an archive, by its name."""
    return path.lower().endswith(ARCHIVES)


def read_archive(blob: Path, path: str, limits: LimitsEntry) -> Iterator[Member]:
    """The files of the archive with this name, in order of path.

    Raises RefusedFileError for an archive that is damaged, locked or nested, holds names that lead elsewhere, or goes beyond a
    limit; what was read until then is not to be used.
    """
    room = _Room(blob.stat().st_size, limits)
    try:
        if path.lower().endswith(".gz"):
            yield from _read_gzip(blob, path, room)
        else:
            yield from _read_zip(blob, room)
    except UNPACKABLE as error:
        raise _damaged(error) from error


class _Room:
    """How much an archive may still unpack to, counted by the bytes that come out."""

    def __init__(self, packed: int, limits: LimitsEntry) -> None:
        self.packed, self.limits, self.unpacked = max(packed, 1), limits, 0

    def take(self, pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
        """The same pieces, each of them counted before it is given on."""
        is_first = True
        for piece in _readable(pieces):
            if is_first:
                _refuse_nested(name, piece)
                is_first = False
            self.unpacked += len(piece)
            if self.unpacked > self.limits.archive_mb * 1e6:
                raise RefusedFileError(
                    "archive_too_large",
                    f"it unpacks to more than {self.limits.archive_mb:,.0f} MB (at {shown_path(name)}). If that is right, raise "
                    "feed.yml > pull > limits > archive_mb; else send it in parts.",
                )
            if self.unpacked > RATIO_FROM and self.unpacked > self.limits.archive_ratio * self.packed:
                raise RefusedFileError(
                    "archive_ratio",
                    f"it unpacks to more than {self.limits.archive_ratio:,.0f} times its own size (at {shown_path(name)}), as no "
                    "export does. If that is right, raise feed.yml > pull > limits > archive_ratio; else send it unpacked.",
                )
            yield piece


def _read_zip(blob: Path, room: _Room) -> Iterator[Member]:
    if _has_more_entries(blob, room.limits.archive_members):
        raise RefusedFileError(
            "too_many_members",
            f"it holds more than {room.limits.archive_members:,} files and folders. If that is right, raise "
            "feed.yml > pull > limits > archive_members; else send fewer at a time.",
        )
    with zipfile.ZipFile(blob) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        _check_entries(entries)
        for entry in sorted(entries, key=lambda entry: entry.filename):
            if _is_clutter(entry.filename):
                continue
            with archive.open(entry) as source:
                yield Member(entry.filename, room.take(iter(lambda source=source: source.read(PIECE), b""), entry.filename))  # type: ignore[misc]


def _has_more_entries(blob: Path, limit: int) -> bool:
    """Whether a ZIP's directory has more entries, told before zipfile reads all of it into memory."""
    with blob.open("rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as content:
        place, entries = content.find(DIRECTORY_ENTRY), 0
        while place >= 0 and entries <= limit:
            entries += 1
            place = content.find(DIRECTORY_ENTRY, place + 46)
        return entries > limit


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    seen: set[str] = set()
    for entry in entries:
        # `orig_filename` is the name as it stands there: zipfile cuts it at a zero byte and turns some separators.
        name = entry.orig_filename
        wrong = odd_name(name)
        if entry.external_attr >> 16 & UNIX_TYPES == UNIX_LINK:
            wrong = "it is a link to another file"
        elif name.casefold() in seen:
            wrong = "its name is there twice"
        if wrong:
            raise RefusedFileError(
                "unsafe_archive",
                f"'{shown_path(name)}' in it is refused: {wrong}. Pack it again with plain names below one folder.",
            )
        seen.add(name.casefold())
        if entry.flag_bits & 1:
            raise RefusedFileError("locked_archive", "it has a password. Send it without one, by a way that is encrypted itself.")
        if entry.compress_type not in METHODS:
            raise RefusedFileError(
                "unknown_packing",
                f"'{shown_path(name)}' in it is packed by a method that is not read here (number {entry.compress_type}, such as "
                "Deflate64 or Zstandard). Pack it again as an ordinary ZIP file, or send the files as they are.",
            )
        if name.lower().endswith(NESTED):
            raise _nested(name)


def _read_gzip(blob: Path, path: str, room: _Room) -> Iterator[Member]:
    name = path.rpartition("/")[2][: -len(".gz")]
    if not name:
        raise RefusedFileError("unsafe_archive", "its name holds nothing but .gz. Name it after the file in it.")
    if name.lower().endswith(NESTED):
        raise _nested(name)
    # The name in its header is not looked at: the file is called as the archive is.
    with gzip.open(blob) as source:
        yield Member(name, room.take(iter(lambda: source.read(PIECE), b""), name))


def _refuse_nested(name: str, piece: bytes) -> None:
    is_zip = piece.startswith(ZIP_MARK) and not name.lower().endswith(WORKBOOKS)
    if is_zip or piece.startswith(GZIP_MARK):
        raise _nested(name)


def _readable(pieces: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from pieces
    except UNPACKABLE as error:
        raise _damaged(error) from error


def _damaged(error: Exception) -> RefusedFileError:
    return RefusedFileError(
        "damaged_archive", f"it cannot be unpacked: {type(error).__name__}. It may have been cut short; send it again."
    )


def _nested(name: str) -> RefusedFileError:
    return RefusedFileError("nested_archive", f"{shown_path(name)} in it is an archive again. Send the files packed once.")


def _is_clutter(name: str) -> bool:
    """What macOS and Windows put beside the files, and half-written ones: never a partner's export."""
    parts = name.split("/")
    return parts[0] == "__MACOSX" or any(is_hidden(part) for part in parts) or name.lower().endswith(HALF_WRITTEN)
