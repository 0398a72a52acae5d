"""What has arrived of a feed and is not taken in yet, found without reading a file: what a sensor asks at each tick."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.came_back import find_repeats
from csp_pipeline.intake.land import LandedFile, States, is_unpacked, landed_files
from csp_pipeline.intake.membership import reason_set_aside
from csp_pipeline.intake.place import place_file, submission_id_of
from csp_pipeline.intake.places import FoundFile
from csp_pipeline.intake.pull import cursor_of, find_files
from csp_pipeline.intake.receipts import read_receipts
from csp_pipeline.intake.unreached import noting_reach
from csp_pipeline.lake import receipt_path
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.partnership.periods import Period
from csp_pipeline.settings import Settings


@dataclass(frozen=True)
class NewFiles:
    """New files of a feed: how many, the financial years to take in for them, and a digest that is theirs and the day's alone."""

    files: int
    first_year: str
    last_year: str
    digest: str


def look_for_new_files(
    settings: Settings, feed: Feed, years: Sequence[Period], cursor: str | None, today: date
) -> tuple[str, NewFiles | None]:
    """The place's cursor now, and what is new in it, None when nothing is.

    A place whose cursor is the one given is not looked at further: a tick over unchanged files is one listing. What is new
    is asked for once a day until it is taken in, for its run may have found the server down, have failed, or have been of other
    years than a file that came meanwhile. Raises PullError when the place cannot be listed, ConfigurationError when what it
    needs is not there.
    """
    with noting_reach(settings, feed):
        listed = find_files(_asked_once(feed))
    now = cursor_of(listed)
    asked_today = f"{now} {today}"
    if cursor in (now, asked_today):
        return str(cursor), None
    landed = landed_files(settings, feed)
    latest = States(landed).latest()
    new = [
        _as_if_landed(feed, found) for found in listed if found.path not in latest or latest[found.path].version != found.version
    ]
    new += _left_waiting(settings, feed, landed)
    if not new:
        return now, None
    # with what each path held before: it may come to hold again what was asked for this morning
    held = {path: file.landed_id for path, file in latest.items()}
    digest = hashlib.sha256(
        "\n".join(f"{file.path}\0{file.version}\0{held.get(file.path, '')}" for file in new).encode("utf-8", "surrogateescape")
    ).hexdigest()[:32]
    first, last = _years_of(feed, new, years)
    return asked_today, NewFiles(len(new), first, last, f"{digest} {today}")


def _left_waiting(settings: Settings, feed: Feed, landed: Sequence[LandedFile]) -> list[LandedFile]:
    """Landed files that no run has taken in: those without a receipt, but for what is set aside and for copies of others."""
    folder = receipt_path(settings, feed.agency, feed.name, "x").parent
    receipts = {path.stem for path in folder.glob("*.json")}
    repeats = find_repeats(feed, landed)
    waiting = [
        file
        for file in landed
        if file.landed_id not in receipts | repeats
        and not (file.is_archive and file.refusal is None)
        and not reason_set_aside(feed, file.path)
    ]
    if not waiting:
        return []
    taken_in = {receipt.submission_id for receipt in read_receipts(settings, feed)}
    return [file for file in waiting if _submission_id_of(feed, file) not in taken_in]


def _submission_id_of(feed: Feed, file: LandedFile) -> str | None:
    try:
        return submission_id_of(feed, file, place_file(feed, file))
    except RefusedFileError:
        return None  # it has none before it is refused


def _asked_once(feed: Feed) -> Feed:
    """The feed, whose place is asked once and not for long: a tick that fails is tried again by the next one, and Dagster
    gives a tick up after three minutes, without the place's own words.
    """
    limits = feed.entry.pull.limits
    once = {"attempts": 1, "read_seconds": min(limits.read_seconds, 60), "total_seconds": min(limits.total_seconds, 120)}
    pull = feed.entry.pull.model_copy(update={"limits": limits.model_copy(update=once)})
    return replace(feed, entry=feed.entry.model_copy(update={"pull": pull}))


def _years_of(feed: Feed, new: Sequence[LandedFile], years: Sequence[Period]) -> tuple[str, str]:
    """The financial years that new files cover by their names; all of them where one does not say, or says another."""
    everything = (years[0].label, years[-1].label)
    touched: set[int] = set()
    for file in new:
        if is_unpacked(file.path, feed):
            return everything  # what is in it is not known before it is here
        try:
            coverage = place_file(feed, file).coverage
        except (RefusedFileError, ValueError):
            return everything  # it is to be refused, which only a run over all years does
        inside = [n for n, year in enumerate(years) if coverage and year.start <= coverage.start and coverage.end <= year.end]
        if not inside:
            return everything
        touched.update(inside)
    return years[min(touched)].label, years[max(touched)].label


def _as_if_landed(feed: Feed, found: FoundFile) -> LandedFile:
    return LandedFile("", feed.agency, feed.name, found.path, "", found.size or 0, found.version, "0001-01-01")
