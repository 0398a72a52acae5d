"""Landing: each file's bytes kept under their hash, never changed, with a note of where and when they were received."""

import functools
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from itertools import count
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
    """A state that a path was found in: `landed_id` is of path and bytes, and numbered where the path came back to what it
    held before; `received` is the time of the pull in UTC, the same for all that it brought.

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


class States:
    """What each path of a feed has held, one state after the other."""

    def __init__(self, landed: Iterable[LandedFile]) -> None:
        self._of_path: dict[str, list[LandedFile]] = {}
        for file in landed:
            self._of_path.setdefault(file.path, []).append(file)

    def latest(self) -> dict[str, LandedFile]:
        """The state that each path was last seen in."""
        return {path: states[-1] for path, states in self._of_path.items()}

    def held(self, path: str, received: str | None = None) -> LandedFile | None:
        """What a path held at a time of receipt; without one, what it was last seen to hold."""
        states = self._of_path.get(path, [])
        return next((state for state in reversed(states) if received is None or state.received <= received), None)

    def add(self, landed: LandedFile) -> LandedFile:
        """The file as the state that its path was in when it was received: the one known, or a new one."""
        states = self._of_path.setdefault(landed.path, [])
        known = self.held(landed.path, landed.received)
        if known is not None and known.sha256 == landed.sha256:
            state = replace(landed, landed_id=known.landed_id, received=known.received)
            states[states.index(known)] = state
            return state
        taken = {state.landed_id for state in states}
        numbered = (landed.landed_id if n == 1 else f"{landed.landed_id}-{n}" for n in count(1))
        state = replace(landed, landed_id=next(name for name in numbered if name not in taken))
        states.insert(sum(other.received <= state.received for other in states), state)
        return state


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


def land_fetched(settings: Settings, feed: Feed, path: str, fetched: Fetched, received: str, states: States) -> LandedFile:
    """Keep a fetched file under its hash, and note the state of its path unless that is the one it was last seen in.

    An archive is unpacked as well: see `unpack`.
    """
    _keep(settings, fetched.path, fetched.sha256)
    rules = unpacking_rules(feed) if is_unpacked(path, feed) else None
    landed = LandedFile(
        _landed_id(fetched.sha256, path),
        feed.agency,
        feed.name,
        path,
        fetched.sha256,
        fetched.size,
        fetched.version,
        _not_before(received, states.held(path)),
        unpacked=rules and "",
    )
    landed = _note(settings, feed, landed, states)
    return unpack(settings, feed, landed, states) if rules else landed


def _landed_id(sha256: str, path: str) -> str:
    return f"{sha256[:12]}-{hashlib.sha256(path.encode()).hexdigest()[:8]}"


def _not_before(received: str, last: LandedFile | None) -> str:
    """The time of receipt, or just after that of the state before: a clock that was set back does not turn their order."""
    if last is None or last.received < received:
        return received
    return (datetime.fromisoformat(last.received) + timedelta(microseconds=1)).isoformat(timespec="microseconds")


def is_unpacked(path: str, feed: Feed) -> bool:
    """Whether a file is an archive of which the feed wants what is in it."""
    return is_archive(path) and matches(path, feed.entry.pull.archives)


def unpacking_rules(feed: Feed) -> str:
    """A short hash of what decides how an archive is unpacked: when it changes, landed archives are unpacked again."""
    limits = feed.entry.pull.limits
    rules = [limits.archive_members, limits.archive_mb, limits.archive_ratio, feed.entry.files, "1"]
    return hashlib.sha256(json.dumps(rules).encode()).hexdigest()[:12]


def unpack(settings: Settings, feed: Feed, archive: LandedFile, states: States) -> LandedFile:
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
            staged[-1] = (
                replace(
                    archive,
                    landed_id=_landed_id(sha256, path),
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
            _note(settings, feed, landed, states)
    except RefusedFileError as error:
        refusal = [error.code, error.message]
    finally:
        for _, beside in staged:
            beside.unlink(missing_ok=True)
    return _note(settings, feed, replace(archive, unpacked=unpacking_rules(feed), refusal=refusal), states)


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


def _note(settings: Settings, feed: Feed, landed: LandedFile, states: States) -> LandedFile:
    landed = states.add(landed)
    note = _notes_folder(settings, feed) / f"{landed.landed_id}.json"
    # What only some files have is noted only there.
    write_json(note, {name: value for name, value in asdict(landed).items() if value is not None})
    return landed


def _notes_folder(settings: Settings, feed: Feed) -> Path:
    return settings.landing / "received" / feed.agency / feed.name
