"""Pulling: what lies at a feed's place is listed, and what is new there is brought to landing, all feeds side by side."""

import hashlib
import logging
import shutil
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from threading import Lock

from csp_pipeline.errors import ConfigurationError, CspError, PullError
from csp_pipeline.intake.fetch import Patience, fetch_file, incoming_folder
from csp_pipeline.intake.land import LandedFile, States, has_bytes, land_fetched, landed_files, unpack, unpacking_rules
from csp_pipeline.intake.places import FoundFile, Place, SourceDownError, is_wanted, open_place
from csp_pipeline.intake.places.place import odd_name, shown, shown_path
from csp_pipeline.intake.unreached import note_reached, note_unreached
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.settings import Settings

log = logging.getLogger(__name__)

# Feeds that are pulled at a time: they mostly wait, and a partnership has a few dozen.
AT_ONCE = 16
SETTLE_SECONDS = 10.0


@dataclass(frozen=True)
class Arrivals:
    """What lies at a feed's place: how many files, and a `cursor` that differs as soon as one of them is new or changed."""

    cursor: str
    files: int


@dataclass
class Pulled:
    """What pulling one feed did: everything landed so far, what could not be pulled, and what is worth a remark."""

    landed: list[LandedFile] = field(default_factory=list)
    errors: list[CspError] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def list_arrivals(feed: Feed) -> Arrivals:
    """Look at a feed's place without reading any file: the same files in the same versions give the same cursor.

    A paged API is not asked: its cursor changes when a new period begins. Raises PullError when the place cannot be listed,
    whose `is_transient` says whether to try again, and ConfigurationError when what it needs is not there.
    """
    found = find_files(feed)
    return Arrivals(cursor_of(found), len(found))


def cursor_of(found: Iterable[FoundFile]) -> str:
    """The cursor of a listing: a digest of the files' paths and versions."""
    digest = hashlib.sha256()
    for file in found:
        digest.update(f"{file.path}\0{file.version}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:32]


def find_files(feed: Feed) -> list[FoundFile]:
    """Every file of a feed, in order of path; hidden and half-written ones are left for later.

    Raises PullError when the place is missing or cannot be listed, ConfigurationError as `open_place` does.
    """
    with open_place(feed) as place:
        return _list_files(feed, place, Patience(feed))


def pull_feed(feed: Feed, settings: Settings) -> Pulled:
    """Bring to landing what is new at a feed's place. Nothing that is wrong with the place or a file is raised, but told."""
    pulled = Pulled(landed_files(settings, feed))
    any_landed = False
    unreached: CspError | None = None
    try:
        with open_place(feed) as place:
            any_landed = _pull_files(feed, settings, place, pulled)
        unreached = next((error for error in pulled.errors if isinstance(error, SourceDownError)), None)
    except (PullError, ConfigurationError) as error:
        pulled.errors.append(error)
        unreached = error
    if unreached is not None:
        note_unreached(settings, feed, unreached)
    else:
        note_reached(settings, feed)
    if any_landed:
        pulled.landed = landed_files(settings, feed)
    if _unpack_again(feed, settings, pulled):
        pulled.landed = landed_files(settings, feed)
    for problem in pulled.errors:
        log.warning("%s", problem)
    for remark in pulled.remarks:
        log.info("%s", remark)
    return pulled


class PulledAhead:
    """The feeds of one run, pulled side by side from the first question on, so that a slow one holds up none of the others."""

    def __init__(self, feeds: Iterable[Feed], settings: Settings) -> None:
        self._feeds, self._settings = {feed.key: feed for feed in feeds}, settings
        self._threads = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="pull")
        self._coming: dict[str, Future[Pulled]] = {}
        self._asked = Lock()

    def of(self, feed: Feed) -> Pulled:
        """What was pulled of a feed, as soon as that is over; each feed is asked for once."""
        with self._asked:
            if not self._coming:
                self._coming = {key: self._threads.submit(pull_feed, one, self._settings) for key, one in self._feeds.items()}
        coming = self._coming.get(feed.key)
        return coming.result() if coming is not None else pull_feed(feed, self._settings)

    def close(self) -> None:
        """Begin no further feed; those under way end by their own time-outs."""
        self._threads.shutdown(wait=True, cancel_futures=True)


@contextmanager
def pull_ahead(feeds: Iterable[Feed], settings: Settings) -> Iterator[PulledAhead]:
    """Pull feeds side by side while the block takes them in."""
    ahead = PulledAhead(feeds, settings)
    try:
        yield ahead
    finally:
        ahead.close()


def _list_files(feed: Feed, place: Place, patience: Patience, errors: list[CspError] | None = None) -> list[FoundFile]:
    """The feed's files at a place; what has a name that cannot be kept goes to `errors`, or is passed over."""
    return patience.keep_trying(partial(_list_once, feed, place, patience, errors))


def _list_once(feed: Feed, place: Place, patience: Patience, errors: list[CspError] | None) -> list[FoundFile]:
    found: list[FoundFile] = []
    odd: list[CspError] = []
    for number, file in enumerate(place.list_files(), start=1):
        if number > patience.limits.listed_files:
            raise PullError(
                f"{feed.key}: {shown(feed.location)} holds more than {patience.limits.listed_files:,} files. Point "
                "feed.yml > location "
                "at the folder of this feed, have old files moved away, or raise pull > limits > listed_files.",
                is_transient=False,
            )
        if patience.is_over:
            raise PullError(
                f"{feed.key}: {shown(feed.location)} takes longer to list than the "
                f"{patience.limits.total_seconds:,.0f} seconds that "
                "pull > limits > total_seconds allows."
            )
        if not is_wanted(file.path, feed):
            continue
        if wrong := odd_name(file.path):
            odd.append(
                PullError(
                    f"{feed.key}: '{shown_path(file.path)}' is refused: {wrong}. Ask its sender for a plain name.",
                    is_transient=False,
                )
            )
            continue
        found.append(file)
    if errors is not None:
        errors.extend(odd)
    return sorted(found, key=lambda file: file.path)


def _pull_files(feed: Feed, settings: Settings, place: Place, pulled: Pulled) -> bool:
    """Fetch and land what is new; gives whether anything was landed."""
    patience, states = Patience(feed), States(pulled.landed)
    received = datetime.now(UTC).isoformat(timespec="microseconds")
    # A version may come back, as the tag of a hash does with its bytes: only the last one of a path is known to be there still.
    # What was lost of landing is fetched again.
    last_version = {path: file.version for path, file in states.latest().items() if has_bytes(settings, file)}
    first_path = {file.sha256: file.path for file in reversed(pulled.landed) if file.archive is None}
    listed = _list_files(feed, place, patience, pulled.errors)
    new = [found for found in listed if not found.version or last_version.get(found.path) != found.version]
    new = _leave_growing(feed, place, new, pulled, patience)
    any_landed = False
    for number, found in enumerate(new):
        try:
            if patience.is_over:
                raise SourceDownError(
                    f"{feed.key}: the {patience.limits.total_seconds:,.0f} seconds that pull > limits > "
                    "total_seconds allows a run are "
                    "used up"
                )
            fetched = fetch_file(settings, feed, place, found, patience, last_version.get(found.path, ""))
        except SourceDownError as error:
            left = len(new) - number - 1
            more = f" {left:,} more files wait for the next run." if left else ""
            pulled.errors.append(SourceDownError(f"{error}{more}", is_transient=error.is_transient))
            break
        except PullError as error:
            pulled.errors.append(error)
            continue
        if fetched is None:
            continue
        landed = land_fetched(settings, feed, found.path, fetched, received, states)
        any_landed = True
        first = first_path.setdefault(landed.sha256, landed.path)
        if first != landed.path:
            pulled.remarks.append(f"{feed.key}: {landed.path} holds the same bytes as {first}; they are kept once.")
    if not pulled.errors:
        # All has come: what is left there is of files that their sender took back, or replaced.
        shutil.rmtree(incoming_folder(settings, feed), ignore_errors=True)
    if place.by_period and not (any_landed or pulled.landed or pulled.errors):
        pulled.errors.append(
            PullError(
                f"{feed.key}: {shown(feed.location)} has nothing for any of the {len(feed.expected):,} periods that the feed is "
                "expected for. If it should, correct feed.yml > location and pull; else it is asked again at the next run."
            )
        )
    return any_landed


def _leave_growing(feed: Feed, place: Place, new: list[FoundFile], pulled: Pulled, patience: Patience) -> list[FoundFile]:
    """Those files that are the same at a second look. No clock but the time between the looks has a say in it: the
    server's may stand in another zone, or in the future.
    """
    seconds = feed.entry.pull.settle_seconds
    if seconds is None:
        seconds = SETTLE_SECONDS if place.grows else 0
    if not new or not seconds or not place.looks_again:
        return new
    time.sleep(seconds)
    settled = []
    for found in new:
        now = patience.keep_trying(partial(place.look_at, found))
        if now is not None and (now.version, now.size) == (found.version, found.size):
            settled.append(found)
        else:
            pulled.remarks.append(f"{feed.key}: {shown_path(found.path)} is still being written; it is left for the next run.")
    return settled


def _unpack_again(feed: Feed, settings: Settings, pulled: Pulled) -> bool:
    """Unpack landed archives by today's rules, where others held or a run was killed in between."""
    rules, states, done = unpacking_rules(feed), States(pulled.landed), False
    for file in pulled.landed:
        if file.is_archive and file.unpacked != rules:
            unpack(settings, feed, file, states)
            done = True
    return done
