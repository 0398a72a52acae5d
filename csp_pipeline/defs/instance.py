"""The Dagster instance in a folder, with the settings of the committed template."""

import os
from pathlib import Path

import dagster as dg

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
    return dg.DagsterInstance.get()
