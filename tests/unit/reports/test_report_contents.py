"""What each partner reads in its report: conflicts from its side, what to correct, what is missing, and in which form."""

import re
from datetime import date
from pathlib import Path

import duckdb
import pytest
from python_calamine import CalamineWorkbook

from csp_pipeline.errors import PublishError
from csp_pipeline.reports import ReportSummary, write_reports
from csp_pipeline.settings import Settings
from tests.unit.reports.made_warehouse import FORMULA, make_warehouse
from tests.unit.reports.reading import conflict, content, page, rows, words


def test_summary_counts_what_each_agency_is_told(summary: ReportSummary) -> None:
    told = {a.agency: (a.conflicts, a.rejects, a.missing) for a in summary.agencies}
    # of police's nine conflicts one is left out: 1 against 4 with a tolerance of 2 would tell the 4
    assert told == {
        "police": (8, 2, 1),
        "county": (3, 1, 0),
        "fire": (4, 0, 0),
        "district": (1, 0, 0),
        "clinic": (0, 0, 0),
    }
    assert all(path.exists() for agency in summary.agencies for path in agency.pages)


def test_a_conflict_is_a_sentence_from_the_readers_side(summary: ReportSummary) -> None:
    assert conflict(summary, "police", "domestic_abuse.e07000901")["sentence"] == (
        "Domestic abuse, Northby, 2016-17: your figure is 120 offences (Recorded crimes); Northshire County Council's "
        "is 90 cases (Abuse cases), 30 fewer."
    )
    assert conflict(summary, "county", "domestic_abuse.e07000901")["sentence"] == (
        "Domestic abuse, Northby, 2016-17: your figure is 90 cases (Abuse cases); Northshire Police's is 120 offences "
        "(Recorded crimes), 30 more."
    )
    text = page(summary, "police")
    assert "your figure is 120 offences (Recorded crimes); Northshire County Council's is 90 cases" in text
    assert "Crimes against cases; many are never reported." in text
    assert (
        "Your Recorded crimes goes by the day of recording; Northshire County Council's Abuse cases by the day of "
        "referral." in text
    )
    assert "What would your figure be if you counted cases, by the day of referral and by where the person lives?" in text
    assert "20 July 2016" in text


def test_rejected_rows_say_where_and_what_to_do(summary: ReportSummary) -> None:
    first = rows(summary, "police", "Rejected rows")[0]
    assert (first["File"], first["Row"], first["Column"], first["Found"]) == (
        "crimes_april.csv",
        17,
        "recorded_date",
        "31/04/2016",
    )
    assert first["What to do"] == "recorded_date: found '31/04/2016'; expected a date that exists. Correct the date."
    assert first["Your reference"] == "16/000017, L16-0000009"
    assert "crimes_april.csv 17 16/000017, L16-0000009 recorded_date 31/04/2016 recorded_date: found '31/04/2016'" in page(
        summary, "police"
    )
    assert "cases_early.xlsx, sheet Q4 9 [x] Case ID" in page(summary, "county")


def test_codes_that_no_list_knows_are_told_to_the_agency_that_owns_them(summary: ReportSummary) -> None:
    assert [(code["code"], code["rows"]) for code in content(summary, "police")["unmapped_codes"]] == [("999Z", 12)]
    assert "Codes that no list knows Feed Column Code Rows Last in Recorded crimes offence 999Z 12 crimes_april.csv" in page(
        summary, "police"
    )
    assert "999Z" not in page(summary, "county")
    [in_workbook] = rows(summary, "police", "Unknown codes")
    assert (in_workbook["Code"], in_workbook["Rows"], in_workbook["Last in"]) == ("999Z", 12, "crimes_april.csv")
    assert "111A" not in page(summary, "police"), "a later file was sent without it"


def test_columns_that_are_not_as_agreed_are_told_once_with_what_was_done(summary: ReportSummary) -> None:
    [change] = content(summary, "police")["column_changes"]
    [in_workbook] = rows(summary, "police", "Changed columns")
    assert [in_workbook[name] for name in ("Column", "Change", "Files", "Last in")] == [
        change[name] for name in ("column", "change", "files", "last_file")
    ]
    assert (change["column"], change["change"], change["done"], change["files"], change["last_file"]) == (
        "team",
        "new",
        "discard_value",
        2,
        "crimes_june.csv",
    )
    assert "case_id renamed: 'Case' is probably 'case_id' renamed file refused 1 cases_bad.xlsx" in page(summary, "county")
    assert "Changes in what you send" not in page(summary, "fire")


def test_refused_files_say_what_to_do(summary: ReportSummary) -> None:
    assert "Required columns are missing: 'case_id'. Send the file again with it." in page(summary, "county")
    assert rows(summary, "county", "Refused files")[0]["File"] == "cases_bad.xlsx"
    assert "None: every file you sent was taken in." in page(summary, "police")


def test_missing_and_late_periods_are_counted_against_their_due_day(summary: ReportSummary) -> None:
    # May was due on 10 June and is missing on 1 August; June was due on 10 July and extracted on 25 July
    [missing] = content(summary, "police")["missing_periods"]
    assert (missing["period"], missing["due"], missing["days_overdue"]) == ("2016-05", "2016-06-10", 52)
    [late] = content(summary, "police")["late_periods"]
    assert (late["period"], late["first_accepted"], late["days_late"]) == ("2016-06", "2016-07-25", 15)
    assert "Nothing has come for 2016-05. Send the file, or tell us that there will be none." in page(summary, "police")
    # the county's first quarter is due on 29 August, after the as-at date
    assert content(summary, "county")["missing_periods"] == []


def test_text_like_a_formula_stays_text(summary: ReportSummary) -> None:
    assert rows(summary, "police", "Rejected rows")[1]["Found"] == FORMULA
    html = (summary.index.parent / "police.html").read_text(encoding="utf-8")
    assert FORMULA not in html
    assert FORMULA in page(summary, "police")


def test_an_agency_without_conflicts_is_told_so(summary: ReportSummary) -> None:
    text = page(summary, "clinic")
    assert "None of your figures is in a conflict that can be listed, at any level." in text
    assert "Nothing: no conflict to answer, no file or row to correct, nothing missing." in text
    assert content(summary, "clinic")["conflicts"] == []
    assert set(rows(summary, "clinic", "Conflicts")[0].values()) == {"[z]"}


def test_the_workbook_has_one_full_table_a_sheet(summary: ReportSummary) -> None:
    book = CalamineWorkbook.from_path(str(summary.index.parent / "police.xlsx"))
    assert book.sheet_names == [
        "Cover",
        "Answers",
        "Contents",
        "Notes",
        "Conflicts",
        "Given answers",
        "Returned workbooks",
        "Steps of gaps",
        "Own records",
        "Changes",
        "Rejected rows",
        "Refused files",
        "Unknown codes",
        "Changed columns",
        "Missing periods",
        "Late periods",
        "Revised figures",
        "Quarters",
        "Earlier gaps",
        "Submissions",
    ]
    for name in book.sheet_names[2:]:  # the sheet Answers has cells to fill in
        sheet = book.get_sheet_by_name(name)
        assert sheet.start == (0, 0)
        assert not sheet.merged_cell_ranges
        assert all(cell not in ("", None) for row in sheet.to_python()[2:] for cell in row)


def test_json_is_versioned_and_dated(summary: ReportSummary) -> None:
    report = content(summary, "police")
    assert report["schema"] == "csp-discrepancy-report/2"
    assert report["as_at"] == date(2016, 8, 1).isoformat()
    assert [s["outcome"] for s in report["submissions"]] == ["accepted_with_rejects", "accepted"]


def test_pages_stand_alone_and_are_marked_up_for_everyone(summary: ReportSummary) -> None:
    for path in sorted(summary.index.parent.glob("*.html")):
        html = path.read_text(encoding="utf-8")
        assert not re.search(r"<(script|img|link|iframe)\b|@import|url\(|(?:src|href)=\"(?:https?:)?//", html)
        assert '<html lang="en-GB">' in html
        assert 'class="skip" href="#main"' in html
        assert html.count("<h1>") == 1
        assert html.count("<table") == html.count("<caption>")
        assert not re.search(r"<th(?! scope=)[ >]", html)
        ids = re.findall(r' id="([^"]+)"', html)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)


def test_same_warehouse_same_bytes(settings: Settings, summary: ReportSummary) -> None:
    before = {path.name: path.read_bytes() for path in settings.reports.iterdir()}
    write_reports(settings)
    assert {path.name: path.read_bytes() for path in settings.reports.iterdir()} == before


def test_an_explained_conflict_is_listed_and_nothing_is_asked_about_it(tmp_path: Path) -> None:
    settings = make_warehouse(tmp_path)
    before = words(page(write_reports(settings), "county"))
    assert "Explained or resolved" not in before
    with duckdb.connect(str(settings.database)) as database:
        database.execute("UPDATE discrepancies SET state = 'explained' WHERE list_contains(owner_agencies, 'county')").fetchall()
    after = words(page(write_reports(settings), "county"))
    assert "Question for you" in before
    assert "Question for you" not in after
    assert "Explained or resolved" in after
    assert "Domestic abuse" in after.partition("Explained or resolved")[2]
    # nor does the front page count it among the open ones
    assert "Northshire County Council 0 0 1 0" in words((settings.reports / "index.html").read_text(encoding="utf-8"))


def test_without_a_warehouse_it_says_so(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="no published warehouse yet"):
        write_reports(Settings(sources=settings.sources, warehouse=tmp_path))
