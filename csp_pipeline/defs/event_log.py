"""Where Dagster keeps its events: its own SQLite storage, prepared once for each database instead of at every event."""

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData


class EventLog(SqliteEventLogStorage):
    """Dagster's SQLite event log in its usual place, `history/runs` of the Dagster home.

    Dagster makes a new engine for every event, which then has to compile each statement anew; on a run of many short steps
    that is a fifth of the time. Only how a connection is made differs here.
    """

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Nothing: the place follows from the Dagster home, so that a warehouse can be moved."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> "EventLog":
        """The event log of the Dagster home."""
        return cls(str(Path(os.environ["DAGSTER_HOME"], "history", "runs")), inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        if shard not in self._initialized_dbs:
            with super()._connect(shard):
                pass  # makes the database when there is none
        with self._db_lock, self._engine(shard).begin() as connection:
            yield connection

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table, which is asked with every event: one that was there stays."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def dispose(self) -> None:
        """Close every database; the instance does so when it ends."""
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()

    @functools.cached_property
    def _engines(self) -> dict[str, sqlalchemy.Engine]:
        return {}

    @functools.cached_property
    def _tables(self) -> set[str]:
        return set()

    def _engine(self, shard: str) -> sqlalchemy.Engine:
        if shard not in self._engines:
            engine = sqlalchemy.create_engine(
                self.conn_string_for_shard(shard), pool_size=1, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
            )
            sqlalchemy.event.listen(engine, "connect", _trust_the_system)
            self._engines[shard] = engine
        return self._engines[shard]


def _trust_the_system(connection: Any, _record: object) -> None:
    """Leave it to the operating system when events reach the disk: a crash of this process loses none, and after a loss of
    power the next run makes what is missing again.
    """
    connection.execute("PRAGMA synchronous = NORMAL")
