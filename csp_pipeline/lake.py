"""The lake's places and the few ways to write there: whole files, put in place by a rename."""

import fcntl
import functools
import json
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import IO, Any

import duckdb
import pandas as pd
import pyarrow as pa

from csp_pipeline.errors import PublishError
from csp_pipeline.settings import Settings

# Rows up to which one thread is enough: DuckDB hands them out 122,880 at a time.
FEW_ROWS = 122_880
# What a query that was ended with its run fails with: it says nothing of the query, nor of what it reads.
ENDED = duckdb.InterruptException
# Errors of a query that say nothing of the file it reads: of the disk, of the memory, or of a run that is being ended.
NOT_OF_THE_FILE = (duckdb.OperationalError, ENDED)
# In the warehouse's folder: held by the run that is at work.
LOCK = ".lock"
# For so long a run that begins tries again: who only looks whether the warehouse is held, as `csp doctor`, holds it meanwhile.
LOOKING_SECONDS = 1.0


def records_path(settings: Settings, agency: str, feed: str, submission_id: str) -> Path:
    """Parquet of one submission's accepted records."""
    return settings.lake / "records" / agency / feed / f"{submission_id}.parquet"


def receipt_path(settings: Settings, agency: str, feed: str, landed_id: str) -> Path:
    """JSON that says what became of one landed file; it is written last, so it vouches for the rest."""
    return settings.lake / "submissions" / agency / feed / f"{landed_id}.json"


def table_path(settings: Settings, table: str) -> Path:
    """Parquet of a table that the pipeline makes, such as `figures`."""
    return settings.lake / "tables" / f"{table}.parquet"


def make_folder(path: Path) -> None:
    """Make a folder in the warehouse.

    Raises PublishError when it cannot be made: the warehouse's place is wrong or not ours to write to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PublishError(
            f"{path}: cannot be made: {error.strerror}. Check that the warehouse is given as a folder that this user may write "
            "to, and that the disk is not full."
        ) from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A place beside `path` to write to; renamed to `path` when the block ends well, removed when it does not."""
    make_folder(path.parent)
    # steps run side by side in threads, and two may make the same part
    beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_native_id()}.part")
    try:
        yield beside
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def only_run(settings: Settings, run: str) -> Iterator[None]:
    """Hold the warehouse for one run, until the block or the process ends; steps of the same run share it.

    What a run makes of the lake depends on what it finds there, so two at once would mix. Raises PublishError when
    another run holds the warehouse.
    """
    place = settings.warehouse / LOCK
    make_folder(place.parent)
    with place.open("a+", encoding="utf-8") as lock:
        end = time.monotonic() + LOOKING_SECONDS
        while (holder := _take_for(run, lock, settings)) is not None:
            if time.monotonic() >= end:
                raise PublishError(
                    f"{settings.warehouse}: another run is under way ({holder}), so this one has not begun. Wait until "
                    "it has ended, or end it; then run again."
                )
            time.sleep(LOOKING_SECONDS / 50)
        yield


def _take_for(run: str, lock: IO[str], settings: Settings) -> str | None:
    """Take the warehouse for a run, or its share where the run has it already; else gives who may have it, and holds nothing."""
    if _try_lock(lock, fcntl.LOCK_EX):
        _remove_what_was_left(settings)
        lock.truncate(0)
        lock.write(f"{run}\nprocess {os.getpid()}, since {datetime.now():%H:%M:%S on %d/%m/%Y}\n")
        lock.flush()
    # Shared from here on. Another run may have slipped in between, so what stands in the file decides.
    is_shared = _try_lock(lock, fcntl.LOCK_SH)
    lock.seek(0)
    holder, _, described = lock.read().partition("\n")
    if is_shared and holder == run:
        return None
    fcntl.flock(lock, fcntl.LOCK_UN)
    return described.strip()


def _remove_what_was_left(settings: Settings) -> None:
    """Remove what a run that was killed had half written: as nobody is at work, nobody will put it in place."""
    beside = [folder.rglob(".*.part") for folder in (settings.lake, settings.reports)]
    building = settings.warehouse.glob(f".{settings.database.name}.*.building*")
    for path in [*chain(*beside), *building, *(settings.lake / "scratch").glob("*"), *settings.spill.glob("*")]:
        path.unlink(missing_ok=True)


def _try_lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write_json(path: Path, content: Any) -> None:
    """Write JSON whole, keys as given."""
    with replacing(path) as beside:
        beside.write_text(json.dumps(content, indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any] | None:
    """A JSON object, or None when there is no file or it is not whole."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return content if isinstance(content, dict) else None


@contextmanager
def connect(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own to this process's in-memory DuckDB: temporary tables and variables are not shared, memory
    and threads are.
    """
    # steps begin side by side: two engines would spill to the same files
    with _connecting:
        connection = _engine(settings.memory_limit, settings.threads, str(settings.spill)).cursor()
    with ending_queries(connection):
        yield connection


@contextmanager
def ending_queries(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for the block, closed after it, whose query ends with the run or the command.

    Ctrl-C reaches Python and not DuckDB, and no connection closes before its query is over: so a block that fails ends it.
    """
    with _connecting:  # a set that grows cannot be gone through
        _connections.add(connection)
    with connection:
        try:
            yield connection
        except BaseException:
            connection.interrupt()
            raise


def interrupt_queries() -> None:
    """End what this process's DuckDB is at: every query that is under way fails with an InterruptException."""
    with _connecting:
        connections = list(_connections)
    for connection in connections:
        with suppress(duckdb.ConnectionException):  # it is closed
            connection.interrupt()


_connections: weakref.WeakSet[duckdb.DuckDBPyConnection] = weakref.WeakSet()
_connecting = threading.Lock()


@contextmanager
def wording(
    word: Callable[[str], Exception], *, leaving: type[Exception] | tuple[type[Exception], ...] = ENDED
) -> Iterator[None]:
    """Raise what DuckDB says in the block, its first line put into words for people by `word`.

    A query that was ended with its run, and whatever else is `leaving`, is nobody's mistake and stays as it is.
    """
    try:
        yield
    except leaving:
        raise
    except duckdb.Error as error:
        raise word(str(error).splitlines()[0]) from error


def read_database(settings: Settings) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    """The published warehouse for the block, read-only; DuckDB's own errors where it cannot be read.

    Raises PublishError when this user may not read it, or somebody else has it open for writing, or wrote into it and was killed
    at that: DuckDB would take what was written for what was published.
    """
    if write_ahead_log(settings).exists():
        raise PublishError(f"{settings.database}: {_WRITTEN_INTO}")
    try:
        return ending_queries(duckdb.connect(str(settings.database), read_only=True))
    except duckdb.IOException as error:
        if "Permission denied" in str(error):
            raise PublishError(f"{settings.database}: this user may not read it. Ask for read access, or for a copy.") from error
        if "Could not set lock" not in str(error):
            raise
        raise PublishError(f"{settings.database}: {_WRITTEN_INTO}") from error


def write_ahead_log(settings: Settings) -> Path:
    """Where DuckDB keeps what a program writes into the published warehouse, until it closes that or is killed."""
    return settings.database.with_name(f"{settings.database.name}.wal")


_WRITTEN_INTO = (
    "somebody has opened it for writing, and what they write would pass for what was published. Have that program closed "
    "(warehouses are opened read-only: duckdb -readonly), then make it again: csp run."
)


@contextmanager
def open_published(settings: Settings, problem: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published warehouse, read-only.

    Raises PublishError that begins with `problem` when it is damaged, or was made by a pipeline with other tables.
    """
    told = f"{settings.database}: {problem}: "
    with (
        wording(lambda why: PublishError(f"{told}{why} Publish the warehouse again with this version: csp run.")),
        read_database(settings) as database,
    ):
        yield database


def problem_of_condition(connection: duckdb.DuckDBPyConnection, table: str, condition: str) -> str | None:
    """Why SQL text is no condition on a table's columns, in DuckDB's words; None when it is one."""
    try:
        # WHERE, as it is used: an aggregate is no condition; and the type, as an empty table converts anything
        described = connection.execute(f"DESCRIBE SELECT ({condition}) FROM {table} WHERE ({condition})").fetchall()
    except ENDED:
        raise
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    type_ = described[0][1]
    return None if type_ == "BOOLEAN" else f"it gives {type_}, not true or false."


@contextmanager
def threads_for(connection: duckdb.DuckDBPyConnection, settings: Settings, rows: int) -> Iterator[None]:
    """Let the engine work in one thread where there are few rows: dividing such work takes longer than doing it."""
    connection.execute(f"SET threads = {1 if rows < FEW_ROWS else settings.threads}").fetchall()
    try:
        yield
    finally:
        connection.execute(f"SET threads = {settings.threads}").fetchall()


@functools.lru_cache(maxsize=1)
def _engine(memory_limit: str, threads: int, spill: str) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
        config={
            "memory_limit": memory_limit,
            "threads": threads,
            "temp_directory": spill,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )


def register(connection: duckdb.DuckDBPyConnection, name: str, frame: pd.DataFrame) -> None:
    """Make a frame readable on a connection, under its name.

    As Arrow, which every query reads as it lies: pandas' columns DuckDB goes through in Python, anew for each query.
    """
    connection.register(name, pa.Table.from_pandas(frame, preserve_index=False))


def write_table(connection: duckdb.DuckDBPyConnection, settings: Settings, table: str, query: str) -> int:
    """Write a query's rows as the lake's table of that name; gives the number of rows."""
    path = table_path(settings, table)
    with replacing(path) as beside:
        rows = connection.execute(f"COPY ({query}) TO '{sql_path(beside)}' (FORMAT parquet)").fetchall()
    return int(rows[0][0])


def sql_path(path: Path | str) -> str:
    """A path inside a SQL string literal."""
    return str(path).replace("'", "''")
