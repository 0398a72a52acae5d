"""A check of what the pipeline made fails: the command says which, what it found, and so does its exit code; and it is told."""

from collections.abc import Callable
from typing import Any

import dagster as dg
import duckdb
import pytest
import typer

from csp_pipeline.cli.run import run_to_the_end
from csp_pipeline.defs.outcome import EVENTS, outcome_of
from csp_pipeline.lake import table_path
from csp_pipeline.stages import Pipeline as Stages
from tests.conftest import ONE_YEAR, Pipeline
from tests.small_exports import asb, csv_text


@pytest.fixture
def miscounting(new_pipeline: Callable[..., Pipeline], monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """A pipeline that counts ten incidents too many in each month that has one, and none in the year."""
    world = new_pipeline(["police/asb"], ONE_YEAR, ["asb_reported"])
    world.put("police/asb", "asb_2016-04_extracted-2016-05-10.csv", csv_text([asb(1), asb(2)]))
    build_figures = Stages.build_figures

    def miscount(self: Stages) -> dict[str, Any]:
        counts = build_figures(self)
        path = table_path(self.settings, "figures")
        wrong = "value + CASE WHEN period_kind = 'month' AND value > 0 THEN 10 ELSE 0 END AS value"
        duckdb.execute(
            f"COPY (SELECT * REPLACE ({wrong}) FROM read_parquet('{path}')) TO '{path}.wrong' (FORMAT parquet)"
        ).fetchall()
        path.with_name(f"{path.name}.wrong").replace(path)
        return counts

    monkeypatch.setattr(Stages, "build_figures", miscount)
    return world


def test_the_run_says_which_check_failed_and_ends_with_a_code_of_its_own(
    miscounting: Pipeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CSP_SOURCES", "")
    monkeypatch.setenv("CSP_WAREHOUSE", "")
    with pytest.raises(typer.Exit) as ended:
        run_to_the_end(miscounting.settings, None, quiet=True)
    told = capsys.readouterr().err
    assert ended.value.exit_code == 6, told
    assert "Check failed: figures: parts_within_whole. parts beyond their whole: " in told
    assert "look at it in csp ui before anybody uses them" in told


def test_what_only_warns_is_of_what_was_sent_and_no_failed_check() -> None:
    def result(check: str, *, passed: bool, **more: Any) -> dg.AssetCheckResult:
        return dg.AssetCheckResult(check_name=check, passed=passed, metadata={"wrong_gaps": 0 if passed else 3}, **more)

    @dg.asset(
        check_specs=[dg.AssetCheckSpec(name, asset="comparisons") for name in ("gaps_add_up", "in_order", "nothing_refused")]
    )
    def comparisons() -> dg.MaterializeResult:
        warning = result("nothing_refused", passed=False, severity=dg.AssetCheckSeverity.WARN)
        return dg.MaterializeResult(check_results=[result("gaps_add_up", passed=False), result("in_order", passed=True), warning])

    with dg.DagsterInstance.ephemeral() as instance:
        run = dg.materialize([comparisons], instance=instance)
        kept = [record.dagster_event for record in instance.all_logs(run.run_id, of_type=EVENTS)]
    # from the run itself, and from what Dagster keeps of it for the sensors
    for events in (run.all_events, [event for event in kept if event is not None]):
        outcome = outcome_of(run.run_id, events, is_success=True)
        assert outcome.failed_checks == {"comparisons: gaps_add_up": "wrong gaps: 3"}
        assert outcome.passed_checks == {"comparisons: in_order"}
        assert outcome.failed == {}
