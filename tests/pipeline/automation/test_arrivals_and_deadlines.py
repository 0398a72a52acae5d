"""What asks for a run by itself: new files at a place, and the day after a deadline."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import freeze_time

from csp_pipeline.defs.arrival import sensor_name
from csp_pipeline.defs.automation import JOB
from csp_pipeline.defs.build import build_definitions
from csp_pipeline.errors import PullError
from csp_pipeline.intake import arrivals
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.stages import Pipeline as Stages
from csp_pipeline.stages import open_pipeline
from tests.conftest import Pipeline
from tests.pipeline.automation.small_world import APRIL, ASB, CRIMES, MAY, incidents, outcomes, run, tick

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


def test_a_file_that_landed_and_was_not_taken_in_is_asked_for(
    world: Pipeline, definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    """It came after the tick that asked for another year's, whose run brought it to landing and left it waiting; as
    `csp run --years` would, or a run that fell over in between.
    """
    assert run(definitions, instance, ASB, ("2015-16", "2016-17")).success
    cursor = tick(definitions, instance, ASB).cursor
    world.put(ASB, "asb_2015-05_extracted-2015-06-10.csv", incidents("15/05/2015", 5))
    asked = tick(definitions, instance, ASB, cursor)
    world.put(ASB, MAY, incidents("15/05/2016", 4))
    world.put(ASB, f"copy/{APRIL}", incidents("15/04/2016", 3))  # which counts once, and is no file that waits
    assert run(definitions, instance, ASB, ("2015-16", "2015-16")).success
    assert MAY not in outcomes(world, ASB)
    (may,) = tick(definitions, instance, ASB, asked.cursor).run_requests
    assert (may.tags["dagster/asset_partition_range_start"], may.tags["csp/new_files"]) == ("2016-17", "1")
    assert run(definitions, instance, ASB, ("2016-17", "2016-17")).success
    assert outcomes(world, ASB)[MAY] == "accepted"
    assert not tick(definitions, instance, ASB).run_requests


def test_a_dead_place_is_skipped_with_the_reason_and_holds_no_other(
    world: Pipeline, definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    """A place that was given while the daemon was running, too."""
    feed = world.sources / CRIMES / "feed.yml"
    written = feed.read_text("utf-8")
    feed.write_text(written.replace("location: exports", "location: gone/away"), "utf-8")
    try:
        dead = tick(definitions, instance, CRIMES, "as before")
    finally:
        feed.write_text(written, "utf-8")
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


def test_files_of_a_year_that_was_added_while_the_daemon_was_running_are_taken_in(
    world: Pipeline, definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    file = "asb_2017-04_extracted-2017-05-10.csv"
    world.put(ASB, file, incidents("15/04/2017", 9))
    partnership = world.sources / "partnership.yml"
    written = partnership.read_text("utf-8")
    partnership.write_text(written.replace("\n  last: 2016-17", "\n  last: 2017-18"), "utf-8")
    try:
        (arrived,) = tick(definitions, instance, ASB).run_requests
        context = dg.build_schedule_context(instance, repository_def=definitions.get_repository_def())
        (daily,) = definitions.resolve_schedule_def("every_morning").evaluate_tick(context).run_requests or []
        for request in (arrived, daily):
            shutil.rmtree(world.settings.warehouse)
            own = build_definitions(open_pipeline(world.settings))
            years = (request.tags["dagster/asset_partition_range_start"], request.tags["dagster/asset_partition_range_end"])
            assert years == ("2015-16", "2016-17")
            assert run(own, instance, ASB, years, **request.tags).success
            assert outcomes(world, ASB)[file] == "accepted"
    finally:
        partnership.write_text(written, "utf-8")


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
    opening = Path.open

    def open_configuration(path: Path, *arguments: Any, **named: Any) -> Any:
        assert path.parent in (world.sources, *world.sources.glob("*"), *world.sources.glob("*/*")), "not of the configuration"
        return opening(path, *arguments, **named)

    monkeypatch.setattr(Path, "open", open_configuration)
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


@pytest.fixture(scope="module")
def kept_instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """An instance that a schedule's tick can be given: one that lies in a folder."""
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as made:
        yield made


@pytest.mark.parametrize(
    ("taken_in", "day", "asked"),
    [
        ("2016-06-14", "2016-06-15", None),  # May's last day
        ("2016-06-14", "2016-06-16", [CRIMES, ASB]),
        ("2016-06-15", "2016-06-16", [CRIMES, ASB]),
        ("2016-06-16", "2016-06-17", None),
        ("2016-06-14", "2016-06-19", [CRIMES, ASB]),  # the daemon was off, or the run of the 16th failed
        ("2016-05-14", "2016-05-16", [CRIMES]),  # of the other feed April is there
    ],
)
def test_after_a_deadline_the_feeds_that_have_not_come_are_looked_for_once_more(
    world: Pipeline,
    definitions: dg.Definitions,
    kept_instance: dg.DagsterInstance,
    taken_in: str,
    day: str,
    asked: list[str] | None,
) -> None:
    world.take_in(ASB)
    kept_instance.wipe()
    with freeze_time(datetime.fromisoformat(f"{taken_in}T12:00:00").replace(tzinfo=UTC)):
        for feed in (ASB, CRIMES):
            kept_instance.report_runless_asset_event(dg.AssetMaterialization(feed.split("/")))
    moment = datetime.fromisoformat(f"{day}T06:00:00").replace(tzinfo=UTC)
    context = dg.build_schedule_context(
        kept_instance, scheduled_execution_time=moment, repository_def=definitions.get_repository_def()
    )
    told = definitions.resolve_schedule_def("when_due").evaluate_tick(context)
    if asked is None:
        assert not told.run_requests
        return
    (request,) = told.run_requests or []
    assert request.asset_selection == [dg.AssetKey(key.split("/")) for key in sorted(asked)]
    assert request.tags["dagster/asset_partition_range_start"] == "2016-17"


def test_a_feed_tells_which_periods_are_overdue_and_how_long_it_may_rest(
    world: Pipeline, definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    done = run(definitions, instance, ASB, ("2015-16", "2016-17"))
    check = next(c for c in done.get_asset_check_evaluations() if c.check_name == "received_in_time")
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "2016-05 since 15/06/2016" in str(check.metadata["overdue"].value)
    assert "2016-04" not in str(check.metadata["overdue"].value)
    policy = definitions.resolve_asset_graph().get(dg.AssetKey(["police", "asb"])).freshness_policy
    assert isinstance(policy, dg.FreshnessPolicy)
    assert "46" in str(policy.warn_window.to_timedelta())  # type: ignore[attr-defined]
