"""Looking at versions: of Python, and of what is installed against what the project was tested with."""

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from csp_pipeline.doctor.findings import Finding, fine, warning, wrong
from csp_pipeline.settings import PROJECT

AREA = "versions"
LOCK = PROJECT / "requirements.lock"
WATCHED = ("dagster", "duckdb", "pandera", "pandas", "pyarrow", "pydantic", "fsspec")
REINSTALL = "Install what is pinned: make setup, or pip install --require-hashes -r requirements.lock."
OLDEST_PYTHON = (3, 11)


def examine_versions(lock: Path = LOCK) -> Iterator[Finding]:
    """Python; the libraries that results rest on, each against the lock; the pages where they are installed."""
    running = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        yield wrong(AREA, "python", running, "Use Python 3.11 or later.")
    else:
        yield fine(AREA, "python", running)
    pinned = _pinned(lock)
    if not pinned:
        yield warning(AREA, lock.name, f"{lock} is not there", "Versions cannot be compared; install from a whole checkout.")
    for name in WATCHED:
        yield _compare(name, pinned.get(name))


def _compare(name: str, pinned: str | None) -> Finding:
    try:
        installed = metadata.version(name)
    except metadata.PackageNotFoundError:
        return wrong(AREA, name, "not installed", REINSTALL)
    if pinned is not None and installed != pinned:
        return warning(AREA, name, f"{installed}; tested with {pinned}", REINSTALL)
    return fine(AREA, name, installed)


def _pinned(lock: Path) -> dict[str, str]:
    if not lock.exists():
        return {}
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==(\S+)", lock.read_text(encoding="utf-8"), re.MULTILINE))
