"""Somebody writes into the published warehouse: nobody reads that as what was published, and the next run makes it anew."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from csp_pipeline.errors import PublishError
from csp_pipeline.lake import read_database
from csp_pipeline.stages import Pipeline as Stages
from tests.conftest import ONE_YEAR, Pipeline
from tests.pipeline.test_new_files import PUBLISHED, make
from tests.small_exports import csv_text, published

OPEN = "import duckdb, os, sys; db = duckdb.connect(sys.argv[1]); "
WRITE = OPEN + "db.execute('UPDATE figures SET value = value + 1000'); "


@pytest.fixture(scope="module")
def run(new_pipeline: Callable[..., Pipeline]) -> Stages:
    world = new_pipeline([PUBLISHED], ONE_YEAR)
    world.put(PUBLISHED, "published_figures_2016-17_extracted-2017-05-15.csv", csv_text([published("Total crime", "2")]))
    made = make(world)
    made.publish()
    return made


@pytest.fixture
def writable(run: Stages) -> Iterator[Path]:
    """The published file, with the right to write into it given by hand."""
    path = run.settings.database
    as_published = path.stat().st_mode
    path.chmod(0o644)
    yield path
    run.publish()
    assert values(run) == [2]
    path.chmod(as_published)  # where nothing was written, it was not made again


def values(run: Stages) -> list[float]:
    with read_database(run.settings) as database:
        return [value for (value,) in database.execute("SELECT DISTINCT value FROM figures WHERE value > 0").fetchall()]


def test_it_is_published_for_reading_and_is_not_made_again_for_nothing(run: Stages) -> None:
    made = run.settings.database.stat()
    assert made.st_mode & 0o222 == 0
    run.publish()
    assert run.settings.database.stat().st_ino == made.st_ino


def test_what_was_written_is_gone_after_the_next_run(run: Stages, writable: Path) -> None:
    subprocess.run([sys.executable, "-c", WRITE, str(writable)], check=True)
    assert values(run) == [1002]


def test_what_a_killed_program_had_written_is_not_read_into_this_or_the_next_warehouse(run: Stages, writable: Path) -> None:
    assert subprocess.run([sys.executable, "-c", WRITE + "os._exit(9)", str(writable)], check=False).returncode == 9
    assert [path.name for path in writable.parent.glob("csp.duckdb*.wal")] == ["csp.duckdb.wal"]
    with pytest.raises(PublishError, match="somebody has opened it for writing"):
        values(run)


def test_a_program_that_has_it_open_for_writing_is_told_of(run: Stages, writable: Path) -> None:
    waiting = OPEN + "print('open', flush=True); input()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", waiting, str(writable)], stdin=pipe, stdout=pipe, text=True) as program:
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == "open\n"
            with pytest.raises(PublishError, match="somebody has opened it for writing"):
                values(run)
        finally:
            program.communicate("\n")
