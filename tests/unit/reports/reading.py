"""Reading a written report back, as its reader sees it."""

import json
import re
from collections.abc import Iterator

from python_calamine import CalamineWorkbook

from csp_pipeline.reports import ReportSummary


def page(summary: ReportSummary, agency: str) -> str:
    """The words of a page, tags and spacing taken away; scripts or outside addresses would stay visible."""
    return words((summary.index.parent / f"{agency}.html").read_text(encoding="utf-8"))


def words(html: str) -> str:
    body = re.sub(r"<style>.*?</style>", "", html, flags=re.S)
    plain = re.sub(r"<[^>]+>", " ", body).replace("&#39;", "'").replace("&#34;", '"').replace("&amp;", "&")
    return re.sub(r"\s+", " ", plain)


def content(summary: ReportSummary, agency: str) -> dict:
    return json.loads((summary.index.parent / f"{agency}.json").read_text(encoding="utf-8"))


def rows(summary: ReportSummary, agency: str, sheet: str) -> list[dict[str, object]]:
    book = CalamineWorkbook.from_path(str(summary.index.parent / f"{agency}.xlsx"))
    table = book.get_sheet_by_name(sheet).to_python()
    return [dict(zip(table[2], row, strict=True)) for row in table[3:]]


def conflict(summary: ReportSummary, agency: str, start: str) -> dict:
    found = [c for c in content(summary, agency)["conflicts"] if c["id"].startswith(start)]
    assert len(found) == 1
    return found[0]


def everything_written_for(summary: ReportSummary, agency: str) -> Iterator[str]:
    """Page, JSON and every cell of the workbook as text."""
    folder = summary.index.parent
    yield page(summary, agency)
    yield (folder / f"{agency}.json").read_text(encoding="utf-8")
    book = CalamineWorkbook.from_path(str(folder / f"{agency}.xlsx"))
    for name in book.sheet_names:
        yield "\n".join(str(cell) for row in book.get_sheet_by_name(name).to_python() for cell in row)
