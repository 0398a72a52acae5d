"""Files as partners really write them: any delimiter, encoding, line ending, column order, title lines and footnotes."""

from __future__ import annotations

import datetime

import pytest

from tests.conftest import Pipeline
from tests.small_exports import HARBOROUGH, asb, case, csv_text, grid, ods, xlsx

ASB = "police/asb"
NAME = "asb_2016-04_extracted-2016-05-10.csv"
ABUSE = "county/domestic_abuse"
ABUSE_NAME = "domestic_abuse_2016-17-Q1_extracted-2016-07-20"
SURVEY = "county/community_survey"
SURVEY_NAME = "community_survey_2016-17-Q1_extracted-2016-07-20"
ROWS = [asb(1, category="Personal"), asb(2, lsoa_code=""), asb(3, recording_system="Niche, new")]
READ = [
    ("L16-0000001", datetime.datetime(2016, 4, 15, 23, 10), "personal", "E01025770", "CIS"),
    ("L16-0000002", datetime.datetime(2016, 4, 15, 23, 10), "nuisance", None, "CIS"),
    ("L16-0000003", datetime.datetime(2016, 4, 15, 23, 10), "nuisance", "E01025770", "Niche, new"),
]


def read(desk: Pipeline, content: str | bytes) -> list[tuple[object, ...]]:
    receipt = desk.take_in_one(ASB, NAME, content)
    assert receipt.rows_rejected == 0, desk.rejects(receipt)
    names = ("incident_number", "reported_at", "category", "lsoa_code", "recording_system")
    return [tuple(row[name] for name in names) for row in desk.records(receipt)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_usual_delimiter_works(desk: Pipeline, delimiter: str) -> None:
    assert read(desk, csv_text(ROWS, delimiter=delimiter)) == READ


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_line_ending_works(desk: Pipeline, newline: str) -> None:
    assert read(desk, csv_text(ROWS, newline=newline)) == READ


def test_mixed_line_endings_work(desk: Pipeline) -> None:
    header, first, second, third = csv_text(ROWS).splitlines()
    assert read(desk, f"{header}\r\n{first}\n{second}\r{third}\r\n") == READ


def test_a_file_without_a_last_line_ending_works(desk: Pipeline) -> None:
    assert read(desk, csv_text(ROWS).rstrip("\n")) == READ


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "Niché – £5 naïve 系统"),
        ("utf-8-sig", "Niché – £5 naïve 系统"),
        ("utf-16", "Niché – £5 naïve 系统"),
        ("utf-16-be", "\ufeffNiché – £5 naïve 系统"),
        ("cp1252", "Niché – £5 naïve café"),
        ("gb18030", "警务系统记录"),
    ],
)
def test_every_usual_encoding_gives_the_right_text(desk: Pipeline, encoding: str, text: str) -> None:
    mark, text = text[: text.startswith("\ufeff")], text.removeprefix("\ufeff")
    content = mark + csv_text([asb(1, recording_system=text), asb(2), asb(3, recording_system=text)])
    assert [row[4] for row in read(desk, content.encode(encoding))] == [text, "CIS", text]


def test_a_letter_that_lies_across_the_edge_of_what_is_read_at_once_is_one_letter(desk: Pipeline) -> None:
    """Files are looked through in pieces of 8 MB; here the two bytes of a £ lie on both sides of the edge."""
    piece = 8 * 1024 * 1024
    head, tail = csv_text([asb(1)]).encode(), ",".join(asb(2, recording_system="£").values()).encode() + b"\r\n"
    row = ",".join(asb(3, recording_system="x" * 1_000).values()).encode() + b"\r\n"
    rows = [
        row.replace(b"L16-0000003", b"L17-%07d" % number) for number in range((piece - len(head) - len(tail)) // len(row) - 1)
    ]
    before = head + b"".join(rows)
    filler = piece + 1 - len(before) - tail.index(b"\r\n")  # so that the £ ends one byte after the edge
    last = tail.replace("£".encode(), b"y" * filler + "£".encode())
    content = before + last + b",".join([b"L18-0000001", *row.split(b",")[1:]])
    assert content[piece - 1 : piece + 1] == "£".encode()
    receipt = desk.take_in_one(ASB, NAME, content)
    assert (receipt.rows_rejected, receipt.rows_accepted) == (0, len(rows) + 3)
    text = next(record["recording_system"] for record in desk.records(receipt) if record["incident_number"] == "L16-0000002")
    assert text == "y" * filler + "£"


def test_columns_may_stand_in_any_order_and_case(desk: Pipeline) -> None:
    names = ["recording_system", "category", "lsoa_code", "beat", "reported_at", "incident_number"]
    content = csv_text(ROWS, columns=names)
    header, rest = content.split("\n", 1)
    assert read(desk, header.upper().replace("_", " ").replace("BEAT", "  Beat ") + "\n" + rest) == READ


@pytest.mark.parametrize(
    "above",
    [
        "Leicestershire Police\n\nAnti-social behaviour, April 2016\n",
        '"Leicestershire\nPolice"\n',
        'Incidents of 5" or more\n',
        "\n\n",
        "Report,,,,,\nPrinted,10/05/2016,,,,\n",
    ],
)
def test_title_lines_above_the_header_cost_no_row(desk: Pipeline, above: str) -> None:
    assert read(desk, above + csv_text(ROWS)) == READ


def test_extra_columns_are_left_out_and_named(desk: Pipeline) -> None:
    receipt = desk.take_in_one(ASB, NAME, csv_text([row | {"Officer": "A", "Shift": "B"} for row in ROWS]))
    assert (receipt.outcome, receipt.rows_accepted) == ("accepted_with_warnings", 3)
    assert receipt.messages == ["Columns that are not in the agreed layout were left out: 'Officer', 'Shift'."]
    assert "Officer" not in desk.records(receipt)[0]


def test_spaces_around_values_are_not_part_of_them(desk: Pipeline) -> None:
    rows = [{key: f"  {value}\xa0" if value else " " for key, value in row.items()} for row in ROWS]
    assert read(desk, csv_text(rows)) == READ


def test_a_line_break_at_the_end_of_a_value_is_not_part_of_it(desk: Pipeline) -> None:
    assert read(desk, csv_text([row | {"recording_system": f"{row['recording_system']}\n"} for row in ROWS])) == READ


def test_an_early_extract_is_accepted_with_a_warning(desk: Pipeline) -> None:
    receipt = desk.take_in_one(ASB, "asb_2016-04_extracted-2016-04-20.csv", csv_text(ROWS))
    assert receipt.outcome == "accepted_with_warnings"
    assert "before 2016-04 ended" in receipt.messages[0]


def test_rows_dated_outside_the_files_month_are_kept_and_pointed_out(desk: Pipeline) -> None:
    receipt = desk.take_in_one(ASB, NAME, csv_text([*ROWS, asb(4, reported_at="31/03/2016 23:59")]))
    assert (receipt.outcome, receipt.rows_accepted) == ("accepted_with_warnings", 4)
    assert "1 rows are dated outside 2016-04" in receipt.messages[0]
    assert "31/03/2016" in receipt.messages[0]


CASES = [case(1), case(2, **{"District of residence": "Blaby", "MARAC": "Yes"}), case(3, Status="Opened in error")]
ABOVE = [["Domestic abuse service"], [], ["Cases opened in quarter 1"]]
BELOW = [[], ["1. Provisional."], ["2. Cases opened in error are included."]]


def cases(desk: Pipeline, name: str, content: bytes) -> list[tuple[object, ...]]:
    receipt = desk.take_in_one(ABUSE, name, content)
    assert receipt.outcome == "accepted", (receipt.messages, desk.rejects(receipt))
    return [
        (row["case_id"], row["residence_district"], row["marac"], row["status"], row["row_number"])
        for row in desk.records(receipt)
    ]


def in_rows(first: int) -> list[tuple[object, ...]]:
    return [
        ("DA00001", HARBOROUGH, False, "open", first),
        ("DA00002", "E07000129", False | True, "open", first + 1),
        ("DA00003", HARBOROUGH, False, "opened_in_error", first + 2),
    ]


def test_an_xlsx_table_is_found_under_titles_and_above_footnotes(desk: Pipeline) -> None:
    content = xlsx({"Cover": [["Domestic abuse"]], "Cases": grid(CASES, ABOVE, BELOW)}, {"Cases": ["A1:M1", "A3:M3"]})
    assert cases(desk, f"{ABUSE_NAME}.xlsx", content) == in_rows(5)


def test_an_ods_table_is_found_under_titles_and_above_footnotes(desk: Pipeline) -> None:
    content = ods(
        {
            "Cover": [["Domestic abuse"]],
            "Cases": grid(CASES, [["Domestic abuse service"], [""], [""]], [[""], ["1. Provisional."]]),
        }
    )
    assert cases(desk, f"{ABUSE_NAME}.ods", content) == in_rows(5)


def test_merged_cells_beyond_the_table_do_no_harm(desk: Pipeline) -> None:
    content = xlsx({"Cases": grid(CASES)}, {"Cases": ["Z1:Z9", "A200:A210", "AA100:AB200"]})
    assert cases(desk, f"{ABUSE_NAME}.xlsx", content) == in_rows(2)


def test_blank_rows_inside_a_table_are_no_rows_and_keep_the_numbering(desk: Pipeline) -> None:
    rows = grid(CASES)
    content = xlsx({"Cases": [rows[0], rows[1], [], [], rows[2], rows[3]]})
    assert [row[-1] for row in cases(desk, f"{ABUSE_NAME}.xlsx", content)] == [2, 5, 6]


def test_real_dates_and_numbers_in_cells_are_read_as_such(desk: Pipeline) -> None:
    rows = [
        case(1, **{"Referral date": datetime.date(2016, 4, 15), "Case ID": 77}),
        case(2, **{"Referral date": datetime.datetime(2016, 6, 30)}),
    ]
    receipt = desk.take_in_one(ABUSE, f"{ABUSE_NAME}.xlsx", xlsx({"Cases": grid(rows)}))
    assert [(row["case_id"], row["referral_date"]) for row in desk.records(receipt)] == [
        ("77", datetime.date(2016, 4, 15)),
        ("DA00002", datetime.date(2016, 6, 30)),
    ]


def survey(question: str, percentage: object, district: str = "Harborough") -> dict[str, object]:
    return {"District": district, "Question": question, "Base": 100, "Percentage": percentage}


def test_a_survey_workbook_gives_each_sheet_to_its_quarter(desk: Pipeline) -> None:
    """The district stands once, in a cell merged over its questions, below a merged title; other sheets are left alone."""
    q1 = grid(
        [
            survey("Feel safe by day", "95%"),
            survey("Feel safe after dark", "90%", ""),
            survey("Feel safe by day", "80%", "Blaby"),
        ],
        [["Results", "", "", ""]],
    )
    q2 = grid([survey("Feel safe by day", 96)])
    content = xlsx({"About": [["Notes"]], "2016-17 Q1": q1, "2016-17 Q2": q2}, {"2016-17 Q1": ["A1:D1", "A3:A4"]})
    receipt = desk.take_in_one(SURVEY, f"{SURVEY_NAME}.xlsx", content)
    assert (receipt.outcome, receipt.cells) == ("accepted", ["2016-17 Q1", "2016-17 Q2"])
    found = [(row["period"], row["district"], row["question"], row["percentage"]) for row in desk.records(receipt)]
    assert found == [
        ("2016-17 Q1", HARBOROUGH, "Feel safe by day", "95%"),
        ("2016-17 Q1", HARBOROUGH, "Feel safe after dark", "90%"),
        ("2016-17 Q1", "E07000129", "Feel safe by day", "80%"),
        ("2016-17 Q2", HARBOROUGH, "Feel safe by day", "96"),
    ]


def test_rows_that_an_ods_repeats_are_all_there(desk: Pipeline) -> None:
    """ODS writes equal rows once with a count; one reader of others' ignored that and lost rows."""
    responses = [{"Respondent": "", "Type": "Parish", "First": "Road safety", "Second": "", "Third": "", "Comments": ""}] * 5
    receipt = desk.take_in_one(
        "district/parish_survey", "parish_survey_2016-17_extracted-2017-04-30.ods", ods({"Responses": grid(responses)})
    )
    assert (receipt.rows_read, receipt.rows_rejected) == (5, 5), "each of the five rows lacks its respondent's code"
    assert [reject["row_number"] for reject in desk.rejects(receipt)] == [2, 3, 4, 5, 6]
