"""Fetching one file from its place into `landing/incoming`: in pieces, within limits, and on from where it broke off."""

import errno
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from csp_pipeline.errors import PullError
from csp_pipeline.intake.places import FoundFile, Place, SourceDownError
from csp_pipeline.intake.places.place import BrokenOffError, NotModifiedError, NotPublishedError, RestartError, shown_path
from csp_pipeline.lake import make_folder, read_json, write_json
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.settings import Settings

if TYPE_CHECKING:
    from tenacity import RetryCallState

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# From this size on it is noted how to go on, should the process be killed; a smaller file is quickly fetched again.
NOTED_FROM = 4 * 1024 * 1024
COPIED_BY = 8 * 1024 * 1024
Result = TypeVar("Result")


@dataclass(frozen=True)
class Fetched:
    """A file that is here: its bytes in `path`, their hash and size, and the version that the place gave them."""

    path: Path
    sha256: str
    size: int
    version: str


def incoming_folder(settings: Settings, feed: Feed) -> Path:
    """Where a feed's files are while they are on their way."""
    return settings.landing / "incoming" / f"{feed.agency}.{feed.name}"


class Patience:
    """How long and how often one feed is tried in one run."""

    def __init__(self, feed: Feed) -> None:
        self.limits = feed.entry.pull.limits
        self._end = time.monotonic() + self.limits.total_seconds

    @property
    def is_over(self) -> bool:
        """Whether the feed's time in this run is used up."""
        return time.monotonic() >= self._end

    def keep_trying(self, work: Callable[[], Result]) -> Result:
        """Do it, and again while the reason why it fails may pass: with waits that double, each a little longer at random."""
        # Loaded here, since `csp` starts as fast as what it imports.
        from tenacity import Retrying, retry_if_exception, wait_exponential, wait_random

        first = self.limits.first_wait_seconds
        ours = wait_exponential(multiplier=first, max=60) + wait_random(0, first)
        tries = Retrying(
            stop=self._has_to_stop,
            wait=lambda state: max(ours(state), _asked_to_wait(state)),
            retry=retry_if_exception(_may_pass),
            reraise=True,
        )
        return tries(work)

    def _has_to_stop(self, state: "RetryCallState") -> bool:
        return state.attempt_number >= self.limits.attempts or time.monotonic() + state.upcoming_sleep >= self._end


def _asked_to_wait(state: "RetryCallState") -> float:
    error = state.outcome.exception() if state.outcome else None
    return error.wait_seconds if isinstance(error, PullError) else 0


def _may_pass(error: BaseException) -> bool:
    # A file that changed or disappeared is left for the next run, which lists it anew.
    return isinstance(error, SourceDownError | BrokenOffError | RestartError) and error.is_transient


def fetch_file(
    settings: Settings, feed: Feed, place: Place, found: FoundFile, patience: Patience, known_version: str = ""
) -> Fetched | None:
    """Bring a file's bytes here; None when it is the one known, or not there yet.

    Raises PullError, after which what has come of a download stays for the next run to go on from; OSError when there is no room.
    """
    download = _Download(settings, feed, place, found, patience)
    try:
        return patience.keep_trying(lambda: download.run(known_version))
    except (NotModifiedError, NotPublishedError):
        return None


class _Download:
    """One file on its way: `part` holds what has come, `note` of which version it is."""

    def __init__(self, settings: Settings, feed: Feed, place: Place, found: FoundFile, patience: Patience) -> None:
        self.feed, self.place, self.found, self.patience = feed, place, found, patience
        key = hashlib.sha256(f"{feed.key}\0{found.path}".encode()).hexdigest()[:16]
        self.part = incoming_folder(settings, feed) / f"{key}.part"
        self.note = self.part.with_suffix(".json")
        self.has_answered = False
        make_folder(self.part.parent)

    def run(self, known_version: str) -> Fetched:
        offset, version = self._come_so_far()
        found = replace(self.found, version=version) if offset else self.found
        if not offset:
            self._forget()
        try:
            with self.place.open_file(found, offset, known_version) as body:
                expected, version, self.has_answered = body.total, body.version, True
                digest, size = self._write(body)
        except RestartError:
            self._forget()
            raise
        except SourceDownError as error:
            if not self.has_answered:
                raise
            # Bytes have come, so the place is there: the next file may come through.
            self._note(version)
            raise BrokenOffError(str(error), is_transient=error.is_transient, wait_seconds=error.wait_seconds) from error
        except OSError as error:
            if error.errno in NO_ROOM:
                raise  # our disk is at fault, not the partner's file
            raise PullError(f"{self.feed.key}: {self._name} cannot be copied to landing: {error.strerror or error}.") from error
        if expected is not None and size < expected and not self._has_changed():
            self._note(version)
            raise BrokenOffError(
                f"{self.feed.key}: {self._name} broke off: {size:,} of {expected:,} bytes came. It is tried again at the next run"
                f"{', from there on' if version else ''}; if it stays so, ask its owner."
            )
        if (
            (expected is not None and size != expected)
            or self._has_changed()
            or (self.place.looks_again and size != self.found.size)
        ):
            self._forget()
            raise PullError(
                f"{self.feed.key}: {self._name} changed while it was copied ({self.found.size or 0:,} bytes "
                f"listed, {size:,} read). "
                "It is tried again at the next run."
            )
        self.note.unlink(missing_ok=True)
        return Fetched(self.part, digest, size, version or self.found.version)

    @property
    def _name(self) -> str:
        return shown_path(self.found.path)

    def _come_so_far(self) -> tuple[int, str]:
        """How many bytes an earlier try left of the same version, and that version."""
        note = read_json(self.note)
        if note is None or note.get("listed") != self.found.version or not note.get("version") or not self.part.exists():
            return 0, ""
        return self.part.stat().st_size, str(note["version"])

    def _write(self, body: Any) -> tuple[str, int]:
        """Add what comes to what has come; gives hash and size of the whole."""
        limit, digest, size = self.patience.limits.file_mb * 1e6, hashlib.sha256(), 0
        if (body.total or 0) > limit:
            raise self._too_large(limit)
        with self.part.open("r+b" if body.offset else "wb") as target:
            while size < body.offset:
                piece = target.read(min(COPIED_BY, body.offset - size))
                digest.update(piece)
                size += len(piece)
            target.truncate()
            is_noted = False
            for piece in body.pieces:
                target.write(piece)
                digest.update(piece)
                size += len(piece)
                if size > limit:
                    self._forget()
                    raise self._too_large(limit)
                if not is_noted and size >= NOTED_FROM:
                    self._note(body.version)
                    is_noted = True
                if self.patience.is_over:
                    self._note(body.version)
                    raise PullError(
                        f"{self.feed.key}: {self._name} takes longer than the "
                        f"{self.patience.limits.total_seconds:,.0f} seconds that "
                        f"pull > limits > total_seconds allows a run; {size:,} bytes have come, and the next run goes on."
                    )
        return digest.hexdigest(), size

    def _has_changed(self) -> bool:
        if not self.place.looks_again:
            return False
        now = self.place.look_at(self.found)
        return now is not None and now.version != self.found.version

    def _note(self, version: str) -> None:
        write_json(self.note, {"listed": self.found.version, "version": version})

    def _forget(self) -> None:
        self.note.unlink(missing_ok=True)
        self.part.unlink(missing_ok=True)

    def _too_large(self, limit: float) -> PullError:
        return PullError(
            f"{self.feed.key}: {self._name} is larger than {limit / 1e6:,.0f} MB, or does not end. If it is right, "
            "raise feed.yml > pull > "
            "limits > file_mb.",
            is_transient=False,
        )
