"""Tables of the Home Office by force and by CSP, as CSV and as workbook, and extracts of them that are refused."""

from __future__ import annotations

from tests.small_exports import csv_text, ods, tables_row, xlsx
from tests.unit.ready_feeds.london import (
    LAMBETH,
    MET,
    Found,
    figures,
)

TABLES = {"sum": "number_of_offences", "date": "recorded", "area": "offence"}
FORCE_ROWS = [
    tables_row(quarter, count, **{"Force Name": force, "Offence Code": code})
    for quarter, count in ((1, 10), (2, 20), (3, 30), (4, 40))
    for force in ("Metropolitan Police", "Leicestershire")
    for code in ("46", "8N", "37.2")
]


def by_csp(name: str, count: int, quarter: int = 1) -> dict[str, str]:
    row = tables_row(quarter, count, **{"Force Name": "Metropolitan Police"})
    return {"Financial Year": row.pop("Financial Year"), "Financial Quarter": row.pop("Financial Quarter")} | {
        "Force Name": row.pop("Force Name"),
        "CSP Name": name,
        **row,
    }


def test_tables_by_csp_count_each_csp_once_and_never_as_the_force(found: Found) -> None:
    pipeline = found("home_office_recorded_crime", "offence", **TABLES)
    rows = [by_csp("Lambeth", 10), by_csp("Southwark", 20), by_csp("Westminster", 40)]
    receipt = pipeline.take_in_one("brigade/ready", "prc-csp-2016-17.csv", csv_text(rows))
    assert (receipt.outcome, receipt.rows_accepted) == ("accepted_with_warnings", 3)
    assert [record["csp_name"] for record in pipeline.records(receipt)] == ["Lambeth", "Southwark", "Westminster"]
    pipeline.make_figures()
    assert figures(pipeline, LAMBETH)["2016-17 Q1"] == 10
    assert figures(pipeline, MET) == {}


def test_a_workbook_of_the_home_office_is_read_from_all_its_sheets_with_repeated_rows_and_columns(found: Found) -> None:
    """Notes are passed over; equal rows stand once with a count, as an ODS writes them, and every one of them counts."""
    pipeline = found("home_office_recorded_crime_workbook", "offence", "2015-16:2016-17", **TABLES)
    homicide = by_csp("Lambeth", 1) | {"Offence Code": "1/4.1/4.10/4.2", "Offence Description": "Homicide"}
    others = [by_csp("Lambeth", 5, quarter) for quarter in (1, 2, 3, 4)]
    header = list(homicide)
    last_year = [list((row | {"Financial Year": "2015/16"}).values()) for row in others]
    sheets = {
        "Notes": [["Police recorded crime"], ["Financial Year", "runs from April"]],
        "2015-16": [["Table 1"], header, *last_year],
        "2016-17": [["Table 2"], [""] * 3, header, *[list(homicide.values())] * 3, *(list(row.values()) for row in others)],
    }
    receipt = pipeline.take_in_one("brigade/ready", "prc-csp-2015-to-2017.ods", ods(sheets))
    assert (receipt.rows_accepted, receipt.rows_rejected) == (11, 0), pipeline.rejects(receipt)
    assert [(r["sheet"], r["row_number"]) for r in pipeline.records(receipt)][:5] == [
        *(("2015-16", number) for number in (3, 4, 5, 6)),
        ("2016-17", 4),
    ]
    pipeline.make_figures()
    known = figures(pipeline, LAMBETH)
    assert (known["2015-16 Q1"], known["2016-17 Q1"], known["2016-17 Q2"]) == (5, 3 * 1 + 5, 5)


def test_a_workbook_without_the_table_is_refused(found: Found) -> None:
    pipeline = found("home_office_recorded_crime_workbook", "offence", **TABLES)
    receipt = pipeline.take_in_one("brigade/ready", "prc-csp-2016.ods", xlsx({"Notes": [["Crime"]], "More": [["x"]]}))
    assert (receipt.outcome, receipt.code) == ("refused", "no_header")


def test_an_extract_whose_year_and_quarter_are_all_alike_is_refused_for_its_repeated_keys(found: Found) -> None:
    pipeline = found("home_office_recorded_crime", "offence", **TABLES)
    rows = [row | {"Financial Quarter": "1"} for row in FORCE_ROWS]
    receipt = pipeline.take_in_one("brigade/ready", "prc-pfa-2016.csv", csv_text(rows))
    assert (receipt.outcome, receipt.code, pipeline.records(receipt)) == ("refused", "repeated_keys", [])
    for word in ("18 of its 24 rows repeat another row", "'Financial Quarter'", "'Force Name'", "Export all columns"):
        assert word in receipt.messages[0]


def test_an_extract_whose_year_and_quarter_were_dropped_is_refused_for_its_repeated_keys(found: Found) -> None:
    pipeline = found("home_office_recorded_crime", "offence", **TABLES)
    rows = [{key: value for key, value in row.items() if not key.startswith("Financial")} for row in FORCE_ROWS]
    receipt = pipeline.take_in_one("brigade/ready", "prc-pfa-2016.csv", csv_text(rows))
    assert (receipt.outcome, receipt.code) == ("refused", "missing_column")
    for word in (
        "'Financial Year'; 'Financial Quarter'",
        "18 of its 24 rows repeat another row in 'Force Name', 'Offence Code'",
    ):
        assert word in receipt.messages[0]


def test_a_few_equal_rows_are_kept_as_they_are_published(found: Found) -> None:
    """Homicide stands in four equal rows for each force and quarter."""
    pipeline = found("home_office_recorded_crime", "offence", **TABLES)
    receipt = pipeline.take_in_one("brigade/ready", "prc-pfa-2016.csv", csv_text([*FORCE_ROWS, *FORCE_ROWS[:3]]))
    assert (receipt.rows_accepted, receipt.rows_rejected) == (27, 0)
