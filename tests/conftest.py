"""A small partnership for tests: the project's own configuration without its exports, and the pipeline run on it."""

from __future__ import annotations

import copy
import fcntl
import gc
import pickle
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import duckdb
import hypothesis
import pytest

from csp_pipeline.agencies import find_feed_spec
from csp_pipeline.figures.breaks import build_break_suggestions
from csp_pipeline.figures.build import build_figures
from csp_pipeline.figures.vintages import build_vintages
from csp_pipeline.intake.look_up import read_look_ups
from csp_pipeline.intake.receipts import Receipt, rejects_path
from csp_pipeline.intake.take_in import FeedIntake, take_in_feed
from csp_pipeline.lake import records_path, table_path
from csp_pipeline.partnership.measures import MeasureBook, load_measures
from csp_pipeline.partnership.partnership import Partnership, load_partnership
from csp_pipeline.publish.warehouse import publish_warehouse
from csp_pipeline.reconcile.bridge import build_bridges
from csp_pipeline.reconcile.change_tests import build_change_tests
from csp_pipeline.reconcile.claims import build_claims
from csp_pipeline.reconcile.compare import build_comparisons, build_discrepancies
from csp_pipeline.reconcile.history import build_gap_history
from csp_pipeline.reconcile.responses import build_responses
from csp_pipeline.reconcile.search import build_searches
from csp_pipeline.settings import Settings
from csp_pipeline.tables import FeedSpec
from tests.command import start_csp
from tests.copied_sources import YEARS, copy_configuration
from tests.small_exports import HARBOROUGH

PROJECT = Path(__file__).parents[1]
# For tests that look at one year, or at a change between two: fewer figures to count, a shorter run.
ONE_YEAR = dict.fromkeys(YEARS, "2016-17")
TWO_YEARS = ONE_YEAR | {"first": "2015-16", "expected_first": "2015-16"}
THREE_YEARS = YEARS | {"last": "2016-17"}
# The first makes the sample run, for which others wait; the second does not need it.
LONGEST_FIRST = (
    "tests/pipeline/test_sample_run.py",
    "tests/unit/test_bridge_accuracy.py",
    "tests/pipeline/test_one_run.py",
    "tests/pipeline/test_command.py",
    "tests/unit/test_other_worlds.py",
    "tests/unit/reports/test_disclosure_attack.py",
)
# What a partnership reads of its lists of areas, populations and codes.
LISTS = ("areas", "populations", "offence_codes", "references")
LAKE_TABLES = (
    "figures",
    "changes",
    "figure_vintages",
    "break_suggestions",
    "coverage",
    "periods",
    "validity",
    "comparisons",
    "bridge_steps",
    "bridge_records",
    "links",
    "gap_history",
    "responses",
    "discrepancies",
    "definition_searches",
    "definition_variants",
    "definition_figures",
    "change_tests",
    "control_limits",
    "claims",
    "claim_figures",
)


class DeskSettings(Settings):
    """Those of desks, which spill to one place: for another one the product starts DuckDB anew."""

    @property
    def spill(self) -> Path:
        return self.sources / ".spill"


class Pipeline:
    """A sources folder and a warehouse of their own, with the steps of a run and ways to look at what they gave."""

    def __init__(self, sources: Path, warehouse: Path, **settings: Any) -> None:
        self.sources = sources
        # As many processes test as there are processors: a second thread costs more than it brings. Runs of `csp` have theirs.
        settings = {"threads": 1, "views": sources / "no-views", **settings}
        self.settings = Settings(sources=sources, warehouse=warehouse, **settings)

    @cached_property
    def partnership(self) -> Partnership:
        loaded = load_partnership(self.sources)
        if _contents(loaded) == _contents(_committed()):
            # read already, and the same: reading 34,000 LSOAs takes as long as a small file's whole way in
            loaded.__dict__.update({name: getattr(_committed(), name) for name in LISTS})
        return loaded

    @cached_property
    def book(self) -> MeasureBook:
        return load_measures(self.partnership)

    @cached_property
    def specs(self) -> dict[str, FeedSpec]:
        return {feed.key: find_feed_spec(feed.key, feed.entry.layout) for feed in self.partnership.every_feed}

    def reread_configuration(self) -> None:
        for name in ("partnership", "book", "specs"):
            self.__dict__.pop(name, None)

    def agree(self, feed: str, **settings: Any) -> None:
        """Have a feed's feed.yml say this, for this pipeline only."""
        partnership = copy.copy(self.partnership)  # with the code lists that it has read
        entry = partnership.feed(feed).entry
        agreed = type(entry).model_validate(entry.model_dump() | settings)
        feeds = tuple(replace(each, entry=agreed) if each.key == feed else each for each in partnership.feeds)
        object.__setattr__(partnership, "feeds", feeds)
        self.__dict__["partnership"] = partnership

    def put(self, feed: str, name: str, content: str | bytes) -> Path:
        """Put a file where the partner leaves it."""
        path = self.sources / feed / "exports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def take_in(self, feed: str) -> FeedIntake:
        return take_in_feed(
            self.partnership.feed(feed),
            self.specs[feed],
            self.partnership.references | read_look_ups(self.settings, self.partnership, self.specs, self.partnership.feed(feed)),
            self.settings,
            self.partnership.years,
        )

    def take_in_one(self, feed: str, name: str, content: str | bytes) -> Receipt:
        """Put one file, take its feed in, and give what became of the file."""
        self.put(feed, name, content)
        intake = self.take_in(feed)
        return next(receipt for receipt in intake.receipts if receipt.landed.path == name)

    def make_figures(self) -> None:
        build_figures(self.settings, self.partnership, self.book, self.specs)

    def run_all(self) -> dict[str, FeedIntake]:
        """A whole run, from pulling to publishing; gives what was taken in of the feeds of figures."""
        intakes = self.run_to_discrepancies()
        build_break_suggestions(self.settings, self.partnership, self.book)
        build_searches(self.settings, self.partnership, self.book, self.specs)
        build_change_tests(self.settings, self.partnership, self.book)
        build_claims(self.settings, self.partnership, self.book)
        publish_warehouse(self.settings, self.partnership, self.book, self.specs)
        return intakes

    def run_to_discrepancies(self) -> dict[str, FeedIntake]:
        """A run without what no discrepancy rests on, and without publishing."""
        intakes = {feed.key: self.take_in(feed.key) for feed in self.partnership.feeds}
        for feed in self.partnership.response_feeds:
            self.take_in(feed.key)
        self.make_figures()
        build_vintages(self.settings, self.partnership, self.book, self.specs)
        build_comparisons(self.settings, self.partnership, self.book)
        build_bridges(self.settings, self.partnership, self.book, self.specs)
        build_gap_history(self.settings, self.partnership, self.book)
        build_responses(self.settings, self.partnership, self.book)
        build_discrepancies(self.settings, self.partnership, self.book)
        return intakes

    def rejects(self, receipt: Receipt) -> list[dict[str, Any]]:
        """The rejects of one submission, in order of row."""
        feed = self.partnership.feed(f"{receipt.landed.agency}/{receipt.landed.feed}")
        path = rejects_path(self.settings, feed, receipt.submission_id)
        return _rows("SELECT * FROM read_parquet(?) ORDER BY sheet, row_number NULLS FIRST", [str(path)]) if path.exists() else []

    def records(self, receipt: Receipt) -> list[dict[str, Any]]:
        """The records of one submission, in order of row."""
        path = records_path(self.settings, receipt.landed.agency, receipt.landed.feed, receipt.submission_id)
        return _rows("SELECT * FROM read_parquet(?) ORDER BY sheet, row_number", [str(path)]) if path.exists() else []

    def lake(self, query: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Rows of a query over the lake's tables."""
        with self.lake_tables(table for table in LAKE_TABLES if table in query) as connection:
            return _rows(query, list(values), connection)

    @contextmanager
    def lake_tables(self, tables: Iterable[str] = LAKE_TABLES) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection on which the lake's tables, or some of them, can be asked."""
        with _engine().cursor() as connection:
            for table in tables:
                path = table_path(self.settings, table)
                if path.exists():
                    connection.execute(f"CREATE TEMP VIEW {table} AS SELECT * FROM read_parquet('{path}')")
            yield connection

    def figure(self, feed: str, measure: str, area: str, period: str, **more: str) -> dict[str, Any]:
        """One figure: the headline one, unless unit, date_basis or area_basis say which."""
        agency, name = feed.split("/")
        narrowed = "".join(f" AND {key} = '{value}'" for key, value in more.items()) or " AND is_headline"
        found = self.lake(
            f"FROM figures WHERE agency = ? AND feed = ? AND measure = ? AND area_code = ? AND period = ?{narrowed}",
            [agency, name, measure, area, period],
        )
        assert len(found) == 1, f"{len(found)} figures of {feed} {measure} {area} {period} {more}"
        return found[0]

    def comparison(self, measure: str, period: str, first: str, second: str, area: str = HARBOROUGH) -> dict[str, Any]:
        """The comparison of two feeds, whichever stands first."""
        found = self.lake(
            "FROM comparisons WHERE measure = ? AND period = ? AND area_code = ? "
            "AND list_sort([agency_a || '/' || feed_a, agency_b || '/' || feed_b]) = list_sort([?, ?])",
            [measure, period, area, first, second],
        )
        assert len(found) == 1, f"{len(found)} comparisons of {measure} {area} {period}"
        return found[0]

    def published(self, query: str) -> list[dict[str, Any]]:
        """Rows of a query over the published warehouse."""
        with _engine().cursor() as connection:
            connection.execute(f"ATTACH '{self.settings.database}' AS published (READ_ONLY)").execute("USE published")
            try:
                return _rows(query, [], connection)
            finally:
                connection.execute("USE memory").execute("DETACH published")

    def everything_published(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of every table of the published warehouse, in their order; of a large table a count and a hash."""
        found = {}
        for table in self.published("SELECT table_name AS name, estimated_size AS size FROM duckdb_tables() ORDER BY 1"):
            rows = "*" if table["size"] < 10_000 else "count(*) AS n, bit_xor(hash(rowid, this)) AS hash"
            found[table["name"]] = self.published(f'SELECT {rows} FROM "{table["name"]}" AS this')
        return found


@cache
def _committed() -> Partnership:
    """The project's own partnership, whose lists most tests have."""
    return load_partnership(PROJECT / "sources")


def _contents(partnership: Partnership) -> list[bytes | None]:
    return [path.read_bytes() if path.exists() else None for path in partnership.lists]


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """What tables are asked with: its connections share nothing but it, and to start one takes longer than to ask.

    It keeps nothing of files: one that is replaced twice within a second may look to it like the one before.
    """
    return duckdb.connect(config={"threads": 1, "enable_external_file_cache": False})


def _rows(query: str, values: Sequence[Any], connection: duckdb.DuckDBPyConnection | None = None) -> list[dict[str, Any]]:
    result = (connection or duckdb).execute(query, values)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def pytest_sessionstart() -> None:
    # on a busy machine any example may take longer than Hypothesis allows by default
    hypothesis.settings.register_profile("busy", deadline=None)
    hypothesis.settings.load_profile("busy")
    gc.disable()


def pytest_collection_finish() -> None:
    """What was imported until now stays: no need to look through its objects for garbage again and again."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first, so that no process is left alone with one of them at the end."""
    places = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path.relative_to(PROJECT).as_posix(), len(places)))


@pytest.fixture(scope="session")
def new_pipeline(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Pipeline]:
    """Makes a pipeline on its own folders; `feeds`, `years` and `measures` narrow it to these, other options are settings."""

    def make(
        feeds: Sequence[str] | None = None,
        years: Mapping[str, str] = YEARS,
        measures: Sequence[str] | None = None,
        **settings: Any,
    ) -> Pipeline:
        folder = tmp_path_factory.mktemp("partnership")
        sources = copy_configuration(folder / "sources", years, feeds, measures)
        return Pipeline(sources, settings.pop("warehouse", folder / "warehouse"), **settings)

    return make


@pytest.fixture
def pipeline(new_pipeline: Callable[..., Pipeline]) -> Pipeline:
    """A pipeline of all feeds with nothing sent yet."""
    return new_pipeline()


@pytest.fixture(scope="session")
def new_desk(new_pipeline: Callable[..., Pipeline], tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Pipeline]:
    """Makes a pipeline with nothing sent and nothing landed, on one configuration that is read once: for tests of intake.

    Only the latest one may be used, for they share the partners' folders.
    """
    first = new_pipeline(batch_rows=1_000)
    first.settings = DeskSettings(**first.settings.model_dump())
    _ = first.partnership, first.book, first.specs

    def make() -> Pipeline:
        for exports in first.sources.glob("*/*/exports"):
            shutil.rmtree(exports)
            exports.mkdir()
        desk = copy.copy(first)
        desk.settings = first.settings.model_copy(update={"warehouse": tmp_path_factory.mktemp("desk")})
        return desk

    return make


@pytest.fixture
def desk(new_desk: Callable[[], Pipeline]) -> Pipeline:
    """Where partners' files come in: a pipeline for tests of intake."""
    return new_desk()


@pytest.fixture(scope="session")
def sample_command(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """`csp run` on the committed samples: its warehouse and what it said.

    It is made once for all processes that test side by side; each has a copy, which its tests may run again.
    """
    own = tmp_path_factory.mktemp("sample") / "warehouse"
    if worker_id == "master":
        return own, start_csp("run", warehouse=own)
    kept = tmp_path_factory.getbasetemp().parent / "sample"
    with (kept.with_suffix(".lock")).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.with_suffix(".pickle").exists():
            done = start_csp("run", warehouse=own)
            shutil.copytree(own, kept)
            kept.with_suffix(".pickle").write_bytes(pickle.dumps((str(own), done)))
            return own, done
    first, done = pickle.loads(kept.with_suffix(".pickle").read_bytes())  # noqa: S301 - written above
    shutil.copytree(kept, own)
    done.stdout, done.stderr = (said.replace(first, str(own)) for said in (done.stdout, done.stderr))
    return own, done
