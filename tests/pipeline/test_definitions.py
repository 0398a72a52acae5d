"""What a data engineer finds in Dagster: assets, checks that can fail, a job, a schedule, partitions."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from csp_pipeline.defs.automation import JOB
from csp_pipeline.defs.build import build_definitions
from csp_pipeline.defs.delivery import JOB as DELIVERY
from csp_pipeline.intake.checks import count_repeated_keys, find_unbalanced_submissions
from csp_pipeline.intake.receipts import read_receipts
from csp_pipeline.lake import read_json
from csp_pipeline.publish.checks import compare_with_lake, count_wrong_bridges
from csp_pipeline.settings import Settings
from csp_pipeline.stages import Pipeline, open_pipeline
from tests.command import SECONDS
from tests.pipeline.conftest import BIN, PROJECT, CommandRun


@pytest.fixture(scope="module")
def pipeline(sample_run: CommandRun, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """A copy of the sample's lake and warehouse that tests may damage."""
    copy = tmp_path_factory.mktemp("copy") / "warehouse"
    shutil.copytree(sample_run.warehouse, copy, ignore=shutil.ignore_patterns("dagster"))
    return open_pipeline(Settings(warehouse=copy))


@pytest.fixture(scope="module")
def definitions(pipeline: Pipeline) -> dg.Definitions:
    return build_definitions(pipeline)


@pytest.mark.parametrize("command", [["dagster", "definitions", "validate", "-w", "workspace.yaml"], ["dg", "check", "defs"]])
def test_dagsters_own_checks_are_clean(command: list[str], tmp_path: Path) -> None:
    environment = os.environ | {"CSP_WAREHOUSE": str(tmp_path / "warehouse"), "DAGSTER_HOME": "", "NO_COLOR": "1"}
    done = subprocess.run(
        [BIN / command[0], *command[1:]],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_one_asset_for_each_feed_then_the_products_in_order(definitions: dg.Definitions, pipeline: Pipeline) -> None:
    graph = definitions.resolve_asset_graph()
    feeds = {dg.AssetKey(feed.key.split("/")) for feed in pipeline.partnership.feeds}
    answers = {dg.AssetKey([agency, "responses"]) for agency in pipeline.partnership.file.agencies}
    products = {
        "figure_vintages": {"figures"},
        "break_suggestions": {"figures"},
        "change_tests": {"figures"},
        "comparisons": {"figures"},
        "gap_history": {"comparisons", "figure_vintages"},
        "bridges": {"comparisons"},
        "definition_searches": {"comparisons"},
        "claims": {"comparisons"},
        "discrepancies": {"bridges", "gap_history", "responses"},
        "warehouse": {"discrepancies", "definition_searches", "break_suggestions", "change_tests", "claims"},
        "reports": {"warehouse"},
        "scorecard": {"reports"},
    }
    assert graph.get_all_asset_keys() == feeds | answers | {dg.AssetKey(name) for name in ("figures", "responses", *products)}
    assert len(feeds) == 13
    assert graph.get(dg.AssetKey("figures")).parent_keys == feeds
    assert graph.get(dg.AssetKey("responses")).parent_keys == {dg.AssetKey("gap_history"), *answers}
    for name, needed in products.items():
        assert graph.get(dg.AssetKey(name)).parent_keys == {dg.AssetKey(before) for before in needed}


def test_every_asset_has_description_owners_kinds_and_group(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description
        assert node.owners
        assert node.kinds
        assert node.group_name in {"intake", "answers", "figures", "reconcile", "publish", "reports"}


def test_intake_is_partitioned_by_financial_year_and_takes_a_range_in_one_run(definitions: dg.Definitions) -> None:
    node = definitions.resolve_asset_graph().get(dg.AssetKey(["police", "crimes"]))
    assert node.partitions_def is not None
    assert node.partitions_def.get_partition_keys() == ["2014-15", "2015-16", "2016-17"]
    assert node.backfill_policy == dg.BackfillPolicy.single_run()


def test_the_schedule_asks_for_one_run_over_all_years(definitions: dg.Definitions) -> None:
    schedule = definitions.resolve_schedule_def("every_morning")
    context = dg.build_schedule_context(repository_def=definitions.get_repository_def())
    requests = schedule.evaluate_tick(context).run_requests or []
    assert len(requests) == 1
    assert requests[0].tags["dagster/asset_partition_range_start"] == "2014-15"
    assert requests[0].tags["dagster/asset_partition_range_end"] == "2016-17"
    assert schedule.job_name == JOB


def test_delivery_is_a_job_of_its_own_that_nothing_starts_by_itself(definitions: dg.Definitions) -> None:
    schedule = definitions.resolve_schedule_def("every_monday")
    sensor = definitions.resolve_sensor_def("after_each_warehouse")
    assert (schedule.job_name, sensor.job_name) == (DELIVERY, DELIVERY)
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    assert sensor.default_status == dg.DefaultSensorStatus.STOPPED
    assert {node.name for node in definitions.resolve_job_def(DELIVERY).nodes} == {"deliver"}
    assert "deliver" not in {node.name for node in definitions.resolve_job_def(JOB).nodes}


def test_the_schedule_and_the_sensor_send_and_a_run_by_hand_only_shows(definitions: dg.Definitions, pipeline: Pipeline) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        repository = definitions.get_repository_def()
        tick = definitions.resolve_schedule_def("every_monday").evaluate_tick(
            dg.build_schedule_context(instance, repository_def=repository)
        )
        (monday,) = tick.run_requests or []
        sensor = definitions.resolve_sensor_def("after_each_warehouse")
        assert not sensor.evaluate_tick(dg.build_sensor_context(instance, repository_def=repository)).run_requests
        instance.report_runless_asset_event(dg.AssetMaterialization("reports"))
        (after,) = sensor.evaluate_tick(dg.build_sensor_context(instance, repository_def=repository)).run_requests or []
        assert monday.run_config == after.run_config
        job = definitions.resolve_job_def(DELIVERY)
        outbox = pipeline.settings.warehouse / "outbox"
        assert job.execute_in_process(instance=instance).success
        assert not outbox.exists()
        assert job.execute_in_process(instance=instance, run_config=after.run_config).success
    assert {folder.name for folder in outbox.iterdir()} == {*pipeline.partnership.file.agencies, "strategy_group"}


def test_the_delivery_job_fails_when_a_report_cannot_be_delivered(definitions: dg.Definitions, pipeline: Pipeline) -> None:
    log = pipeline.settings.landing / "reports" / "fire" / "sent.jsonl"
    whole = log.read_text(encoding="utf-8") if log.exists() else None
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("not a line of it", encoding="utf-8")
    job = definitions.resolve_job_def(DELIVERY)
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False)
    assert not result.success
    error = next(event for event in result.all_events if event.is_step_failure).step_failure_data.error
    assert error is not None
    assert "sent.jsonl, line 1" in error.message
    log.write_text(whole, encoding="utf-8") if whole else log.unlink()


def test_the_scorecard_shows_its_measures_beside_the_asset(definitions: dg.Definitions, pipeline: Pipeline) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance, asset_selection=[dg.AssetKey("scorecard")]
        )
    metadata = result.asset_materializations_for_node("scorecard")[0].metadata
    assert metadata["dagster/row_count"].value == 24
    assert "| Total recorded crime |" in str(metadata["measures"].value)


def test_rows_conserved_fails_when_records_are_lost(pipeline: Pipeline) -> None:
    feed = pipeline.partnership.feed("district/parish_survey")
    receipts = read_receipts(pipeline.settings, feed)
    assert find_unbalanced_submissions(pipeline.settings, feed, receipts) == []
    path = pipeline.settings.lake / "records/district/parish_survey" / f"{receipts[0].submission_id}.parquet"
    whole = path.read_bytes()
    duckdb.execute(f"COPY (SELECT * FROM read_parquet('{path}') LIMIT 12) TO '{path}.less' (FORMAT parquet)").fetchall()
    Path(f"{path}.less").replace(path)
    assert "13 read, 12 records" in find_unbalanced_submissions(pipeline.settings, feed, receipts)[0]
    path.write_bytes(whole)


def test_unique_keys_fails_when_a_key_is_there_twice(pipeline: Pipeline) -> None:
    feed = pipeline.partnership.feed("district/parish_survey")
    receipts = read_receipts(pipeline.settings, feed)
    spec = pipeline.specs[feed.key]
    assert count_repeated_keys(pipeline.settings, feed, spec, receipts) == 0
    path = pipeline.settings.lake / "records/district/parish_survey" / f"{receipts[0].submission_id}.parquet"
    whole = path.read_bytes()
    twice = f"SELECT * FROM read_parquet('{path}') UNION ALL (SELECT * FROM read_parquet('{path}') LIMIT 1)"
    duckdb.execute(f"COPY ({twice}) TO '{path}.more' (FORMAT parquet)").fetchall()
    Path(f"{path}.more").replace(path)
    assert count_repeated_keys(pipeline.settings, feed, spec, receipts) == 1
    path.write_bytes(whole)


COUNTED = ("figures", "figure_vintages", "break_suggestions", "change_tests")
RECONCILED = ("comparisons", "gap_history", "bridges", "definition_searches", "responses", "claims")
# What is done to a table, and the check that finds it.
DAMAGE_AFTER_COMPARING = {
    "figure_vintages": ("SELECT * REPLACE (added + 1 AS added) FROM given", "end_in_figures"),
    "break_suggestions": ("SELECT * REPLACE (0.0 AS strength) FROM given", "founded"),
    "change_tests": ("FROM given WHERE false", "verdicts_match_intervals"),
    "gap_history": ("SELECT * REPLACE (gap + 1 AS gap) FROM given", "end_in_comparisons"),
    "bridge_steps": ("SELECT * REPLACE (contribution + 1 AS contribution) FROM given", "bridges_add_up"),
    "definition_figures": ("SELECT * REPLACE (headline + 1 AS headline) FROM given", "headlines_as_counted"),
    "responses": ("FROM given UNION ALL BY NAME SELECT 'twice' AS discrepancy_id", "no_answer_lost"),
    "claim_figures": ("SELECT * REPLACE (value + 1 AS value) FROM given", "verdicts_rest_on_figures"),
}
MONTHS_BEYOND_YEARS = "value + CASE WHEN period_kind = 'month' AND area_code = 'E07000131' THEN 100000 ELSE 0 END AS value"
DAMAGE_BEFORE = {
    "figures": (f"SELECT * REPLACE ({MONTHS_BEYOND_YEARS}, NULL AS preferred_by) FROM given", "parts_within_whole"),
    "comparisons": ("SELECT * REPLACE (gap + 1 AS gap) FROM given", "gaps_add_up"),
}


def test_each_check_fails_on_what_it_is_there_to_find_and_on_nothing_else(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the sample holds a refused file and codes that no list knows: of these a run only warns
    warnings = {"nothing_refused", "no_unmapped_codes"}
    with damaged(pipeline, DAMAGE_AFTER_COMPARING):
        checks = checks_of(pipeline, [*COUNTED, *RECONCILED, "warehouse"])
    found = {name for name, check in checks.items() if not check.passed}
    assert found == {check for _, check in DAMAGE_AFTER_COMPARING.values()} | {"equals_lake"} | warnings
    of_what_was_sent = warnings | {"corrections_apply", "published_in_unit"}
    assert {name for name, check in checks.items() if check.severity == dg.AssetCheckSeverity.WARN} == of_what_was_sent
    monkeypatch.setattr("csp_pipeline.defs.publish_assets.list_errors_not_found", lambda _: [("police/crimes", "one", "gone")])
    number = ("district/published_figures", "asb_reported", "12%", "one", 2)
    monkeypatch.setattr("csp_pipeline.defs.publish_assets.list_numbers_in_other_units", lambda *_: [number])
    with damaged(pipeline, DAMAGE_BEFORE):
        later = checks_of(pipeline, ["figures", "comparisons", "warehouse"])
        assert [difference.partition(":")[0] for difference in compare_with_lake(pipeline.settings)] == ["figures", "comparisons"]
    found |= {name for name, check in later.items() if not check.passed}
    assert found == set(checks)


@pytest.mark.parametrize(
    ("table", "damage"),
    [
        ("comparisons", "SELECT * REPLACE (gap + 1 AS gap) FROM given"),
        ("comparisons", "FROM given WHERE false"),
        ("bridge_records", "SELECT * REPLACE (-contribution AS contribution) FROM given"),
        # one record more on either side: their sum stays the same
        ("bridge_records", "FROM given UNION ALL SELECT * REPLACE (unnest([1, -1]) AS contribution) FROM (FROM given LIMIT 1)"),
        ("bridge_records", "FROM given WHERE false"),
    ],
)
def test_a_bridge_that_does_not_add_up_to_its_gap_or_from_its_records_is_found(
    pipeline: Pipeline, table: str, damage: str
) -> None:
    assert count_wrong_bridges(pipeline.settings) == 0
    with damaged(pipeline, {table: (damage, "")}):
        assert count_wrong_bridges(pipeline.settings) > 0


@contextmanager
def damaged(pipeline: Pipeline, damage: Mapping[str, tuple[str, str]]) -> Iterator[None]:
    """The lake with some of its tables replaced by a query over what they hold, for a while."""
    paths = {table: pipeline.settings.lake / "tables" / f"{table}.parquet" for table in damage}
    try:
        for table, path in paths.items():
            whole = path.rename(path.with_suffix(".whole"))
            with duckdb.connect() as connection:
                connection.execute(f"CREATE VIEW given AS FROM read_parquet('{whole}')").fetchall()
                connection.execute(f"COPY ({damage[table][0]}) TO '{path}' (FORMAT parquet)").fetchall()
        yield
    finally:
        for path in paths.values():
            path.with_suffix(".whole").rename(path)


class Idle(Pipeline):
    """A pipeline that leaves everything as it lies, and gives what each stage counted when it was made."""

    def _unless_done(self, stage: str, *_: object, **__: object) -> dict[str, Any]:
        return dict(read_json(self._note(stage))["counted"])  # type: ignore[index]


def checks_of(pipeline: Pipeline, assets: Sequence[str]) -> dict[str, dg.AssetCheckEvaluation]:
    """The checks of some assets by name, as a run that makes nothing anew tells them."""
    idle = Idle(pipeline.settings, pipeline.partnership, pipeline.specs)
    job = build_definitions(idle).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        done = job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey(asset) for asset in assets])
    return {check.check_name: check for check in done.get_asset_check_evaluations()}
