"""Running `csp` as a person would, on a warehouse of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


def command_environment(warehouse: Path, sources: Path | None = None) -> dict[str, str]:
    """An environment without the caller's own settings, in a terminal as wide as the one the README was copied from."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CSP_", "DAGSTER"))}
    environment |= {"CSP_WAREHOUSE": str(warehouse), "COLUMNS": "120"}
    if sources is not None:
        environment["CSP_SOURCES"] = str(sources)
    return environment


def call_csp(*arguments: str, warehouse: Path, sources: Path | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command; `options` are those of `subprocess.run`."""
    return subprocess.run(
        [BIN / "csp", *arguments],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=command_environment(warehouse, sources),
        timeout=300,
        check=False,
        **options,
    )
