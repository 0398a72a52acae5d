"""Reading XLSX and ODS workbooks: find the table under its title lines, leave footnotes out, give rows as text."""

import json
import mmap
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import python_calamine

from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.contract import Contract
from csp_pipeline.intake.headers import MatchedHeader, count_known, match_header, normalise
from csp_pipeline.intake.rows import COVERED, EXTRAS, ROW_NUMBER, SHEET, UNWANTED, ReadFile
from csp_pipeline.intake.workbook_guard import DAMAGED, check_workbook
from csp_pipeline.intake.workbook_parts import hidden_rows_of
from csp_pipeline.partnership.periods import parse_period
from csp_pipeline.tables import ColumnSpec, Layout

HEADER_WITHIN = 40
# Names of sheets for periods of each kind.
EXAMPLES = {"month": "2016-04", "quarter": "2016-17 Q3", "financial_year": "2016-17"}
OLE_SIGNATURE = b"\xd0\xcf\x11\xe0"


def read_workbook(
    path: Path,
    columns: tuple[ColumnSpec, ...],
    layout: Layout,
    period_kind: str,
    batch_rows: int,
    contract: Contract | None = None,
) -> ReadFile:
    """Open a workbook and read its table, or the table on each period's sheet.

    Raises RefusedFileError when it is no workbook, is damaged or locked, or lacks the sheet or the table.
    """
    workbook = open_workbook(path)
    sheets = sheets_to_read(workbook, columns, layout, period_kind, contract)
    read = ReadFile(batches=iter(()), remarks=_tell_passed_over(workbook, sheets, columns, layout, period_kind, contract))
    tables = []
    for name, label in sheets:
        table, matched = read_sheet(workbook, name, label, columns, contract)
        tables.append(table)
        read.changes += matched.changes
        read.extra_columns = tuple(dict.fromkeys((*read.extra_columns, *matched.extra)))
    read.remarks += _tell_hidden(path, workbook, tables)
    whole = pa.concat_tables(tables)
    read.batches = slices(whole, batch_rows)
    return read


def open_workbook(path: Path) -> python_calamine.CalamineWorkbook:
    """Open an XLSX or ODS. Raises RefusedFileError when it is none, is damaged, locked or dangerous to open."""
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise RefusedFileError("empty_file", "it is empty (0 bytes). Send the export again.")
    if not start.startswith((b"PK", OLE_SIGNATURE)):
        found = "a PDF document" if start.startswith(b"%PDF") else "no workbook"
        raise RefusedFileError("not_a_workbook", f"it is {found}; expected XLSX or ODS. Export it again as a workbook.")
    if _is_locked(path, start):
        raise RefusedFileError("locked_workbook", "it is protected by a password. Send it without one.")
    if start.startswith(OLE_SIGNATURE):
        raise RefusedFileError(
            "not_a_workbook",
            "it is a document of Excel 97-2003 (.xls) or of another old program, whatever its name says; expected XLSX or ODS. "
            "Save it as XLSX and send it again.",
        )
    check_workbook(path)
    try:
        return python_calamine.CalamineWorkbook.from_object(str(path))
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise RefusedFileError(
            "damaged_workbook",
            f"it cannot be opened as a workbook; it may be cut short or damaged ({error}). Save it afresh and send it again.",
        ) from error


def _is_locked(path: Path, start: bytes) -> bool:
    """Whether a workbook is encrypted. Landed files have no extension, and without one calamine cannot tell.

    Excel puts the encrypted XLSX into an OLE document as a stream of this name (MS-OFFCRYPTO, 2.3.4); an ODS says so in its
    manifest (OpenDocument 1.3, part 2, 4.4).
    """
    if start.startswith(OLE_SIGNATURE):
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find("EncryptedPackage".encode("utf-16-le")) >= 0
    try:
        with zipfile.ZipFile(path) as parts:
            return b"encryption-data" in parts.read("META-INF/manifest.xml")
    except DAMAGED:
        return False  # an XLSX, which has no such part, or damaged: calamine tells which


def sheets_to_read(
    workbook: python_calamine.CalamineWorkbook,
    columns: Sequence[ColumnSpec],
    layout: Layout,
    period_kind: str,
    contract: Contract | None = None,
) -> list[tuple[str, str | None]]:
    """Sheet names to read, each with the period it is for where sheets are periods."""
    names = workbook.sheet_names
    if layout.sheet_per_period:
        found = [(name, period.label) for name in names if (period := parse_period(name, period_kind))]
        if not found:
            raise RefusedFileError(
                "missing_sheet",
                f"no sheet is named after a {period_kind.replace('_', ' ')} such as {EXAMPLES[period_kind]!r}; found "
                f"{', '.join(map(repr, names))}. Name each sheet after its period and send it again.",
            )
        labels = [label for _, label in found]
        twice = next((label for label in labels if labels.count(label) > 1), None)
        if twice:
            raise RefusedFileError(
                "period_given_twice", f"two sheets are for {twice}. Keep the right one and send the file again."
            )
        return [(name, label) for name, label in found]
    if layout.sheet is not None:
        matching = [name for name in names if normalise(name) == normalise(layout.sheet)]
        if not matching:
            raise RefusedFileError(
                "missing_sheet",
                f"there is no sheet {layout.sheet!r}; found {', '.join(map(repr, names))}. Name the sheet with the table "
                f"{layout.sheet!r} and send it again.",
            )
        return [(matching[0], None)]
    if layout.every_sheet:
        required = sum(column.required for column in columns)
        known_on = {name: _most_known(workbook, name, columns, contract) for name in names}
        holding = [name for name, known in known_on.items() if known * 2 >= required]
        return [(name, None) for name in holding or [max(names, key=lambda name: known_on[name])]]
    known = [_most_known(workbook, name, columns, contract) for name in names]
    return [(names[known.index(max(known))], None)]


def _most_known(
    workbook: python_calamine.CalamineWorkbook, name: str, columns: Sequence[ColumnSpec], contract: Contract | None
) -> int:
    """How many declared columns the row of a sheet names that names most."""
    return max((count_known(row, columns, contract) for row in _rows(workbook, name)[:HEADER_WITHIN]), default=0)


def _tell_passed_over(
    workbook: python_calamine.CalamineWorkbook,
    read: Sequence[tuple[str, str | None]],
    columns: Sequence[ColumnSpec],
    layout: Layout,
    period_kind: str,
    contract: Contract | None,
) -> list[str]:
    """A sentence about the sheets that look like the table and are not read; none where there are none."""
    left = [
        repr(sheet.name)
        for sheet in workbook.sheets_metadata
        if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
        and sheet.name not in {name for name, _ in read}
        and _holds_rows(workbook, sheet.name, columns, contract)
    ]
    if not left:
        return []
    found = f"Sheets with the agreed columns that were not read: {', '.join(left)}."
    if layout.sheet_per_period:
        kind = period_kind.replace("_", " ")
        expected = f"Expected a sheet for each {kind}, named like {EXAMPLES[period_kind]!r}; if their rows count, name them so"
    else:
        expected = f"The table is taken from {read[0][0]!r} alone; if their rows count, put them there"
    return [f"{found} {expected} and send the file again."]


def _tell_hidden(path: Path, workbook: python_calamine.CalamineWorkbook, tables: Sequence[pa.Table]) -> list[str]:
    """Sentences about sheets and rows that were read and that who looks at the workbook does not see."""
    read = {table[SHEET][0].as_py(): table[ROW_NUMBER].to_pylist() for table in tables if table.num_rows}
    visible = python_calamine.SheetVisibleEnum.Visible
    sheets = [repr(sheet.name) for sheet in workbook.sheets_metadata if sheet.name in read and sheet.visible != visible]
    told = [f"Hidden sheets are read like the others: {', '.join(sheets)}."] if sheets else []
    if hidden := hidden_rows_of(path, read):
        counts = [f"{len(rows):,} on the sheet {name!r}, the first in row {rows[0]:,}" for name, rows in hidden.items()]
        told.append(f"Rows that are hidden or filtered out count like the others: {'; '.join(counts)}.")
    return [f"{' '.join(told)} If they should not, delete them and send the file again."] if told else []


def _holds_rows(
    workbook: python_calamine.CalamineWorkbook, name: str, columns: Sequence[ColumnSpec], contract: Contract | None
) -> bool:
    """Whether a sheet has a row that names at least half of the required columns, and below it one with two cells or more."""
    rows = _rows(workbook, name)
    known = [count_known(row, columns, contract) for row in rows[:HEADER_WITHIN]]
    if max(known, default=0) * 2 < sum(column.required for column in columns):
        return False
    return any(sum(bool(_text(cell)) for cell in row) > 1 for row in rows[known.index(max(known)) + 1 :])


def _rows(workbook: python_calamine.CalamineWorkbook, name: str) -> list[list[Any]]:
    try:
        sheet = workbook.get_sheet_by_name(name)
        rows = sheet.to_python(skip_empty_area=False)
        for (first_row, first_column), (last_row, _) in sheet.merged_cell_ranges or []:
            if first_row >= len(rows) or first_column >= len(rows[first_row]):
                continue  # merged, but beyond the last filled cell
            value = rows[first_row][first_column]
            for row in range(first_row + 1, min(last_row + 1, len(rows))):
                rows[row][first_column] = value
    except python_calamine.CalamineError as error:
        raise RefusedFileError(
            "damaged_workbook",
            f"the sheet cannot be read; the file may be cut short or damaged ({error}). Save it afresh and send it again.",
            sheet=name,
        ) from error
    return rows


def read_sheet(
    workbook: python_calamine.CalamineWorkbook,
    name: str,
    label: str | None,
    columns: tuple[ColumnSpec, ...],
    contract: Contract | None = None,
) -> tuple[pa.Table, MatchedHeader]:
    """A sheet's table as text with row numbers, and where its columns stand; `label` is the period that the sheet is for.

    Raises RefusedFileError when the sheet has no header, or lacks a column.
    """
    rows = _rows(workbook, name)
    candidates = [count_known(row, columns, contract) for row in rows[:HEADER_WITHIN]]
    if not candidates or max(candidates) == 0:
        required = ", ".join(column.header for column in columns if column.required)
        raise RefusedFileError(
            "no_header", f"no header was found; expected the columns {required}. Is it another feed's file?", sheet=name
        )
    header = candidates.index(max(candidates))
    below = rows[header + 1 :]
    matched = match_header(
        rows[header],
        columns,
        sheet=name,
        contract=contract,
        values_at=lambda place, most: [_text(row[place]) for row in below[:most]],
    )
    used = list(matched.positions.values())
    body = list(enumerate(rows[header + 1 :], start=header + 2))
    filled = [(number, row) for number, row in body if any(_text(row[position]) for position in used)]
    last = max((number for number, row in filled if sum(bool(_text(row[p])) for p in used) > 1), default=0)
    kept = [(number, row) for number, row in filled if number <= last]
    arrays = {
        column.name: pa.array(
            [_text(row[matched.positions[column.name]]) if column.name in matched.positions else None for _, row in kept],
            pa.string(),
        )
        for column in columns
    }
    for beyond, places in ((EXTRAS, matched.kept), (UNWANTED, matched.unwanted)):
        arrays[beyond] = pa.array([_as_json(row, places) for _, row in kept], pa.string())
    arrays[ROW_NUMBER] = pa.array([number for number, _ in kept], pa.int64())
    arrays[SHEET] = pa.array([name] * len(kept), pa.string())
    if label is not None:
        arrays[COVERED] = pa.array([label] * len(kept), pa.string())
    return pa.table(arrays), matched


def _as_json(row: Sequence[Any], places: Mapping[str, int]) -> str | None:
    """A JSON object of a row's values in columns beyond the agreed ones, blanks left out; None where all are blank."""
    filled = {header: text for header, place in places.items() if (text := _text(row[place])) is not None}
    return json.dumps(filled, ensure_ascii=False, separators=(",", ":")) if filled else None


def _text(cell: object) -> str | None:
    """A cell as text: dates as ISO, whole numbers without a decimal part, blanks as None."""
    match cell:
        case None | "":
            return None
        case bool():
            return "Yes" if cell else "No"
        case datetime():
            return cell.strftime("%Y-%m-%d") if cell.time() == time() else cell.strftime("%Y-%m-%d %H:%M:%S")
        case date():
            return cell.isoformat()
        case time() | timedelta():
            return str(cell)
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
        case _:
            return str(cell).replace("\xa0", " ").strip() or None


def slices(table: pa.Table, rows: int) -> Iterator[pa.Table]:
    """The table in batches of so many rows."""
    for start in range(0, table.num_rows, rows):
        yield table.slice(start, rows)
