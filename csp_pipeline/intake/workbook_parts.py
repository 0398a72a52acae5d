"""What an XLSX or ODS holds besides values: macros, links to other files, which cells are formulas and which rows are hidden."""

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import iterparse, parse  # type: ignore[import-untyped]

from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.workbook_guard import DAMAGED

# Parts with Visual Basic, macros of Excel 4 or Basic; and parts that fetch values from elsewhere (ECMA-376 part 1, 18.13
# and 18.14; OpenDocument 1.3, part 3).
MACROS = re.compile(r"(?:^|/)vbaProject\.bin$|^xl/(?:macro|dialog)sheets/.|^(?:Basic|Scripts)/.+[^/]$")
LINKS = re.compile(r"^xl/(?:externalLinks/.|connections\.xml$|queryTables/.)")
LINKING_TAGS = {"table-source", "cell-range-source", "dde-link", "dde-source"}
# A row that is hidden, or left out by a filter (ECMA-376 part 1, 18.3.1.73; OpenDocument 1.3, part 3, 19.755).
HIDDEN_ROW = re.compile(rb"<(?:\w+:)?row\s[^>]*?\bhidden=[\"'](?:1|true)[\"'][^>]*>")
ROW_NUMBER = re.compile(rb"\sr=[\"']([0-9]{1,7})[\"']")
NOT_SHOWN = re.compile(rb"visibility=[\"'](?:collapse|filter)")
CHUNK = 1024 * 1024
LONGEST_TAG = 1024
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
    except DAMAGED as error:
        raise RefusedFileError(
            "damaged_workbook",
            f"it cannot be opened as a workbook; it may be cut short or damaged ({error}). Save it and send it again.",
        ) from error


def hidden_rows_of(path: Path, rows: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
    """Those of the rows of sheets, by number, that their sender does not see; only sheets that have some.

    Of a workbook that is damaged, and could be read all the same, none is known to be hidden.
    """
    try:
        with zipfile.ZipFile(path) as parts:
            hidden = set(_hidden_in_ods(parts, rows) if "content.xml" in parts.namelist() else _hidden_in_xlsx(parts, rows))
    except DAMAGED:
        return {}
    found = {sheet: [row for row in of_sheet if (sheet, row) in hidden] for sheet, of_sheet in rows.items()}
    return {sheet: of_sheet for sheet, of_sheet in found.items() if of_sheet}


def _hidden_in_xlsx(parts: zipfile.ZipFile, sheets: Iterable[str]) -> Iterator[tuple[str, int]]:
    for sheet in sheets:
        for text in _pieces(parts, _xlsx_sheet(parts, sheet)):
            if b"hidden=" in text:  # which is not looked for tag by tag: nearly every sheet has none
                yield from ((sheet, int(row[1])) for tag in HIDDEN_ROW.findall(text) if (row := ROW_NUMBER.search(tag)))


def _hidden_in_ods(parts: zipfile.ZipFile, rows: Mapping[str, Sequence[int]]) -> Iterator[tuple[str, int]]:
    """The same of a document that has all sheets in one part, which takes long to go through."""
    if not any(NOT_SHOWN.search(text) for text in _pieces(parts, "content.xml")):
        return
    row, sheet = 0, ""
    with parts.open("content.xml") as content:
        for event, element in iterparse(content, events=("start", "end")):
            if event == "start" and _tag(element) == "table":
                row, sheet = 0, _attribute(element, "name") or ""
            elif event == "end" and _tag(element) == "table-row":
                next_row = row + int(_attribute(element, "number-rows-repeated") or 1)
                if _attribute(element, "visibility") in ("collapse", "filter"):
                    last = max(rows.get(sheet, ()), default=0)
                    yield from ((sheet, hidden) for hidden in range(row + 1, min(next_row, last) + 1))
                row = next_row
                element.clear()


def _pieces(parts: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """A part in pieces that overlap by more than a tag."""
    rest = b""
    with parts.open(name) as content:
        while chunk := content.read(CHUNK):
            yield rest + chunk
            rest = chunk[-LONGEST_TAG:]


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
