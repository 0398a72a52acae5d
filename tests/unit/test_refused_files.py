"""Files refused whole: each ends with its code and a sentence that says what was found and what to do."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from csp_pipeline import tables
from csp_pipeline.agencies.police import Crimes
from csp_pipeline.intake import take_in
from csp_pipeline.tables import feed_spec
from tests.conftest import Pipeline
from tests.small_exports import asb, case, crime, csv_text, grid, ods, person, street, xlsx

ASB = "police/asb"
NAME = "asb_2016-04_extracted-2016-05-10.csv"
ABUSE = "county/domestic_abuse"
ABUSE_NAME = "domestic_abuse_2016-17-Q1_extracted-2016-07-20.xlsx"
SURVEY = "county/community_survey"
SURVEY_NAME = "community_survey_2016-17-Q1_extracted-2016-07-20.xlsx"
FILES = Path(__file__).parent / "files"
GOOD = csv_text([asb(1), asb(2), asb(3)])
LINES = GOOD.splitlines()
WORKBOOK = xlsx({"Cases": grid([case(number) for number in range(1, 200)])})
SURVEY_ROWS = grid([{"District": "Harborough", "Question": "Feel safe by day", "Base": 100, "Percentage": "95%"}])


def lock_ods(content: bytes) -> bytes:
    """An ODS as LibreOffice saves it with a password: its parts are encrypted, and the manifest says so."""
    locked = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(locked, "w") as target:
        for entry in source.infolist():
            part = source.read(entry)
            if entry.filename == "META-INF/manifest.xml":
                key = b'<manifest:encryption-data manifest:checksum-type="SHA1/1K" manifest:checksum="x"/>'
                part = part.replace(b'media-type="text/xml"/>', b'media-type="text/xml">' + key + b"</manifest:file-entry>")
            elif entry.filename.endswith(".xml"):
                part = bytes(255 - byte for byte in part)
            target.writestr(entry, part)
    return locked.getvalue()


def expect_refused(desk: Pipeline, feed: str, name: str, content: str | bytes, code: str, *words: str) -> None:
    """The file is refused with this code; its reject names the file, and these words; nothing of it is kept."""
    receipt = desk.take_in_one(feed, name, content)
    assert (receipt.outcome, receipt.code) == ("refused", code), receipt.messages
    assert (receipt.rows_read, receipt.rows_accepted, receipt.rows_rejected) == (0, 0, 0)
    assert desk.records(receipt) == []
    [reject] = desk.rejects(receipt)
    assert (reject["code"], reject["row_number"], reject["file"]) == (code, None, name)
    for word in (name, *words):
        assert word in reject["message"]
    for word in words:
        assert word.lower() in receipt.messages[0].lower()


def test_an_empty_file_is_refused(desk: Pipeline) -> None:
    expect_refused(desk, ASB, NAME, b"", "empty_file", "0 bytes", "Send the export again")


def test_a_file_with_only_a_byte_order_mark_is_refused(desk: Pipeline) -> None:
    expect_refused(desk, ASB, NAME, b"\xef\xbb\xbf", "no_header", "incident_number")


def test_a_header_without_rows_is_refused_because_missing_is_not_zero(desk: Pipeline) -> None:
    expect_refused(desk, ASB, NAME, LINES[0] + "\n", "no_rows", "a header and no rows", "may_be_empty")


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
        (WORKBOOK[:4000], "a workbook"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"<!DOCTYPE html>", "a web page"),
    ],
)
def test_another_kind_of_document_named_csv_is_refused(desk: Pipeline, start: bytes, kind: str) -> None:
    expect_refused(desk, ASB, NAME, start + b" and more\n" * 10, "not_text", kind, "Export it as CSV")


def test_utf_16_without_its_mark_is_refused(desk: Pipeline) -> None:
    expect_refused(desk, ASB, NAME, GOOD.encode("utf-16-le"), "not_text", "NUL bytes", "Export it as CSV")


@pytest.mark.parametrize("delimiter", ["#", "§", "  "])
def test_a_file_that_no_delimiter_fits_is_refused(desk: Pipeline, delimiter: str) -> None:
    expect_refused(desk, ASB, NAME, GOOD.replace(",", delimiter), "no_header", "incident_number", "reported_at")


def test_a_file_without_its_header_is_refused_and_its_first_row_is_not_repeated(desk: Pipeline) -> None:
    """Without a header nobody can tell which value is about a person, so none is shown."""
    content = csv_text([crime(1, offence="Jane Doe"), crime(2)]).split("\n", 1)[1]
    receipt = desk.take_in_one("police/crimes", "crimes_2016-04_extracted-2016-05-10.csv", content)
    assert (receipt.outcome, receipt.code) == ("refused", "no_header")
    assert "Jane Doe" not in str(receipt.messages) + str(desk.rejects(receipt))


def test_bytes_in_no_known_encoding_are_refused(desk: Pipeline) -> None:
    broken = GOOD.encode().replace(b"CIS", b"C\x81\x8d\xffS")
    expect_refused(desk, ASB, NAME, broken, "unknown_encoding", "UTF-8, Windows-1252 and GB18030", "Export it as UTF-8")


def test_utf_16_that_ends_in_the_middle_of_a_letter_is_refused(desk: Pipeline) -> None:
    expect_refused(desk, ASB, NAME, GOOD.encode("utf-16")[:-1], "unknown_encoding", "line", "Export it as UTF-8")


@pytest.mark.parametrize("size", [2_200_000, 5_000_000, 20_000_000])
def test_a_very_long_line_is_refused_by_its_number(desk: Pipeline, size: int) -> None:
    content = "\n".join([LINES[0], LINES[1], LINES[2] + "x" * size, LINES[3]]) + "\n"
    expect_refused(desk, ASB, NAME, content, "line_too_long", "line 3", "2 MB", "Export it again")


READ = """
import resource, sys
from pathlib import Path
from csp_pipeline.agencies import find_feed_spec
from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.read_csv import open_csv
from csp_pipeline.settings import Settings

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    path = Path(sys.argv[1])
    list(open_csv(path, find_feed_spec("police/asb").columns, Settings(warehouse=path.parent), path.parent / "copy").batches)
except RefusedFileError as error:
    print(error.code, error.row, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_a_line_of_a_gigabyte_is_refused_without_being_held_in_memory(tmp_path: Path, start: bytes) -> None:
    """The file's size is real and its disk space is not: after 20 MB the line is a hole, which is read like any bytes."""
    path = tmp_path / NAME
    with path.open("wb") as file:
        file.write(start + "\n".join([LINES[0], LINES[1], LINES[2]]).encode() + b"x" * 20_000_000)
        file.truncate(1 << 30)
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
    code, row, kilobytes = done.stdout.split()
    assert (code, row) == ("line_too_long", "3")
    assert int(kilobytes) < 200_000
    assert sum(other.stat().st_size for other in tmp_path.rglob("*") if other.is_file() and other != path) < 50_000_000


def test_a_very_long_line_of_another_encoding_is_refused(desk: Pipeline) -> None:
    content = "\n".join([LINES[0], LINES[1], LINES[2] + "é" * 3_000_000, LINES[3]]) + "\n"
    expect_refused(desk, ASB, NAME, content.encode("utf-16"), "line_too_long", "line 3", "2 MB")


def test_a_long_value_under_a_renamed_column_does_not_hide_the_missing_column(desk: Pipeline) -> None:
    content = "\n".join([LINES[0].replace("beat", "patch"), LINES[1] + "x" * 1_000_000, LINES[2]]) + "\n"
    expect_refused(desk, ASB, NAME, content, "missing_column", "'beat'")


def test_a_quotation_mark_that_never_closes_is_refused_by_its_row(desk: Pipeline) -> None:
    content = "\n".join([LINES[0], LINES[1], LINES[2].replace("Nuisance", '"Nuisance'), LINES[3]]) + "\n"
    expect_refused(desk, ASB, NAME, content, "unclosed_quote", "row 3", "never closes", "Mend that row")


def test_a_quotation_mark_that_closes_only_after_megabytes_of_rows_is_refused_by_its_row(desk: Pipeline) -> None:
    """Else thousands of rows would be lost inside one value, and reported as one row with too few columns."""
    swallowed = [LINES[3]] * 80_000
    content = "\n".join([LINES[0], LINES[1], LINES[2].replace("Nuisance", '"Nuisance'), *swallowed, '",,', LINES[3]]) + "\n"
    expect_refused(desk, ASB, NAME, content, "unclosed_quote", "row 3", "never closes", "Mend that row")


def test_a_quotation_mark_below_title_lines_is_refused_by_its_row_in_the_file(desk: Pipeline) -> None:
    content = "\n".join(["Incidents", "April", LINES[0], LINES[1], LINES[2].replace("Nuisance", '"Nuisance')]) + "\n"
    expect_refused(desk, ASB, NAME, content, "unclosed_quote", "row 5")


def test_a_renamed_column_is_refused_with_the_nearest_name_found(desk: Pipeline) -> None:
    expect_refused(
        desk,
        ASB,
        NAME,
        GOOD.replace("category", "kategory"),
        "missing_column",
        "'category' (nearest found: 'kategory')",
        "Send the file again",
    )


def test_missing_columns_are_all_named(desk: Pipeline) -> None:
    rows = [{key: value for key, value in asb(1).items() if key not in ("beat", "category")}]
    expect_refused(desk, ASB, NAME, csv_text(rows), "missing_column", "'beat'", "'category'")


def test_a_repeated_column_is_refused(desk: Pipeline) -> None:
    content = GOOD.replace("recording_system", "category")
    expect_refused(desk, ASB, NAME, content, "repeated_column", "'category'", "2 times", "Remove or rename")


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("april.csv", "unknown_coverage", ("which month", "asb_2016-04_extracted-")),
        ("asb_April_extracted-2016-05-10.csv", "unknown_coverage", ("'April'", "2016-04")),
        ("asb_2016-13_extracted-2017-05-10.csv", "unknown_coverage", ("'2016-13'",)),
        ("asb_2016-17-Q1_extracted-2016-07-10.csv", "unknown_coverage", ("'2016-17-Q1'",)),
        ("asb_2016-04_extracted-2016-02-31.csv", "unknown_extract_date", ("2016-02-31", "not a date")),
        ("asb_2016-04_extracted-2016-03-31.csv", "unknown_extract_date", ("before 2016-04 began",)),
        ("asb_2030-04_extracted-2030-05-10.csv", "outside_years", ("2030-04", "2014-15 to 2018-19", "partnership.yml")),
    ],
)
def test_a_file_whose_period_cannot_be_told_is_refused(desk: Pipeline, name: str, code: str, words: tuple[str, ...]) -> None:
    expect_refused(desk, ASB, name, GOOD, code, *words)


def test_a_month_given_twice_with_other_contents_keeps_the_first(desk: Pipeline) -> None:
    first = desk.take_in_one(ASB, NAME, GOOD)
    again = f"again/{NAME}"
    expect_refused(desk, ASB, again, csv_text([asb(1), asb(9)]), "period_given_twice", "2016-04", NAME, "its own extract date")
    kept = [row["incident_number"] for row in desk.records(first)]
    assert kept == ["L16-0000001", "L16-0000002", "L16-0000003"]


def test_the_same_bytes_under_two_names_are_one_submission(desk: Pipeline) -> None:
    desk.put(ASB, NAME, GOOD)
    desk.put(ASB, f"copy/{NAME}", GOOD)
    intake = desk.take_in(ASB)
    assert [(receipt.outcome, receipt.rows_accepted) for receipt in intake.receipts] == [("accepted", 3)]
    again = desk.take_in(ASB)
    assert (len(again.receipts), again.new) == (1, [])


def test_a_month_sent_under_the_next_months_name_is_refused(desk: Pipeline) -> None:
    """Else April would count twice, and May would be shown as a true zero."""
    april = csv_text([street(), street()])
    first = desk.take_in_one("police/street", "2016-04-leicestershire-street.csv", april)
    assert first.rows_accepted == 2
    expect_refused(desk, "police/street", "2016-05-leicestershire-street.csv", april, "wrong_period", "2016-05", "01/04/2016")


@pytest.mark.parametrize("keep", [4, 100, 5_000, -1, -30])
def test_a_workbook_cut_short_is_refused(desk: Pipeline, keep: int) -> None:
    expect_refused(desk, ABUSE, ABUSE_NAME, WORKBOOK[:keep], "damaged_workbook", "cut short or damaged", "send it again")


def test_a_workbook_with_damage_inside_is_refused(desk: Pipeline) -> None:
    position = WORKBOOK.index(b"xl/worksheets/sheet1.xml") + 200
    damaged = WORKBOOK[:position] + bytes(200) + WORKBOOK[position + 200 :]
    expect_refused(desk, ABUSE, ABUSE_NAME, damaged, "damaged_workbook", "damaged", "send it again")


@pytest.mark.parametrize("name", [ABUSE_NAME, ABUSE_NAME.replace(".xlsx", ".xls")])
def test_a_workbook_with_a_password_is_refused(desk: Pipeline, name: str) -> None:
    """`locked.xlsx` is an ordinary workbook after "Encrypt with Password" in Excel: no longer a zip file."""
    content = (FILES / "locked.xlsx").read_bytes()
    expect_refused(desk, ABUSE, name, content, "locked_workbook", "protected by a password", "Send it without one")


def test_an_ods_with_a_password_is_refused(desk: Pipeline) -> None:
    content = lock_ods(ods({"Cases": grid([case(1)])}))
    expect_refused(desk, ABUSE, ABUSE_NAME, content, "locked_workbook", "protected by a password", "Send it without one")


@pytest.mark.parametrize("name", [ABUSE_NAME, ABUSE_NAME.replace(".xlsx", ".xls")])
def test_a_workbook_of_the_old_excel_format_is_refused_whatever_its_name(desk: Pipeline, name: str) -> None:
    content = (FILES / "old.xls").read_bytes()
    expect_refused(desk, ABUSE, name, content, "not_a_workbook", "Excel 97-2003", "XLSX or ODS", "Save it as XLSX")


def test_text_named_xlsx_is_refused(desk: Pipeline) -> None:
    expect_refused(desk, ABUSE, ABUSE_NAME, csv_text([case(1)]), "not_a_workbook", "XLSX or ODS")


def test_an_empty_workbook_file_is_refused(desk: Pipeline) -> None:
    expect_refused(desk, ABUSE, ABUSE_NAME, b"", "empty_file", "0 bytes")


def test_a_workbook_without_the_sheet_is_refused_with_the_sheets_found(desk: Pipeline) -> None:
    content = xlsx({"Notes": [["x"]], "Sheet1": grid([case(1)])})
    expect_refused(desk, ABUSE, ABUSE_NAME, content, "missing_sheet", "'Cases'", "'Notes', 'Sheet1'")


def test_a_workbook_with_an_empty_sheet_is_refused_naming_the_sheet(desk: Pipeline) -> None:
    receipt = desk.take_in_one(ABUSE, ABUSE_NAME, xlsx({"Cases": []}))
    assert (receipt.outcome, receipt.code, desk.rejects(receipt)[0]["sheet"]) == ("refused", "no_header", "Cases")


def test_a_workbook_with_a_header_and_no_rows_is_refused(desk: Pipeline) -> None:
    expect_refused(desk, ABUSE, ABUSE_NAME, xlsx({"Cases": [list(case(1))]}), "no_rows", "no rows")


def test_a_workbook_with_a_repeated_column_is_refused_naming_sheet_and_column(desk: Pipeline) -> None:
    content = xlsx({"Cases": [[*case(1), "Risk"], [*case(1).values(), "High"]]})
    receipt = desk.take_in_one(ABUSE, ABUSE_NAME, content)
    [reject] = desk.rejects(receipt)
    assert (receipt.code, reject["sheet"], reject["column_name"]) == ("repeated_column", "Cases", "Risk")


def test_a_survey_workbook_without_a_sheet_for_a_quarter_is_refused(desk: Pipeline) -> None:
    expect_refused(desk, SURVEY, SURVEY_NAME, xlsx({"Results": SURVEY_ROWS}), "missing_sheet", "2016-17 Q3", "'Results'")


def test_a_survey_workbook_with_two_sheets_for_one_quarter_is_refused(desk: Pipeline) -> None:
    content = xlsx({"2016-17 Q1": SURVEY_ROWS, "2016-17-Q1": SURVEY_ROWS})
    expect_refused(desk, SURVEY, SURVEY_NAME, content, "period_given_twice", "2016-17 Q1", "Keep the right one")


def test_a_file_of_which_no_row_can_be_accepted_is_refused_and_its_rows_are_listed(desk: Pipeline) -> None:
    receipt = desk.take_in_one(ASB, NAME, csv_text([asb(1, category="Loud"), asb(2, category="Noisy")]))
    assert (receipt.outcome, receipt.code, receipt.rows_rejected) == ("refused", "no_row_accepted", 2)
    assert [reject["row_number"] for reject in desk.rejects(receipt)] == [2, 3]


@pytest.mark.parametrize(
    ("rows", "bad", "most", "is_refused"),
    [
        (100, 30, None, True),
        (100, 21, None, True),
        (105, 21, None, False),
        (30, 20, None, False),
        (100, 30, {"share": 0.3, "rows": 0, "reason": "A trial."}, False),
        (4, 2, {"share": 0.25, "rows": 1, "reason": "Each row is needed."}, True),
    ],
    ids=["three in ten", "just above a fifth", "a fifth", "few rows", "as feed.yml allows", "feed.yml is strict"],
)
def test_a_file_of_which_too_many_rows_fail_is_refused_for_its_figures_would_be_far_too_low(
    desk: Pipeline, rows: int, bad: int, most: dict[str, object] | None, *, is_refused: bool
) -> None:
    """As when an export writes month and day the other way round: most rows fail, and the rest say something else."""
    if most:
        desk.agree(ASB, most_rejected=most)
    rows_of_file = [asb(n, **({"reported_at": "04/13/2016 10:00"} if n > rows - bad else {})) for n in range(1, rows + 1)]
    receipt = desk.take_in_one(ASB, NAME, csv_text(rows_of_file))
    assert (receipt.outcome == "refused") == is_refused
    if is_refused:
        [reject] = desk.rejects(receipt)
        assert (reject["code"], reject["column_name"], reject["row_number"]) == ("too_many_rejects", "reported_at", None)
        for words in (f"{bad} of its {rows} rows fail", f"row {rows - bad + 2}:", "'04/13/2016 10:00'", "most_rejected"):
            assert words in str(reject["message"])
    else:
        assert (receipt.rows_accepted, receipt.rows_rejected) == (rows - bad, bad)


@tables.feed(**vars(feed_spec(Crimes).traits))
class UncheckedCrimes(Crimes):
    """A feed whose own checks let through what cannot be converted."""

    incident_number: str = tables.field_of("INTEGER", "A number that nothing checks", sql="CAST({column} AS INTEGER)")
    hate_strands: str = tables.field_of(
        "DATE", "About a person, and unchecked", nullable=True, sensitivity="special category", sql="CAST({column} AS DATE)"
    )


MONTHS = {month: f"crimes_2016-{month}_extracted-2016-09-10.csv" for month in ("04", "05", "06")}


@pytest.mark.parametrize(
    ("changes", "column", "words", "hidden"),
    [
        ({"incident_number": "L16"}, "incident_number", ("'L16'", "INT32"), "Jane"),
        ({"hate_strands": "Jane Doe"}, "hate_strands", ("may be about a person",), "Jane"),
        ({"incident_number": person("Jane")}, "incident_number", ("may be about a person",), person("Jane")),
    ],
)
def test_a_file_with_a_value_that_cannot_be_converted_is_refused_by_itself(
    desk: Pipeline, changes: dict[str, str], column: str, words: tuple[str, ...], hidden: str
) -> None:
    """A gap in our own checks costs that one file, and says so to those who can mend it."""
    desk.specs = desk.specs | {"police/crimes": feed_spec(UncheckedCrimes)}
    for month, name in MONTHS.items():
        good = {"recorded_date": f"15/{month}/2016", "committed_from": "", "incident_number": "7"}
        row = crime(2, **(good | changes if month == "05" else good))
        desk.put("police/crimes", name, csv_text([crime(1, **good), row]))
    april, may, june = desk.take_in("police/crimes").receipts
    assert [receipt.outcome for receipt in (april, may, june)] == ["accepted", "refused", "accepted"]
    assert (may.code, may.rows_read, desk.records(may)) == ("not_convertible", 0, [])
    [reject] = desk.rejects(may)
    assert reject["column_name"] == column
    for word in (column, "passed every check", "data engineer", *words):
        assert word in may.messages[0]
    assert hidden not in str(may.messages) + str(reject)


def test_a_large_file_that_cannot_be_converted_is_refused_too(desk: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(take_in, "SMALL_FILE", 1_000)
    desk.specs = desk.specs | {"police/crimes": feed_spec(UncheckedCrimes)}
    rows = [crime(number, incident_number="7" if number < 4_500 else "x") for number in range(5_000)]
    desk.put("police/crimes", MONTHS["04"], csv_text(rows))
    [receipt] = desk.take_in("police/crimes").receipts
    assert (receipt.outcome, receipt.code) == ("refused", "not_convertible")
    assert list((desk.settings.lake / "scratch").iterdir()) == []


def test_a_refused_file_leaves_the_feeds_other_files_and_the_other_feeds_alone(desk: Pipeline) -> None:
    desk.put(ASB, NAME, b"")
    desk.put(ASB, "asb_2016-05_extracted-2016-06-10.csv", csv_text([asb(1, reported_at="01/05/2016 00:00")]))
    desk.put("police/crimes", "crimes_2016-04_extracted-2016-05-10.csv", csv_text([crime(1)]))
    assert [receipt.outcome for receipt in desk.take_in(ASB).receipts] == ["refused", "accepted"]
    assert [receipt.outcome for receipt in desk.take_in("police/crimes").receipts] == ["accepted"]


def test_a_refused_file_sent_again_mended_is_accepted(desk: Pipeline) -> None:
    assert desk.take_in_one(ASB, NAME, GOOD.replace("category", "kategory")).outcome == "refused"
    desk.put(ASB, NAME, GOOD)
    assert [receipt.outcome for receipt in desk.take_in(ASB).receipts] == ["refused", "accepted"]


def test_files_that_come_together_are_judged_each_by_itself(desk: Pipeline) -> None:
    """Small files of a feed are read together: one that cannot be read must not touch the others, nor hide in them."""

    def month(number: int, *changes: str) -> str:
        rows = [asb(10 * number + row, reported_at=f"15/{number:02}/2016 23:10") for row in range(3)]
        header, *lines = csv_text(rows, newline="\n").splitlines()
        return "\n".join([header, *changes, *lines]) + "\n"

    contents = {
        "asb_2016-04_extracted-2016-05-10.csv": month(4),
        "asb_2016-05_extracted-2016-06-10.csv": month(5, "a,b"),
        "asb_2016-06_extracted-2016-07-10.csv": month(6, 'L16-0000099,15/06/2016 23:10,"Nuisance'),
        "asb_2016-07_extracted-2016-08-10.csv": month(7, "", "a,b,c,d,e,f,g,h"),
        "asb_2016-08_extracted-2016-09-10.csv": month(8),
    }
    for name, content in contents.items():
        desk.put("police/asb", name, content)
    receipts = sorted(desk.take_in("police/asb").receipts, key=lambda receipt: receipt.landed.path)
    assert [(r.outcome.split("_with_")[0], r.code, r.rows_read, r.rows_accepted) for r in receipts] == [
        ("accepted", None, 3, 3),
        ("accepted", None, 4, 3),
        ("refused", "unclosed_quote", 0, 0),
        ("accepted", None, 4, 3),
        ("accepted", None, 3, 3),
    ]
    assert [[record["row_number"] for record in desk.records(receipt)] for receipt in receipts] == [
        [2, 3, 4],
        [3, 4, 5],
        [],
        [4, 5, 6],
        [2, 3, 4],
    ]
    assert [[reject["row_number"] for reject in desk.rejects(receipt)] for receipt in receipts] == [[], [2], [None], [3], []]
