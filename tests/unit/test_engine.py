"""Steps that begin side by side in one process share one DuckDB, whose queries can be ended while others begin."""

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import duckdb
import pytest

from csp_pipeline import lake
from csp_pipeline.agencies import find_feed_spec
from csp_pipeline.intake.read_csv import open_csv, read_together
from csp_pipeline.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    lake._engine.cache_clear()
    yield Settings(warehouse=tmp_path / "warehouse")
    lake._engine.cache_clear()


def test_two_steps_that_are_the_first_to_ask_get_the_same_engine(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    make, made, both = duckdb.connect, [], threading.Barrier(2)

    def make_slowly(**options: dict[str, object]) -> duckdb.DuckDBPyConnection:
        threading.Event().wait(0.05)  # as on a busy machine
        made.append(make(**options))
        return made[-1]

    def ask() -> None:
        both.wait()
        with lake.connect(settings):
            pass

    monkeypatch.setattr(duckdb, "connect", make_slowly)
    with ThreadPoolExecutor(2) as steps:
        for asked in [steps.submit(ask) for _ in range(2)]:
            asked.result()
    assert len(made) == 1  # two would spill to files of the same names


def test_queries_can_be_ended_while_steps_begin(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    switched = sys.getswitchinterval()
    over = threading.Event()

    def begin() -> None:
        while not over.is_set():
            with lake.connect(settings):
                pass

    with ExitStack() as held, ThreadPoolExecutor(1) as steps:
        for _ in range(50):
            held.enter_context(lake.connect(settings))
        beginning = steps.submit(begin)
        sys.setswitchinterval(1e-6)
        try:
            for _ in range(200):
                lake.interrupt_queries()
        finally:
            sys.setswitchinterval(switched)
            over.set()
        beginning.result()


def test_two_feeds_that_are_read_side_by_side_are_not_told_each_others_broken_rows(settings: Settings, tmp_path: Path) -> None:
    header = "incident_number,reported_at,category,beat,lsoa_code,recording_system"
    columns, begin = find_feed_spec("police/asb").columns, threading.Barrier(2)
    broken_at = dict(enumerate(range(40, 70)))

    def path_of(feed: str, number: int) -> Path:
        return tmp_path / f"{feed}_{number}.csv"

    def read(feed: str) -> list[list[int]]:
        files = [open_csv(path_of(feed, number), columns, settings, tmp_path / f"{feed}_{number}") for number in broken_at]
        begin.wait()
        read_together(files, columns, settings)
        return [[row.row_number for row in file.broken_rows] for file in files]

    for feed in ("one", "other"):
        for number, broken in broken_at.items():
            rows = [f"{row},01/04/2016 10:00,Nuisance,,,CIS" for row in range(2, 200)]
            rows[broken - 2] = "too,short"
            path_of(feed, number).write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    with ThreadPoolExecutor(2) as steps:
        for _ in range(8):
            for told in steps.map(read, ("one", "other")):
                assert told == [[broken] for broken in broken_at.values()]
