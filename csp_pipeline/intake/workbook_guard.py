"""What makes a workbook dangerous to open, found before it is opened: entities, parts that swell, and cells without end."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import ParseError, iterparse  # type: ignore[import-untyped]

from csp_pipeline.errors import RefusedFileError

# What it raises to read the parts of a damaged workbook: of ZIP, of what is packed in it, of XML and of text.
DAMAGED = (zipfile.BadZipFile, zlib.error, ParseError, LookupError, EOFError, OSError, RuntimeError, ValueError)
CHUNK = 1024 * 1024
MOST_PARTS = 10_000
# A workbook beyond this size, all parts unpacked, is refused where it is also packed tighter than spreadsheets ever are.
LARGE = 64 * 1024 * 1024
TIGHTEST = 200
MOST_BYTES = 2 * 1024 * 1024 * 1024
# A sheet is held as a rectangle from A1 to its last filled cell: 30 million cells take about 1.5 GB.
MOST_CELLS = 30_000_000
XLSX_SHEET = re.compile(r"^xl/worksheets/[^/]+\.xml$")
WIDE_CELL = re.compile(rb"\sr=[\"']([A-Z]{2,3})[0-9]{1,7}[\"']")
ROW_NUMBER = re.compile(rb"\sr=[\"'][A-Z]{0,3}([0-9]{1,7})[\"']")
AFRESH = "Copy the table into a new workbook and send that."


def check_workbook(path: Path) -> None:
    """Refuse an XLSX or ODS that would take memory or time without bound, or that asks for what lies outside of it.

    Raises RefusedFileError for XML with a document type or entities (`xml_entities`: no spreadsheet program writes any), for
    parts that swell on unpacking (`swollen_workbook`), and for a sheet with a filled cell so far out that the rectangle up
    to it cannot be held (`far_cells`). A damaged workbook passes: whoever opens it tells how.
    """
    try:
        with zipfile.ZipFile(path) as parts:
            _check_sizes(parts.infolist(), path.stat().st_size)
            for name in parts.namelist():
                if name.endswith((".xml", ".rels")):
                    with parts.open(name) as part:
                        _check_beginning(name, part)
                if XLSX_SHEET.match(name):
                    _check_extent(name, *_extent_in_xlsx(parts, name))
            if "content.xml" in parts.namelist():
                with parts.open("content.xml") as part:
                    for sheet, rows, columns in _extents_in_ods(part):
                        _check_extent(sheet, rows, columns)
    except DAMAGED as error:
        if isinstance(error, DefusedXmlException):
            raise _entities("content.xml") from error


def _check_sizes(parts: list[zipfile.ZipInfo], packed: int) -> None:
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS or unpacked > MOST_BYTES or (unpacked > LARGE and unpacked > TIGHTEST * packed):
        raise RefusedFileError(
            "swollen_workbook",
            f"its {len(parts):,} parts would take {unpacked / 1024**2:,.0f} MB unpacked, of {packed / 1024**2:,.1f} MB packed, "
            f"so it was not opened. Spreadsheets are not packed so tightly. {AFRESH}",
        )


def _check_beginning(name: str, part: IO[bytes]) -> None:
    """Read up to the first element: a document type can only stand before it."""
    try:
        next(iter(iterparse(_InSmallPieces(part), events=("start",), forbid_dtd=True)), None)
    except DefusedXmlException as error:
        raise _entities(name) from error


@dataclass(frozen=True)
class _InSmallPieces:
    """A part of which no more is read than needed, where the parser asks for 16 KB and makes elements of them all."""

    part: IO[bytes]

    def read(self, size: int) -> bytes:
        return self.part.read(min(size, 256))


def _entities(name: str) -> RefusedFileError:
    return RefusedFileError(
        "xml_entities",
        f"its part {name!r} declares a document type or entities, which can swell without bound or fetch other files, and which "
        f"no spreadsheet program writes; so it was not opened. {AFRESH}",
    )


def _extent_in_xlsx(parts: zipfile.ZipFile, name: str) -> tuple[int, int]:
    """Last row and last column of a sheet that has a cell beyond column Z; of others, nothing needs to be known."""
    columns = max((_column_number(letters) for letters in _find(parts, name, WIDE_CELL)), default=0)
    return (max((int(row) for row in _find(parts, name, ROW_NUMBER)), default=0), columns) if columns else (0, 0)


def _find(parts: zipfile.ZipFile, name: str, wanted: re.Pattern[bytes]) -> Iterator[bytes]:
    """The different first groups that a pattern finds in a part, read in pieces that overlap."""
    rest = b""
    with parts.open(name) as part:
        while chunk := part.read(CHUNK):
            yield from set(wanted.findall(rest + chunk))
            rest = chunk[-40:]


def _extents_in_ods(part: IO[bytes]) -> Iterator[tuple[str, int, int]]:
    """Each sheet's name, last filled row and last filled column, as repeated rows and cells make them."""
    name, row, rows, columns = "", 0, 0, 0
    for event, element in iterparse(part, events=("start", "end")):
        tag = element.tag.rpartition("}")[2]
        if tag == "table" and event == "start":
            name, row, rows, columns = _attribute(element, "name") or "", 0, 0, 0
        elif tag == "table":
            yield name, rows, columns
            element.clear()
        elif tag == "table-row" and event == "end":
            row += int(_attribute(element, "number-rows-repeated") or 1)
            column = 0
            for cell in element:
                column += int(_attribute(cell, "number-columns-repeated") or 1)
                if len(cell) or _attribute(cell, "value-type") is not None:
                    rows, columns = row, max(columns, column)
            element.clear()


def _check_extent(sheet: str, rows: int, columns: int) -> None:
    if rows * columns > MOST_CELLS:
        raise RefusedFileError(
            "far_cells",
            f"its sheet {sheet!r} reaches to row {rows:,} and column {columns:,}, {rows * columns:,} cells in all, so it was not "
            "opened. Delete the rows and columns beyond the table (not only what is in them), save it and send it again.",
            sheet=sheet,
        )


def _attribute(element: object, name: str) -> str | None:
    items: Iterator[tuple[str, str]] = element.items()  # type: ignore[attr-defined]
    return next((value for key, value in items if key.rpartition("}")[2] == name), None)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
