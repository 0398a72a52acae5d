"""Parts: pieces of a stage's work that are kept, and made again only when what they are made from has changed."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from csp_pipeline.intake.receipts import Receipt
from csp_pipeline.lake import replacing, sql_path
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.sql_text import quoted


@dataclass(frozen=True)
class Parts:
    """The parts of one stage, a file each in a folder of the stage's own.

    The name of a file bears a hash of all that the part is made from: `declared`, which stands for configuration and code,
    and what `place` is told. A file is renamed to that name when it is whole, so that one that is there is never out of date.
    """

    folder: Path
    declared: bytes
    _asked: set[Path] = field(default_factory=set)

    def place(self, name: str, made_from: Iterable[object], suffix: str = ".parquet") -> Path:
        """Where the part lies that is made from these; their `repr` has to tell them apart."""
        digest = hashlib.sha256(self.declared)
        for item in made_from:
            digest.update(f"{item!r}\n".encode())
        path = self.folder / f"{name}.{digest.hexdigest()[:32]}{suffix}"
        self._asked.add(path)
        return path

    def remove_others(self) -> None:
        """Remove every part that nobody has asked for since this object was made."""
        for path in self.folder.glob("*"):
            if path not in self._asked:
                path.unlink()

    def remove_all(self) -> None:
        """Remove every part: what they were made from was not what their names say."""
        for path in self.folder.glob("*"):
            path.unlink()


def write_part(connection: duckdb.DuckDBPyConnection, path: Path, query: str) -> None:
    """Write a query's rows as a part."""
    with replacing(path) as beside:
        connection.execute(f"COPY ({query}) TO '{sql_path(beside)}' (FORMAT parquet)").fetchall()


def rows_of(paths: Sequence[Path]) -> str:
    """SQL for the rows of some parts, in their order."""
    return f"FROM read_parquet([{', '.join(quoted(str(path)) for path in paths)}])"


def hashes_of(paths: Iterable[Path]) -> dict[str, str | None]:
    """The hash of each file by its name; None where there is none."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None for path in paths}


class PartsByFeed:
    """A table kept in parts by feed, each made from the receipts of its feed; without `parts` nothing is kept.

    `stale` are the feeds whose rows have to be made; `kept` is SQL for the rows of the others, None where there are none.
    """

    def __init__(self, parts: Parts | None, feeds: Sequence[Feed], receipts: Mapping[str, Sequence[Receipt]]) -> None:
        self._places = {feed.key: parts.place(feed.table, receipts[feed.key]) for feed in feeds} if parts else {}
        self.stale = [feed for feed in feeds if not (feed.key in self._places and self._places[feed.key].exists())]
        there = [self._places[feed.key] for feed in feeds if feed not in self.stale]
        self.kept = rows_of(there) if there else None

    def keep(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        """Keep the rows of the stale feeds, which stand in `table` with columns `agency` and `feed`, and put those of the other
        feeds beside them.
        """
        if self._places:
            for feed in self.stale:
                own = f"agency = {quoted(feed.agency)} AND feed = {quoted(feed.name)}"
                write_part(connection, self._places[feed.key], f"FROM {table} WHERE {own}")
        if self.kept:
            connection.execute(f"INSERT INTO {table} BY NAME {self.kept}").fetchall()
