"""Correcting known errors in the text of rows before they are checked; an entry that does not fit a file changes nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from csp_pipeline import tables
from csp_pipeline.errors import ConfigurationError
from csp_pipeline.intake.receipts import Receipt
from csp_pipeline.intake.rows import FILE_INDEX, ROW_NUMBER, SHEET
from csp_pipeline.intake.validate import shown_value
from csp_pipeline.lake import NOT_OF_THE_FILE, problem_of_condition
from csp_pipeline.partnership.corrections import FILE_NAME, STATUSES, CorrectionEntry
from csp_pipeline.partnership.partnership import Feed, Partnership
from csp_pipeline.sql_text import identifier, quoted
from csp_pipeline.tables import ColumnSpec, FeedSpec, Table

PLACE = "place_in_batch"


class Corrections(Table):
    """Each value that was corrected as `corrections.yml` of its feed says; what has landed stays as it was sent."""

    submission_id: str = tables.column("VARCHAR", "Submission")
    agency: str = tables.column("VARCHAR", "Agency")
    feed: str = tables.column("VARCHAR", "Feed")
    file: str = tables.column("VARCHAR", "Path below the feed's place")
    sheet: str = tables.column("VARCHAR", "Sheet of a workbook", nullable=True)
    row_number: int = tables.column("BIGINT", "Row as a spreadsheet shows it")
    column_name: str = tables.column("VARCHAR", "Column in the sender's words")
    correction: str = tables.column("VARCHAR", "The entry of corrections.yml")
    found: str = tables.column("VARCHAR", "What was sent, unless it was blank or may be about a person", nullable=True)
    became: str = tables.column("VARCHAR", "What it was taken as, unless that is blank or may be about a person", nullable=True)


class KnownErrors(Table):
    """The entries of every `corrections.yml`, with what each corrected and whether it still applies."""

    agency: str = tables.column("VARCHAR", "Agency whose files have the error")
    feed: str = tables.column("VARCHAR", "Feed")
    correction: str = tables.column("VARCHAR", "The entry's name")
    column_name: str = tables.column("VARCHAR", "Column in the sender's words")
    files: str = tables.column("VARCHAR", "Which files it is about")
    reason: str = tables.column("VARCHAR", "What is wrong, and how it is known")
    reported: str = tables.column("DATE", "Day it was reported to the agency")
    status: str = tables.column("VARCHAR", "How the agency took it", isin=list(STATUSES))
    submissions: int = tables.column("BIGINT", "Submissions that it corrected", unit="submissions")
    rows_corrected: int = tables.column("BIGINT", "Rows that it corrected in them", unit="rows")
    applies: bool = tables.column("BOOLEAN", "It is found as expected in every file that it is about")
    problem: str = tables.column("VARCHAR", "Why it no longer applies, and what to do", nullable=True)


class CorrectionsDoNotApplyError(Exception):
    """The first entry of each file that does not fit it, with its problem. The files have to be loaded without them."""

    def __init__(self, problems: Mapping[tuple[str, str], str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = dict(problems)


@dataclass
class Correcting:
    """The entries that are about one file, and what they have found in it so far."""

    entries: Mapping[str, CorrectionEntry] = field(default_factory=dict)
    made: list[dict[str, Any]] = field(default_factory=list)
    unlike: Counter[str] = field(default_factory=Counter)
    first_unlike: dict[str, tuple[int, str | None]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def problem(self) -> tuple[str, str] | None:
        """The first entry that does not fit the file, and why; to be asked when all of its rows have been read.

        Those after it saw what it made of rows, and are judged when the file is read without it.
        """
        made = Counter(row["correction"] for row in self.made)
        found = ((name, _problem_of(self, name, entry, made[name])) for name, entry in self.entries.items())
        return next(((name, problem) for name, problem in found if problem is not None), None)


def _problem_of(correcting: Correcting, name: str, entry: CorrectionEntry, made: int) -> str | None:
    if name in correcting.failed:
        return correcting.failed[name]
    if correcting.unlike[name]:
        row, value = correcting.first_unlike[name]
        shown = "another value" if value is None else repr(value)
        return f"{correcting.unlike[name]:,} of its rows have another value than expected, the first in row {row} ({shown})"
    if made == 0:
        return "no row has what it expects: the error may have been mended"
    if entry.rows != "some" and made != entry.rows:
        return f"{made:,} rows have what it expects, not {entry.rows:,}"
    return None


def correct_batch(
    connection: duckdb.DuckDBPyConnection, batch: pa.Table, spec: FeedSpec, files: Sequence[Correcting]
) -> pa.Table:
    """The batch with the known errors of its files corrected, entry by entry in their order; notes each value."""
    columns = {column.name: column for column in spec.columns}
    # Files with the same entries are asked together; each file's entries keep their order, whatever other files have.
    alike: dict[tuple[str, ...], list[int]] = {}
    for index, file in enumerate(files):
        alike.setdefault(tuple(file.entries), []).append(index)
    for names, indexes in alike.items():
        for name in names:
            entry = files[indexes[0]].entries[name]
            try:
                rows = _find_rows(connection, batch, entry, indexes)
            except NOT_OF_THE_FILE:
                raise
            except duckdb.Error as error:
                for index in indexes:
                    files[index].failed.setdefault(name, _failure_of(error))
                continue
            if rows:
                batch = _correct(batch, rows, columns[entry.column], name, entry, files)
    return batch


def _failure_of(error: duckdb.Error) -> str:
    """Why a condition cannot be told of every row, in words that hold no row's value."""
    kind = str(error).partition(":")[0]
    return f"its condition cannot be told of every row ({kind}); its columns are text, so use TRY_CAST where it needs numbers"


def _find_rows(
    connection: duckdb.DuckDBPyConnection, batch: pa.Table, entry: CorrectionEntry, indexes: Sequence[int]
) -> list[dict[str, Any]]:
    """Rows of the files that an entry's conditions name, with what stands in its column and whether that is expected."""
    connection.register("text_rows", batch.append_column(PLACE, pa.array(np.arange(batch.num_rows))))
    expects = "NULL" if entry.expects is None else quoted(entry.expects)
    column = identifier(entry.column)
    query = f"""
        SELECT {PLACE} AS place, {FILE_INDEX} AS file, {SHEET} AS sheet, {ROW_NUMBER} AS row_number, {column} AS value,
            {column} IS NOT DISTINCT FROM {expects} AS fits
        FROM text_rows WHERE {FILE_INDEX} IN ({", ".join(map(str, indexes))}) AND {_condition_of(entry)} ORDER BY place
    """
    try:
        return connection.sql(query).to_arrow_table().to_pylist()
    finally:
        connection.unregister("text_rows")


def _correct(
    batch: pa.Table,
    rows: list[dict[str, Any]],
    column: ColumnSpec,
    name: str,
    entry: CorrectionEntry,
    files: Sequence[Correcting],
) -> pa.Table:
    became = shown_value(column, entry.becomes)
    for row in rows:
        file, value = files[row["file"]], shown_value(column, row["value"])
        if not row["fits"]:
            file.unlike[name] += 1
            file.first_unlike.setdefault(name, (row["row_number"], value))
            continue
        file.made.append(
            {
                "sheet": row["sheet"],
                "row_number": row["row_number"],
                "column_name": column.header,
                "correction": name,
                "found": value,
                "became": became,
            }
        )
    is_wrong = np.zeros(batch.num_rows, dtype=bool)
    is_wrong[[row["place"] for row in rows if row["fits"]]] = True
    text = pc.if_else(pa.array(is_wrong), pa.scalar(entry.becomes, pa.string()), batch[column.name].combine_chunks())
    return batch.set_column(batch.column_names.index(column.name), column.name, text)


def _condition_of(entry: CorrectionEntry) -> str:
    return " AND ".join(f"({condition})" for condition in entry.where)


def check_corrections(feed: Feed, spec: FeedSpec) -> None:
    """Check that each entry names a column of the feed, and that its conditions are SQL over the feed's columns as text.

    Raises ConfigurationError naming the file, the entry and the feed's columns.
    """
    if not feed.corrections:
        return
    names = [column.name for column in spec.columns]
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE text_rows ({', '.join(f'{identifier(name)} VARCHAR' for name in names)})").fetchall()
        for name, entry in feed.corrections.items():
            where = f"{feed.folder}/{FILE_NAME}: corrections > {name}"
            if entry.column not in names:
                raise ConfigurationError(f"{where} > column: {entry.column!r} is not known; known: {', '.join(names)}.")
            for condition in entry.where:
                if problem := problem_of_condition(connection, "text_rows", condition):
                    raise ConfigurationError(
                        f"{where} > where: {condition!r} is not a condition on its columns, which are text: {problem} "
                        f"Columns: {', '.join(names)}."
                    )


def table_of_known_errors(
    partnership: Partnership, specs: Mapping[str, FeedSpec], receipts: Mapping[str, Sequence[Receipt]]
) -> pd.DataFrame:
    """The `known_errors` table: one row for each entry."""
    rows = [
        _known_error(feed, specs[feed.key], name, entry, receipts[feed.key])
        for feed in partnership.feeds
        for name, entry in feed.corrections.items()
    ]
    frame = pd.DataFrame(rows, columns=list(KnownErrors.to_schema().columns))
    return frame.astype({"reported": "datetime64[s]"})


def _known_error(feed: Feed, spec: FeedSpec, name: str, entry: CorrectionEntry, receipts: Sequence[Receipt]) -> tuple[Any, ...]:
    made = {r.submission_id: r.corrections[name] for r in receipts if name in r.corrections}
    unfit = {r.landed.path: r.not_corrected[name] for r in receipts if name in r.not_corrected}
    problem = None
    if unfit:
        path, why = sorted(unfit.items())[-1]
        problem = (
            f"{path}: {why}; its rows stay as they were sent. Look at the file, then change the entry in {feed.key}/{FILE_NAME}, "
            "give it an until (the day on which the first mended file was extracted), or remove it."
        )
    elif not made:
        problem = (
            f"No file that was taken in is one that it is about ({entry.files!r}). Correct files, since or until of the entry in "
            f"{feed.key}/{FILE_NAME}, or remove it."
        )
    header = next(column.header for column in spec.columns if column.name == entry.column)
    told = (entry.files, entry.reason, pd.Timestamp(entry.reported), entry.status)
    return (feed.agency, feed.name, name, header, *told, len(made), sum(made.values()), problem is None, problem)
