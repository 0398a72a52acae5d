"""Reading delimited text of any delimiter: find the header, then let DuckDB stream the rows as text."""

import csv
import itertools
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.contract import Contract
from csp_pipeline.intake.headers import count_known, match_header
from csp_pipeline.intake.rows import EXTRAS, FILE_INDEX, ROW_NUMBER, UNWANTED, BrokenRow, ReadFile, numbers_in_file
from csp_pipeline.intake.scan import CHUNK, LONGEST_LINE, scan_text, write_plain
from csp_pipeline.lake import NOT_OF_THE_FILE, connect, sql_path, wording
from csp_pipeline.settings import Settings
from csp_pipeline.sql_text import identifier, quoted
from csp_pipeline.tables import ColumnSpec

DELIMITERS = (",", ";", "\t", "|", ":", "^", "~")
HEADER_WITHIN = 30
# DuckDB's words for a value that never closes: found at the end of the file, or when it has swallowed too many lines.
UNCLOSED = {"UNQUOTED VALUE", "LINE SIZE OVER MAXIMUM"}
# Where DuckDB keeps the rows that it cannot split. Such tables are the connection's own, but all of one name number their files
# together: two feeds that are read side by side would be told each other's rows. So every reading has tables of its own.
REJECTS, SCANS = "csv_rejects", "csv_scans"
_READINGS = itertools.count()
BLANKS = (" ", "\t", "\n", "\u00a0")


@dataclass
class CsvFile(ReadFile):
    """A delimited text file whose header is known: `table` starts with the header, `positions` are of its columns."""

    table: Path = Path()
    lines_above: int = 0
    delimiter: str = ","
    width: int = 0
    positions: Mapping[str, int] = field(default_factory=dict)
    kept: Mapping[str, int] = field(default_factory=dict)
    unwanted: Mapping[str, int] = field(default_factory=dict)


def open_csv(
    path: Path, columns: tuple[ColumnSpec, ...], settings: Settings, scratch: Path, contract: Contract | None = None
) -> CsvFile:
    """Open a delimited text file; `scratch` is where a plain UTF-8 copy goes when the bytes need one.

    Raises RefusedFileError when it is not text or has no header that fits; going through its batches, when it has no
    closing quotation mark.
    """
    scanned = scan_text(path)
    if not scanned.is_plain:
        write_plain(path, scanned.encoding, scratch)
        path = scratch
    lines_above, delimiter, cells = find_header(path, columns, contract)
    if lines_above:
        path = _without_lines_above(path, lines_above, scratch)
    table = path
    matched = match_header(
        cells, columns, contract=contract, values_at=lambda position, most: _first_values(table, delimiter, position, most)
    )
    file = CsvFile(
        batches=iter(()),
        extra_columns=matched.extra,
        changes=list(matched.changes),
        counts_past_broken_rows=True,
        table=path,
        lines_above=lines_above,
        delimiter=delimiter,
        width=len(cells),
        positions=matched.positions,
        kept=matched.kept,
        unwanted=matched.unwanted,
    )
    file.batches = _stream(file, columns, settings)
    return file


def _first_values(table: Path, delimiter: str, position: int, most: int) -> list[str | None]:
    """The first values of one column, below the header."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter=delimiter)
        next(rows, None)
        try:
            return [row[position].strip() or None for _, row in zip(range(most), rows, strict=False) if position < len(row)]
        except csv.Error:  # a value of more than 128 KB: nothing can be told of this column
            return []


def read_together(files: Sequence[CsvFile], columns: tuple[ColumnSpec, ...], settings: Settings) -> None:
    """Read small files whole, in one statement: preparing to read one takes longer than reading it.

    Each then has one batch, under the row numbers of the file. Raises RefusedFileError when one of them cannot be read.
    """
    number = next(_READINGS)
    with connect(settings) as connection:
        with wording(_unreadable, leaving=NOT_OF_THE_FILE):
            rows = connection.sql(_query(files, columns, number)).to_arrow_table()
        broken = _broken_rows(connection, files, number)
    indexes = rows[FILE_INDEX].to_numpy()
    edges = np.searchsorted(indexes, np.arange(len(files) + 1))
    for index, file in enumerate(files):
        own = rows.slice(edges[index], edges[index + 1] - edges[index]).drop_columns([FILE_INDEX])
        file.broken_rows = broken[index]
        numbers = numbers_in_file(np.arange(own.num_rows) + file.lines_above + 2, file.broken_rows)
        file.batches, file.counts_past_broken_rows = iter([own.append_column(ROW_NUMBER, pa.array(numbers))]), False


def _without_lines_above(path: Path, header_line: int, target: Path) -> Path:
    """A copy that starts with the header: DuckDB would take a quotation mark in a title line for the start of a value that
    goes on over the next lines, and skip rows with it.
    """
    beside = target.with_suffix(".table")
    with path.open("rb") as source, beside.open("wb") as table:
        for _ in range(header_line):
            source.readline()
        shutil.copyfileobj(source, table, CHUNK)
    return beside.replace(target)


def find_header(path: Path, columns: tuple[ColumnSpec, ...], contract: Contract | None = None) -> tuple[int, str, list[str]]:
    """Line index of the header, the delimiter, and the header's cells: the reading that names most declared columns.

    Raises RefusedFileError when no line of the first 30 names any, with what was found instead.
    """
    with path.open(encoding="utf-8", newline="") as file:
        lines = [line for _, line in zip(range(HEADER_WITHIN), file, strict=False)]
    best = (0, 0, ",", [""])
    for index, line in enumerate(lines):
        for delimiter in DELIMITERS:
            try:
                cells = next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])
            except csv.Error:  # a value of more than 128 KB: no header
                continue
            known = count_known(cells, columns, contract)
            if known > best[0]:
                best = (known, index, delimiter, cells)
        if best[0] == len(columns):
            break
    known, index, delimiter, cells = best
    required = [column for column in columns if column.required]
    if known * 2 < len(required) and known < 2:
        raise RefusedFileError(
            "no_header",
            f"no header was found. Expected columns such as {', '.join(c.header for c in required[:4])}; missing: "
            f"{', '.join(c.header for c in required)}. Is it another feed's file, separated by an unusual character, or was "
            "its first line left out?",  # that line is not shown: without a header it may be about a person
            column=", ".join(column.header for column in required),
            row=1,
        )
    return index, delimiter, cells


def _stream(file: CsvFile, columns: tuple[ColumnSpec, ...], settings: Settings) -> Iterator[pa.Table]:
    row_number, number = file.lines_above + 2, next(_READINGS)
    with connect(settings) as connection:
        with wording(_unreadable, leaving=NOT_OF_THE_FILE):
            for batch in connection.sql(_query([file], columns, number)).to_arrow_reader(settings.batch_rows):
                numbers = pa.array(range(row_number, row_number + batch.num_rows), pa.int64())
                row_number += batch.num_rows
                yield pa.Table.from_batches([batch]).drop_columns([FILE_INDEX]).append_column(ROW_NUMBER, numbers)
        file.broken_rows += _broken_rows(connection, [file], number)[0]


def _query(files: Sequence[CsvFile], columns: tuple[ColumnSpec, ...], number: int) -> str:
    """The declared columns of every file as text, in the order of files and of their rows; `number` is of this reading alone.

    Each file is read by a `read_csv` of its own: one over many files loses some of the rows that it should tell of
    (DuckDB 1.5).
    """
    sources = " UNION ALL ".join(_source(file, index, columns, number) for index, file in enumerate(files))
    trimmed = ", ".join(f"{_trimmed(column.name)} AS {identifier(column.name)}" for column in columns)
    beyond = f", {EXTRAS}, {UNWANTED}" if any(file.kept or file.unwanted for file in files) else ""
    return f"SELECT {FILE_INDEX}, {trimmed}{beyond} FROM ({sources})"


def _source(file: CsvFile, index: int, columns: tuple[ColumnSpec, ...], number: int) -> str:
    names = {position: name for name, position in file.positions.items()}
    source = {names.get(position, f"extra_{position}"): "VARCHAR" for position in range(file.width)}
    selected = [
        identifier(c.name) if c.name in file.positions else f"CAST(NULL AS VARCHAR) AS {identifier(c.name)}" for c in columns
    ]
    selected += [f"{_as_json(beyond)} AS {name}" for name, beyond in ((EXTRAS, file.kept), (UNWANTED, file.unwanted))]
    return f"""
        SELECT {index} AS {FILE_INDEX}, {", ".join(selected)}
        FROM read_csv('{sql_path(file.table)}', auto_detect = false, header = false, skip = 1,
            columns = {source!r}, delim = {quoted(file.delimiter)}, quote = '"', escape = '"', strict_mode = true,
            store_rejects = true, rejects_limit = 0, rejects_table = '{REJECTS}_{number}', rejects_scan = '{SCANS}_{number}',
            max_line_size = {LONGEST_LINE * 2})
    """


def _as_json(beyond: Mapping[str, int]) -> str:
    """SQL for a JSON object of the values of columns beyond the agreed ones, blanks left out; NULL where all are blank."""
    if not beyond:
        return "CAST(NULL AS VARCHAR)"
    pairs = ", ".join(f"struct_pack(k := {quoted(header)}, v := trim(extra_{p}))" for header, p in beyond.items())
    filled = f"list_filter([{pairs}], lambda pair: pair.v <> '')"
    return f"nullif(CAST(to_json(map_from_entries({filled})) AS VARCHAR), '{{}}')"


def _unreadable(problem: str) -> RefusedFileError:
    return RefusedFileError("unreadable", f"it cannot be read as delimited text: {problem}. Export it again.")


def _trimmed(name: str) -> str:
    """SQL for a column without blanks around it, a blank being NULL. Trimming is slow, looking whether to is not."""
    column = identifier(name)
    looks = [f"{column} < '!'", f"prefix({column}, '\u00a0')", *(f"suffix({column}, '{c}')" for c in BLANKS)]
    return f"CASE WHEN {' OR '.join(looks)} THEN nullif(trim({column}, '{''.join(BLANKS)}'), '') ELSE {column} END"


def _broken_rows(connection: duckdb.DuckDBPyConnection, files: Sequence[CsvFile], number: int) -> list[list[BrokenRow]]:
    """Rows of each file that DuckDB could not split into the header's columns; a blank line (one space) keeps its number
    only.
    """
    rows = connection.execute(
        f"""
        SELECT file_path, line, list(DISTINCT error_type), any_value(csv_line)
        FROM {REJECTS}_{number} JOIN {SCANS}_{number} USING (scan_id, file_id)
        GROUP BY file_path, line ORDER BY file_path, line
        """
    ).fetchall()
    return [[_broken_row(file, *told) for path, *told in rows if path == str(file.table)] for file in files]


def _broken_row(file: CsvFile, line_in_table: int, error_types: list[str], text: str | None) -> BrokenRow:
    line = line_in_table + file.lines_above
    if UNCLOSED & set(error_types):
        raise RefusedFileError(
            "unclosed_quote",
            f"a quotation mark in row {line} opens and never closes, or closes in the middle of a value, so what follows "
            "cannot be told apart. Mend that row and send the file again.",
            row=line,
        )
    code = "blank_row" if text == " " else "wrong_number_of_columns"
    found_columns = f"more than {file.width}" if "TOO MANY COLUMNS" in error_types else f"fewer than {file.width}"
    message = f"found {found_columns} columns; expected {file.width}. A delimiter inside a value needs quotation marks."
    if more_lines := (text or "").count("\n"):
        message += f" The row goes on over the next {more_lines:,} lines: a closing quotation mark may be missing."
    return BrokenRow(line, None, code, _shorten(text), message)


def _shorten(text: str | None) -> str:
    text = (text or "").strip()
    return text if len(text) <= 200 else text[:197] + "..."
