"""Looking at runs: who holds the warehouse, what was begun and never ended, and the settings of Dagster's instance."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import yaml

from csp_pipeline.doctor.findings import Finding, fine, warning, wrong
from csp_pipeline.lake import LOCK
from csp_pipeline.settings import PROJECT, Settings

AREA = "runs"
TEMPLATE = PROJECT / "csp_pipeline" / "defs" / "dagster.yaml"
UNFINISHED = "SELECT count(*) FROM runs WHERE status IN ('STARTED', 'STARTING', 'CANCELING')"


def examine_runs(settings: Settings) -> Iterator[Finding]:
    """The lock, runs that never ended, alerts that were cut short, and Dagster's settings."""
    holder = _holder(settings)
    if holder:
        yield warning(AREA, "the warehouse", f"held by a run: {holder}", "Wait until it has ended, or end that process.")
    else:
        yield fine(AREA, "the warehouse", "free")
    yield from _examine_record(settings, is_held=bool(holder))
    leftover = sorted(settings.warehouse.glob(".*.building")) + sorted((settings.landing / "incoming").glob("*"))
    if leftover and not holder:
        names = ", ".join(path.name for path in leftover[:5])
        yield warning(AREA, "left by a killed run", names, "They are never read. Remove them.")
    yield from _examine_settings(settings)


def _holder(settings: Settings) -> str:
    """Who holds the warehouse, empty when it is free: the lock ends with the process that holds it, however that ends."""
    path = settings.warehouse / LOCK
    if not path.exists():
        return ""
    with path.open("r", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return "one that has just begun"
        fcntl.flock(lock, fcntl.LOCK_UN)
    # a run at work shares the lock with its steps: only the other kind tells that somebody has it
    with path.open("r+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return lock.read().partition("\n")[2].strip() or "unknown"
        return ""


def _examine_record(settings: Settings, *, is_held: bool) -> Iterator[Finding]:
    record = settings.dagster_home / "history" / "runs.db"
    if not record.exists():
        yield fine(AREA, "unfinished runs", "no run yet")
        return
    try:
        with closing(sqlite3.connect(f"file:{record}?mode=ro", uri=True)) as database:
            unfinished = database.execute(UNFINISHED).fetchone()[0]
    except sqlite3.Error as error:
        yield wrong(
            AREA,
            "unfinished runs",
            f"{record}: {error}",
            "Restore it from a backup, or remove the Dagster home; only history is lost.",
        )
        return
    if unfinished and not is_held:
        yield wrong(
            AREA,
            "unfinished runs",
            f"{unfinished} that no process works on; those that are queued wait for them",
            "The next csp run gives them up and goes on where they were; so does Dagster's daemon within two minutes of its "
            "start: is it running? Or terminate them in csp ui, under Runs, In progress (Force termination).",
        )
    else:
        yield fine(AREA, "unfinished runs", "none" if not unfinished else "one is at work")


def _examine_settings(settings: Settings, template: Path = TEMPLATE) -> Iterator[Finding]:
    own = settings.dagster_home / "dagster.yaml"
    if not own.exists():
        yield fine(AREA, "dagster.yaml", "none yet; the first run copies the template")
        return
    try:
        found, wanted = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in (own, template))
    except (OSError, yaml.YAMLError) as error:
        yield wrong(
            AREA,
            "dagster.yaml",
            f"{own}: {' '.join(str(error).split())}",
            "Correct it, or remove it: the template is copied again.",
        )
        return
    different = sorted(key for key in {*(found or {}), *wanted} if (found or {}).get(key) != wanted.get(key))
    if different:
        mend = f"If that is not on purpose, remove {own}: the next run copies the template."
        yield warning(AREA, "dagster.yaml", f"differs from the template in {', '.join(different)}", mend)
    else:
        yield fine(AREA, "dagster.yaml", "as the template")
