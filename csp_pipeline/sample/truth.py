"""The truth the sample was made with: planted records, true links, expected outcomes of files, headline figures."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

PLANTED_COLUMNS = (
    "cause", "agency", "feed", "file", "record_key", "counterpart_agency", "counterpart_feed", "counterpart_key",
    "detail",
)  # fmt: skip
_LINK_COLUMNS = ("crime_number", "case_id")
_SUBMISSION_COLUMNS = ("file", "rows", "rows_accepted", "rows_rejected", "outcome")
_FIGURE_COLUMNS = ("measure", "area_code", "period", "agency", "feed", "vintage", "value")
_BRIDGE_COLUMNS = ("measure", "area_code", "period", "vintage", "step", "value")
_FLUSH = 100_000

Text: TypeAlias = str | Sequence[str] | pa.Array


class Truth:
    """Collects the truth while the sample is written; planted records are put aside on disk when they grow many."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.causes: Counter[str] = Counter()
        self._parts = folder / "parts"
        self._tables: list[pa.Table] = []
        self._waiting = self._written = 0
        self._links: list[tuple[str, str]] = []
        self._submissions: list[tuple[str, int, int, int, str]] = []
        self._figures: Counter[tuple[str, ...]] = Counter()
        self._bridges: list[tuple[str, str, str, str, str, int]] = []

    def plant(
        self, cause: str, agency: str, feed: str, file: str, record_key: Text,
        counterpart: tuple[str, str] = ("", ""), counterpart_key: Text = "", detail: Text = "",
    ) -> None:  # fmt: skip
        """Note planted records of one cause; keys and details may be one word or one for each record."""
        keys = [record_key] if isinstance(record_key, str) else record_key
        count = len(keys)
        if not count:
            return
        values = (cause, agency, feed, file, keys, *counterpart, counterpart_key, detail)
        arrays = [_repeat(value, count) for value in values]
        self._tables.append(pa.table(arrays, names=list(PLANTED_COLUMNS)))
        self.causes[cause] += count
        self._waiting += count
        if self._waiting >= _FLUSH:
            self._flush()

    def link(self, crime_number: str, case_id: str) -> None:
        """Note that a case came of a crime."""
        self._links.append((crime_number, case_id))

    def submit(self, file: str, rows: int, rejected: int = 0, *, refused: bool = False, warned: bool = False) -> None:
        """Note a written file and what should become of it."""
        outcome = "accepted_with_warnings" if warned else "accepted"
        outcome = "refused" if refused else "accepted_with_rejects" if rejected else outcome
        rejected = rows if refused else rejected
        self._submissions.append((file, rows, rows - rejected, rejected, outcome))

    def count(self, measure: str, area: str, period: str, agency: str, feed: str, vintage: str, value: int) -> None:
        """Add to a figure."""
        self._figures[measure, area, period, agency, feed, vintage] += value

    def bridge(self, measure: str, area: str, period: str, vintage: str, step: str, value: int) -> None:
        """Note one step of the way from the police figure to the county's."""
        self._bridges.append((measure, area, period, vintage, step, value))

    def write(self) -> list[Path]:
        """Write the truth, sorted; return the files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._flush()
        planted = self.folder / "planted.csv"
        order = ", ".join(str(i + 1) for i in range(len(PLANTED_COLUMNS)))
        if self._written:
            parts, target = (str(path).replace("'", "''") for path in (self._parts / "*.parquet", planted))
            with duckdb.connect() as connection:
                connection.execute("set memory_limit = '800MB'")
                sorted_rows = f"select * from read_parquet('{parts}') order by {order}"
                connection.execute(f"copy ({sorted_rows}) to '{target}' (header, delimiter ',')")
            shutil.rmtree(self._parts)
        else:
            _write(planted, PLANTED_COLUMNS, [])
        _write(self.folder / "links.csv", _LINK_COLUMNS, sorted(self._links))
        _write(self.folder / "submissions.csv", _SUBMISSION_COLUMNS, sorted(self._submissions))
        _write(
            self.folder / "figures.csv",
            _FIGURE_COLUMNS,
            [(*key, value) for key, value in sorted(self._figures.items())],
        )
        _write(self.folder / "bridges.csv", _BRIDGE_COLUMNS, self._bridges)
        return [self.folder / f"{name}.csv" for name in ("planted", "links", "submissions", "figures", "bridges")]

    def _flush(self) -> None:
        if self._tables:
            self._parts.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.concat_tables(self._tables), self._parts / f"{self._written:05d}.parquet")
            self._tables, self._waiting = [], 0
            self._written += 1


def _repeat(value: Text, count: int) -> pa.Array:
    if isinstance(value, pa.Array):
        return value
    return pa.array([value] * count if isinstance(value, str) else value, pa.string())


def _write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
