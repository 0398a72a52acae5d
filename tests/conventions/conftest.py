"""The sample run that documents are checked against."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from tests.command import call_csp

Csp = Callable[..., subprocess.CompletedProcess[str]]
SampleCommand = tuple[Path, subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def csp(sample_command: SampleCommand) -> Csp:
    """Runs `csp` as a reader of the README would, on the samples' warehouse."""
    return lambda *arguments: call_csp(*arguments, warehouse=sample_command[0])


@pytest.fixture(scope="session")
def sample_run(sample_command: SampleCommand) -> subprocess.CompletedProcess[str]:
    """`csp run` on the samples: 3, since they hold a refused file."""
    done = sample_command[1]
    assert done.returncode == 3, done.stderr
    return done


@pytest.fixture(scope="session")
def sample_warehouse(sample_run: subprocess.CompletedProcess[str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse that the run published; its place is what the run says."""
    path = next(line.split(maxsplit=1)[1] for line in sample_run.stdout.splitlines() if line.startswith("Warehouse "))
    with duckdb.connect(path.strip(), read_only=True) as connection:
        yield connection
