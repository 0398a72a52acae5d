"""Reading JSON: an array of objects, nested or not, as text rows; a column is a path of keys such as `location.street.name`."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.contract import SAMPLE, Contract
from csp_pipeline.intake.headers import MatchedHeader, match_header
from csp_pipeline.intake.rows import EXTRAS, ROW_NUMBER, UNWANTED, BrokenRow, ReadFile
from csp_pipeline.lake import NOT_OF_THE_FILE, connect, sql_path, wording
from csp_pipeline.settings import Settings
from csp_pipeline.sql_text import identifier, quoted
from csp_pipeline.tables import ColumnSpec

LARGEST_OBJECT = 1024 * 1024
LARGEST_SOURCE = 256 * 1024 * 1024


def open_json(path: Path, columns: tuple[ColumnSpec, ...], settings: Settings, contract: Contract | None = None) -> ReadFile:
    """Open a JSON array of objects; row numbers are places in the array, from 1.

    Which paths there are is told by the first 1,000 objects. Raises RefusedFileError when it is no array of JSON objects, is
    too large to be one of an API, or lacks a column.
    """
    if path.stat().st_size > LARGEST_SOURCE:
        raise RefusedFileError(
            "too_large", "it is larger than 256 MB; ask the source for shorter periods and send a file for each."
        )
    _check_start(path)
    first = _first_objects(path, settings)
    leaves = [_leaves(item) for item in first]
    paths = list(dict.fromkeys(name for leaf in leaves for name in leaf))
    declared = {column.header for column in columns}
    # an object that may be null, such as an outcome that is not there yet, is no column of its own
    headers = [
        name for name in paths if name in declared or not any(other.startswith(f"{name}.") for other in {*paths, *declared})
    ]
    if not first:
        matched = MatchedHeader({}, ())
    else:
        matched = match_header(
            headers,
            columns,
            contract=contract,
            values_at=lambda place, most: [leaf.get(headers[place]) for leaf in leaves[:most]],
        )
    read = ReadFile(batches=iter(()), extra_columns=matched.extra, changes=list(matched.changes))
    read.batches = _stream(path, columns, headers, matched, settings, read)
    return read


def _check_start(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(4096)
    if not start:
        raise RefusedFileError("empty_file", "it is empty (0 bytes). Fetch it again.")
    if not start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"["):
        found = "a web page" if start.lstrip().lower().startswith((b"<!do", b"<htm")) else "no JSON array"
        raise RefusedFileError("not_json", f"it is {found}; expected a JSON array of objects, from [ to ]. Fetch it again.")


def _first_objects(path: Path, settings: Settings) -> list[dict[str, Any]]:
    with connect(settings) as connection, wording(_unreadable, leaving=NOT_OF_THE_FILE):
        texts = connection.sql(f"SELECT CAST(json AS VARCHAR) FROM ({_objects(path)}) LIMIT {SAMPLE}").fetchall()
    return [item for (text,) in texts if isinstance(item := json.loads(text), dict)]


def _leaves(item: Mapping[str, Any], above: str = "") -> dict[str, str | None]:
    """Text by path of every value of an object that is not itself an object."""
    found: dict[str, str | None] = {}
    for key, value in item.items():
        if isinstance(value, dict) and value:
            found |= _leaves(value, f"{above}{key}.")
        else:
            found[above + key] = _as_text(value)
    return found


def _as_text(value: Any) -> str | None:
    if value is None or value == {} or value != value:  # NaN alone differs from itself
        return None
    return (value if isinstance(value, str) else json.dumps(value)).strip() or None


def _objects(path: Path) -> str:
    return (
        f"FROM read_json_objects('{sql_path(path)}', format = 'array', compression = 'uncompressed', "
        f"maximum_object_size = {LARGEST_OBJECT})"
    )


def _unreadable(problem: str) -> RefusedFileError:
    without_path = re.sub(r" in file \S+,", "", problem).rstrip(" .")  # the place of the landed file tells the reader nothing
    return RefusedFileError(
        "unreadable", f"it cannot be read as a JSON array ({without_path}). It may be cut short; fetch it again."
    )


def _stream(
    path: Path,
    columns: tuple[ColumnSpec, ...],
    headers: list[str],
    matched: MatchedHeader,
    settings: Settings,
    read: ReadFile,
) -> Iterator[pa.Table]:
    selected = [
        f"{_text_at(headers[matched.positions[column.name]]) if column.name in matched.positions else 'CAST(NULL AS VARCHAR)'} "
        f"AS {identifier(column.name)}"
        for column in columns
    ]
    selected += [
        f"{_as_json({header: headers[place] for header, place in beyond.items()})} AS {name}"
        for name, beyond in ((EXTRAS, matched.kept), (UNWANTED, matched.unwanted))
    ]
    numbered = f"SELECT row_number() OVER () AS {ROW_NUMBER}, json FROM ({_objects(path)})"
    with connect(settings) as connection, wording(_unreadable, leaving=NOT_OF_THE_FILE):
        broken = connection.sql(f"SELECT {ROW_NUMBER} FROM ({numbered}) WHERE json_type(json) <> 'OBJECT'").fetchall()
        message = "found no object; expected one, from { to }. Fetch the file again."
        read.broken_rows = [BrokenRow(number, None, "not_an_object", "", message) for (number,) in broken]
        objects = f"SELECT {', '.join(selected)}, {ROW_NUMBER} FROM ({numbered}) WHERE json_type(json) = 'OBJECT'"
        table = connection.sql(objects).to_arrow_table()
    for start in range(0, table.num_rows, settings.batch_rows):
        yield table.slice(start, settings.batch_rows)


def _text_at(path: str) -> str:
    """SQL for the text at a path of keys, a blank being NULL; so is NaN, which Python writes for a missing value."""
    pointer = "".join(f"/{key.replace('~', '~0').replace('/', '~1')}" for key in path.split("."))
    is_nan = f"CAST(json_extract(json, {quoted(pointer)}) AS VARCHAR) = 'NaN'"  # a word has quotation marks here
    return f"CASE WHEN NOT ({is_nan}) THEN nullif(trim(json_extract_string(json, {quoted(pointer)})), '') END"


def _as_json(paths: Mapping[str, str]) -> str:
    if not paths:
        return "CAST(NULL AS VARCHAR)"
    pairs = ", ".join(f"struct_pack(k := {quoted(header)}, v := {_text_at(path)})" for header, path in paths.items())
    filled = f"list_filter([{pairs}], lambda pair: pair.v IS NOT NULL)"
    return f"nullif(CAST(to_json(map_from_entries({filled})) AS VARCHAR), '{{}}')"
