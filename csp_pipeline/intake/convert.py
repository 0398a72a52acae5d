"""From checked text to typed records: the one query that converts a batch, built from a feed's declaration."""

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.rows import COVERED, EXTRAS, FILE_INDEX, ROW_NUMBER, SHEET
from csp_pipeline.intake.validate import shown_value
from csp_pipeline.lake import NOT_OF_THE_FILE
from csp_pipeline.partnership.areas import CodeList
from csp_pipeline.sql_text import identifier, period_label, quoted
from csp_pipeline.tables import FeedSpec

TEXT = "text_"
IDENTITY = ("submission_id", SHEET, ROW_NUMBER, COVERED)


def prepare_conversion(
    connection: duckdb.DuckDBPyConnection,
    spec: FeedSpec,
    references: Mapping[str, CodeList],
    *,
    secret: bytes,
    covers_area: str,
    covers_kind: str,
    by_content: bool,
    is_alone: bool,
    keeps_extras: bool = False,
) -> str:
    """Register code lists and macros, and give the query that turns the view `batch` into typed records.

    The query needs two views: `batch` (see `as_text_columns`) and `files` with `file_index`, `submission_id`,
    `file_covered_label`, `file_covered_from`; a file that `is_alone` is
    the only row of `files`. Its rows come in the order of the file, with `file_index` first; with `keeps_extras` they have the
    column `extras`.
    """
    _register_rekey(connection, secret)
    selected = [
        f"text_row.{FILE_INDEX} AS {FILE_INDEX}",
        "file.submission_id AS submission_id",
        f"text_row.{SHEET} AS {SHEET}",
        f"text_row.{ROW_NUMBER} AS {ROW_NUMBER}",
        "file.file_covered_from AS covered_from",
        f"{quoted(covers_area)} AS covers_area",
    ]
    extras = [EXTRAS] if keeps_extras else []
    selected += [f"text_row.{name} AS {name}" for name in extras]
    # One file's values stand beside every row; joining them by index would cost a third of the conversion.
    by_index = f"JOIN files AS file ON file.{FILE_INDEX} = text_row.{FILE_INDEX}"
    joins = ["CROSS JOIN files AS file" if is_alone else by_index]
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
    label = f"coalesce(text_row.{TEXT}{COVERED}, file.file_{COVERED}) AS {COVERED}"
    derived = [f"CAST({item.sql} AS {item.type}) AS {identifier(item.name)}" for item in spec.derived]
    if by_content and spec.traits.coverage_date:
        # The label is made of a date that a derived column may give, so it comes after them.
        derived.append(f"{period_label(spec.traits.coverage_date, covers_kind)} AS {COVERED}")
    else:
        derived.insert(0, label)
    keep = [*(c.name for c in spec.columns if c.stored), *(d.name for d in spec.derived)]
    return f"""
        SELECT {", ".join([FILE_INDEX, *IDENTITY, *map(identifier, keep), *extras])}
        FROM (SELECT {", ".join([*selected, *derived])} FROM batch AS text_row {" ".join(joins)})
        {f"ORDER BY {FILE_INDEX}, {SHEET}, {ROW_NUMBER}" if len(joins) > 1 else ""}
    """


def as_text_columns(batch: pa.Table, spec: FeedSpec) -> pa.Table:
    """The batch under names that leave the columns' own names to the typed ones, which derived columns refer to."""
    declared = {COVERED, *(column.name for column in spec.columns)}
    return batch.rename_columns([TEXT + name if name in declared else name for name in batch.column_names])


def word_conversion_error(connection: duckdb.DuckDBPyConnection, query: str, spec: FeedSpec) -> RefusedFileError:
    """The refusal of a file with a value that passed its column's checks and cannot be converted: a gap in our checks.

    The column is found by converting each alone, which leaves the others out of the query's plan.
    """
    stored = {column.name: column for column in spec.columns if column.stored}
    header = shown = None
    for name in [*stored, *(item.name for item in spec.derived)]:
        try:
            connection.execute(f"SELECT max(hash({identifier(name)})) FROM ({query})").fetchall()
        except NOT_OF_THE_FILE:
            raise
        except duckdb.Error as found:
            column = stored.get(name)
            header = column.header if column else name
            shown = shown_value(column, str(found).splitlines()[0]) if column else None
            break
    problem = shown or "the value is not shown, as it may be about a person"
    return RefusedFileError(
        "not_convertible",
        f"a value{f' of {header!r}' if header else ''} passed every check and still could not be converted ({problem}). Correct "
        "it if it is wrong; else tell the partnership's data engineer, for then the check of that column needs mending.",
        column=header,
    )


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
