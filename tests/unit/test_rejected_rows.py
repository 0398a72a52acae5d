"""Rows rejected one by one: the right row numbers and columns, what was found, what to do, and nothing about a person."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from csp_pipeline import tables
from csp_pipeline.agencies.police import RecordedCrimeTables
from csp_pipeline.tables import feed_spec
from tests.conftest import ONE_YEAR, Pipeline
from tests.small_exports import asb, case, crime, csv_text, grid, person, published, street, tables_row, xlsx, youth

ASB = "police/asb"
NAME = "asb_2016-04_extracted-2016-05-10.csv"
CRIMES = "police/crimes"
CRIMES_NAME = "crimes_2016-04_extracted-2016-05-10.csv"
HEADER = ",".join(asb(1))


def line(number: int, **changes: str) -> str:
    return ",".join(asb(number, **changes).values())


def rejected(desk: Pipeline, content: str | bytes, feed: str = ASB, name: str = NAME) -> list[tuple[object, ...]]:
    """Row number, column and code of each reject; the receipt's counts are checked on the way."""
    receipt = desk.take_in_one(feed, name, content)
    rejects = desk.rejects(receipt)
    assert receipt.outcome == "accepted_with_rejects", receipt.messages
    assert receipt.rows_rejected == len(rejects)
    assert receipt.rows_read == receipt.rows_accepted + receipt.rows_rejected
    assert receipt.rows_accepted == len(desk.records(receipt))
    return [(reject["row_number"], reject["column_name"], reject["code"]) for reject in rejects]


def test_rows_with_too_many_or_too_few_values_are_rejected_by_their_numbers(desk: Pipeline) -> None:
    lines = [HEADER, line(1), line(2) + ",more", line(3), "L16-0000004,15/04/2016", line(5, category="Noise"), line(6)]
    assert rejected(desk, "\n".join(lines) + "\n") == [
        (3, None, "wrong_number_of_columns"),
        (5, None, "wrong_number_of_columns"),
        (6, "category", "unknown_value"),
    ]


def test_a_ragged_row_that_swallows_others_says_how_many_lines_it_goes_on_for(desk: Pipeline) -> None:
    """A quotation mark opens in row 3 and the next one stands four lines further on."""
    opened = line(2).replace("Nuisance", '"Nuisance')
    lines = [HEADER, line(1), opened, line(3), line(4), line(5), '",,', line(6)]
    assert rejected(desk, "\n".join(lines) + "\n") == [(3, None, "wrong_number_of_columns")]
    [receipt] = desk.take_in(ASB).receipts
    [reject] = desk.rejects(receipt)
    assert "goes on over the next 4 lines: a closing quotation mark may be missing" in reject["message"]


def test_a_ragged_rows_message_says_how_many_columns_were_found_and_expected(desk: Pipeline) -> None:
    receipt = desk.take_in_one(ASB, NAME, "\n".join([HEADER, line(1), line(2) + ",more", "a,b"]) + "\n")
    messages = [reject["message"] for reject in desk.rejects(receipt)]
    assert messages == [
        "found more than 6 columns; expected 6. A delimiter inside a value needs quotation marks.",
        "found fewer than 6 columns; expected 6. A delimiter inside a value needs quotation marks.",
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_row_numbers_stay_right_after_blank_lines_and_ragged_rows(desk: Pipeline, newline: str) -> None:
    lines = [HEADER, "", line(1), line(2) + ",more", "", "", line(3), "a,b", line(5), line(6, category="Noise")]
    assert rejected(desk, newline.join(lines) + newline) == [
        (4, None, "wrong_number_of_columns"),
        (8, None, "wrong_number_of_columns"),
        (10, "category", "unknown_value"),
    ]
    [receipt] = desk.take_in(ASB).receipts
    assert [row["row_number"] for row in desk.records(receipt)] == [3, 7, 9]


def test_row_numbers_stay_right_after_line_breaks_inside_quotation_marks(desk: Pipeline) -> None:
    """A spreadsheet shows a value of three lines as one row."""
    rows = [asb(1), asb(2, recording_system="C\nI\nS"), asb(3), asb(4, category="Noise"), asb(5)]
    content = csv_text(rows).replace("L16-0000003", "L16-0000003,more")
    assert rejected(desk, content) == [(4, None, "wrong_number_of_columns"), (5, "category", "unknown_value")]


def test_row_numbers_stay_right_below_title_lines(desk: Pipeline) -> None:
    lines = [
        "Leicestershire Police",
        "",
        "Incidents, April 2016",
        HEADER,
        line(1),
        line(2) + ",more",
        line(3, category="Noise"),
    ]
    assert rejected(desk, "\n".join(lines) + "\n") == [
        (6, None, "wrong_number_of_columns"),
        (7, "category", "unknown_value"),
    ]


def test_row_numbers_stay_right_across_batches(desk: Pipeline) -> None:
    """Batches hold 1,000 rows here."""
    rows = [asb(number) for number in range(1, 3_501)]
    for number in (1_000, 1_001, 3_500):
        rows[number - 1]["category"] = "Noise"
    lines = csv_text(rows).splitlines()
    lines[2_000] += ",more"
    assert rejected(desk, "\n".join(lines) + "\n") == [
        (1_001, "category", "unknown_value"),
        (1_002, "category", "unknown_value"),
        (2_001, None, "wrong_number_of_columns"),
        (3_501, "category", "unknown_value"),
    ]


@pytest.mark.parametrize(
    ("found", "code", "said"),
    [
        ("31/02/2016 10:00", "impossible_date", "a date and time that exist"),
        ("15/04/1016 10:00", "impossible_date", "a date and time that exist"),
        ("15/04/2016 24:00", "impossible_date", "a date and time that exist"),
        ("2016-04-15 10:00:60", "impossible_date", "a date and time that exist"),
        ("04/15/2016 10:00", "impossible_date", "a date and time that exist"),
        ("last Friday", "impossible_date", "a date and time that exist"),
        ("11/05/2016 00:00", "date_after_extract", "not after the extract of 10/05/2016"),
        ("15/04/2026 10:00", "date_after_extract", "not after the extract of 10/05/2016"),
    ],
)
def test_an_impossible_date_is_rejected_with_what_was_found_and_expected(
    desk: Pipeline, found: str, code: str, said: str
) -> None:
    receipt = desk.take_in_one(ASB, NAME, csv_text([asb(1), asb(2, reported_at=found)]))
    [reject] = desk.rejects(receipt)
    assert (reject["row_number"], reject["column_name"], reject["code"], reject["value"]) == (
        3,
        "reported_at",
        code,
        found,
    )
    assert repr(found) in reject["message"]
    assert said in reject["message"]
    assert "Correct the date" in reject["message"]


def test_a_date_on_the_day_of_extraction_is_accepted(desk: Pipeline) -> None:
    receipt = desk.take_in_one(ASB, NAME, csv_text([asb(1), asb(2, reported_at="10/05/2016 23:59")]))
    assert receipt.rows_rejected == 0


@pytest.mark.parametrize("found", ["four", "4.5", "12 345", "1,23", "٤", "999,999,999,999,999,999,999", "0x10", "1e3", "-"])
def test_text_in_a_number_is_rejected(desk: Pipeline, found: str) -> None:
    content = csv_text([tables_row(1, 20), tables_row(2, found)])
    assert rejected(desk, content, "police/recorded_crime_tables", "published-2017-07/prc-pfa-x.csv") == [
        (3, "Number of Offences", "malformed")
    ]


@pytest.mark.parametrize(("found", "number"), [("-00", 0), ("1,204", 1204), ("-3", -3), ("4.0", 4), ("  8 ", 8)])
def test_numbers_as_publishers_write_them_are_accepted(desk: Pipeline, found: str, number: int) -> None:
    receipt = desk.take_in_one(
        "police/recorded_crime_tables", "published-2017-07/prc-pfa-x.csv", csv_text([tables_row(2, found)])
    )
    assert [row["number_of_offences"] for row in desk.records(receipt)] == [number]


@pytest.mark.parametrize("found", ["94,5", "1,2345", "-", "N/A", "1 204", "c. 300"])
def test_a_published_number_that_cannot_be_read_for_certain_is_rejected(desk: Pipeline, found: str) -> None:
    rows = [published("Total crime", "1,204.5"), published("Shoplifting", found)]
    name = "published_figures_2016-17_extracted-2017-05-15.csv"
    assert rejected(desk, csv_text(rows), "district/published_figures", name) == [(3, "value", "malformed")]


def test_a_percentage_that_may_be_a_share_or_is_above_a_hundred_is_rejected(desk: Pipeline) -> None:
    """Excel keeps a cell that shows 94% as 0.94, and 100% as 1."""
    shown = [0.94, 1, 104, -3, "94 %", 0, 100, 1.5, 94, "94.5%", "0.5%", "[c]"]
    districts = ["Blaby", "Charnwood", "Harborough", "Melton"]
    rows = [
        {"District": districts[n % 4], "Question": f"Safe {n}", "Base": 100, "Percentage": value} for n, value in enumerate(shown)
    ]
    survey = "community_survey_2016-17-Q3_extracted-2017-02-10.xlsx"
    content = xlsx({"2016-17 Q3": grid(rows)})
    receipt = desk.take_in_one("county/community_survey", survey, content)
    rejects = desk.rejects(receipt)
    assert [reject["row_number"] for reject in rejects] == [2, 3, 4, 5, 6]
    assert "found '0.94'; expected a percentage from 0 to 100 such as 94" in rejects[0]["message"]
    assert [row["percentage"] for row in desk.records(receipt)] == ["0", "100", "1.5", "94", "94.5%", "0.5%", "[c]"]


TABLES = "police/recorded_crime_tables"
TABLES_NAME = "published-2017-07/prc-pfa-tables201617.csv"


@pytest.mark.parametrize("found", ["-1", "0", "5", "1.5", "Q1", "14"])
def test_a_quarter_that_does_not_exist_is_rejected_and_counts_nowhere(desk: Pipeline, found: str) -> None:
    content = csv_text([tables_row(1, 20), tables_row(2, 30, **{"Financial Quarter": found})])
    assert rejected(desk, content, TABLES, TABLES_NAME) == [(3, "Financial Quarter", "malformed")]
    [receipt] = desk.take_in(TABLES).receipts
    assert receipt.cells == ["2016-17 Q1"]
    assert [row["number_of_offences"] for row in desk.records(receipt)] == [20]
    [reject] = desk.rejects(receipt)
    assert (
        reject["message"] == f"Financial Quarter: found {found!r}; expected a quarter of the financial year, 1 to 4. Correct it."
    )


@pytest.mark.parametrize("found", ["2016/19", "2016/16", "2016/2017", "16/17", "2016", "1999/99", "2016–17"])
def test_a_financial_year_that_does_not_exist_is_rejected(desk: Pipeline, found: str) -> None:
    content = csv_text([tables_row(1, 20), tables_row(2, 30, **{"Financial Year": found})])
    assert rejected(desk, content, TABLES, TABLES_NAME) == [(3, "Financial Year", "malformed")]
    [receipt] = desk.take_in(TABLES).receipts
    [reject] = desk.rejects(receipt)
    assert reject["message"] == f"Financial Year: found {found!r}; expected a financial year such as 2016/17. Correct it."


@tables.feed(**vars(feed_spec(RecordedCrimeTables).traits))
class AnyQuarter(RecordedCrimeTables):
    """A feed whose own checks let a fifth quarter through."""

    financial_quarter: str = tables.whole_number("Quarter", header="Financial Quarter")


def test_a_row_whose_period_does_not_exist_is_rejected_even_when_the_feed_does_not_check_it(desk: Pipeline) -> None:
    desk.specs = desk.specs | {TABLES: feed_spec(AnyQuarter)}
    content = csv_text([tables_row(5, 10), tables_row(1, 20)])
    assert rejected(desk, content, TABLES, TABLES_NAME) == [(2, "Financial Year, Financial Quarter", "unknown_period")]
    [receipt] = desk.take_in(TABLES).receipts
    assert receipt.cells == ["2016-17 Q1"]


@pytest.mark.parametrize(("found", "cell"), [("2015/16", "2015-16 Q3"), ("2016-17", "2016-17 Q3")])
def test_a_financial_year_may_be_written_with_a_stroke_or_a_hyphen(desk: Pipeline, found: str, cell: str) -> None:
    receipt = desk.take_in_one(TABLES, TABLES_NAME, csv_text([tables_row(3, 20, **{"Financial Year": found})]))
    assert (receipt.outcome, receipt.cells) == ("accepted", [cell])


def test_a_published_figure_of_a_year_that_does_not_exist_is_rejected(desk: Pipeline) -> None:
    content = csv_text([published("Total crime", "3,685"), published("Total crime", "1", period="2016-19")])
    name = "published_figures_2016-17_extracted-2017-05-15.csv"
    assert rejected(desk, content, "district/published_figures", name) == [(3, "period", "malformed")]


def test_a_coordinate_beyond_all_numbers_is_rejected(desk: Pipeline) -> None:
    content = csv_text([street(), street(Longitude="1e999")])
    assert rejected(desk, content, "police/street", "2016-04-leicestershire-street.csv") == [(3, "Longitude", "malformed")]


def test_unknown_codes_are_rejected_with_the_nearest_known_one(desk: Pipeline) -> None:
    rows = [crime(1), crime(2, lsoa_code="E01999999"), crime(3, offence_code="46Z"), crime(4, beat="Harborough Twon")]
    assert rejected(desk, csv_text(rows), CRIMES, CRIMES_NAME) == [
        (3, "lsoa_code", "unknown_code"),
        (4, "offence_code", "unknown_code"),
        (5, "beat", "unknown_code"),
    ]
    [receipt] = desk.take_in(CRIMES).receipts
    lsoa, offence, beat = (reject["message"] for reject in desk.rejects(receipt))
    assert "'E01999999'" in lsoa
    assert "'46Z'" in offence
    assert "nearest known: 'Harborough Town'" in beat
    assert "Correct the code, or tell us of a new one" in beat


def test_an_lsoa_outside_the_force_is_known_and_kept(desk: Pipeline) -> None:
    receipt = desk.take_in_one(CRIMES, CRIMES_NAME, csv_text([crime(1, lsoa_code="E01000001")]))
    assert (receipt.outcome, desk.records(receipt)[0]["lsoa_code"]) == ("accepted", "E01000001")


def test_missing_values_and_unknown_words_are_rejected(desk: Pipeline) -> None:
    rows = [
        crime(1),
        crime(2, recorded_date=""),
        crime(3, domestic="y"),
        crime(4, status="Deleted"),
        crime(5, crime_number="16-5"),
    ]
    assert rejected(desk, csv_text(rows), CRIMES, CRIMES_NAME) == [
        (3, "recorded_date", "missing_value"),
        (4, "domestic", "unknown_value"),
        (5, "status", "unknown_value"),
        (6, "crime_number", "malformed"),
    ]


def test_a_row_with_several_faults_is_one_reject_that_names_them_all(desk: Pipeline) -> None:
    receipt = desk.take_in_one(ASB, NAME, csv_text([asb(1), asb(2, category="Noise", lsoa_code="X", reported_at="soon")]))
    [reject] = desk.rejects(receipt)
    assert (reject["problems"], reject["column_name"]) == (3, "reported_at")
    assert all(name in reject["message"] for name in ("reported_at", "category", "lsoa_code"))


def test_a_repeated_identifier_keeps_the_first_row(desk: Pipeline) -> None:
    rows = [asb(1), asb(2), asb(1, category="Personal"), asb(3), asb(1)]
    assert rejected(desk, csv_text(rows)) == [
        (4, "incident_number", "repeated_key"),
        (6, "incident_number", "repeated_key"),
    ]
    [receipt] = desk.take_in(ASB).receipts
    assert [(row["row_number"], row["category"]) for row in desk.records(receipt)] == [
        (2, "nuisance"),
        (3, "nuisance"),
        (5, "nuisance"),
    ]
    assert "row 2" in desk.rejects(receipt)[0]["message"]


def test_row_numbers_stay_right_in_a_file_too_large_to_be_read_whole(desk: Pipeline) -> None:
    filler = "x" * 2_000  # so that a few thousand rows are more than 4 MB
    lines = [HEADER, *(line(number, recording_system=filler) for number in range(2, 2_502))]
    lines[9] = lines[9] + ",more"
    lines[1_999] = lines[4]
    lines[2_399] = line(2_400, category="Noise")
    lines.insert(1_000, "")  # every row below stands one lower
    content = "\n".join(lines) + "\n"
    assert len(content) > 4 * 1024 * 1024
    assert rejected(desk, content) == [
        (10, None, "wrong_number_of_columns"),
        (2_001, "incident_number", "repeated_key"),
        (2_401, "category", "unknown_value"),
    ]
    [receipt] = desk.take_in(ASB).receipts
    held = {record["incident_number"]: record["row_number"] for record in desk.records(receipt)}
    assert held["L16-0000009"] == 9
    assert held["L16-0000011"] == 11
    assert held["L16-0001000"] == 1_000
    assert held["L16-0001001"] == 1_002
    assert held["L16-0002501"] == 2_502
    assert "row 5" in next(r["message"] for r in desk.rejects(receipt) if r["code"] == "repeated_key")


def test_rejects_of_a_workbook_name_the_sheet_and_the_row_that_a_spreadsheet_shows(desk: Pipeline) -> None:
    cells = grid([case(1), case(2, Risk="Huge")], above=[["Domestic abuse"], [], ["Quarter 1"]])
    receipt = desk.take_in_one(
        "county/domestic_abuse", "domestic_abuse_2016-17-Q1_extracted-2016-07-20.xlsx", xlsx({"Cases": cells})
    )
    [reject] = desk.rejects(receipt)
    assert (reject["sheet"], reject["row_number"], reject["column_name"], reject["value"]) == (
        "Cases",
        6,
        "Risk",
        "Huge",
    )


NOT_KEYS = [
    "Jane Elizabeth Doe",
    "02/11/1984",
    "12 Coventry Road Market Harborough",
    "z" * 64,
    "ab12" * 15 + "abc",
    "ab12" * 16 + "a",
]


def everything_stored(warehouse: Path) -> str:
    """All that a warehouse holds besides the landed bytes: every value of its Parquet files, and any other file as it is."""
    parts = []
    for path in sorted(path for path in warehouse.rglob("*") if path.is_file() and "landing" not in path.parts):
        if path.suffix == ".parquet":
            table = duckdb.read_parquet(str(path))
            parts += [str(table.unique(f'"{column}"').fetchall()) for column in table.columns]
        elif path.suffix == ".duckdb":
            with duckdb.connect(str(path), read_only=True) as database:
                for (name,) in database.sql("SELECT table_name FROM duckdb_tables()").fetchall():
                    table = database.table(name)
                    parts += [str(table.unique(f'"{column}"').fetchall()) for column in table.columns]
        else:
            parts.append(path.read_bytes().decode("latin-1"))
    return "\n".join(parts)


@pytest.mark.parametrize(
    ("feed", "name", "row", "column"),
    [
        (CRIMES, CRIMES_NAME, crime, "person_key"),
        ("county/youth_offending", "youth_offending_2016-17-Q1_extracted-2016-07-20.csv", youth, "young_person_key"),
    ],
)
def test_a_person_key_that_is_none_is_rejected_and_never_stored(
    desk: Pipeline, feed: str, name: str, row: object, column: str
) -> None:
    rows = [row(1), *(row(number, **{column: value}) for number, value in enumerate(NOT_KEYS, start=2))]  # type: ignore[operator]
    rows[0][column] = person("somebody")
    receipt = desk.take_in_one(feed, name, csv_text(rows))
    rejects = desk.rejects(receipt)
    assert [(reject["row_number"], reject["column_name"], reject["code"], reject["value"]) for reject in rejects] == [
        (number, column, "malformed", None) for number in range(3, 3 + len(NOT_KEYS))
    ]
    stored = everything_stored(desk.settings.warehouse)
    assert receipt.submission_id in stored
    for value in (*NOT_KEYS, person("somebody")):
        assert value not in stored


def test_a_partners_person_key_is_nowhere_in_what_is_published(new_pipeline: Callable[..., Pipeline]) -> None:
    desk = new_pipeline([CRIMES, ASB], ONE_YEAR, ["total_crime", "asb_reported"])
    names = ["somebody", "a second", "a third"]
    rows = [
        crime(1, person_key=person(names[0])),
        crime(2, person_key="Jane Elizabeth Doe"),
        crime(3, beat=person(names[1])),
    ]
    desk.put(CRIMES, CRIMES_NAME, csv_text(rows) + ",".join(crime(4, person_key=person(names[2])).values()) + ",more\n")
    desk.run_all()
    stored = everything_stored(desk.settings.warehouse)
    assert "16/000001" in stored
    for value in (*map(person, names), "Jane Elizabeth Doe"):
        assert value not in stored


def test_one_person_has_one_key_whatever_the_case_of_the_letters_and_the_feed(desk: Pipeline) -> None:
    first = desk.take_in_one(
        CRIMES,
        CRIMES_NAME,
        csv_text(
            [
                crime(1, person_key=person("a").upper()),
                crime(2, person_key=person("a")),
                crime(3, person_key=person("b")),
            ]
        ),
    )
    second = desk.take_in_one(
        "county/youth_offending", "youth_offending_2016-17-Q1_extracted-2016-07-20.csv", csv_text([youth("a")])
    )
    keys = [row["person_key"] for row in desk.records(first)]
    assert keys[0] == keys[1] != keys[2]
    assert desk.records(second)[0]["young_person_key"] == keys[0]
