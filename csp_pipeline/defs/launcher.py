"""How runs are started: as Dagster does by itself, and a run whose process is gone is seen, whatever took it away."""

import fcntl
import os
import time
from pathlib import Path

import dagster as dg
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher

from csp_pipeline.lake import LOCK

AT_WORK = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


class WatchedRunLauncher(DefaultRunLauncher):
    """Dagster's launcher of local processes, with an answer to its question whether a run is still alive.

    Dagster notices by itself when a process that it started ends. It does not when it was ended as well (the machine or the
    service was restarted) or had not started the run (`csp run` in a shell): such a run would hold the queue for as long as a
    run may last.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        """It does: Dagster's daemon then asks for every run at work."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the run's process is there; a run is dead only when that is sure."""
        events = self._instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
        told = [(pid, record.timestamp) for record in events if record.dagster_event and (pid := _pid_of(record.dagster_event))]
        if not told or any(_is_there(pid, since) for pid, since in told) or self._holds_the_warehouse(run.run_id):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, f"its process {told[-1][0]} is gone: killed, or the machine restarted")

    def _holds_the_warehouse(self, run_id: str) -> bool:
        """Whether a process that cannot be seen from here, as in another container, still holds the warehouse for the run."""
        place = Path(self._instance.root_directory).parent / LOCK
        if not place.exists():
            return False
        with place.open("r+", encoding="utf-8") as lock:
            if lock.readline().strip() != run_id:
                return False
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False


def give_up_gone_runs(instance: dg.DagsterInstance) -> None:
    """Note as failed every run whose process is gone, as Dagster's daemon does where one is running."""
    launcher = instance.run_launcher
    if not launcher.supports_check_run_worker_health:
        return  # another launcher was chosen in dagster.yaml
    for run in instance.get_runs(dg.RunsFilter(statuses=AT_WORK)):
        health = launcher.check_run_worker_health(run)
        if health.status == WorkerStatus.FAILED:
            instance.report_run_failed(run, f"Given up by the next run: {health.msg}.")


def _pid_of(event: dg.DagsterEvent) -> int | None:
    """The process that an event of Dagster's engine tells of."""
    pid = event.engine_event_data.metadata.get("pid")
    return int(str(pid.value)) if pid is not None and str(pid.value).isdigit() else None


def _is_there(pid: int, since: float) -> bool:
    """Whether a process that was there at a time (seconds since 1970) still is; after a restart another may have its number."""
    if since < _booted():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # it is another user's
    return True


def _booted() -> float:
    """When the machine was started, in seconds since 1970; 0 where the system does not say."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.time() - time.clock_gettime(clock) if clock is not None else 0.0
