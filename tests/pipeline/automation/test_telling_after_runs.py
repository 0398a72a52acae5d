"""What the sensors tell at the end of a run: once, and only what stays so."""

import dagster as dg
import pytest

from csp_pipeline.defs import alerts


def ended_run(instance: dg.DagsterInstance, *, is_success: bool, killed_in: str = "", **tags: str) -> dg.DagsterRun:
    """A run as Dagster records one: it worked, its step failed, or its process was killed during a step."""

    @dg.op(name=killed_in or "figures")
    def step() -> None:
        if not is_success and not killed_in:
            raise ValueError("no")

    @dg.job
    def bring_up_to_date() -> None:
        step()

    if not killed_in:
        done = bring_up_to_date.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
        return done.dagster_run
    run = instance.create_run_for_job(bring_up_to_date, tags=tags)
    for kind, key in ((dg.DagsterEventType.RUN_START, None), (dg.DagsterEventType.STEP_START, killed_in)):
        instance.report_dagster_event(dg.DagsterEvent(kind.value, "bring_up_to_date", step_key=key), run.run_id)
    instance.report_run_failed(run)
    return run


def what_is_told(
    definitions: dg.Definitions, instance: dg.DagsterInstance, run: dg.DagsterRun, monkeypatch: pytest.MonkeyPatch
) -> list[dict[str, str]]:
    """The failed steps of each time that something was to be told after a run."""
    told: list[dict[str, str]] = []
    monkeypatch.setattr(alerts, "tell_news", lambda *_, outcome, today: told.append(dict(outcome.failed)) or [])
    stored = instance.get_run_by_id(run.run_id)
    assert stored is not None
    kind = dg.DagsterEventType.RUN_SUCCESS if stored.is_success else dg.DagsterEventType.RUN_FAILURE
    context = dg.build_run_status_sensor_context(
        sensor_name="tell",
        dagster_instance=instance,
        dagster_run=stored,
        dagster_event=dg.DagsterEvent(kind.value, stored.job_name),
    )
    sensor = definitions.resolve_sensor_def("tell_after_a_run" if stored.is_success else "tell_after_a_failed_run")
    assert sensor(context)
    return told


def test_a_killed_run_that_dagster_starts_again_wakes_nobody(
    definitions: dg.Definitions, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ended_run(instance, is_success=False, killed_in="reports", **{"dagster/will_retry": "true"})
    assert what_is_told(definitions, instance, run, monkeypatch) == []


def test_a_killed_run_is_told_with_the_step_during_which_it_ended(
    definitions: dg.Definitions, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((told,),) = [what_is_told(definitions, instance, ended_run(instance, is_success=False, killed_in="reports"), monkeypatch)]
    assert told["run"].startswith("its process was ended during the step reports: killed, out of memory")


def test_a_failure_that_is_looked_at_after_the_success_that_followed_it_is_not_told(
    definitions: dg.Definitions, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = ended_run(instance, is_success=False)
    assert what_is_told(definitions, instance, failed, monkeypatch) == [{"figures": "ValueError"}]
    ended_run(instance, is_success=True)
    assert what_is_told(definitions, instance, failed, monkeypatch) == [{}]
