"""How numbers are shown in a workbook's sheets."""

import io

import openpyxl
import xlsxwriter

from csp_pipeline.reports.sheets import Sheet, make_styles, write_sheet


def test_rates_of_one_column_have_the_same_decimals() -> None:
    buffer = io.BytesIO()
    columns = (("Measure", 20), ("2016-17", 9), ("Per 1,000", 9))
    with xlsxwriter.Workbook(buffer) as book:
        rows = [("Fires", 9, 0.1), ("Crime", 3685, 40.0), ("Survey", 41.5, "[z]")]
        content = Sheet("Measures", "Every measure", columns, rows, decimals={"Per 1,000": 2})
        write_sheet(book.add_worksheet("Measures"), content, "measures", make_styles(book))
    sheet = openpyxl.load_workbook(buffer)["Measures"]
    shown = [[(cell.value, cell.number_format) for cell in row[1:]] for row in sheet.iter_rows(min_row=4)]
    assert [row[1] for row in shown[:2]] == [(0.1, "#,##0.00"), (40, "#,##0.00")]
    assert shown[2][1][0] == "[z]"
    # counts stay whole
    assert [row[0][1] for row in shown[:2]] == ["#,##0", "#,##0"]
