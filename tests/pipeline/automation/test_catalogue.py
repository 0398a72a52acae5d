"""What Dagster's catalogue says of each asset."""

import dagster as dg

from csp_pipeline.stages import Pipeline as Stages
from tests.conftest import Pipeline
from tests.pipeline.automation.small_world import ASB, outcomes, run, tick


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
