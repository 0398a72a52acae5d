"""Two runs on one warehouse, and a disk that is full: one says clearly what is wrong, and nothing is lost."""

import fcntl
import functools
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from csp_pipeline.defs.automation import JOB, range_tags
from csp_pipeline.defs.build import build_definitions
from csp_pipeline.errors import PublishError
from csp_pipeline.lake import LOCK, only_run
from csp_pipeline.stages import open_pipeline
from tests.command import call_csp
from tests.conftest import ONE_YEAR, Pipeline
from tests.pipeline.conftest import run_csp
from tests.small_exports import asb, csv_text

ASB = "police/asb"
APRIL, MAY = "asb_2016-04_extracted-2016-05-10.csv", "asb_2016-05_extracted-2016-06-10.csv"
HOLD = "import sys; from csp_pipeline.lake import LOCK, only_run; from csp_pipeline.settings import Settings\n"
HOLD += "with only_run(Settings(warehouse=sys.argv[1]), 'held elsewhere'): print('held', flush=True); sys.stdin.read()"


@pytest.fixture
def small(new_pipeline: Callable[..., Pipeline]) -> Pipeline:
    """A partnership of one feed, with a file waiting to be taken in."""
    pipeline = new_pipeline([ASB], ONE_YEAR)
    pipeline.put(ASB, APRIL, csv_text([asb(1), asb(2)]))
    return pipeline


@pytest.fixture(scope="module")
def published(new_pipeline: Callable[..., Pipeline]) -> Path:
    """The warehouse of that partnership once the file has been taken in; tests have copies of it."""
    pipeline = new_pipeline([ASB], ONE_YEAR)
    pipeline.put(ASB, APRIL, csv_text([asb(1), asb(2)]))
    pipeline.run_all()
    return pipeline.settings.warehouse


def hold_elsewhere(warehouse: Path) -> subprocess.Popen[str]:
    """Another process that holds the warehouse until it is ended."""
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(warehouse)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    return other


def incidents(warehouse: Path) -> int:
    with duckdb.connect(str(warehouse / "csp.duckdb"), read_only=True) as database:
        return database.execute("SELECT count(*) FROM police_asb").fetchall()[0][0]


def test_a_command_that_meets_a_run_says_so_and_touches_nothing(small: Pipeline, published: Path) -> None:
    warehouse = Path(shutil.copytree(published, small.settings.warehouse))
    before = small.settings.database.read_bytes()
    small.put(ASB, MAY, csv_text([asb(3, reported_at="15/05/2016 10:00")]))
    with hold_elsewhere(warehouse) as other:
        met = [run_csp(command, warehouse=warehouse, sources=small.sources) for command in ("run", "reports")]
        assert other.stdin is not None
        other.stdin.close()
    for command in met:
        assert command.code == 1
        assert "another run is under way" in command.err
        assert f"process {other.pid}" in command.err
        assert "Traceback" not in command.err
    assert small.settings.database.read_bytes() == before
    assert not (warehouse / "dagster").exists()
    assert not (warehouse / "reports").exists()


def test_two_runs_at_once_leave_a_whole_warehouse(small: Pipeline) -> None:
    warehouse = small.settings.warehouse
    with ThreadPoolExecutor(2) as at_once:
        runs = list(at_once.map(lambda _: run_csp("run", warehouse=warehouse, sources=small.sources), range(2)))
    assert 0 in [run.code for run in runs], runs
    for run in runs:
        assert run.code == 0 or (run.code == 1 and "another run is under way" in run.err), run.err
    assert incidents(warehouse) == 2
    with only_run(small.settings, "the next"):
        pass


def test_a_run_that_was_killed_leaves_the_warehouse_free(small: Pipeline) -> None:
    with hold_elsewhere(small.settings.warehouse) as other:
        half = [".csp.duckdb.7.building", ".csp.duckdb.7.building.wal", "lake/tables/.figures.parquet.7.8.part"]
        half += [
            ".spill/duckdb_temp_storage_DEFAULT-0.tmp",
            "lake/scratch/police.asb.0.csv",
            "reports/.police.html.7.8.part",
            "landing/incoming/police.asb/0.part",
        ]
        for path in (small.settings.warehouse / name for name in half):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"half written")
        other.send_signal(signal.SIGKILL)
        other.wait()
    with only_run(small.settings, "the next"):
        # a download goes on from where it broke off
        assert [name for name in half if (small.settings.warehouse / name).exists()] == half[-1:]


def test_steps_of_one_run_share_the_warehouse_and_keep_others_out(small: Pipeline) -> None:
    """As when Dagster gives each step a process of its own: the last one to end lets go."""
    with only_run(small.settings, "one"):
        with only_run(small.settings, "one"):
            pass
        with (
            pytest.raises(PublishError, match=f"another run is under way .*process {os.getpid()}"),
            only_run(small.settings, "two"),
        ):
            pytest.fail("two runs hold one warehouse")
    with only_run(small.settings, "two"):
        pass


@pytest.mark.parametrize("look", [fcntl.LOCK_SH, fcntl.LOCK_EX])
def test_who_only_looks_whether_the_warehouse_is_held_keeps_no_run_from_it(
    small: Pipeline, monkeypatch: pytest.MonkeyPatch, look: int
) -> None:
    """As `csp doctor` and Dagster's daemon do, for a moment: here until the run has found it held."""
    with only_run(small.settings, "one"):
        pass
    with (small.settings.warehouse / LOCK).open("r+") as looking:
        fcntl.flock(looking, look)
        monkeypatch.setattr(time, "sleep", lambda _: fcntl.flock(looking, fcntl.LOCK_UN))
        with only_run(small.settings, "two"), pytest.raises(BlockingIOError):
            fcntl.flock(looking, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_run_started_in_dagster_meets_the_same_rule(small: Pipeline) -> None:
    job = build_definitions(open_pipeline(small.settings)).resolve_job_def(JOB)
    years = range_tags("2016-17", "2016-17")
    with dg.DagsterInstance.ephemeral() as instance, only_run(small.settings, "another"):
        done = job.execute_in_process(instance=instance, tags=years, raise_on_error=False)
        assert not done.success
        told = [str(event.event_specific_data) for event in done.all_events]
        assert any("another run is under way" in text for text in told), told
    assert not (small.settings.lake / "submissions").exists()


def test_a_full_disk_is_told_and_what_was_loaded_and_published_stays(small: Pipeline, published: Path) -> None:
    """A limit on the size of files stands for the full disk: writing beyond it fails in the same way, at any point."""
    warehouse = Path(shutil.copytree(published, small.settings.warehouse))
    before = (warehouse / "csp.duckdb").read_bytes()
    may = [asb(number, reported_at="15/05/2016 10:00") for number in range(10, 75_010)]
    small.put(ASB, MAY, csv_text(may))
    room = {
        10_000: "dagster: the record of runs cannot be written",
        4_600_000: "police/asb: [Errno 27] File too large",
        len(before) - 500_000: "csp.duckdb: cannot be written",
    }
    for limit, words in room.items():
        limited = call_csp(
            "run",
            warehouse=warehouse,
            sources=small.sources,
            prepare=functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, (limit, limit)),
        )
        assert limited.returncode == 1, limited.stdout + limited.stderr
        assert words in limited.stderr
        assert "disk is not full" in limited.stderr
        assert "Traceback" not in limited.stderr
        assert (warehouse / "csp.duckdb").read_bytes() == before
        # the record of runs grows with each; the next limit is meant for what comes after it
        shutil.rmtree(warehouse / "dagster")
    assert run_csp("run", "--quiet", warehouse=warehouse, sources=small.sources).code == 0
    assert incidents(warehouse) == 75_002
    assert not [path for path in warehouse.rglob("*") if path.suffix in (".building", ".part", ".again")]
    assert list((warehouse / "lake" / "scratch").iterdir()) == list((warehouse / "landing" / "incoming").iterdir()) == []
