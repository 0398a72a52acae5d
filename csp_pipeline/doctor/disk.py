"""Looking at the warehouse's disk: whether it may be written to, and whether a run has room."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from csp_pipeline.doctor.findings import Finding, fine, warning, wrong
from csp_pipeline.settings import Settings

AREA = "disk"
# Landing keeps every file, a run writes the new warehouse beside the old one, and DuckDB spills what does not fit in memory.
LEAST_FREE, TIMES_THE_DATABASE = 2 * 10**9, 3


def examine_disk(settings: Settings) -> Iterator[Finding]:
    """Every folder of the warehouse, and the space left."""
    folder = _nearest(settings.warehouse)
    unwritable = [
        path
        for path in (folder, settings.landing, settings.lake, settings.reports, settings.dagster_home)
        if path.exists() and not os.access(path, os.W_OK | os.X_OK)
    ]
    if unwritable:
        yield wrong(
            AREA, "may be written to", ", ".join(map(str, unwritable)), "Give this user write access, or another --warehouse."
        )
    else:
        yield fine(AREA, "may be written to", str(settings.warehouse))
    free = shutil.disk_usage(folder).free
    database = settings.database.stat().st_size if settings.database.exists() else 0
    needed = max(LEAST_FREE, TIMES_THE_DATABASE * database)
    told = f"{free / 10**9:,.1f} GB free at {folder}; a run wants {needed / 10**9:,.1f} GB"
    if free >= needed:
        yield fine(AREA, "space", told)
    else:
        yield warning(AREA, "space", told, "Make room, or move the warehouse to a larger disk and give it with --warehouse.")


def _nearest(path: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    while not path.exists():
        path = path.parent
    return path
