"""What became of a run: why its steps failed, in words for people, and what is told of it outside."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import dagster as dg
import duckdb
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluation
from dagster._core.events import JobFailureData, RunFailureReason

from csp_pipeline.alerts.concerns import RunOutcome
from csp_pipeline.errors import ConfigurationError, PublishError, PullError

WORDED = {ConfigurationError.__name__, PublishError.__name__, PullError.__name__, "Failure"}
# Errors of Python and DuckDB that a full or read-only disk brings about.
OF_THE_DISK = {"OSError", "PermissionError", "IOException", "TransactionException", "FatalException"}
LOOK_AT_THE_DISK = (
    "Nothing that was loaded or published is lost. Check that the disk is not full and may be written to; then run again."
)
OF_MEMORY = {"OutOfMemoryException", "MemoryError"}
MORE_MEMORY = (
    "There was not enough memory. Lower CSP_STEPS_AT_ONCE and CSP_THREADS, or raise CSP_MEMORY_LIMIT where the machine has more; "
    "then run again. What was loaded stays."
)
# DuckDB's words when a file of the lake is not there, or not what it should be; a file that is being written ends in `.part`.
DAMAGED = re.compile(r"(?:Invalid Input Error|TProtocolException|No files found).*?([\w.-]+\.parquet)[\"']", re.DOTALL)
QUERY = "\n\nLINE "  # what DuckDB shows of a query comes after its words
MAKE_AGAIN = "The lake is damaged: {file}. Nothing that has landed is lost. Make the lake again from it with csp backfill --all."
# What stands for a run that ended outside of its steps.
WHOLE_RUN = "run"
NO_STEP = "the run ended before its first step; see the run in csp ui"
GOES_ON = "What it had loaded stays, and the next run goes on from there."
# What has to be known of a run to tell what became of it.
EVENTS = {
    dg.DagsterEventType.STEP_START,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.STEP_SUCCESS,
    dg.DagsterEventType.RUN_FAILURE,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
}


@dataclass(frozen=True)
class StepFailure:
    """A step that failed: why, and whether the configuration is to blame. `told` is why, without what data may stand in it."""

    step: str
    message: str
    told: str
    is_configuration: bool


def explain_failure(event: dg.DagsterEvent) -> StepFailure:
    """Why a step failed: the error that was worded for people, else the innermost one."""
    error = event.step_failure_data.error
    while error is not None and error.cause is not None and error.cls_name not in WORDED:
        error = error.cause
    reason = error.message.strip().partition(": ")[2] or error.message.strip() if error else "no reason was given"
    # a library's error may repeat what stood in a row
    told = reason if error is not None and error.cls_name in WORDED else (error.cls_name if error else None) or "no reason given"
    if error is not None and (damaged := DAMAGED.search(error.message)):
        advice = MAKE_AGAIN.format(file=damaged[1])
        reason, told = f"{reason.partition(QUERY)[0].rstrip('.')}. {advice}", f"{told}. {advice}"
    elif error is not None and error.cls_name in OF_THE_DISK:
        reason = f"{reason.rstrip('.')}. {LOOK_AT_THE_DISK}"
        told = f"{told}. {LOOK_AT_THE_DISK}"
    elif error is not None and error.cls_name in OF_MEMORY:
        reason, told = f"{reason.splitlines()[0].rstrip('.')}. {MORE_MEMORY}", MORE_MEMORY
    is_configuration = error is not None and error.cls_name == ConfigurationError.__name__
    step = step_name(event)
    return StepFailure(step, f"{step}: {reason}", told, is_configuration)


def step_name(event: dg.DagsterEvent) -> str:
    """A step as people know it: `police/crimes`, `figures`."""
    return str(event.step_key).replace("__", "/")


def failures_of(events: Iterable[dg.DagsterEvent], *, is_success: bool) -> list[StepFailure]:
    """Why a run failed, by step, or one failure of the whole run; none of a run that worked."""
    found = list(events)
    if is_success:
        return []
    failed = [explain_failure(event) for event in found if _failed_by_itself(event)]
    if any(_is_interruption(event) for event in found):
        return [*failed, _failure_of_the_run(f"the run was interrupted{_at_work(found)}. {GOES_ON}")]
    return failed or [_failure_outside_of_steps(found)]


def outcome_of(run_id: str, events: Iterable[dg.DagsterEvent], *, is_success: bool) -> RunOutcome:
    """What is told of a run: its failed steps and those that worked, its failed checks and those that passed."""
    found = list(events)
    failed = {failure.step: failure.told for failure in failures_of(found, is_success=is_success)}
    succeeded = {step_name(event) for event in found if event.is_step_success}
    if is_success:
        succeeded.add(WHOLE_RUN)
    checks = {check_name(event): event.asset_check_evaluation_data for event in found if _is_own_check(event)}
    return RunOutcome(
        run_id,
        failed,
        frozenset(succeeded),
        failed_checks={name: _found_by(check) for name, check in checks.items() if not check.passed},
        passed_checks=frozenset(name for name, check in checks.items() if check.passed),
    )


def check_name(event: dg.DagsterEvent) -> str:
    """A check as people know it: `figures: parts_within_whole`."""
    check = event.asset_check_evaluation_data
    return f"{check.asset_key.to_user_string()}: {check.check_name}"


def _is_own_check(event: dg.DagsterEvent) -> bool:
    """Whether an event is a check of the pipeline's own work. What only warns is of what was sent, and told by other ways."""
    if event.event_type != dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        return False
    return event.asset_check_evaluation_data.severity == dg.AssetCheckSeverity.ERROR


def _found_by(check: AssetCheckEvaluation) -> str:
    """What a check found, from its metadata: `parts beyond their whole: 3`."""
    return "; ".join(f"{name.replace('_', ' ')}: {value.value}" for name, value in sorted(check.metadata.items()))


def _failure_of_the_run(why: str) -> StepFailure:
    return StepFailure(WHOLE_RUN, why, why, is_configuration=False)


def _failed_by_itself(event: dg.DagsterEvent) -> bool:
    """Whether a step failed for a reason of its own, and not because its queries were ended with the run."""
    if not event.is_step_failure:
        return False
    error = event.step_failure_data.error
    while error is not None:
        if error.cls_name == duckdb.InterruptException.__name__:
            return False
        error = error.cause
    return True


def _is_interruption(event: dg.DagsterEvent) -> bool:
    """Whether the run was told to end: by its user's Ctrl-C, by the service or by the machine that was shut down."""
    data = event.event_specific_data
    return isinstance(data, JobFailureData) and data.failure_reason == RunFailureReason.UNEXPECTED_TERMINATION


def _failure_outside_of_steps(events: Iterable[dg.DagsterEvent]) -> StepFailure:
    """Why a run failed of which no step did: it never came to its steps, or its process was ended during some."""
    found = list(events)
    if at_work := _at_work(found):
        return _failure_of_the_run(f"its process was ended{at_work}: killed, out of memory, or the machine was restarted")
    ends = (event.event_specific_data for event in found if event.is_run_failure)
    error = next((data.error for data in ends if isinstance(data, JobFailureData) and data.error is not None), None)
    while error is not None and error.cause is not None:
        error = error.cause
    why = f" ({error.message.strip()})" if error is not None else ""
    return StepFailure(WHOLE_RUN, f"{NO_STEP}{why}", NO_STEP, is_configuration=False)


def _at_work(events: Iterable[dg.DagsterEvent]) -> str:
    """Which steps had begun and did not come to their end by themselves, in words: ` during the steps figures, police/asb`."""
    steps: dict[str, None] = {}
    for event in events:
        if event.event_type == dg.DagsterEventType.STEP_START:
            steps[step_name(event)] = None
        elif event.is_step_success or _failed_by_itself(event):
            steps.pop(step_name(event), None)
    return f" during the step{'s' if len(steps) > 1 else ''} {', '.join(steps)}" if steps else ""
