"""Steps of a run that do not wait for each other are executed side by side, and nothing else about a run changes."""

import os
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue

import dagster as dg
import duckdb
import pytest

from csp_pipeline.defs import side_by_side
from csp_pipeline.defs.instance import QUIET, open_instance
from csp_pipeline.defs.outcome import failures_of
from csp_pipeline.defs.side_by_side import SideBySideExecutor, build_executor, execute_here
from csp_pipeline.lake import connect, interrupt_queries
from csp_pipeline.settings import Settings
from tests.ending_queries import ENDLESS

PATIENCE_SECONDS = 120
WHILE_A_STEP_IS_AT_WORK = ["STEP_START", "STEP_OUTPUT", "STEP_SUCCESS"]
AGAIN = "Nothing that has landed is lost. Make the lake again from it with csp backfill --all."


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", "")  # opening an instance sets it
        with open_instance(tmp_path_factory.mktemp("dagster")) as opened:
            yield opened


@pytest.fixture
def run(instance: dg.DagsterInstance) -> Callable[..., dg.ExecuteInProcessResult]:
    def execute(*assets: dg.AssetsDefinition, at_once: int = 2) -> dg.ExecuteInProcessResult:
        everything = dg.define_asset_job("all", selection=dg.AssetSelection.all())
        executor = build_executor(at_once, interrupt_queries)
        job = dg.Definitions(assets=list(assets), jobs=[everything], executor=executor).resolve_job_def("all")
        return execute_here(job, instance, run_id=str(uuid.uuid4()), tags={}, run_config=QUIET)

    return execute


def asset(name: str, compute: Callable[[], object], *deps: str) -> dg.AssetsDefinition:
    @dg.asset(name=name, deps=list(deps))
    def made() -> dg.MaterializeResult:
        compute()
        return dg.MaterializeResult()

    return made


def succeeded(result: dg.ExecuteInProcessResult) -> set[str]:
    return {event.step_key for event in result.all_events if event.is_step_success}


def test_two_steps_that_need_each_other_to_go_on_both_end(run: Callable[..., dg.ExecuteInProcessResult]) -> None:
    meeting = threading.Barrier(2, timeout=PATIENCE_SECONDS)
    result = run(asset("one", meeting.wait), asset("other", meeting.wait))
    assert result.success
    assert succeeded(result) == {"one", "other"}


def test_no_more_steps_are_at_work_than_asked_for(run: Callable[..., dg.ExecuteInProcessResult]) -> None:
    at_work, most, counting = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal at_work, most
        with counting:
            at_work += 1
            most = max(most, at_work)
        threading.Event().wait(0.05)
        with counting:
            at_work -= 1

    result = run(*(asset(f"step_{number}", work) for number in range(6)), at_once=2)
    assert len(succeeded(result)) == 6
    assert most == 2


def test_a_step_begins_when_all_that_it_is_made_from_is_there(run: Callable[..., dg.ExecuteInProcessResult]) -> None:
    order: list[str] = []
    made = [
        asset("last", lambda: order.append("last"), "left", "right"),
        asset("left", lambda: order.append("left"), "first"),
        asset("right", lambda: order.append("right"), "first"),
        asset("first", lambda: order.append("first")),
    ]
    assert run(*made).success
    assert (order[0], set(order[1:3]), order[3]) == ("first", {"left", "right"}, "last")


def test_what_a_failed_step_is_needed_for_is_left_out_and_the_rest_goes_on(run: Callable[..., dg.ExecuteInProcessResult]) -> None:
    def fail() -> None:
        raise ValueError("the file is locked")

    result = run(
        asset("broken", fail), asset("after_it", dict, "broken"), asset("apart", dict), asset("after_that", dict, "apart")
    )
    assert not result.success
    assert succeeded(result) == {"apart", "after_that"}
    assert [f.message for f in failures_of(result.all_events, is_success=False)] == ["broken: the file is locked"]


@pytest.mark.parametrize(
    "error", [duckdb.OutOfMemoryException("Out of Memory Error: no block\nPossible solutions:\n* SET threads=X"), MemoryError()]
)
def test_too_little_memory_is_told_with_the_settings_that_help(
    error: Exception, run: Callable[..., dg.ExecuteInProcessResult]
) -> None:
    def fail() -> None:
        raise error

    [failure] = failures_of(run(asset("made", fail)).all_events, is_success=False)
    assert "There was not enough memory. Lower CSP_STEPS_AT_ONCE" in failure.message
    assert "SET threads" not in failure.message


def test_a_damaged_file_of_the_lake_is_named_with_what_makes_it_again(
    run: Callable[..., dg.ExecuteInProcessResult], tmp_path: Path
) -> None:
    figures = tmp_path / "figures.parquet"

    def read() -> None:
        with connect(Settings(warehouse=tmp_path / "warehouse")) as connection:
            connection.execute("FROM read_parquet(?)", [str(figures)]).fetchall()

    for content in (None, b"", b"cut short, so that the end is not there"):
        if content is not None:
            figures.write_bytes(content)
        [failure] = failures_of(run(asset("made", read)).all_events, is_success=False)
        assert failure.message.endswith("The lake is damaged: figures.parquet. " + AGAIN)
        assert failure.told.endswith(AGAIN)
        assert "LINE 1" not in failure.message
        assert "disk" not in failure.message


def test_a_step_that_asks_for_it_is_tried_again(run: Callable[..., dg.ExecuteInProcessResult]) -> None:
    tries = iter([dg.RetryRequested(max_retries=1, seconds_to_wait=0), None])

    def work() -> None:
        if error := next(tries):
            raise error

    result = run(asset("passing", work), asset("after_it", dict, "passing"))
    assert succeeded(result) == {"passing", "after_it"}


def test_a_run_that_is_interrupted_ends_its_queries_and_says_what_was_at_work(
    run: Callable[..., dg.ExecuteInProcessResult], tmp_path: Path
) -> None:
    both = threading.Barrier(2, timeout=PATIENCE_SECONDS)
    settings = Settings(warehouse=tmp_path / "warehouse")

    def count_for_ever() -> None:
        both.wait()
        with connect(settings) as connection:
            connection.execute(ENDLESS).fetchall()

    def interrupt() -> None:
        both.wait()
        os.kill(os.getpid(), signal.SIGINT)

    result = run(asset("counting", count_for_ever), asset("interrupting", interrupt), asset("later", dict, "counting"))
    assert not result.success
    assert "counting" not in succeeded(result)
    (failure,) = failures_of(result.all_events, is_success=False)
    assert failure.message.startswith("the run was interrupted during the step")
    assert "counting" in failure.message
    assert "the next run goes on from there" in failure.message


def test_what_had_failed_before_a_run_was_interrupted_is_said_too(run: Callable[..., dg.ExecuteInProcessResult]) -> None:
    def fail() -> None:
        raise ValueError("the file is locked")

    result = run(asset("broken", fail), asset("interrupting", lambda: os.kill(os.getpid(), signal.SIGINT)), at_once=1)
    told = [failure.message for failure in failures_of(result.all_events, is_success=False)]
    assert told[0] == "broken: the file is locked"
    assert told[1].startswith("the run was interrupted")
    assert "broken" not in told[1]


@pytest.mark.parametrize("just_as", ["STEP_START", "STEP_OUTPUT", "over"])
def test_nothing_that_happened_is_lost_when_a_run_is_interrupted_just_as_it_is_told(
    just_as: str, run: Callable[..., dg.ExecuteInProcessResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    class InterruptedAsItGives(SimpleQueue):  # type: ignore[type-arg]
        """A signal may come when an item has left the queue and is not yet with the caller."""

        def get(self, block: bool = True, timeout: float | None = None) -> object:
            item = super().get(block, timeout)
            if just_as == ("over" if isinstance(item[1], Future) else item[1].event_type_value):
                os.kill(os.getpid(), signal.SIGINT)
            return item

    monkeypatch.setattr(side_by_side, "SimpleQueue", InterruptedAsItGives)
    result = run(asset("ending", dict), asset("later", dict, "ending"))
    assert not result.success
    assert "later" not in {event.step_key for event in result.all_events if event.is_step_start}
    told = [event.event_type_value for event in result.all_events if event.step_key == "ending"]
    assert [name for name in told if name in WHILE_A_STEP_IS_AT_WORK] == WHILE_A_STEP_IS_AT_WORK
    (failure,) = failures_of(result.all_events, is_success=False)
    assert failure.message.startswith("the run was interrupted. ")


def test_a_run_that_is_interrupted_while_a_step_waits_to_be_tried_again_does_not_try_it(
    run: Callable[..., dg.ExecuteInProcessResult],
) -> None:
    tries = []

    def work() -> None:
        if not tries:
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        tries.append(1)
        raise dg.RetryRequested(max_retries=1, seconds_to_wait=PATIENCE_SECONDS)

    result = run(asset("away", work))
    assert not result.success
    assert len(tries) == 1


def test_a_run_that_ends_before_its_first_step_says_why(
    run: Callable[..., dg.ExecuteInProcessResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "/srv/csp/warehouse/dagster/storage")

    monkeypatch.setattr(SideBySideExecutor, "_execute_steps", refuse)
    (failure,) = failures_of(run(asset("made", lambda: None)).all_events, is_success=False)
    assert "before its first step" in failure.message
    assert "Permission denied: '/srv/csp/warehouse/dagster/storage'" in failure.message
    assert "/srv" not in failure.told
