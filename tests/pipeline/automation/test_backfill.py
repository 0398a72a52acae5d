"""Years that are read again from landing."""

from collections.abc import Callable
from types import SimpleNamespace

import dagster as dg

from csp_pipeline.defs import intake_assets
from csp_pipeline.defs.automation import READ_AGAIN
from csp_pipeline.intake.receipts import read_receipts
from csp_pipeline.lake import receipt_path
from csp_pipeline.stages import Pipeline as Stages
from tests.command import call_csp
from tests.conftest import ONE_YEAR, Pipeline
from tests.pipeline.automation.small_world import APRIL, APRIL_BEFORE, ASB, incidents, outcomes, run


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
    made.take_in(ASB)
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
        run = SimpleNamespace(tags={})
        has_partition_key, has_partition_key_range = False, True
        partition_keys = ("2015-16", "2016-17")

    wanted = intake_assets._wanted_years
    assert wanted(Context(), stages.partnership) is None  # type: ignore[arg-type]
    Context.partition_keys = ("2016-17",)  # type: ignore[assignment]
    assert wanted(Context(), stages.partnership) == ["2016-17"]  # type: ignore[arg-type]
