"""What an XLSX or ODS holds besides values: macros, links to other files, and which cells are formulas."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import iterparse, parse  # type: ignore[import-untyped]

from csp_pipeline.errors import RefusedFileError

# Parts with Visual Basic, macros of Excel 4 or Basic; and parts that fetch values from elsewhere (ECMA-376 part 1, 18.13
# and 18.14; OpenDocument 1.3, part 3).
MACROS = re.compile(r"(?:^|/)vbaProject\.bin$|^xl/(?:macro|dialog)sheets/.|^(?:Basic|Scripts)/.+[^/]$")
LINKS = re.compile(r"^xl/(?:externalLinks/.|connections\.xml$|queryTables/.)")
LINKING_TAGS = {"table-source", "cell-range-source", "dde-link", "dde-source"}
CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})$")
WITHOUT_MACROS = (
    "it holds macros, which are never opened here, so nothing of it was applied. In Excel choose File > Save As and the type "
    "'Excel Workbook (*.xlsx)'; in LibreOffice 'Excel 2007-365 (.xlsx)' or 'ODF Spreadsheet (.ods)'. Send that copy."
)
WITHOUT_LINKS = (
    "it has links to other files, whose values may be others than you saw, so nothing of it was applied. In Excel choose Data > "
    "Edit Links > Break Link; in LibreOffice Edit > Links to External Files > Break Link. Save it and send it again."
)

Place = tuple[int, int]


def formulas_of(path: Path, sheet: str) -> set[Place]:
    """Row and column, from 0, of every cell of a sheet that is a formula.

    Raises RefusedFileError for a workbook with macros or links to other files, or whose parts cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as parts:
            names = parts.namelist()
            if any(MACROS.search(name) for name in names) or b"macroEnabled" in _part(parts, "[Content_Types].xml"):
                raise RefusedFileError("macros", WITHOUT_MACROS)
            if any(LINKS.search(name) for name in names):
                raise RefusedFileError("external_links", WITHOUT_LINKS)
            found = _in_ods(parts, sheet) if "content.xml" in names else _in_xlsx(parts, sheet)
            return set(found)
    except (zipfile.BadZipFile, ParseError, DefusedXmlException, LookupError, OSError, EOFError, ValueError) as error:
        raise RefusedFileError(
            "damaged_workbook",
            f"it cannot be opened as a workbook; it may be cut short or damaged ({error}). Save it and send it again.",
        ) from error


def _part(parts: zipfile.ZipFile, name: str) -> bytes:
    return parts.read(name) if name in parts.namelist() else b""


def _in_xlsx(parts: zipfile.ZipFile, sheet: str) -> Iterator[Place]:
    with parts.open(_xlsx_sheet(parts, sheet)) as content:
        for _, element in iterparse(content, events=("end",)):
            if _tag(element) == "row":
                element.clear()
            if _tag(element) != "c" or not any(_tag(child) == "f" for child in element):
                continue
            place = CELL.match(element.get("r", ""))
            if place:
                yield int(place[2]) - 1, _column_number(place[1])


def _xlsx_sheet(parts: zipfile.ZipFile, sheet: str) -> str:
    """The part that a sheet of an XLSX lies in."""
    with parts.open("xl/workbook.xml") as content:
        sheets = {e.get("name"): _attribute(e, "id") for e in parse(content).iter() if _tag(e) == "sheet"}
    with parts.open("xl/_rels/workbook.xml.rels") as content:
        targets = {e.get("Id"): str(e.get("Target")) for e in parse(content).iter()}
    target = targets[sheets[sheet]]
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _in_ods(parts: zipfile.ZipFile, sheet: str) -> Iterator[Place]:
    row, is_wanted = 0, False
    with parts.open("content.xml") as content:
        for event, element in iterparse(content, events=("start", "end")):
            tag = _tag(element)
            if event == "start":
                if tag == "table":
                    row, is_wanted = 0, _attribute(element, "name") == sheet
                continue
            if tag in LINKING_TAGS or "'file:" in (_attribute(element, "formula") or ""):
                raise RefusedFileError("external_links", WITHOUT_LINKS)
            if tag == "table-row":
                if is_wanted:
                    yield from ((row, column) for column in _formulas_in_row(element))
                row += int(_attribute(element, "number-rows-repeated") or 1)
                element.clear()


def _formulas_in_row(row: Element) -> Iterator[int]:
    column = 0
    for cell in row:
        repeated = int(_attribute(cell, "number-columns-repeated") or 1)
        if _attribute(cell, "formula") is not None:
            yield from range(column, column + repeated)
        column += repeated


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _attribute(element: Element, name: str) -> str | None:
    return next((value for key, value in element.items() if key.rpartition("}")[2] == name), None)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
