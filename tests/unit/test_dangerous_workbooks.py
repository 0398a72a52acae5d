"""Workbooks made to harm: refused with a clear message, before anything of them takes memory or time."""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Pipeline
from tests.small_exports import case, grid, ods, xlsx

ABUSE = "county/domestic_abuse"
NAME = "domestic_abuse_2016-17-Q1_extracted-2016-07-20"
CASES = {"Cases": grid([case(number) for number in range(1, 5)])}
WORKBOOKS = {"xlsx": xlsx(CASES), "ods": ods(CASES)}
# The parts with the words of the cells, and where a document type can stand in them.
WORDS = {"xlsx": ("xl/sharedStrings.xml", b"<sst"), "ods": ("content.xml", b"<office:document-content")}
LAUGHS = b"".join(b'<!ENTITY a%d "%s">' % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 12))


def changed(content: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one of its parts changed."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        assert part in source.namelist()
        for name in source.namelist():
            target.writestr(name, change(source.read(name)) if name == part else source.read(name))
    return made.getvalue()


def with_entity(kind: str, declared: bytes, used: bytes) -> bytes:
    """A workbook that declares entities, and has one of them for the word `Self` of a cell."""
    part, root = WORDS[kind]

    def change(content: bytes) -> bytes:
        assert b"Self" in content
        start = content.index(root)
        return content[:start] + b"<!DOCTYPE x [" + declared + b"]>" + content[start:].replace(b"Self", used)

    return changed(WORKBOOKS[kind], part, change)


def refused(desk: Pipeline, kind: str, content: bytes) -> tuple[str | None, str]:
    receipt = desk.take_in_one(ABUSE, f"{NAME}.{kind}", content)
    assert (receipt.outcome, receipt.rows_accepted, desk.records(receipt)) == ("refused", 0, [])
    [reject] = desk.rejects(receipt)
    assert NAME in reject["message"]
    return receipt.code, receipt.messages[0]


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
@pytest.mark.parametrize(
    ("declared", "used"),
    [
        pytest.param(b'<!ENTITY a0 "ha">' + LAUGHS, b"&a11;", id="billion laughs"),
        pytest.param(b'<!ENTITY a SYSTEM "file:///etc/hostname">', b"&a;", id="another file"),
        pytest.param(b'<!ENTITY a SYSTEM "http://127.0.0.1:9/x">', b"&a;", id="another server"),
        pytest.param(b'<!ENTITY % a SYSTEM "file:///etc/hostname"> %a;', b"Self", id="parameter entity"),
    ],
)
def test_a_workbook_with_xml_entities_is_refused(desk: Pipeline, kind: str, declared: bytes, used: bytes) -> None:
    code, message = refused(desk, kind, with_entity(kind, declared, used))
    assert code == "xml_entities"
    assert WORDS[kind][0] in message
    assert "new workbook" in message


def test_a_document_type_far_into_a_part_is_found(desk: Pipeline) -> None:
    """A comment of 300 KB stands before it."""
    content = with_entity("xlsx", b'<!ENTITY a "b">', b"&a;")
    filler = b"<!--" + b"x" * 300_000 + b"-->"
    content = changed(content, WORDS["xlsx"][0], lambda part: part.replace(b"<!DOCTYPE", filler + b"<!DOCTYPE"))
    assert refused(desk, "xlsx", content)[0] == "xml_entities"


def far_cell(part: bytes) -> bytes:
    cell = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return part.replace(b"</sheetData>", cell + b"</sheetData>")


def repeated_cells(part: bytes) -> bytes:
    part = part.replace(b"<table:table-row>", b'<table:table-row table:number-rows-repeated="200000">')
    return part.replace(b"<table:table-cell office", b'<table:table-cell table:number-columns-repeated="1000" office')


@pytest.mark.parametrize(
    ("kind", "part", "change", "words"),
    [
        ("xlsx", "xl/worksheets/sheet1.xml", far_cell, ("row 1,048,576 and column 16,384",)),
        ("ods", "content.xml", repeated_cells, ("row 1,000,000", "'Cases'")),
    ],
)
def test_a_workbook_whose_cells_would_fill_the_memory_is_refused(
    desk: Pipeline, kind: str, part: str, change: Callable[[bytes], bytes], words: tuple[str, ...]
) -> None:
    code, message = refused(desk, kind, changed(WORKBOOKS[kind], part, change))
    assert code == "far_cells"
    for word in (*words, "Delete the rows and columns beyond the table"):
        assert word in message


def test_a_workbook_that_swells_on_unpacking_is_refused(desk: Pipeline) -> None:
    code, message = refused(
        desk, "xlsx", changed(WORKBOOKS["xlsx"], "xl/theme/theme1.xml", lambda part: part + b" " * (80 * 1024**2))
    )
    assert code == "swollen_workbook"
    assert "80 MB unpacked" in message


def test_empty_rows_and_columns_to_the_end_of_the_sheet_are_no_fault(desk: Pipeline) -> None:
    """As LibreOffice writes them under and beside every table."""
    empty = b'<table:table-row table:number-rows-repeated="1048571"><table:table-cell table:number-columns-repeated="16384"/>'
    content = changed(
        WORKBOOKS["ods"], "content.xml", lambda part: part.replace(b"</table:table>", empty + b"</table:table-row></table:table>")
    )
    receipt = desk.take_in_one(ABUSE, f"{NAME}.ods", content)
    assert (receipt.outcome, receipt.rows_accepted) == ("accepted", 4)


OPEN = """
import resource, sys
from pathlib import Path
from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.read_workbook import open_workbook
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[1:]:
    try:
        open_workbook(Path(path)).get_sheet_by_name("Cases")
    except RefusedFileError as error:
        print(error.code)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_dangerous_workbooks_take_no_memory(tmp_path: Path) -> None:
    """All of them in one process, which may not grow beyond 4 GB of addresses and grows by less than 50 MB of memory."""
    contents = [
        with_entity("xlsx", b'<!ENTITY a0 "ha">' + LAUGHS, b"&a11;"),
        with_entity("ods", b'<!ENTITY a0 "ha">' + LAUGHS, b"&a11;"),
        changed(WORKBOOKS["xlsx"], "xl/worksheets/sheet1.xml", far_cell),
        changed(WORKBOOKS["ods"], "content.xml", repeated_cells),
    ]
    paths = []
    for number, content in enumerate(contents):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", OPEN, *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30)),
    )
    *codes, kilobytes = done.stdout.split()
    assert codes == ["xml_entities", "xml_entities", "far_cells", "far_cells"]
    assert int(kilobytes) < 50_000
