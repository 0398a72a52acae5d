"""Loading a group of files: batches checked together, good rows typed into one Parquet file for each, bad rows worded.

Small files share batches, because a check costs the same for ten rows as for ten thousand; a large file is a group of
its own and streams through.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.ahead import read_ahead
from csp_pipeline.intake.convert import as_text_columns, word_conversion_error
from csp_pipeline.intake.correct import Correcting, CorrectionsDoNotApplyError, correct_batch
from csp_pipeline.intake.misfits import Misfits, count_misfits, leave_values_out, tell_retyped
from csp_pipeline.intake.rows import (
    COVERED,
    EXTRAS,
    FILE_INDEX,
    ROW_NUMBER,
    SHEET,
    UNWANTED,
    BrokenRow,
    ReadFile,
    numbers_in_file,
)
from csp_pipeline.intake.validate import Checker, shown_value, word_problem
from csp_pipeline.partnership.periods import Period
from csp_pipeline.sql_text import identifier, quoted
from csp_pipeline.tables import FeedSpec

MOST_REJECTS = 200_000


@dataclass
class LoadingFile:
    """A placed and opened file on its way into the lake; its records are first written to `beside`."""

    submission_id: str
    path: str
    extracted: date
    covered: Period | None
    read: ReadFile
    beside: Path
    rows_read: int = 0
    rows_accepted: int = 0
    rejects: list[dict[str, object]] = field(default_factory=list)
    misfits: Misfits = field(default_factory=Misfits)
    correcting: Correcting = field(default_factory=Correcting)


def load_files(
    connection: duckdb.DuckDBPyConnection, query: str, checker: Checker, files: list[LoadingFile], batch_rows: int
) -> None:
    """Check every batch of a group, write each file's good rows typed to its `beside`, and word its bad ones.

    Fills in the counts, rejects and column changes of each file; rows read = records + rejects, or RuntimeError. Raises
    RefusedFileError when a file has more failing rows than anyone would read, or a retyped column that is frozen;
    CorrectionsDoNotApplyError when a known error is not found as expected.
    """
    connection.register("files", _table_of_files(files))
    writers: dict[int, pq.ParquetWriter] = {}
    try:
        typed_batches = _convert(connection, query, checker, files, batch_rows)
        for typed in read_ahead(typed_batches):
            _write(typed, files, writers)
    finally:
        for writer in writers.values():
            writer.close()
    unfit = {(file.submission_id, found[0]): found[1] for file in files if (found := file.correcting.problem())}
    if unfit:
        raise CorrectionsDoNotApplyError(unfit)
    repeated = _find_repeated_keys(connection, checker.spec, files)
    _check_told_apart(connection, checker.spec, files)
    for index, file in enumerate(files):
        _finish(checker.spec, file, repeated.get(index, []))
        file.read.changes += tell_retyped(checker.spec, checker, file.misfits)


def _convert(
    connection: duckdb.DuckDBPyConnection, query: str, checker: Checker, files: list[LoadingFile], batch_rows: int
) -> Iterator[pa.Table]:
    """Checked and typed batches; reading runs one batch ahead of checking, and checking one ahead of writing."""
    for batch in read_ahead(_shared_batches(files, checker, batch_rows)):
        corrected = correct_batch(connection, batch, checker.spec, [file.correcting for file in files])
        good = _set_bad_rows_apart(corrected, checker, files)
        connection.register("batch", as_text_columns(good, checker.spec))
        try:
            typed = connection.sql(query).to_arrow_table()
        except (duckdb.DataError, duckdb.InvalidInputException) as error:
            raise word_conversion_error(connection, query, checker.spec) from error
        yield _set_unplaced_rows_apart(typed, checker.spec, files)
        connection.unregister("batch")


def _table_of_files(files: list[LoadingFile]) -> pa.Table:
    return pa.table(
        {
            FILE_INDEX: pa.array(range(len(files)), pa.int32()),
            "submission_id": pa.array([file.submission_id for file in files], pa.string()),
            f"file_{COVERED}": pa.array([file.covered.label if file.covered else None for file in files], pa.string()),
            "file_covered_from": pa.array([file.covered.start if file.covered else None for file in files], pa.date32()),
            "file_covered_until": pa.array([file.covered.end if file.covered else None for file in files], pa.date32()),
        }
    )


def _shared_batches(files: list[LoadingFile], checker: Checker, batch_rows: int) -> Iterator[pa.Table]:
    """The rows of all files in order, in batches of about `batch_rows`, each row with its file's index.

    There is always one batch, so that files without rows still give typed tables.
    """
    looks_beyond = checker.changes.looks_beyond
    empty = {column.name: pa.array([], pa.string()) for column in checker.spec.columns} | {ROW_NUMBER: pa.array([], pa.int64())}
    waiting = [_complete(pa.table(empty), 0, looks_beyond)]
    for index, file in enumerate(files):
        for batch in file.read.batches:
            file.rows_read += batch.num_rows
            waiting.append(_complete(batch, index, looks_beyond))
            if sum(table.num_rows for table in waiting) >= batch_rows:
                yield pa.concat_tables(waiting).combine_chunks()
                waiting = []
    if waiting:
        yield pa.concat_tables(waiting).combine_chunks()


def _complete(batch: pa.Table, index: int, looks_beyond: bool) -> pa.Table:
    beyond = (EXTRAS, UNWANTED) if looks_beyond else ()
    for name in (SHEET, COVERED, *beyond):
        if name not in batch.column_names:
            batch = batch.append_column(name, pa.nulls(batch.num_rows, pa.string()))
    names = sorted(name for name in batch.column_names if looks_beyond or name not in (EXTRAS, UNWANTED))
    return batch.select(names).append_column(FILE_INDEX, pa.array(np.full(batch.num_rows, index, dtype="int32")))


def _set_bad_rows_apart(batch: pa.Table, checker: Checker, files: list[LoadingFile]) -> pa.Table:
    """The good rows of a batch; each bad one becomes a reject of its file."""
    latest = pd.Series([pd.Timestamp(file.extracted) for file in files], dtype="datetime64[s]")
    indexes = batch[FILE_INDEX].to_numpy()
    names = [column.name for column in checker.spec.columns]
    problems = checker.find_problems(batch.select(names).to_pandas(), latest.iloc[indexes].reset_index(drop=True))
    count_misfits(batch, indexes, problems, checker, [file.misfits for file in files])
    batch, problems = leave_values_out(batch, problems, checker)
    if problems.empty:
        return _set_unwanted_apart(batch, files)
    _word_rejects(batch, problems, checker, files)
    mask = np.ones(batch.num_rows, dtype=bool)
    mask[problems["position"].to_numpy(dtype="int64")] = False
    return _set_unwanted_apart(batch.filter(pa.array(mask)), files)


def _set_unwanted_apart(batch: pa.Table, files: list[LoadingFile]) -> pa.Table:
    """Rows with a value in a column that is not in the agreed layout become rejects, where the contract discards such rows."""
    if UNWANTED not in batch.column_names or batch[UNWANTED].null_count == batch.num_rows:
        return batch
    for row in batch.filter(pc.is_valid(batch[UNWANTED])).select([FILE_INDEX, SHEET, ROW_NUMBER, UNWANTED]).to_pylist():
        name = ", ".join(json.loads(row[UNWANTED]))
        message = (
            f"{name}: found a value; expected none, as the column is not in the agreed layout (feed.yml > changes > new is "
            "discard_row). Leave the column out, or have the partnership agree to it."
        )
        file = files[row[FILE_INDEX]]
        file.misfits.rows_unwanted += 1
        file.rejects.append(make_reject("new_column", message, sheet=row[SHEET], row_number=row[ROW_NUMBER], column_name=name))
    return batch.filter(pc.is_null(batch[UNWANTED]))


def _word_rejects(batch: pa.Table, problems: pd.DataFrame, checker: Checker, files: list[LoadingFile]) -> None:
    columns = {column.name: column for column in checker.spec.columns}
    numbers, sheets, indexes = batch[ROW_NUMBER].to_numpy(), batch[SHEET], batch[FILE_INDEX].to_numpy()
    identifying = batch.select(list(checker.spec.identifying))
    worded: dict[tuple[str, str, str, date], str] = {}
    previous = None
    for position, name, code, value in problems.itertuples(index=False):
        column, file = columns[name], files[indexes[position]]
        key = (name, code, str(value), file.extracted)
        if key not in worded:
            worded[key] = word_problem(column, code, value, checker.references, latest=file.extracted)
        if position == previous:
            reject = file.rejects[-1]
            reject["problems"] = int(str(reject["problems"])) + 1
            reject["message"] = f"{reject['message']} {worded[key]}"
            continue
        previous = position
        file.rejects.append(
            make_reject(
                code,
                worded[key],
                sheet=sheets[position].as_py(),
                row_number=int(numbers[position]),
                column_name=column.header,
                value=shown_value(column, value),
                identifiers=_as_json(identifying, position),
            )
        )
        if len(file.rejects) > MOST_REJECTS:
            raise RefusedFileError(
                "too_many_rejects",
                f"more than {MOST_REJECTS:,} rows fail; the first: row {file.rejects[0]['row_number']}, "
                f"{file.rejects[0]['message']} Mend the export and send it again.",
            )


def _as_json(identifying: pa.Table, position: int) -> str | None:
    """What a row says in the columns that identify it, as JSON; None where it says nothing."""
    [said] = identifying.slice(position, 1).to_pylist() or [{}]
    filled = {name: value for name, value in said.items() if value is not None}
    return json.dumps(filled, ensure_ascii=False) if filled else None


def _set_unplaced_rows_apart(typed: pa.Table, spec: FeedSpec, files: list[LoadingFile]) -> pa.Table:
    """Rows that should say their period themselves and name none that exists, such as a fifth quarter, become rejects."""
    if not typed[COVERED].null_count or spec.traits.layout.kind == "form":
        return typed
    day = spec.traits.coverage_date or ""
    made_of = next((item.sql for item in spec.derived if item.name == day), day)
    name = ", ".join(column.header for column in spec.columns if column.name in made_of)
    unplaced = typed.filter(pc.is_null(typed[COVERED])).select([FILE_INDEX, SHEET, ROW_NUMBER])
    for row in unplaced.to_pylist():
        message = f"{name}: found no period that exists. Correct it."
        reject = make_reject("unknown_period", message, sheet=row[SHEET], row_number=row[ROW_NUMBER], column_name=name)
        files[row[FILE_INDEX]].rejects.append(reject)
    return typed.filter(pc.is_valid(typed[COVERED]))


def make_reject(
    code: str,
    message: str,
    *,
    sheet: str | None = None,
    row_number: int | None = None,
    column_name: str | None = None,
    value: str | None = None,
    identifiers: str | None = None,
) -> dict[str, object]:
    """One reject, of a row or (without a row number) of a whole file."""
    return {
        "sheet": sheet,
        "row_number": row_number,
        "column_name": column_name,
        "code": code,
        "value": value,
        "problems": 1,
        "message": message,
        "identifiers": identifiers,
    }


def _write(typed: pa.Table, files: list[LoadingFile], writers: dict[int, pq.ParquetWriter]) -> None:
    """Typed rows to their files' Parquet; the table comes in order of file, so each file is one slice."""
    indexes = typed[FILE_INDEX].to_numpy()
    typed = typed.drop_columns([FILE_INDEX])
    for index, file in enumerate(files):
        if index not in writers:
            writers[index] = _writer(file.beside, typed.schema)
        first, last = np.searchsorted(indexes, index, "left"), np.searchsorted(indexes, index, "right")
        if last > first:
            writers[index].write_table(typed.slice(first, last - first))


def read_of(files: list[LoadingFile]) -> str:
    """SQL that reads the records of a loaded group."""
    return f"read_parquet([{', '.join(quoted(str(file.beside)) for file in files)}])"


def _find_repeated_keys(
    connection: duckdb.DuckDBPyConnection, spec: FeedSpec, files: list[LoadingFile]
) -> dict[int, list[tuple[str | None, int, int]]]:
    """For each file, the rows whose key an earlier row of the same file has: sheet, row and that earlier row.

    Rows with a blank in the key are never duplicates.
    """
    if not spec.traits.key:
        return {}
    records = read_of(files)
    key = ", ".join(["submission_id", *map(identifier, spec.traits.key)])
    present = " AND ".join(f"{identifier(name)} IS NOT NULL" for name in spec.traits.key)
    # Hashes first: a key of 64 characters over millions of rows would not fit, its hash does.
    suspects = connection.sql(
        f"SELECT hash({key}) AS h FROM {records} WHERE {present} GROUP BY h HAVING count(*) > 1"
    ).to_arrow_table()
    if not suspects.num_rows:
        return {}
    connection.register("suspects", suspects)
    rows = connection.execute(
        f"""
        SELECT submission_id, sheet, row_number, first_row FROM (
            SELECT submission_id, sheet, row_number, first(row_number) OVER same AS first_row, row_number() OVER same AS nth
            FROM {records} SEMI JOIN suspects ON hash({key}) = h WHERE {present}
            WINDOW same AS (PARTITION BY {key} ORDER BY sheet, row_number)
        ) WHERE nth > 1 ORDER BY submission_id, sheet, row_number
        """
    ).fetchall()
    connection.unregister("suspects")
    indexes = {file.submission_id: index for index, file in enumerate(files)}
    found: dict[int, list[tuple[str | None, int, int]]] = {}
    for submission_id, sheet, row_number, first_row in rows:
        found.setdefault(indexes[submission_id], []).append((sheet, row_number, first_row))
    return found


def _check_told_apart(connection: duckdb.DuckDBPyConnection, spec: FeedSpec, files: list[LoadingFile]) -> None:
    """Raise RefusedFileError for a file in which most rows repeat another in all columns that should tell rows apart."""
    names = spec.traits.told_apart_by
    if not names:
        return
    query = f"""
        SELECT sum(n), sum(n - 1) FROM (
            SELECT submission_id, count(*) AS n FROM {read_of(files)}
            GROUP BY submission_id, {", ".join(map(identifier, names))}
        ) GROUP BY submission_id HAVING sum(n - 1) * 2 > sum(n) ORDER BY submission_id
    """
    for rows, repeats in connection.execute(query).fetchall()[:1]:
        headers = ", ".join(repr(column.header) for column in spec.columns if column.name in names)
        raise RefusedFileError(
            "repeated_keys",
            f"{int(repeats):,} of its {int(rows):,} rows repeat another row in {headers} together: something that "
            "tells rows apart, such as the year and the quarter, was dropped or filled alike. Export all columns as they are "
            "published and send it again.",
        )


def _finish(spec: FeedSpec, file: LoadingFile, repeated: list[tuple[str | None, int, int]]) -> None:
    """Take repeated keys out of a file's records, number its rows as the file does, and count it up."""
    uncounted = file.read.broken_rows if file.read.counts_past_broken_rows else []

    def in_file(counted: list[object]) -> list[int]:
        return list(numbers_in_file(np.array(counted, dtype="int64"), uncounted).tolist())

    for reject, number in zip(file.rejects, in_file([reject["row_number"] for reject in file.rejects]), strict=True):
        reject["row_number"] = number
    numbers = in_file([row["row_number"] for row in file.correcting.made])
    for row, number in zip(file.correcting.made, numbers, strict=True):
        row["row_number"] = number
    name = ", ".join(next((c.header for c in spec.columns if c.name == key), key) for key in spec.traits.key)
    rows, first_rows = in_file([row for _, row, _ in repeated]), in_file([first for _, _, first in repeated])
    file.rejects += [
        make_reject(
            "repeated_key",
            f"{name}: the same as in row {first_row}, which was kept. Remove the repetition, or give the row its own identifier.",
            sheet=sheet,
            row_number=row_number,
            column_name=name,
        )
        for (sheet, _, _), row_number, first_row in zip(repeated, rows, first_rows, strict=True)
    ]
    if repeated or uncounted:
        _rewrite(file, repeated, uncounted)
    told = [row for row in file.read.broken_rows if row.code != "blank_row"]
    file.rejects += [
        make_reject(row.code, row.message, sheet=row.sheet, row_number=row.row_number, column_name=row.column) for row in told
    ]
    file.rows_read += len(told)
    file.rows_accepted = pq.read_metadata(file.beside).num_rows
    if file.rows_read != file.rows_accepted + len(file.rejects):
        raise RuntimeError(
            f"{file.submission_id}: {file.rows_read} rows read are not {file.rows_accepted} records and "
            f"{len(file.rejects)} rejects"
        )


def _rewrite(file: LoadingFile, repeated: list[tuple[str | None, int, int]], uncounted: list[BrokenRow]) -> None:
    """Write a file's records again without the repeated ones, under the row numbers that the file has."""
    gone: dict[str | None, list[int]] = {}
    for sheet, row_number, _ in repeated:
        gone.setdefault(sheet, []).append(row_number)
    again = file.beside.with_name(file.beside.name + ".again")
    with pq.ParquetFile(file.beside) as source, _writer(again, source.schema_arrow) as target:
        for part in range(source.num_row_groups):
            records = source.read_row_group(part)
            numbers, sheets = records[ROW_NUMBER].to_numpy(), records[SHEET]
            kept = np.ones(len(numbers), dtype=bool)
            for sheet, rows in gone.items():
                on_sheet = pc.is_null(sheets) if sheet is None else pc.fill_null(pc.equal(sheets, sheet), False)
                kept &= ~(on_sheet.to_numpy() & np.isin(numbers, rows))
            position = records.column_names.index(ROW_NUMBER)
            records = records.set_column(position, ROW_NUMBER, pa.array(numbers_in_file(numbers, uncounted)))
            target.write_table(records.filter(pa.array(kept)))
    again.replace(file.beside)


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(path, schema, compression="zstd", compression_level=1)
