"""Landing: each file's bytes kept under their hash, never changed, with a note of where and when they were received."""

import errno
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from csp_pipeline.intake.pull import FoundFile, PullError, open_place
from csp_pipeline.lake import make_folder, write_json
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.settings import Settings

CHUNK = 8 * 1024 * 1024
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class LandedFile:
    """A landed file: `landed_id` is stable for the same bytes under the same path; `received` is UTC, fine enough
    to tell which of two came first."""

    landed_id: str
    agency: str
    feed: str
    path: str
    sha256: str
    size: int
    version: str
    received: str


def blob_path(settings: Settings, sha256: str) -> Path:
    """Where bytes with this hash lie."""
    return settings.landing / "blobs" / sha256[:2] / sha256


def landed_files(settings: Settings, feed: Feed) -> list[LandedFile]:
    """Everything landed for a feed, in the order received."""
    notes = sorted(_notes_folder(settings, feed).glob("*.json"))
    landed = [LandedFile(**json.loads(note.read_text(encoding="utf-8"))) for note in notes]
    return sorted(landed, key=lambda file: (file.received, file.path, file.sha256))


def land_file(settings: Settings, feed: Feed, found: FoundFile) -> LandedFile:
    """Copy one found file into landing under its hash and note it; the same bytes under the same path are noted once.

    Raises PullError when the file disappears, changes while it is copied, or cannot be read; OSError when landing has no
    room for it.
    """
    file_system, _ = open_place(feed)
    incoming = settings.landing / "incoming" / f"{os.getpid()}-{hashlib.sha256(found.full_path.encode()).hexdigest()[:16]}"
    make_folder(incoming.parent)
    digest, size = hashlib.sha256(), 0
    try:
        with file_system.open(found.full_path, "rb") as source, incoming.open("wb") as target:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                target.write(chunk)
                size += len(chunk)
        if size != found.size:
            raise PullError(
                f"{feed.key}: {found.path} changed while it was copied ({found.size:,} bytes listed, {size:,} read). "
                "It is tried again at the next run."
            )
        sha256 = digest.hexdigest()
        blob = blob_path(settings, sha256)
        if not blob.exists():
            make_folder(blob.parent)
            os.replace(incoming, blob)
            blob.chmod(0o444)
    except FileNotFoundError as error:
        raise PullError(
            f"{feed.key}: {found.path} disappeared while it was read. If it was moved by mistake, put it back; "
            "it is looked for again at the next run."
        ) from error
    except PermissionError as error:
        raise PullError(f"{feed.key}: {found.path} may not be read by this user. Ask for read access.") from error
    except OSError as error:
        if error.errno in NO_ROOM:
            raise  # our disk is at fault, not the partner's file
        raise PullError(f"{feed.key}: {found.path} cannot be copied to landing: {error}.") from error
    finally:
        incoming.unlink(missing_ok=True)
    return _note(settings, feed, found, sha256, size)


def _note(settings: Settings, feed: Feed, found: FoundFile, sha256: str, size: int) -> LandedFile:
    landed_id = f"{sha256[:12]}-{hashlib.sha256(found.path.encode()).hexdigest()[:8]}"
    note = _notes_folder(settings, feed) / f"{landed_id}.json"
    received = datetime.now(UTC).isoformat(timespec="microseconds")
    if note.exists():
        received = json.loads(note.read_text(encoding="utf-8"))["received"]
    landed = LandedFile(landed_id, feed.agency, feed.name, found.path, sha256, size, found.version, received)
    write_json(note, asdict(landed))
    return landed


def _notes_folder(settings: Settings, feed: Feed) -> Path:
    return settings.landing / "received" / feed.agency / feed.name
