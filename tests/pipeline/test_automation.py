"""What runs when: new files, deadlines, what follows them, faults that pass, backfills; on a small partnership."""

import errno
import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.events import EngineEventData

from csp_pipeline.defs import alerts, intake_assets
from csp_pipeline.defs.arrival import sensor_name
from csp_pipeline.defs.automation import JOB, POOL, READ_AGAIN, range_tags
from csp_pipeline.defs.build import build_definitions
from csp_pipeline.defs.instance import TEMPLATE, open_instance
from csp_pipeline.errors import PullError
from csp_pipeline.intake import arrivals
from csp_pipeline.intake.receipts import read_receipts
from csp_pipeline.lake import receipt_path
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.stages import Pipeline as Stages
from csp_pipeline.stages import open_pipeline
from tests.command import call_csp
from tests.conftest import ONE_YEAR, TWO_YEARS, Pipeline
from tests.small_exports import asb, csv_text

ASB, CRIMES = "police/asb", "police/crimes"
APRIL, MAY = "asb_2016-04_extracted-2016-05-10.csv", "asb_2016-05_extracted-2016-06-10.csv"
APRIL_BEFORE = "asb_2015-04_extracted-2015-05-10.csv"
FIGURES = dg.AssetKey("figures")


def incidents(day: str, *numbers: int) -> str:
    return csv_text([asb(number, reported_at=f"{day} 10:00") for number in numbers])


@pytest.fixture(scope="module")
def small(new_pipeline: Callable[..., Pipeline]) -> Pipeline:
    """Two feeds over two financial years, whose configuration and definitions are read once."""
    return new_pipeline([ASB, CRIMES], TWO_YEARS)


@pytest.fixture(scope="module")
def stages(small: Pipeline) -> Stages:
    return open_pipeline(small.settings)


@pytest.fixture(scope="module")
def definitions(stages: Stages) -> dg.Definitions:
    return build_definitions(stages)


@pytest.fixture
def world(small: Pipeline) -> Pipeline:
    """Nothing is landed; of one feed a file of each year waits."""
    shutil.rmtree(small.settings.warehouse, ignore_errors=True)
    for exports in small.sources.glob("*/*/exports"):
        shutil.rmtree(exports)
        exports.mkdir()
    small.put(ASB, APRIL_BEFORE, incidents("15/04/2015", 1, 2))
    small.put(ASB, APRIL, incidents("15/04/2016", 3))
    return small


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def tick(definitions: dg.Definitions, instance: dg.DagsterInstance, feed: str, cursor: str | None = None) -> Any:
    """What the feed's arrival sensor says, and its new cursor."""
    context = dg.build_sensor_context(instance, cursor=cursor, repository_def=definitions.get_repository_def())
    return definitions.resolve_sensor_def(f"arrival_{feed.replace('/', '_')}").evaluate_tick(context)


def run(
    definitions: dg.Definitions, instance: dg.DagsterInstance, feed: str, years: tuple[str, str], **tags: str
) -> dg.ExecuteInProcessResult:
    return definitions.resolve_job_def(JOB).execute_in_process(
        instance=instance,
        asset_selection=[dg.AssetKey(feed.split("/"))],
        tags=range_tags(*years) | tags,
        raise_on_error=False,
    )


def outcomes(world: Pipeline, feed: str) -> dict[str, str]:
    return {r.landed.path: r.outcome for r in read_receipts(world.settings, world.partnership.feed(feed))}


# New files


def test_new_files_ask_for_a_run_of_their_feed_and_their_years_alone(
    world: Pipeline, definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    first = tick(definitions, instance, ASB)
    (request,) = first.run_requests
    assert request.asset_selection == [dg.AssetKey(["police", "asb"])]
    assert request.tags["dagster/asset_partition_range_start"] == "2015-16"
    assert request.tags["dagster/asset_partition_range_end"] == "2016-17"
    assert run(definitions, instance, ASB, ("2015-16", "2016-17")).success
    # landed by now: neither the kept cursor nor a lost one asks for them again
    for cursor in (first.cursor, None):
        assert not tick(definitions, instance, ASB, cursor).run_requests
    world.put(ASB, MAY, incidents("15/05/2016", 4))
    (may,) = tick(definitions, instance, ASB, first.cursor).run_requests
    assert may.tags["dagster/asset_partition_range_start"] == "2016-17"
    assert may.run_key != request.run_key


def test_the_same_arrival_has_the_same_run_key_and_other_contents_another(
    world: Pipeline, definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    keys = [tick(definitions, instance, ASB).run_requests[0].run_key for _ in range(2)]
    path = world.put(ASB, APRIL, incidents("15/04/2016", 3, 4, 5))
    os.utime(path, (1, 1))
    keys.append(tick(definitions, instance, ASB).run_requests[0].run_key)
    assert keys[0] == keys[1] != keys[2]


def test_a_dead_place_is_skipped_with_the_reason_and_holds_no_other(world: Pipeline, instance: dg.DagsterInstance) -> None:
    feed = world.sources / CRIMES / "feed.yml"
    written = feed.read_text("utf-8")
    feed.write_text(written.replace("location: exports", "location: gone/away"), "utf-8")
    definitions = build_definitions(open_pipeline(world.settings))
    feed.write_text(written, "utf-8")
    dead = tick(definitions, instance, CRIMES, "as before")
    assert not dead.run_requests
    assert "gone/away does not exist" in dead.skip_message
    assert dead.cursor == "as before"
    assert len(tick(definitions, instance, ASB).run_requests) == 1


def test_a_tick_asks_a_dead_server_once_and_ends_before_dagster_gives_it_up(
    definitions: dg.Definitions, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, float]] = []

    def dead(feed: Feed) -> None:
        limits = feed.entry.pull.limits
        asked.append((limits.attempts, limits.connect_seconds + limits.total_seconds))
        raise PullError(f"{feed.key}: no answer")

    monkeypatch.setattr(arrivals, "find_files", dead)
    assert tick(definitions, instance, ASB, "as before").skip_message == f"{ASB}: no answer"
    ((attempts, seconds),) = asked
    assert attempts == 1
    assert seconds < 180


def test_a_file_of_no_known_year_asks_for_all_years_and_is_refused_by_name(
    world: Pipeline, definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    world.put(ASB, "asb_2009-04_extracted-2009-05-10.csv", incidents("15/04/2009", 9))
    world.put(ASB, "asb_april.csv", incidents("15/04/2016", 9))
    (request,) = tick(definitions, instance, ASB).run_requests
    years = (request.tags["dagster/asset_partition_range_start"], request.tags["dagster/asset_partition_range_end"])
    assert years == ("2015-16", "2016-17")
    assert run(definitions, instance, ASB, years).success
    refused = {path for path, outcome in outcomes(world, ASB).items() if outcome == "refused"}
    assert refused == {"asb_2009-04_extracted-2009-05-10.csv", "asb_april.csv"}


def test_a_tick_over_ten_thousand_landed_files_reads_none_of_them(
    world: Pipeline, definitions: dg.Definitions, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: with nothing new one listing, without a look at what is landed; with one new file, one run."""
    place = world.sources / CRIMES / "exports"
    for number in range(10_000):
        (place / f"crimes_2016-04_extracted-2016-05-10_{number}.csv").touch()
    looked: dict[str, int] = {"landed": 0, "listed": 0}

    def counting(name: str, called: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any) -> Any:
            looked[name] += 1
            return called(*arguments)

        return wrapped

    monkeypatch.setattr(arrivals, "landed_files", counting("landed", arrivals.landed_files))
    monkeypatch.setattr(arrivals, "find_files", counting("listed", arrivals.find_files))
    monkeypatch.setattr(Path, "open", lambda *_, **__: pytest.fail("a tick opens no file"))
    first = tick(definitions, instance, CRIMES)
    assert first.run_requests[0].tags["csp/new_files"] == "10000"
    assert not tick(definitions, instance, CRIMES, first.cursor).run_requests
    assert looked == {"landed": 1, "listed": 2}


def test_every_place_has_a_sensor_that_somebody_has_to_start(definitions: dg.Definitions, stages: Stages) -> None:
    for feed in stages.partnership.every_feed:
        sensor = definitions.resolve_sensor_def(sensor_name(feed))
        assert sensor.default_status == dg.DefaultSensorStatus.STOPPED
        assert sensor.job_name == JOB


# Deadlines


@pytest.mark.parametrize(
    ("day", "asked"),
    [
        ("2016-06-15", None),  # May's last day
        ("2016-06-16", [CRIMES, ASB]),
        ("2016-06-17", None),
        ("2016-05-16", [CRIMES]),  # of the other feed April is there
    ],
)
def test_on_the_day_after_a_deadline_the_feeds_that_have_not_come_are_looked_for_once_more(
    world: Pipeline, definitions: dg.Definitions, instance: dg.DagsterInstance, day: str, asked: list[str] | None
) -> None:
    world.take_in(ASB)
    moment = datetime.fromisoformat(f"{day}T06:00:00").replace(tzinfo=UTC)
    context = dg.build_schedule_context(
        instance, scheduled_execution_time=moment, repository_def=definitions.get_repository_def()
    )
    told = definitions.resolve_schedule_def("when_due").evaluate_tick(context)
    if asked is None:
        assert not told.run_requests
        return
    (request,) = told.run_requests or []
    assert request.asset_selection == [dg.AssetKey(key.split("/")) for key in sorted(asked)]
    assert request.tags["dagster/asset_partition_range_start"] == "2016-17"


def test_a_feed_tells_which_periods_are_overdue_and_how_long_it_may_rest(
    definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    done = run(definitions, instance, ASB, ("2015-16", "2016-17"))
    check = next(c for c in done.get_asset_check_evaluations() if c.check_name == "received_in_time")
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "2016-05 since 15/06/2016" in str(check.metadata["overdue"].value)
    assert "2016-04" not in str(check.metadata["overdue"].value)
    policy = definitions.resolve_asset_graph().get(dg.AssetKey(["police", "asb"])).freshness_policy
    assert isinstance(policy, dg.FreshnessPolicy)
    assert "46" in str(policy.warn_window.to_timedelta())  # type: ignore[attr-defined]


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


# Backfill


def test_a_range_of_years_is_one_run_and_each_year_counts_as_made(
    world: Pipeline, definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    """As a backfill from Dagster's pages does: all years of the range in one run, which the other year does not touch."""
    run(definitions, instance, ASB, ("2015-16", "2015-16"))
    assert set(outcomes(world, ASB)) == {APRIL_BEFORE}
    done = run(definitions, instance, ASB, ("2015-16", "2016-17"))
    assert done.success
    assert set(outcomes(world, ASB)) == {APRIL_BEFORE, APRIL}
    made = instance.get_materialized_partitions(dg.AssetKey(["police", "asb"]))
    assert made == {"2015-16", "2016-17"}


def test_reading_a_year_again_mends_its_records_and_leaves_the_other_year(
    world: Pipeline, definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    run(definitions, instance, ASB, ("2015-16", "2016-17"))
    feed = world.partnership.feed(ASB)
    receipts = {r.landed.path: r for r in read_receipts(world.settings, feed)}
    whole = world.records(receipts[APRIL])
    folder = world.settings.lake / "records" / "police" / "asb"
    (folder / f"{receipts[APRIL].submission_id}.parquet").write_bytes(b"damaged")
    note = world.settings.lake / "stages" / "figures.json"
    note.parent.mkdir(exist_ok=True)
    note.write_text("{}", encoding="utf-8")
    other = receipt_path(world.settings, "police", "asb", receipts[APRIL_BEFORE].landed.landed_id)
    records = folder / f"{receipts[APRIL_BEFORE].submission_id}.parquet"
    before = [path.stat().st_mtime_ns for path in (other, records)]
    assert run(definitions, instance, ASB, ("2016-17", "2016-17"), **{READ_AGAIN: "true"}).success
    assert world.records(receipts[APRIL]) == whole
    assert [path.stat().st_mtime_ns for path in (other, records)] == before
    assert not note.exists()


def test_reading_everything_again_takes_refused_files_too(
    world: Pipeline, definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    world.put(ASB, "asb_april.csv", incidents("15/04/2016", 9))
    years = ("2015-16", "2016-17")
    assert run(definitions, instance, ASB, years).success
    before = outcomes(world, ASB)
    for folder in ("records", "rejects"):
        for path in (world.settings.lake / folder).rglob("*.parquet"):
            path.write_bytes(b"damaged")
    for name in before:
        (world.sources / ASB / "exports" / name).unlink()  # landing alone is read
    assert run(definitions, instance, ASB, years, **{READ_AGAIN: "true"}).success
    assert outcomes(world, ASB) == before
    assert before["asb_april.csv"] == "refused"
    assert [len(world.records(r)) for r in read_receipts(world.settings, world.partnership.feed(ASB))] == [2, 1, 0]


def test_the_command_makes_a_damaged_warehouse_whole(new_pipeline: Callable[..., Pipeline]) -> None:
    """`csp run` alone would not: by its receipts nothing has changed."""
    made = new_pipeline([ASB], ONE_YEAR)
    made.put(ASB, APRIL, incidents("15/04/2016", 3, 4))
    made.run_all()
    (damaged,) = (made.settings.lake / "records").rglob("*.parquet")
    damaged.write_bytes(b"damaged")
    done = call_csp("backfill", "2016-17", "--quiet", warehouse=made.settings.warehouse, sources=made.sources)
    assert done.returncode == 0, done.stderr
    assert len(made.published("FROM police_asb")) == 2
    assert made.figure(ASB, "asb_reported", "E07000131", "2016-04")["value"] == 2
    for wrong in ((), ("2016-17", "--all"), ("2009-10",)):
        refused = call_csp("backfill", *wrong, warehouse=made.settings.warehouse, sources=made.sources)
        assert refused.returncode == 2
        assert "2015-16" in refused.stderr or "2016-17" in refused.stderr


def test_all_years_wanted_is_all_files_wanted(stages: Stages) -> None:
    """So that a file of a year that is not taken in is refused in the daily run, instead of waiting without a word."""

    class Context:
        has_partition_key, has_partition_key_range = False, True
        partition_keys = ("2015-16", "2016-17")

    wanted = intake_assets._wanted_years
    assert wanted(Context(), stages.partnership) is None  # type: ignore[arg-type]
    Context.partition_keys = ("2016-17",)  # type: ignore[assignment]
    assert wanted(Context(), stages.partnership) == ["2016-17"]  # type: ignore[arg-type]


# Told at the end of a run


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


# In the catalogue


def test_the_catalogue_shows_a_feeds_columns_with_their_words_and_where_they_are_in_the_warehouse(
    definitions: dg.Definitions, stages: Stages
) -> None:
    node = definitions.resolve_asset_graph().get(dg.AssetKey(["police", "asb"]))
    assert node.metadata["dagster/table_name"] == "csp.main.police_asb"
    columns = {column.name: column for column in node.metadata["dagster/column_schema"].columns}
    assert columns["reported_at"].type == "TIMESTAMP"
    assert columns["reported_at"].description == "When it was reported. Role: date: reported."
    assert not columns["submission_id"].constraints.nullable
    assert node.metadata["left_at"] == stages.partnership.feed(ASB).location


def test_the_catalogue_shows_the_columns_of_what_is_made_from_feeds(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    tables = {key.to_user_string(): graph.get(key).metadata for key in graph.get_all_asset_keys()}
    assert tables["bridges"]["dagster/table_name"] == "csp.main.bridge_steps"
    assert "verdict" in {column.name for column in tables["comparisons"]["dagster/column_schema"].columns}
    without = {name for name, metadata in tables.items() if "dagster/column_schema" not in metadata}
    assert without == {"warehouse", "reports", "scorecard"}


def test_a_feeds_description_does_not_say_its_title_twice(definitions: dg.Definitions) -> None:
    described = definitions.resolve_asset_graph().get(dg.AssetKey(["police", "crimes"])).description
    assert described is not None
    assert described.count("Recorded crimes") == 1


def test_answers_belong_to_no_year_and_are_taken_in_by_a_run_of_any(
    world: Pipeline, definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    node = definitions.resolve_asset_graph().get(dg.AssetKey(["police", "responses"]))
    assert node.partitions_def is None
    assert node.group_name == "answers"
    returned = world.sources / "responses" / "police" / "returned.xlsx"
    returned.parent.mkdir(exist_ok=True)
    returned.write_bytes(b"no workbook")
    (request,) = tick(definitions, instance, "police/responses").run_requests
    assert "dagster/asset_partition_range_start" not in request.tags
    done = run(definitions, instance, "police/responses", ("2016-17", "2016-17"))
    returned.unlink()
    assert done.success
    assert len(done.asset_materializations_for_node("police__responses")) == 1
    assert outcomes(world, "police/responses") == {"returned.xlsx": "refused"}
