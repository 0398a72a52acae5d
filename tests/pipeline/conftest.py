"""Whole runs of the command, each made once and looked at by many tests."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@dataclass
class CommandRun:
    """A finished command and the warehouse it worked on."""

    warehouse: Path
    code: int
    out: str
    err: str


def run_csp(*arguments: str, warehouse: Path, sources: Path | None = None) -> CommandRun:
    """Run `csp` as a person would, on a warehouse of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CSP_", "DAGSTER"))}
    environment |= {"CSP_WAREHOUSE": str(warehouse), "COLUMNS": "160"}
    if sources is not None:
        environment["CSP_SOURCES"] = str(sources)
    done = subprocess.run(
        [BIN / "csp", *arguments],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=environment,
        timeout=300,
        check=False,
    )
    return CommandRun(warehouse, done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> CommandRun:
    """`csp run` on the committed samples."""
    return run_csp("run", warehouse=tmp_path_factory.mktemp("sample") / "warehouse")
