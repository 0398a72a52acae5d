"""Whole runs of the command, as the tests here look at them."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command import BIN, PROJECT, call_csp

__all__ = ["BIN", "PROJECT", "CommandRun", "run_csp", "sample_run"]


@dataclass
class CommandRun:
    """A finished command and the warehouse it worked on."""

    warehouse: Path
    code: int
    out: str
    err: str


def run_csp(*arguments: str, warehouse: Path, sources: Path | None = None) -> CommandRun:
    """Run `csp` on a warehouse."""
    done = call_csp(*arguments, warehouse=warehouse, sources=sources)
    return CommandRun(warehouse, done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def sample_run(sample_command: tuple[Path, subprocess.CompletedProcess[str]]) -> CommandRun:
    """`csp run` on the committed samples."""
    warehouse, done = sample_command
    return CommandRun(warehouse, done.returncode, done.stdout, done.stderr)
