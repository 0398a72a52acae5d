"""The sheet Answers, as its reader fills it in and sends it back, and as intake takes it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from csp_pipeline.intake.take_in import Receipt
from csp_pipeline.reports import ReportSummary
from tests.command import SECONDS
from tests.conftest import Pipeline
from tests.returned import GOOD, column_of, fill_in, row_of, with_changed_part, with_part
from tests.small_exports import grid, ods

ABUSE, ARSON = "domestic_abuse.e07000901", "arson.e07000902.2016-17."
OFFICE = shutil.which("soffice")


@pytest.fixture(scope="module")
def sheet(summary: ReportSummary) -> Path:
    """The police's workbook as it is sent."""
    return summary.index.parent / "police.xlsx"


@pytest.fixture
def inbox(desk: Pipeline) -> Iterator[Pipeline]:
    """Where returned workbooks come in."""
    yield desk
    for folder in desk.sources.glob("responses/*/"):
        shutil.rmtree(folder)


def return_to(inbox: Pipeline, content: bytes, name: str = "police.xlsx", agency: str = "police") -> Receipt:
    """Put a returned workbook into an agency's folder, and give what became of it."""
    path = inbox.sources / "responses" / agency / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return next(r for r in inbox.take_in(f"{agency}/responses").receipts if r.landed.path == name)


def expect_refused(inbox: Pipeline, content: bytes, code: str, *words: str, name: str = "police.xlsx") -> None:
    receipt = return_to(inbox, content, name)
    assert (receipt.outcome, receipt.code) == ("refused", code), receipt.messages
    [reject] = inbox.rejects(receipt)
    assert reject["row_number"] is None
    for word in words:
        assert word in reject["message"]


def expect_row_rejected(inbox: Pipeline, content: bytes, code: str, *words: str) -> Receipt:
    """One row is rejected with this code and words, and the other one is taken in."""
    receipt = return_to(inbox, content)
    assert (receipt.outcome, receipt.rows_read, receipt.rows_rejected) == ("accepted_with_rejects", 2, 1), receipt.messages
    [reject] = inbox.rejects(receipt)
    assert reject["code"] == code
    assert reject["message"].startswith(f"{reject['column_name']}: ")
    for word in words:
        assert word in reject["message"], reject["message"]
    [kept] = inbox.records(receipt)
    assert kept["discrepancy_id"].startswith(ARSON)
    return receipt


def beside_a_good_row(sheet: Path, cells: Mapping[str, Any], alter: Callable[[Any], None] | None = None) -> bytes:
    return fill_in(sheet, {ABUSE: {**GOOD, **cells}, ARSON: GOOD}, alter)


# What is sent


def test_the_sheet_opens_with_drop_downs_limits_and_locked_references(sheet: Path) -> None:
    answers = openpyxl.load_workbook(sheet)["Answers"]
    rules = {str(rule.sqref).split(":")[0][0]: rule for rule in answers.data_validations.dataValidation}
    letter = {
        header: answers.cell(3, column_of(answers, header)).column_letter
        for header in ("Answer", "Reason", "Role", "Date", "Valid until")
    }
    words = "agree,we will correct,definition differs,other agency should correct,need records"
    assert rules[letter["Answer"]].formula1 == f'"{words}"'
    assert (rules[letter["Date"]].type, rules[letter["Date"]].operator) == ("date", "greaterThanOrEqual")
    # the report is as at 1 August 2016, day 42583 as workbooks count
    assert rules[letter["Date"]].formula1 == rules[letter["Valid until"]].formula1 == "42583"
    assert all(rule.prompt and rule.error for rule in rules.values())
    assert answers.protection.sheet
    assert not answers.protection.password
    row = row_of(answers, ABUSE)
    unlocked = {answers.cell(3, cell.column).value for cell in answers[row] if not cell.protection.locked}
    assert unlocked == set(letter)
    assert answers.cell(row, column_of(answers, "In words")).value.startswith(
        "Domestic abuse, Northby, 2016-17: your figure is 120"
    )
    assert answers.cell(row, column_of(answers, "First figure")).value == 120
    assert answers.cell(row, column_of(answers, "Second figure")).value == 90
    assert answers.cell(row, column_of(answers, "Report")).value.startswith("police, as at 2016-08-01, report ")


def test_hidden_figures_stay_hidden_in_the_sheet(sheet: Path) -> None:
    answers = openpyxl.load_workbook(sheet)["Answers"]
    row = row_of(answers, "domestic_abuse.e07000902")  # the county counts 3 there
    assert answers.cell(row, column_of(answers, "Second figure")).value == "[c]"


def test_an_agency_without_conflicts_gets_a_sheet_that_says_so(summary: ReportSummary) -> None:
    answers = openpyxl.load_workbook(summary.index.parent / "clinic.xlsx")["Answers"]
    assert answers["A2"].value == "There is nothing to answer."


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not there: apt-get install libreoffice-calc")
def test_libreoffice_keeps_the_drop_downs_and_what_it_saves_is_read(sheet: Path, inbox: Pipeline, tmp_path: Path) -> None:
    filled = tmp_path / "filled.xlsx"
    filled.write_bytes(fill_in(sheet, {ABUSE: {**GOOD, "Valid until": date(2017, 12, 31)}}))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    for source, kind, folder in ((filled, "ods", tmp_path), (tmp_path / "filled.ods", "xlsx", tmp_path / "again")):
        subprocess.run(
            [str(OFFICE), profile, "--headless", "--convert-to", kind, "--outdir", str(folder), str(source)],
            check=True,
            capture_output=True,
            timeout=SECONDS,
        )
    again = openpyxl.load_workbook(tmp_path / "again" / "filled.xlsx")["Answers"]
    kinds = sorted(rule.type for rule in again.data_validations.dataValidation)
    assert kinds == ["date", "date", "list", "textLength", "textLength"]
    assert again.protection.sheet
    for path in (tmp_path / "filled.ods", tmp_path / "again" / "filled.xlsx"):
        receipt = return_to(inbox, path.read_bytes(), path.name)
        assert receipt.outcome == "accepted", receipt.messages
        [record] = inbox.records(receipt)
        assert (record["answer"], record["answered_on"], record["valid_until"], record["report_as_at"]) == (
            "agree",
            date(2017, 7, 4),
            date(2017, 12, 31),
            date(2016, 8, 1),
        )


# What comes back


def test_a_returned_workbook_is_taken_in_as_any_other_file(sheet: Path, inbox: Pipeline) -> None:
    content = fill_in(sheet, {ABUSE: {**GOOD, "Answer": "definition differs", "Reason": "We count\ncrimes."}, ARSON: GOOD})
    receipt = return_to(inbox, content)
    assert (receipt.outcome, receipt.rows_read, receipt.rows_accepted, receipt.messages) == ("accepted", 2, 2, [])
    first, second = inbox.records(receipt)
    assert second["discrepancy_id"].startswith(ABUSE) or first["discrepancy_id"].startswith(ABUSE)
    record = first if first["discrepancy_id"].startswith(ABUSE) else second
    assert (record["answer"], record["reason"], record["role"]) == ("definition_differs", "We count\ncrimes.", "Crime registrar")
    assert (record["answered_on"], record["valid_until"], record["report_as_at"]) == (date(2017, 7, 4), None, date(2016, 8, 1))
    assert len(record["report_id"]) == 12
    # the same file again is not another submission
    (inbox.sources / "responses/police/copy of police.xlsx").write_bytes(content)
    assert [r.submission_id for r in inbox.take_in("police/responses").receipts] == [receipt.submission_id]


def test_deleted_rows_are_unanswered(sheet: Path, inbox: Pipeline) -> None:
    def delete(book: Any) -> None:
        answers = book["Answers"]
        answers.delete_rows(row_of(answers, ABUSE))

    receipt = return_to(inbox, fill_in(sheet, {ARSON: GOOD}, delete))
    assert (receipt.outcome, receipt.rows_read) == ("accepted", 1)


def test_an_agency_that_has_never_answered_needs_no_folder(inbox: Pipeline) -> None:
    intake = inbox.take_in("fire/responses")
    assert (intake.receipts, intake.problems) == ([], [])


def test_another_agencys_sheet_is_refused_whole(summary: ReportSummary, inbox: Pipeline) -> None:
    theirs = fill_in(summary.index.parent / "county.xlsx", {ABUSE: GOOD})
    expect_refused(inbox, theirs, "another_agency", "sent to 'county'", "folder of 'police'", "nothing of it was applied")


def test_a_row_of_another_agencys_sheet_is_rejected(sheet: Path, inbox: Pipeline) -> None:
    cells = {"Report": "county, as at 2016-08-01, report 0123456789ab"}
    expect_row_rejected(inbox, beside_a_good_row(sheet, cells), "another_agency", "sent to 'county'", "your own form")


def test_a_workbook_with_macros_is_refused_with_how_to_save_it(sheet: Path, inbox: Pipeline) -> None:
    macros = with_part(fill_in(sheet, {ABUSE: GOOD}), "xl/vbaProject.bin", b"code")
    expect_refused(inbox, macros, "macros", "holds macros", "Save As", "'Excel Workbook (*.xlsx)'", name="police.xlsm")


def test_a_workbook_saved_as_macro_enabled_without_macros_is_refused_too(sheet: Path, inbox: Pipeline) -> None:
    plain = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    enabled = b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    content = with_changed_part(fill_in(sheet, {ABUSE: GOOD}), "[Content_Types].xml", lambda part: part.replace(plain, enabled))
    expect_refused(inbox, content, "macros", "Save As", name="police.xlsm")


def test_a_workbook_with_links_to_other_files_is_refused(sheet: Path, inbox: Pipeline) -> None:
    linked = with_part(fill_in(sheet, {ABUSE: GOOD}), "xl/externalLinks/externalLink1.xml", b"<externalLink/>")
    expect_refused(inbox, linked, "external_links", "links to other files", "Break Link")


def test_a_renamed_sheet_is_refused_with_its_name(sheet: Path, inbox: Pipeline) -> None:
    def rename(book: Any) -> None:
        book["Answers"].title = "Our answers"

    content = fill_in(sheet, {ABUSE: GOOD}, rename)
    expect_refused(inbox, content, "missing_sheet", "no sheet 'Answers'", "'Our answers'")


def test_a_missing_column_is_refused_with_the_nearest(sheet: Path, inbox: Pipeline) -> None:
    def rename(book: Any) -> None:
        answers = book["Answers"]
        answers.tables.clear()
        answers.cell(3, column_of(answers, "Answer")).value = "Our answer"

    content = fill_in(sheet, {ABUSE: GOOD}, rename)
    expect_refused(inbox, content, "missing_column", "'Answer' (nearest found: 'Our answer')")


def test_a_sheet_with_nothing_filled_in_is_refused_and_says_that_earlier_answers_stand(sheet: Path, inbox: Pipeline) -> None:
    expect_refused(inbox, sheet.read_bytes(), "nothing_filled_in", "nothing is filled in", "answered earlier stand", "'Answer'")


def test_an_emptied_sheet_is_refused(sheet: Path, inbox: Pipeline) -> None:
    def empty(book: Any) -> None:
        answers = book["Answers"]
        answers.tables.clear()
        answers.delete_rows(1, answers.max_row)

    expect_refused(inbox, fill_in(sheet, {}, empty), "no_header", "Reference, Answer")


@pytest.mark.parametrize(
    ("cells", "code", "words"),
    [
        ({"Date": "next week"}, "impossible_date", ("Date: found 'next week'", "written like 30/04/2016")),
        ({"Valid until": "soon"}, "impossible_date", ("Valid until: found 'soon'",)),
        ({"Valid until": date(2017, 7, 3)}, "valid_before_date", ("found '2017-07-03'", "a day not before its date")),
        ({"Answer": "Definition difers"}, "unknown_value", ("'Definition difers'", "nearest known: 'definition differs'")),
        ({"Answer": None, "Reason": "Because."}, "missing_value", ("Answer: found nothing", "one of agree")),
        ({"Answer": "definition differs"}, "missing_reason", ("expected a reason beside it",)),
        ({"Reason": "=1+1"}, "formula", ("Reason: found a formula", "Type it in")),
        ({"Reason": "x" * 501}, "malformed", ("at most 500 characters",)),
        ({"Role": "Mr Sample"}, "malformed", ("Role: found a value that is not shown", "no person's name")),
        ({"Report": "the one of May"}, "malformed", ("Report: found 'the one of May'", "leave this column as it is")),
        ({"Reference": None}, "missing_value", ("Reference: found nothing",)),
    ],
)
def test_a_wrong_cell_rejects_its_row_and_no_other(
    sheet: Path, inbox: Pipeline, cells: dict[str, Any], code: str, words: tuple[str, ...]
) -> None:
    expect_row_rejected(inbox, beside_a_good_row(sheet, cells), code, *words)


def test_a_formula_is_found_in_an_ods_too(inbox: Pipeline) -> None:
    report = "police, as at 2016-08-01, report 0123456789ab"
    common = {"Answer": "agree", "Reason": "", "Role": "Registrar", "Date": "04/07/2017", "Valid until": "", "Report": report}
    content = ods({"Answers": grid([{"Reference": ABUSE, **common, "Reason": "Sum"}, {"Reference": ARSON, **common}])})

    def make_formula(part: bytes) -> bytes:
        changed, times = re.subn(
            rb"<table:table-cell([^>]*)>(<text:p>Sum)", rb'<table:table-cell table:formula="of:=1"\1>\2', part
        )
        assert times == 1
        return changed

    expect_row_rejected(inbox, with_changed_part(content, "content.xml", make_formula), "formula", "Reason: found a formula")


def test_words_that_begin_with_an_equals_sign_are_words(sheet: Path, inbox: Pipeline) -> None:
    def type_text(book: Any) -> None:
        answers = book["Answers"]
        cell = answers.cell(row_of(answers, ABUSE), column_of(answers, "Reason"))
        cell.value, cell.data_type = "=our figure is right", "s"

    receipt = return_to(inbox, fill_in(sheet, {ABUSE: GOOD}, type_text))
    assert inbox.records(receipt)[0]["reason"] == "=our figure is right"


def test_text_dates_in_british_order_are_dates(sheet: Path, inbox: Pipeline) -> None:
    receipt = return_to(inbox, fill_in(sheet, {ABUSE: {**GOOD, "Date": "05/07/2017", "Valid until": datetime(2017, 9, 1)}}))
    [record] = inbox.records(receipt)
    assert (record["answered_on"], record["valid_until"]) == (date(2017, 7, 5), date(2017, 9, 1))
