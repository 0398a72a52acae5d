"""Places that could not be reached: noted in landing from the first vain look at one until it is reached again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from csp_pipeline.errors import ConfigurationError, CspError, PullError
from csp_pipeline.intake.places.place import shown
from csp_pipeline.lake import read_json, write_json
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.settings import Settings

WAIT = "See whether the place is there and its address right; it is tried again at the next run."
MEND = "Correct the place in feed.yml, or make it, or ask its owner for access."


@dataclass(frozen=True)
class Unreached:
    """A place that could not be reached since a time, nor when it was last tried; both in UTC."""

    place: str
    since: datetime
    last_tried: datetime
    why: str
    to_do: str


def what_to_do(error: CspError) -> str:
    """What to do about a place that cannot be reached: wait and see, or mend."""
    return WAIT if isinstance(error, PullError) and error.is_transient else MEND


def read_unreached(settings: Settings, feed: Feed) -> Unreached | None:
    """What is noted of a feed's place; None when it was reached the last time."""
    note = read_json(_note_path(settings, feed))
    if note is None:
        return None
    times = {name: datetime.fromisoformat(note[name]) for name in ("since", "last_tried")}
    return Unreached(place=note["place"], why=note["why"], to_do=note["to_do"], **times)


def note_unreached(settings: Settings, feed: Feed, error: CspError) -> None:
    """Note that a feed's place could not be reached just now, and keep since when."""
    now = datetime.now(UTC)
    earlier = read_unreached(settings, feed)
    note = {
        "place": shown(feed.location),
        "since": (earlier.since if earlier else now).isoformat(),
        "last_tried": now.isoformat(),
        "why": str(error).removeprefix(f"{feed.key}: "),
        "to_do": what_to_do(error),
    }
    write_json(_note_path(settings, feed), note)


def note_reached(settings: Settings, feed: Feed) -> None:
    """Take back what is noted of a feed's place."""
    _note_path(settings, feed).unlink(missing_ok=True)


@contextmanager
def noting_reach(settings: Settings, feed: Feed) -> Iterator[None]:
    """Note whether a feed's place could be reached in the block, whose PullError or ConfigurationError says that it was not."""
    try:
        yield
    except (PullError, ConfigurationError) as error:
        note_unreached(settings, feed, error)
        raise
    note_reached(settings, feed)


def _note_path(settings: Settings, feed: Feed) -> Path:
    return settings.landing / "unreached" / f"{feed.agency}.{feed.name}.json"
