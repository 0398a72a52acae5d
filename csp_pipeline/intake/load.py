"""Typed records: checked text rows into one Parquet file for a submission, and the rows that cannot become records."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.place import Placement
from csp_pipeline.intake.rows import COVERED, ROW_NUMBER, SHEET, ReadFile
from csp_pipeline.intake.validate import Checker, shown_value, word_problem
from csp_pipeline.lake import connect, replacing, sql_path
from csp_pipeline.partnership.areas import CodeList
from csp_pipeline.partnership.periods import period_label
from csp_pipeline.settings import Settings
from csp_pipeline.tables import FeedSpec, identifier, quoted

MOST_REJECTS = 200_000


TEXT = "text_"
IDENTITY = ("submission_id", SHEET, ROW_NUMBER, COVERED)


@dataclass
class LoadedRows:
    """Counts and rejects of one submission."""

    rows_read: int = 0
    rows_accepted: int = 0
    rejects: list[dict[str, object]] = field(default_factory=list)


@dataclass(frozen=True)
class Context:
    """What a submission's rows need besides themselves."""

    submission_id: str
    placement: Placement
    covers_area: str
    covers_kind: str
    person_key_secret: bytes


def load_rows(
    read: ReadFile,
    checker: Checker,
    context: Context,
    settings: Settings,
    target: Path,
) -> LoadedRows:
    """Check every batch, write the good rows typed to `target`, and word the bad ones.

    Rows in = records + rejects. The target is written whole or not at all.
    """
    loaded = LoadedRows()
    spec = checker.spec
    latest = context.placement.extracted
    with connect(settings) as connection, replacing(target) as beside:
        query = prepare_typing(connection, spec, checker.references, context)
        writer: pq.ParquetWriter | None = None
        try:
            for batch in _at_least_one(read, spec):
                loaded.rows_read += batch.num_rows
                good, rejects = _split(batch, checker, latest)
                loaded.rejects += rejects
                if len(loaded.rejects) > MOST_REJECTS:
                    raise RefusedFileError(
                        "too_many_rejects",
                        f"more than {MOST_REJECTS:,} rows fail; the first: row {loaded.rejects[0]['row_number']}, "
                        f"{loaded.rejects[0]['message']} Mend the export and send it again.",
                    )
                connection.register("batch", _as_text_columns(good, spec))
                typed = connection.execute(query).to_arrow_table()
                connection.unregister("batch")
                writer = writer or pq.ParquetWriter(beside, typed.schema, compression="zstd", compression_level=1)
                writer.write_table(typed)
        finally:
            if writer is not None:
                writer.close()
        _add_broken_rows(read, loaded)
        if read.rows_are_shifted:
            _shift_rows(connection, beside, loaded, sorted(row.row_number for row in read.broken_rows))
        if spec.traits.key:
            _reject_repeated_keys(connection, beside, spec, loaded)
        loaded.rows_read += sum(row.code != "blank_row" for row in read.broken_rows)
        loaded.rows_accepted = pq.read_metadata(beside).num_rows
        if loaded.rows_read != loaded.rows_accepted + len(loaded.rejects):
            raise RuntimeError(
                f"{context.submission_id}: {loaded.rows_read} rows read are not {loaded.rows_accepted} records and "
                f"{len(loaded.rejects)} rejects"
            )
    return loaded


def prepare_typing(
    connection: duckdb.DuckDBPyConnection, spec: FeedSpec, references: Mapping[str, CodeList], context: Context
) -> str:
    """Register code lists and macros, and give the query that turns the text view `batch` into typed records."""
    _register_rekey(connection, context.person_key_secret)
    covered = context.placement.coverage
    label = quoted(covered.label) if covered else f"text_row.{COVERED}"
    if covered is None and spec.traits.coverage_date:
        label = period_label(spec.traits.coverage_date, context.covers_kind)
    selected = [
        f"{quoted(context.submission_id)} AS submission_id",
        f"text_row.{SHEET} AS {SHEET}",
        f"text_row.{ROW_NUMBER} AS {ROW_NUMBER}",
    ]
    joins = []
    for column in spec.columns:
        text_column = f"text_row.{identifier(TEXT + column.name)}"
        alias = f"{column.name}_list"
        value = text_column
        if column.reference:
            identity = references[column.reference].is_identity
            if column.sql == "{column}" and not identity:
                value = f"{alias}.shared"
            if not identity or any(f"{alias}." in item.sql for item in spec.derived):
                connection.register(f"{alias}_frame", references[column.reference].frame)
                connection.execute(f"CREATE TEMP TABLE {identifier(alias)} AS SELECT * FROM {alias}_frame").fetchall()
                joins.append(f"LEFT JOIN {identifier(alias)} ON {alias}.value = {text_column}")
        if column.stored:
            expression = value if column.sql == "{column}" else column.sql.format(column=text_column)
            selected.append(f"CAST({expression} AS {column.type}) AS {identifier(column.name)}")
    # A derived column may give the date that the label is made of, so the label comes after them.
    fixed = [
        f"CAST({quoted(str(covered.start)) if covered else 'NULL'} AS DATE) AS covered_from",
        f"{quoted(context.covers_area)} AS covers_area",
    ]
    if covered is not None or not spec.traits.coverage_date:
        fixed.insert(0, f"{label} AS {COVERED}")
        label = ""
    derived = [f"CAST({item.sql} AS {item.type}) AS {identifier(item.name)}" for item in spec.derived]
    if label:
        derived.append(f"{label} AS {COVERED}")
    keep = [*(c.name for c in spec.columns if c.stored), *(d.name for d in spec.derived)]
    outer = ", ".join([*IDENTITY, *map(identifier, keep)])
    inner = f"SELECT {', '.join([*selected, *fixed, *derived])} FROM batch AS text_row {' '.join(joins)}"
    return f"SELECT {outer} FROM ({inner})" + (" ORDER BY sheet, row_number" if joins else "")


def _register_rekey(connection: duckdb.DuckDBPyConnection, secret: bytes) -> None:
    """`rekey(text)`: HMAC-SHA-256 (RFC 2104) of the key in lower case, under the pipeline's own secret, in SQL."""
    padded = secret.ljust(64, b"\0")
    for name, pad in (("inner_pad", 0x36), ("outer_pad", 0x5C)):
        value = bytes(byte ^ pad for byte in padded)
        connection.execute(f"SET VARIABLE {name} = ?::BLOB", [value]).fetchall()
    connection.execute(
        "CREATE TEMP MACRO rekey(person) AS sha256(getvariable('outer_pad') ||"
        " unhex(sha256(getvariable('inner_pad') || encode(lower(person)))))"
    ).fetchall()


def _at_least_one(read: ReadFile, spec: FeedSpec) -> Iterator[pa.Table]:
    """The batches, or one empty batch, so that an empty file still gives a typed table."""
    count = 0
    for batch in read.batches:
        count += 1
        yield _complete(batch)
    if not count:
        names = [column.name for column in spec.columns]
        empty = {name: pa.array([], pa.string()) for name in names} | {ROW_NUMBER: pa.array([], pa.int64())}
        yield _complete(pa.table(empty))


def _complete(batch: pa.Table) -> pa.Table:
    for name in (SHEET, COVERED):
        if name not in batch.column_names:
            batch = batch.append_column(name, pa.nulls(batch.num_rows, pa.string()))
    return batch


def _as_text_columns(batch: pa.Table, spec: FeedSpec) -> pa.Table:
    """The batch under names that leave the columns' own names to the typed ones, which derived columns refer to."""
    declared = {column.name for column in spec.columns}
    return batch.rename_columns([TEXT + name if name in declared else name for name in batch.column_names])


def _split(batch: pa.Table, checker: Checker, latest: date) -> tuple[pa.Table, list[dict[str, object]]]:
    """Good rows of a batch, and one reject for each bad row."""
    names = [column.name for column in checker.spec.columns]
    problems = checker.find_problems(batch.select(names).to_pandas())
    if problems.empty:
        return batch, []
    bad = np.unique(problems["position"].to_numpy(dtype="int64"))
    mask = np.ones(batch.num_rows, dtype=bool)
    mask[bad] = False
    return batch.filter(pa.array(mask)), _word_rejects(batch, problems, checker, latest)


def _word_rejects(
    batch: pa.Table, problems: pd.DataFrame, checker: Checker, latest: date
) -> list[dict[str, object]]:
    columns = {column.name: column for column in checker.spec.columns}
    numbers, sheets = batch[ROW_NUMBER].to_numpy(), batch[SHEET].to_pylist()
    worded: dict[tuple[str, str, str], str] = {}
    rejects: list[dict[str, object]] = []
    previous = None
    for position, name, code, value in problems.itertuples(index=False):
        column = columns[name]
        key = (name, code, str(value))
        if key not in worded:
            worded[key] = word_problem(column, code, value, checker.references, latest=latest)
        if position == previous:
            rejects[-1]["problems"] = int(str(rejects[-1]["problems"])) + 1
            rejects[-1]["message"] = f"{rejects[-1]['message']} {worded[key]}"
            continue
        previous = position
        rejects.append(
            {
                "sheet": sheets[int(position)],
                "row_number": int(numbers[int(position)]),
                "column_name": column.header,
                "code": code,
                "value": shown_value(column, value),
                "problems": 1,
                "message": worded[key],
            }
        )
    return rejects


def _add_broken_rows(read: ReadFile, loaded: LoadedRows) -> None:
    loaded.rejects += [
        {
            "sheet": row.sheet,
            "row_number": row.row_number,
            "column_name": None,
            "code": row.code,
            "value": None,
            "problems": 1,
            "message": row.message,
            "is_broken": True,
        }
        for row in read.broken_rows
        if row.code != "blank_row"
    ]


def _shift_rows(connection: duckdb.DuckDBPyConnection, path: Path, loaded: LoadedRows, broken: list[int]) -> None:
    """Give rows the numbers they have in the file: they were counted without the broken rows before them."""
    thresholds = np.array(broken, dtype="int64") - np.arange(len(broken), dtype="int64")
    for reject in loaded.rejects:
        if not reject.pop("is_broken", False):
            counted = int(str(reject["row_number"]))
            reject["row_number"] = counted + int(np.searchsorted(thresholds, counted, side="right"))
    frame = pd.DataFrame({"threshold": thresholds, "shift": np.arange(1, len(broken) + 1)})
    frame = frame.drop_duplicates("threshold", keep="last")
    connection.register("shifts", frame)
    _rewrite(
        connection,
        path,
        "SELECT r.* REPLACE (r.row_number + coalesce(s.shift, 0) AS row_number) FROM records r "
        "ASOF LEFT JOIN shifts s ON r.row_number >= s.threshold ORDER BY row_number",
    )


def _reject_repeated_keys(
    connection: duckdb.DuckDBPyConnection, path: Path, spec: FeedSpec, loaded: LoadedRows
) -> None:
    """Of rows that share the key, the first stays; rows with a blank in the key are never duplicates."""
    key = ", ".join(identifier(name) for name in spec.traits.key)
    present = " AND ".join(f"{identifier(name)} IS NOT NULL" for name in spec.traits.key)
    headers = {column.name: column for column in spec.columns}
    connection.execute(f"CREATE OR REPLACE TEMP VIEW records AS SELECT * FROM read_parquet('{sql_path(path)}')").fetchall()
    suspects = f"SELECT hash({key}) AS h FROM records WHERE {present} GROUP BY h HAVING count(*) > 1"
    if not connection.execute(f"SELECT count(*) FROM ({suspects})").fetchall()[0][0]:
        return
    repeated = connection.execute(
        f"""
        WITH suspects AS ({suspects})
        SELECT sheet, row_number, first_row FROM (
            SELECT sheet, row_number, first(row_number) OVER same AS first_row, row_number() OVER same AS nth
            FROM records SEMI JOIN suspects ON hash({key}) = h WHERE {present}
            WINDOW same AS (PARTITION BY {key} ORDER BY sheet, row_number)
        ) WHERE nth > 1 ORDER BY sheet, row_number
        """
    ).fetchall()
    name = ", ".join(headers[name].header if name in headers else name for name in spec.traits.key)
    for sheet, row_number, first_row in repeated:
        loaded.rejects.append(
            {
                "sheet": sheet,
                "row_number": row_number,
                "column_name": name,
                "code": "repeated_key",
                "value": None,
                "problems": 1,
                "message": f"{name}: the same as in row {first_row}, which was kept. Remove the repetition, or give the row "
                "its own identifier.",
            }
        )
    rows = [(sheet, row_number) for sheet, row_number, _ in repeated]
    connection.register("repeated", pd.DataFrame(rows, columns=[SHEET, ROW_NUMBER]).astype({SHEET: "str"}))
    _rewrite(
        connection,
        path,
        "SELECT r.* FROM records r ANTI JOIN repeated d ON r.row_number = d.row_number"
        " AND r.sheet IS NOT DISTINCT FROM d.sheet ORDER BY r.sheet, r.row_number",
    )


def _rewrite(connection: duckdb.DuckDBPyConnection, path: Path, query: str) -> None:
    again = path.with_name(path.name + ".again")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW records AS SELECT * FROM read_parquet('{sql_path(path)}')").fetchall()
    connection.execute(f"COPY ({query}) TO '{sql_path(again)}' (FORMAT parquet)").fetchall()
    again.replace(path)
