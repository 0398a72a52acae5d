"""Reading delimited text of any delimiter: find the header, then let DuckDB stream the rows as text."""

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.headers import MatchedHeader, count_known, match_header
from csp_pipeline.intake.rows import ROW_NUMBER, BrokenRow, ReadFile
from csp_pipeline.intake.scan import CHUNK, LONGEST_LINE, scan_text, write_plain
from csp_pipeline.lake import connect, sql_path
from csp_pipeline.settings import Settings
from csp_pipeline.tables import ColumnSpec, identifier, quoted

DELIMITERS = (",", ";", "\t", "|", ":", "^", "~")
HEADER_WITHIN = 30
BLANKS = (" ", "\t", "\n", "\u00a0")


def read_csv(path: Path, columns: tuple[ColumnSpec, ...], settings: Settings, scratch: Path) -> ReadFile:
    """Open a delimited text file; `scratch` is where a plain UTF-8 copy goes when the bytes need one.

    Raises RefusedFileError when it is not text, has no header that fits, or has no closing quotation mark.
    """
    scanned = scan_text(path)
    if not scanned.is_plain:
        write_plain(path, scanned.encoding, scratch)
        path = scratch
    header_line, delimiter, cells = find_header(path, columns)
    if header_line:
        path = _without_lines_above(path, header_line, scratch)
    matched = match_header(cells, columns)
    read = ReadFile(batches=iter(()), extra_columns=matched.extra)
    read.batches = _stream(path, header_line, delimiter, len(cells), matched, columns, settings, read)
    return read


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


def find_header(path: Path, columns: tuple[ColumnSpec, ...]) -> tuple[int, str, list[str]]:
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
            known = count_known(cells, columns)
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


def _stream(
    path: Path,
    header_line: int,
    delimiter: str,
    width: int,
    matched: MatchedHeader,
    columns: tuple[ColumnSpec, ...],
    settings: Settings,
    read: ReadFile,
) -> Iterator[pa.Table]:
    names = {position: name for name, position in matched.positions.items()}
    source = {names.get(position, f"extra_{position}"): "VARCHAR" for position in range(width)}
    selected = [
        f"{_trimmed(c.name)} AS {identifier(c.name)}"
        if c.name in matched.positions
        else f"CAST(NULL AS VARCHAR) AS {identifier(c.name)}"
        for c in columns
    ]
    query = f"""
        SELECT {", ".join(selected)}
        FROM read_csv('{sql_path(path)}', auto_detect = false, header = false, skip = 1,
            columns = {source!r}, delim = {quoted(delimiter)}, quote = '"', escape = '"', strict_mode = true,
            store_rejects = true, rejects_limit = 0, rejects_table = 'csv_rejects', rejects_scan = 'csv_scans',
            max_line_size = {LONGEST_LINE * 2})
    """
    row_number = header_line + 2
    with connect(settings) as connection:
        try:
            for batch in connection.execute(query).to_arrow_reader(settings.batch_rows):
                numbers = pa.array(range(row_number, row_number + batch.num_rows), pa.int64())
                row_number += batch.num_rows
                yield pa.Table.from_batches([batch]).append_column(ROW_NUMBER, numbers)
        except duckdb.Error as error:
            raise RefusedFileError(
                "unreadable", f"it cannot be read as delimited text: {str(error).splitlines()[0]}. Export it again."
            ) from error
        read.broken_rows += _broken_rows(connection, width, header_line)


def _trimmed(name: str) -> str:
    """SQL for a column without blanks around it, a blank being NULL. Trimming is slow, looking whether to is not."""
    column = identifier(name)
    looks = [f"{column} < '!'", f"prefix({column}, '\u00a0')", *(f"suffix({column}, '{c}')" for c in BLANKS)]
    return f"CASE WHEN {' OR '.join(looks)} THEN nullif(trim({column}, '{''.join(BLANKS)}'), '') ELSE {column} END"


def _broken_rows(connection: duckdb.DuckDBPyConnection, width: int, lines_above: int) -> list[BrokenRow]:
    """Rows that DuckDB could not split into the header's columns; a blank line (one space) keeps its number only."""
    rows = connection.execute(
        "SELECT line, min(error_type), any_value(csv_line) FROM csv_rejects GROUP BY line ORDER BY line"
    ).fetchall()
    broken = []
    for line_in_table, error_type, text in rows:
        line = line_in_table + lines_above
        if error_type == "UNQUOTED VALUE":
            raise RefusedFileError(
                "unclosed_quote",
                f"a quotation mark in row {line} opens and never closes, or closes in the middle of a value, so what follows "
                "cannot be told apart. Mend that row and send the file again.",
                row=line,
            )
        code = "blank_row" if text == " " else "wrong_number_of_columns"
        found_columns = f"more than {width}" if error_type == "TOO MANY COLUMNS" else f"fewer than {width}"
        message = f"found {found_columns} columns; expected {width}. A delimiter inside a value needs quotation marks."
        broken.append(BrokenRow(int(line), None, code, _shorten(text), message))
    return broken


def _shorten(text: str | None) -> str:
    text = (text or "").strip()
    return text if len(text) <= 200 else text[:197] + "..."
