"""One new file makes anew what rests on it and nothing else, and gives what a run from nothing gives."""

import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pytest
import yaml

from csp_pipeline import stages
from csp_pipeline.errors import PublishError
from csp_pipeline.figures import build
from csp_pipeline.intake.read_again import forget_stages
from csp_pipeline.lake import table_path, write_json
from csp_pipeline.reconcile import bridge, search
from csp_pipeline.settings import Settings
from csp_pipeline.stages import Pipeline as Stages
from csp_pipeline.stages import Reads
from tests.bench.new_file import STAGES
from tests.conftest import LAKE_TABLES, ONE_YEAR, Pipeline
from tests.copied_sources import copy_configuration
from tests.small_exports import crime, csv_text, fire, published

CRIMES, FIRE, PUBLISHED = "police/crimes", "fire/incidents", "district/published_figures"
MADE = (*STAGES["figures"], *STAGES["comparisons, bridges and the rest"])
TABLES = (*LAKE_TABLES, "links", "link_cuts")


def crimes(*numbers: int) -> str:
    arson = {"offence_code": "56B", "offence": "Arson not endangering life"}
    return csv_text([crime(number, **(arson if number % 2 else {})) for number in numbers])


def fires(*numbers: int) -> str:
    return csv_text([fire(number, police_incident_number=f"L16-{number:07d}") for number in numbers])


# As they may come: first extracts, later ones of the same period, a file that is refused, and totals.
FILES = (
    (CRIMES, "crimes_2016-04_extracted-2016-05-10.csv", crimes(1, 2, 3, 5)),
    (CRIMES, "crimes_2016-04_extracted-2016-07-10.csv", crimes(1, 3, 4)),
    (FIRE, "incidents_2016-17-Q1_extracted-2016-07-20.csv", fires(1, 3, 7)),
    (FIRE, "incidents_2016-17-Q1_extracted-2016-10-20.csv", fires(1, 5, 7, 9)),
    (FIRE, "incidents_2016-17-Q2_extracted-2016-10-20.csv", "wrong,columns\n1,2\n"),
    (PUBLISHED, "published_figures_2016-17_extracted-2017-05-15.csv", csv_text([published("Total crime", "2")])),
)


# Those that keep parts, and what they are made from.
IN_PARTS = ("build_figures", "build_vintages", "build_comparisons", "build_bridges", "search_definitions")


def make(world: Pipeline, warehouse: Settings | None = None, made: Sequence[str] = MADE) -> Stages:
    """Take in what is there, and make what comes of it before publishing."""
    run = Stages(warehouse or world.settings, world.partnership, world.specs)
    for feed in world.partnership.every_feed:
        run.take_in(feed.key)
    for stage in made:
        getattr(run, stage)()
    return run


def tables_of(warehouse: Settings) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of the lake, in order."""
    with duckdb.connect() as connection:
        return {
            table: connection.execute("FROM read_parquet(?)", [str(path)]).fetchall()
            for table in TABLES
            if (path := table_path(warehouse, table)).exists()
        }


def from_nothing(world: Pipeline, folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """The tables that a run makes which has only what has landed."""
    shutil.copytree(world.settings.warehouse, folder, ignore=shutil.ignore_patterns("lake"))
    other = world.settings.model_copy(update={"warehouse": folder})
    make(world, other, IN_PARTS)
    return tables_of(other)


@pytest.fixture(scope="module")
def small_world(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """Three feeds and two measures in one year; tests share the folder of sources, each in a warehouse of its own."""
    folder = tmp_path_factory.mktemp("small") / "sources"
    sources = copy_configuration(folder, ONE_YEAR, [CRIMES, FIRE, PUBLISHED], ["deliberate_fires", "total_crime"])
    return Pipeline(sources, sources.parent / "warehouse")


@pytest.fixture(scope="module")
def new_world(small_world: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Pipeline]:
    def make_world() -> Pipeline:
        for exports in small_world.sources.glob("*/*/exports"):
            shutil.rmtree(exports)
            exports.mkdir()
        world = Pipeline(small_world.sources, tmp_path_factory.mktemp("new_files"))
        world.__dict__.update(partnership=small_world.partnership, book=small_world.book, specs=small_world.specs)
        return world

    return make_world


@pytest.fixture(scope="module")
def made_world(new_world: Callable[[], Pipeline]) -> Pipeline:
    """A partnership of which all files but the refused one and the fire service's later extract have come, and all is made."""
    world = new_world()
    for feed, name, content in (*FILES[:3], *FILES[5:]):
        world.put(feed, name, content)
    make(world)
    return world


@pytest.fixture
def world(made_world: Pipeline, new_world: Callable[[], Pipeline]) -> Pipeline:
    """A copy of it to change, whose files have been collected."""
    world = new_world()
    shutil.copytree(made_world.settings.warehouse, world.settings.warehouse, dirs_exist_ok=True)
    return world


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What is counted, bridged and searched: feeds, in the order in which it is done."""
    done: dict[str, list[str]] = {"counted": [], "bridged": [], "searched": []}
    count, bridge_pair, search_feed = build.count_feed, bridge.bridge_pair, search.search_feed

    def counting(*arguments: object) -> None:
        done["counted"].append(arguments[3].key)  # type: ignore[attr-defined]
        count(*arguments)  # type: ignore[arg-type]

    def bridging(*arguments: object) -> None:
        done["bridged"].append(" and ".join(side.key for side in arguments[3:5]))  # type: ignore[attr-defined]
        bridge_pair(*arguments)  # type: ignore[arg-type]

    def searching(*arguments: object) -> None:
        done["searched"].append(arguments[4].key)  # type: ignore[attr-defined]
        search_feed(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(build, "count_feed", counting)
    monkeypatch.setattr(bridge, "bridge_pair", bridging)
    monkeypatch.setattr(search, "search_feed", searching)
    return done


def test_the_small_world_has_links_bridges_and_searches_to_go_wrong(made_world: Pipeline) -> None:
    made = tables_of(made_world.settings)
    assert len(made["links"]) == 2  # incidents 1 and 3 stand in both
    for table in ("figures", "figure_vintages", "comparisons", "bridge_steps", "bridge_records", "definition_searches"):
        assert made[table], table


def test_a_new_file_has_only_its_own_feed_counted_bridged_and_searched(world: Pipeline, work: dict[str, list[str]]) -> None:
    parts = world.settings.lake / "parts"
    before = {path.relative_to(parts) for path in parts.glob("*/*")}
    (parts / "figures" / ".fire_incidents.parquet.1.part").write_bytes(b"left by a run that was killed")
    world.put(*FILES[3])
    make(world, made=IN_PARTS)
    assert work["counted"] == [FIRE]
    assert work["bridged"] == [f"{CRIMES} and {FIRE}"]
    assert CRIMES not in work["searched"]
    deliberate = world.figure(FIRE, "deliberate_fires", "E23000021", "2016-04")
    assert deliberate["value"] == 4
    # what was made again took the place of what was there before, and nothing else is left
    after = {path.relative_to(parts) for path in parts.glob("*/*")}
    assert len(after) == len(before)
    assert {path.name.split(".")[0] for path in before - after if path.parent.name == "figures"} == {"fire_incidents"}


def test_after_a_refused_file_no_figure_is_compared_or_bridged_again(world: Pipeline, work: dict[str, list[str]]) -> None:
    unchanged = ("comparisons", "claims", "change_tests")
    before = {table: table_path(world.settings, table).stat().st_mtime_ns for table in unchanged}
    world.put(*FILES[4])
    make(world)
    assert work == {"counted": [FIRE], "bridged": [f"{CRIMES} and {FIRE}"], "searched": []}
    assert before == {table: table_path(world.settings, table).stat().st_mtime_ns for table in unchanged}


def test_whatever_the_order_of_arrival_the_tables_are_those_of_a_run_from_nothing(
    new_world: Callable[[], Pipeline], tmp_path: Path
) -> None:
    """Three runs: the later extracts come first, and the earlier ones of both feeds last, with a refused file between."""
    world = new_world()
    for numbers in ((5, 3), (1, 4), (2, 0)):
        for number in numbers:
            world.put(*FILES[number])
        make(world, made=IN_PARTS)
    expected = from_nothing(world, tmp_path / "nothing")
    made = tables_of(world.settings)
    assert made.keys() == expected.keys()
    for table, rows in expected.items():
        assert made[table] == rows, table


def test_reading_again_and_a_change_of_what_is_declared_have_every_feed_counted(
    world: Pipeline, work: dict[str, list[str]]
) -> None:
    every = [feed.key for feed in world.partnership.feeds]
    forget_stages(world.settings)
    make(world, made=["build_figures"])
    assert work["counted"] == every
    measures = world.sources / "measures.yml"
    kept = measures.read_text(encoding="utf-8")
    measures.write_text(kept + "\n# a remark\n", encoding="utf-8")
    try:
        make(world, made=["build_figures"])
    finally:
        measures.write_text(kept, encoding="utf-8")
    assert work["counted"] == [*every, *every]


def test_a_stage_that_was_killed_after_it_wrote_is_run_again_though_its_inputs_are_those_of_before(
    world: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tables_of(world.settings)["claims"]
    figures, claims = (table_path(world.settings, table) for table in ("figures", "claims"))

    def killed(*_: object) -> None:
        shutil.copyfile(table_path(world.settings, "periods"), claims)
        raise KeyboardInterrupt

    # other figures for a moment, as of a configuration that is taken back
    kept = figures.read_bytes()
    figures.write_bytes(kept + b" ")
    run = Stages(world.settings, world.partnership, world.specs)
    with monkeypatch.context() as patched:
        patched.setattr(stages, "build_claims", killed)
        with pytest.raises(KeyboardInterrupt):
            run.build_claims()
    figures.write_bytes(kept)
    Stages(world.settings, world.partnership, world.specs).build_claims()
    assert tables_of(world.settings)["claims"] == before


@pytest.mark.parametrize("when", ["before figures are made", "while figures are made"])
def test_a_configuration_that_changes_in_a_run_ends_it_and_what_it_made_is_made_again(
    world: Pipeline, work: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    feed = world.sources / FIRE / "feed.yml"
    kept = feed.read_text(encoding="utf-8")
    count = build.count_feed

    def save_another() -> None:
        feed.write_text(kept + "notes: Asked of the agency.\n", encoding="utf-8")

    def counting(*arguments: object) -> None:
        save_another()
        count(*arguments)  # type: ignore[arg-type]

    forget_stages(world.settings)
    run = stages.open_pipeline(world.settings)
    try:
        with monkeypatch.context() as patched:
            if when == "before figures are made":
                save_another()
            else:
                patched.setattr(build, "count_feed", counting)
            with pytest.raises(PublishError, match=r"changed since this run began: fire/incidents/feed\.yml.*Run again"):
                run.build_figures()
    finally:
        feed.write_text(kept, encoding="utf-8")
    # though it was taken back, and so is what the names of the parts that were made say
    work["counted"].clear()
    stages.open_pipeline(world.settings).build_figures()
    assert work["counted"] == [feed.key for feed in world.partnership.feeds]


def test_a_stage_asked_for_alone_on_older_tables_is_run_again_with_those_before_it(world: Pipeline, tmp_path: Path) -> None:
    # as in Dagster's pages, where one asset can be materialised, or a run gone on with after another file has come
    world.put(*FILES[3])
    make(world, made=("search_definitions", "build_bridges", "build_vintages"))
    make(world, made=IN_PARTS)
    expected = from_nothing(world, tmp_path / "nothing")
    made = tables_of(world.settings)
    assert {table for table, rows in expected.items() if made[table] != rows} == set()


def test_what_each_stage_is_made_from_names_every_table_that_it_reads(world: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    forget_stages(world.settings)
    asked: set[str] = set()
    named: set[str] = set()

    def asking(warehouse: Settings, table: str) -> Path:
        asked.add(table)
        return table_path(warehouse, table)

    def naming(run: Stages, reads: Reads = Reads.RECORDS, tables: Sequence[str] = ()) -> str:
        named.update(tables)
        return ""

    for module in [
        module for name, module in sys.modules.items() if name.startswith(("csp_pipeline.figures", "csp_pipeline.reconcile"))
    ]:
        if hasattr(module, "table_path"):
            monkeypatch.setattr(module, "table_path", asking)
    monkeypatch.setattr(Stages, "inputs", naming)
    run = Stages(world.settings, world.partnership, world.specs)
    for stage in MADE:
        asked.clear()
        named.clear()
        before = {table: table_path(world.settings, table).stat().st_mtime_ns for table in TABLES}
        getattr(run, stage)()
        own = {table for table, moment in before.items() if table_path(world.settings, table).stat().st_mtime_ns != moment}
        assert asked - own == named, stage


def test_reports_are_made_again_from_another_warehouse_though_no_file_has_come(world: Pipeline) -> None:
    run = Stages(world.settings, world.partnership, world.specs)
    before = {reads: run.inputs(reads) for reads in Reads}
    write_json(world.settings.lake / "stages" / "warehouse.json", {"inputs": "of other tables", "counted": {}})
    assert {reads for reads in Reads if run.inputs(reads) != before[reads]} == {Reads.SENT_REPORTS}


def test_a_changed_list_is_noticed_wherever_it_lies(new_pipeline: Callable[..., Pipeline]) -> None:
    world = new_pipeline([PUBLISHED], ONE_YEAR)
    path = world.sources / "partnership.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name in ("areas", "populations", "lsoas_issued", "offence_codes", "forces"):
        moved = world.sources.with_name(f"{name}.csv")
        (world.sources / content[name]).rename(moved)
        content[name] = f"../{moved.name}"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        before = stages.open_pipeline(world.settings).inputs(Reads.NOTHING_ELSE)
        moved.write_bytes(moved.read_bytes() + b"\n")
        assert stages.open_pipeline(world.settings).inputs(Reads.NOTHING_ELSE) != before, name


def test_a_feed_under_another_name_is_noticed_before_any_file_has_come(new_pipeline: Callable[..., Pipeline]) -> None:
    world = new_pipeline([PUBLISHED], ONE_YEAR)
    folder = world.sources / "police" / "collisions"
    folder.mkdir(parents=True)
    entry = yaml.safe_load((world.sources / PUBLISHED / "feed.yml").read_text(encoding="utf-8"))
    (folder / "feed.yml").write_text(yaml.safe_dump(entry | {"layout": "stats19_collisions"}), encoding="utf-8")
    before = stages.open_pipeline(world.settings).inputs(Reads.NOTHING_ELSE)
    folder.rename(folder.with_name("road_collisions"))
    assert stages.open_pipeline(world.settings).inputs(Reads.NOTHING_ELSE) != before
