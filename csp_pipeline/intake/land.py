"""Landing: each file's bytes kept under their hash, never changed, with a note of where and when they were received."""

import functools
import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from csp_pipeline.errors import PublishError, RefusedFileError
from csp_pipeline.intake.fetch import COPIED_BY, Fetched, incoming_folder
from csp_pipeline.intake.places.archives import is_archive, read_archive
from csp_pipeline.intake.places.place import matches, shown_path
from csp_pipeline.lake import make_folder, write_json
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.settings import Settings


@dataclass(frozen=True)
class LandedFile:
    """A landed file: `landed_id` is stable for the same bytes under the same path; `received` is UTC, fine enough
    to tell which of two came first.

    A file that came in an archive has the archive's `landed_id` as `archive`, and its path begins with the archive's. An archive
    has in `unpacked` by which rules that was done, and in `refusal` the code and the message when it could not be; its members
    are taken in, not itself.
    """

    landed_id: str
    agency: str
    feed: str
    path: str
    sha256: str
    size: int
    version: str
    received: str
    archive: str | None = None
    unpacked: str | None = None
    refusal: list[str] | None = None

    @property
    def is_archive(self) -> bool:
        """Whether it is an archive that was unpacked, or was to be."""
        return self.unpacked is not None


def blob_path(settings: Settings, sha256: str) -> Path:
    """Where bytes with this hash lie."""
    return settings.landing / "blobs" / sha256[:2] / sha256


def landed_files(settings: Settings, feed: Feed) -> list[LandedFile]:
    """Everything landed for a feed, in the order received."""
    try:
        with os.scandir(_notes_folder(settings, feed)) as entries:
            notes = [entry for entry in entries if entry.name.endswith(".json")]
    except (FileNotFoundError, NotADirectoryError):
        return []  # nothing has landed yet; a place that cannot be made is told by what lands first
    landed = [_read_note(note.path, *identity_of(note.stat())) for note in notes]
    return sorted(landed, key=lambda file: (file.received, file.path, file.sha256))


def has_bytes(settings: Settings, landed: LandedFile) -> bool:
    """Whether a landed file's bytes are there, all of them: somebody may have removed them, or a disk or a restore lost them."""
    try:
        return blob_path(settings, landed.sha256).stat().st_size == landed.size
    except FileNotFoundError:
        return False


def check_bytes(settings: Settings, landed: LandedFile) -> None:
    """Raise PublishError where a landed file's bytes are not there: without it, figures would lack what they had."""
    if not has_bytes(settings, landed):
        raise PublishError(
            f"{shown_path(landed.path)} was received on {landed.received[:10]} and has to be read again, but its bytes are no "
            f"longer in landing ({blob_path(settings, landed.sha256)}). Put the file back where its sender left it, or restore "
            "landing from its backup; then run again."
        )


def identity_of(status: os.stat_result) -> tuple[int, int, int]:
    """What differs once a file has been written anew, as all of ours are: beside their place, then renamed."""
    return status.st_ino, status.st_mtime_ns, status.st_size


# A run asks for a feed's notes several times, and changes one of a thousand.
@functools.lru_cache(maxsize=100_000)
def _read_note(path: str, *identity: int) -> LandedFile:
    with open(path, "rb", buffering=0) as note:  # a sensor reads ten thousand of them in a tick
        return LandedFile(**json.loads(note.read()))


def land_fetched(settings: Settings, feed: Feed, path: str, fetched: Fetched) -> LandedFile:
    """Keep a fetched file under its hash and note it; the same bytes under the same path are noted once.

    An archive is unpacked as well: see `unpack`.
    """
    _keep(settings, fetched.path, fetched.sha256)
    landed_id = f"{fetched.sha256[:12]}-{hashlib.sha256(path.encode()).hexdigest()[:8]}"
    received = datetime.now(UTC).isoformat(timespec="microseconds")
    rules = unpacking_rules(feed) if is_unpacked(path, feed) else None
    landed = LandedFile(
        landed_id, feed.agency, feed.name, path, fetched.sha256, fetched.size, fetched.version, received, unpacked=rules and ""
    )
    landed = _note(settings, feed, landed)
    return unpack(settings, feed, landed) if rules else landed


def is_unpacked(path: str, feed: Feed) -> bool:
    """Whether a file is an archive of which the feed wants what is in it."""
    return is_archive(path) and matches(path, feed.entry.pull.archives)


def unpacking_rules(feed: Feed) -> str:
    """A short hash of what decides how an archive is unpacked: when it changes, landed archives are unpacked again."""
    limits = feed.entry.pull.limits
    rules = [limits.archive_members, limits.archive_mb, limits.archive_ratio, feed.entry.files, "1"]
    return hashlib.sha256(json.dumps(rules).encode()).hexdigest()[:12]


def unpack(settings: Settings, feed: Feed, archive: LandedFile) -> LandedFile:
    """Land the wanted files in a landed archive as files of their own, all of them or none, and note that it was done.

    What is wrong with an archive is noted with it, and becomes its outcome when the feed is taken in.
    """
    staged: list[tuple[LandedFile, Path]] = []
    refusal = None
    try:
        for member in read_archive(blob_path(settings, archive.sha256), archive.path, feed.entry.pull.limits):
            if not matches(path := f"{archive.path}/{member.path}", feed.entry.files):
                continue
            beside = incoming_folder(settings, feed) / f"{archive.landed_id}-{len(staged)}.member"
            make_folder(beside.parent)
            digest, size = hashlib.sha256(), 0
            staged.append((archive, beside))  # so that it is removed, should reading it fail
            with beside.open("wb") as target:
                for piece in member.pieces:
                    digest.update(piece)
                    size += target.write(piece)
            sha256 = digest.hexdigest()
            landed_id = f"{sha256[:12]}-{hashlib.sha256(path.encode()).hexdigest()[:8]}"
            staged[-1] = (
                replace(
                    archive,
                    landed_id=landed_id,
                    path=path,
                    sha256=sha256,
                    size=size,
                    archive=archive.landed_id,
                    unpacked=None,
                    refusal=None,
                ),
                beside,
            )
        for landed, beside in staged:
            _keep(settings, beside, landed.sha256)
            _note(settings, feed, landed)
    except RefusedFileError as error:
        refusal = [error.code, error.message]
    finally:
        for _, beside in staged:
            beside.unlink(missing_ok=True)
    return _note(settings, feed, replace(archive, unpacked=unpacking_rules(feed), refusal=refusal))


def begins(settings: Settings, part: LandedFile, whole: LandedFile) -> bool:
    """Whether a file's bytes are the beginning of a longer one of the same path: it was taken before all of it was written."""
    if part.path != whole.path or part.size >= whole.size:
        return False
    digest, left = hashlib.sha256(), part.size
    with blob_path(settings, whole.sha256).open("rb") as source:
        while left and (piece := source.read(min(COPIED_BY, left))):
            digest.update(piece)
            left -= len(piece)
    return digest.hexdigest() == part.sha256


def _keep(settings: Settings, beside: Path, sha256: str) -> None:
    blob = blob_path(settings, sha256)
    # A machine that lost power may have kept a blob's name and not its bytes: those that came again mend it.
    if blob.exists() and blob.stat().st_size == beside.stat().st_size:
        beside.unlink()
        return
    make_folder(blob.parent)
    os.replace(beside, blob)
    blob.chmod(0o444)


def _note(settings: Settings, feed: Feed, landed: LandedFile) -> LandedFile:
    note = _notes_folder(settings, feed) / f"{landed.landed_id}.json"
    if note.exists():
        landed = replace(landed, received=json.loads(note.read_text(encoding="utf-8"))["received"])
    # What only some files have is noted only there.
    write_json(note, {name: value for name, value in asdict(landed).items() if value is not None})
    return landed


def _notes_folder(settings: Settings, feed: Feed) -> Path:
    return settings.landing / "received" / feed.agency / feed.name
