"""The Dagster instance in a folder, with the settings of the committed template."""

import os
from pathlib import Path

import dagster as dg

# Every asset and job is in this pool, of which a run holds the only slot from its start to its end (dagster.yaml).
POOL = "warehouse"
TEMPLATE = Path(__file__).parent / "dagster.yaml"
# Runs in this process tell what happens through the command, not through Dagster's console.
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def settings_file(home: Path) -> Path:
    """Where the instance's settings stand."""
    return home / "dagster.yaml"


def open_instance(home: Path) -> dg.DagsterInstance:
    """The Dagster instance in a folder, made when it is not there; `make ui` shows the same one."""
    home.mkdir(parents=True, exist_ok=True)
    if not settings_file(home).exists():
        settings_file(home).write_text(TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home.resolve())
    instance = dg.DagsterInstance.get()
    if POOL not in instance.event_log_storage.get_concurrency_keys():
        # Dagster's queue makes the slot when it first meets the pool, and lets all runs that wait by then go at once.
        instance.event_log_storage.initialize_concurrency_limit_to_default(POOL)
    return instance
