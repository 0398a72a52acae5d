"""The sample run that documents are checked against, made once."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

PROJECT = Path(__file__).parents[2]
Csp = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def csp(tmp_path_factory: pytest.TempPathFactory) -> Csp:
    """Runs `csp` as a reader of the README would, on the samples and a warehouse of its own."""
    warehouse = tmp_path_factory.mktemp("documents") / "warehouse"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CSP_", "DAGSTER"))}
    # A terminal as wide as the one that the README's output was copied from.
    environment |= {"CSP_WAREHOUSE": str(warehouse), "COLUMNS": "120"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).parent / "csp", *arguments],
            capture_output=True,
            text=True,
            cwd=PROJECT,
            env=environment,
            timeout=300,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def sample_run(csp: Csp) -> subprocess.CompletedProcess[str]:
    """`csp run` on the samples: 3, since they hold a refused file."""
    done = csp("run")
    assert done.returncode == 3, done.stderr
    return done


@pytest.fixture(scope="session")
def sample_warehouse(sample_run: subprocess.CompletedProcess[str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse that the run published; its place is what the run says."""
    path = next(line.split(maxsplit=1)[1] for line in sample_run.stdout.splitlines() if line.startswith("Warehouse "))
    with duckdb.connect(path.strip(), read_only=True) as connection:
        yield connection
