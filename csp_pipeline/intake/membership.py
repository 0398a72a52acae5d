"""Which landed files are of a feed: those that `files` names now, and what feed.yml > landed says of others."""

from collections.abc import Iterable, Sequence

from csp_pipeline.intake.land import is_unpacked
from csp_pipeline.intake.places.place import matches, shown_path
from csp_pipeline.partnership.configuration import LandedFilesEntry
from csp_pipeline.partnership.partnership import Feed

MOST_TOLD = 5
SAY_SO = (
    "If they are of this feed, widen files, or say so under landed in feed.yml (counts: true); if not, set them aside there "
    "(counts: false). Nothing is taken back by itself."
)


def reason_set_aside(feed: Feed, path: str) -> str | None:
    """Why a landed file counts for nothing, where feed.yml says so."""
    entry = _entry_of(feed, path)
    return entry.reason if entry is not None and not entry.counts else None


def find_not_named(feed: Feed, paths: Iterable[str]) -> list[str]:
    """Paths of landed files that neither `files` nor `landed` names: `files` was narrowed since they came."""
    return sorted(
        path
        for path in paths
        if not matches(path, feed.entry.files) and not is_unpacked(path, feed) and _entry_of(feed, path) is None
    )


def word_not_named(feed: Feed, paths: list[str]) -> str:
    """What is the matter with such files."""
    what = f"{_are(paths)} not named by files ({feed.entry.files!r}) any more"
    return f"{what}, and what was loaded from {'it' if len(paths) == 1 else 'them'} stays: {_some([*map(shown_path, paths)])}."


def remarks_on_membership(feed: Feed, paths: Sequence[str]) -> list[str]:
    """What a run should say of landed files that are set aside, and of those that are not named any more."""
    remarks = []
    set_aside = {path: reason for path in sorted(paths) if (reason := reason_set_aside(feed, path))}
    if set_aside:
        told = [f"{shown_path(path)} ({reason.rstrip('.')})" for path, reason in set_aside.items()]
        remarks.append(f"{feed.key}: {_are(told)} set aside: {_some(told)}.")
    if not_named := find_not_named(feed, paths):
        remarks.append(f"{feed.key}: {word_not_named(feed, not_named)} {SAY_SO}")
    return remarks


def _are(files: Sequence[str]) -> str:
    return "1 landed file is" if len(files) == 1 else f"{len(files):,} landed files are"


def _some(told: Sequence[str]) -> str:
    more = f" and {len(told) - MOST_TOLD:,} more" if len(told) > MOST_TOLD else ""
    return f"{', '.join(told[:MOST_TOLD])}{more}"


def _entry_of(feed: Feed, path: str) -> LandedFilesEntry | None:
    return next((entry for entry in feed.entry.landed if matches(path, entry.files)), None)
