"""What follows new files, what waits for what, and what is tried again."""

import errno
import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.events import EngineEventData

from csp_pipeline.defs.instance import POOL, TEMPLATE, open_instance
from csp_pipeline.stages import Pipeline as Stages
from tests.conftest import Pipeline
from tests.pipeline.automation.small_world import APRIL, ASB, FIGURES, outcomes, run

# What follows


def test_what_is_made_from_a_feed_follows_it_though_another_has_never_come(
    world: Pipeline, definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    """Once for each update, in one run with all that comes of it; a run that brought everything up to date asks for nothing."""
    state = dg.evaluate_automation_conditions(definitions, instance)
    assert state.total_requested == 0
    assert run(definitions, instance, ASB, ("2016-17", "2016-17")).success
    asked = dg.evaluate_automation_conditions(definitions, instance, cursor=state.cursor)
    assert asked.get_num_requested(FIGURES) == 1
    products = definitions.resolve_asset_graph().get_all_asset_keys() - {
        dg.AssetKey(["police", name]) for name in ("asb", "crimes")
    }
    products -= {key for key in products if key.path[-1] == "responses" and len(key.path) == 2}
    assert asked.total_requested == len(products)
    assert dg.evaluate_automation_conditions(definitions, instance, cursor=asked.cursor).total_requested == 0


def test_all_wait_in_one_queue_for_the_warehouse(definitions: dg.Definitions, tmp_path: Path) -> None:
    graph = definitions.resolve_asset_graph()
    assert {pool for key in graph.get_all_asset_keys() for pool in graph.get(key).pools} == {POOL}
    settings = yaml.safe_load(TEMPLATE.read_text("utf-8"))
    assert settings["concurrency"]["pools"] == {"granularity": "run", "default_limit": 1}
    with open_instance(tmp_path / "home") as made:
        pools = made.get_concurrency_config().pool_config
        assert (pools.default_pool_limit, pools.pool_granularity.value) == (1, "run")  # type: ignore[union-attr]
        # before the first runs wait: Dagster would let those go at once
        assert made.event_log_storage.get_concurrency_info(POOL).slot_count == 1
        assert made.run_retries_enabled
        assert not made.run_retries_max_retries > 1
    assert (tmp_path / "home" / "dagster.yaml").read_text("utf-8") == TEMPLATE.read_text("utf-8")


def test_a_run_whose_process_is_gone_is_given_up_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever started it, and though the machine was restarted: the queue waits for it."""

    @dg.job
    def bring_up_to_date() -> None:
        pass

    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with open_instance(tmp_path / "dagster") as made:
        launcher = made.run_launcher

        def health(*pids: int) -> str:
            run = made.create_run_for_job(bring_up_to_date)
            for pid in pids:
                made.report_engine_event("begun", run, EngineEventData.in_process(pid))
            (tmp_path / ".lock").write_text(f"{run.run_id}\nprocess of another container\n")
            return launcher.check_run_worker_health(run).status.value

        assert launcher.supports_check_run_worker_health
        assert health() == "RUNNING"
        assert health(os.getpid()) == "RUNNING"
        assert health(gone.pid, os.getpid()) == "RUNNING"
        assert health(gone.pid) == "FAILED"
        with (tmp_path / ".lock").open("a") as held:
            fcntl.flock(held, fcntl.LOCK_SH)
            assert health(gone.pid) == "RUNNING"
        # after a restart of the machine another process may have its number
        monkeypatch.setattr("csp_pipeline.defs.launcher._booted", lambda: time.time() + 60)
        assert health(os.getpid()) == "FAILED"


# Faults


@pytest.mark.parametrize(
    ("fault", "tries"),
    [
        (OSError(errno.ESTALE, "Stale file handle"), 3),
        (TimeoutError("timed out"), 3),
        (OSError(errno.ENOSPC, "No space left on device"), 1),
        (ValueError("a mistake"), 1),
    ],
)
def test_what_may_pass_is_tried_again_and_what_will_not_is_not(
    definitions: dg.Definitions, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, fault: Exception, tries: int
) -> None:
    calls: list[str] = []

    def failing(self: Stages, key: str, *_: Any) -> None:
        calls.append(key)
        raise fault

    monkeypatch.setattr(Stages, "take_in", failing)
    monkeypatch.setattr("csp_pipeline.defs.retries.WAIT_SECONDS", 0)
    assert not run(definitions, instance, ASB, ("2016-17", "2016-17")).success
    assert calls == [ASB] * tries


def test_a_fault_that_passes_leaves_no_trace_in_the_result(
    world: Pipeline, definitions: dg.Definitions, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, faults = Stages.take_in, [OSError(errno.EIO, "Input/output error")]

    def once(self: Stages, key: str, *more: Any) -> Any:
        if faults:
            raise faults.pop()
        return real(self, key, *more)

    monkeypatch.setattr(Stages, "take_in", once)
    monkeypatch.setattr("csp_pipeline.defs.retries.WAIT_SECONDS", 0)
    assert run(definitions, instance, ASB, ("2016-17", "2016-17")).success
    assert outcomes(world, ASB)[APRIL] == "accepted"
