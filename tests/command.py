"""Running `csp` as a person would, on a warehouse of its own."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path

PROJECT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
SECONDS = 300
IMPORTED = (
    "csp_pipeline.cli.output",
    "csp_pipeline.cli.warehouse",
    "csp_pipeline.defs.event_log",
    "csp_pipeline.defs.build",
    "csp_pipeline.publish.checks",
    "csp_pipeline.reports.answers_sheet",
    "csp_pipeline.reports.workbook_sheets",
    "csp_pipeline.reports.write",
    "csp_pipeline.scorecard",
    "dagster._core.instance.factory",
    "dagster._core.storage.legacy_storage",
    "dagster._core.storage.root",
    "dagster._core.remote_representation.external",
    "dagster._core.workspace.context",
    "dagster._daemon.controller",
    "pandera.backends.pandas.builtin_checks",
    "pyarrow.dataset",
    "rich.progress",
    "ruptures",
    "sqlalchemy.dialects.sqlite",
    "typer",
    "upath.implementations.local",
    "watchdog.observers.polling",
)


def command_environment(warehouse: Path, sources: Path | None = None) -> dict[str, str]:
    """An environment without the caller's own settings, in a terminal as wide as the one the README was copied from."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CSP_", "DAGSTER"))}
    environment |= {"CSP_WAREHOUSE": str(warehouse), "COLUMNS": "120"}
    if sources is not None:
        environment["CSP_SOURCES"] = str(sources)
    return environment


def start_csp(*arguments: str, warehouse: Path, sources: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the installed command in a process of its own, from nothing, as a shell does."""
    return subprocess.run(
        [BIN / "csp", *arguments],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=command_environment(warehouse, sources),
        timeout=SECONDS,
        check=False,
    )


def call_csp(
    *arguments: str, warehouse: Path, sources: Path | None = None, prepare: Callable[[], object] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, forked from one that has imported the pipeline already.

    That is all that differs from `start_csp`, and most of what a short command takes. `prepare` is called in it first.
    """
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder, "out"), Path(folder, "err")
        process = _forks().Process(target=_be_csp, args=(arguments, command_environment(warehouse, sources), said, prepare))
        process.start()
        process.join(SECONDS)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(["csp", *arguments], SECONDS)
        return subprocess.CompletedProcess(
            ["csp", *arguments], process.exitcode, *(path.read_text(encoding="utf-8") for path in said)
        )


@cache
def _forks() -> ForkServerContext:
    """Forks of a process that stands by for these tests, with what `csp run` imports, what it imports late included."""
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(list(IMPORTED))
    return forks


def _be_csp(
    arguments: Sequence[str], environment: Mapping[str, str], said: tuple[Path, Path], prepare: Callable[[], object] | None
) -> None:
    """What `csp` does, in this process, with what it says written to two files."""
    for descriptor, path in zip((1, 2), said, strict=True):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), descriptor)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(PROJECT)
    sys.argv = ["csp", *arguments]
    if prepare is not None:
        prepare()
    # Only now, as it looks at its terminal when it is imported.
    from csp_pipeline.cli import main

    main()
