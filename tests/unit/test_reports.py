"""What each partner reads in its discrepancy report, and what it must never be able to read there."""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest
from python_calamine import CalamineWorkbook

from csp_pipeline.errors import PublishError
from csp_pipeline.publish.catalogue import MODELS
from csp_pipeline.reports import ReportSummary, write_reports
from csp_pipeline.settings import Settings
from csp_pipeline.tables import ddl, specs_of

PARTNERSHIP = """
name: Northby Community Safety Partnership
district: E07000901
force: E23000901
county: E10000901
areas: areas.csv
populations: population.csv
lsoas_issued: lsoas.csv
offence_codes: codes.csv
forces: forces.csv
financial_years: {first: 2016-17, last: 2016-17, expected_first: 2016-17, expected_last: 2016-17}
agencies:
  police: {name: Northshire Police, contact: Crime registrar}
discrepancies: {area_levels: [district, county, force], periods: [financial_year, quarter]}
"""
MEASURES = """
measures: {}
tolerances:
  - {name: two_agencies, reason: Below that nobody acts on it., absolute: 2, relative: 0.05}
comparability: []
"""
AREAS = """area_code,area_name,area_level,district_code,beat_code,county_code,force_code,csp_code
E07000901,Northby,district,,,E10000901,E23000901,
E07000902,Southby,district,,,E10000901,E23000901,
E10000901,Northshire,county,,,,E23000901,
E23000901,Northshire Police,force,,,,,
"""
AGENCIES = [
    ("police", "Northshire Police", "Crime registrar"),
    ("county", "Northshire County Council", "Community safety team"),
    ("fire", "Ember Fire Service", "Analysts"),
    ("district", "Northby District Council", "Community safety team"),
    ("clinic", "Quiet Clinic", "Data manager"),
]
# agency, feed, title, unit, date basis, area basis, deadline in days, first and last day expected, period covered
FEEDS = [
    ("police", "crimes", "Recorded crimes", "offence", "recorded", "offence", 10, "2016-04-01", "2016-06-30", "month"),
    ("county", "cases", "Abuse cases", "case", "referred", "residence", 60, "2016-04-01", "2016-06-30", "quarter"),
    ("fire", "incidents", "Incidents attended", "incident", "call", "incident", 30, None, None, "quarter"),
    ("district", "published_figures", "Published figures", "offence", "recorded", "offence", 90, None, None, "quarter"),
]
OWN, SOUTHBY = "E07000901", "E07000902"
# measure, area, period, (feed, figure), (feed, figure)
CONFLICTS = [
    ("domestic_abuse", OWN, "2016-17", ("police/crimes", 120), ("county/cases", 90)),
    ("domestic_abuse", SOUTHBY, "2016-17", ("police/crimes", 12), ("county/cases", 3)),
    ("youth", OWN, "2016-17", ("police/crimes", 2), ("county/cases", 47)),
    ("arson", OWN, "2016-17", ("police/crimes", 1), ("fire/incidents", 4)),
    ("arson", SOUTHBY, "2016-17", ("police/crimes", 50), ("fire/incidents", 20)),
    ("arson", SOUTHBY, "2016-17 Q1", ("police/crimes", 30), ("fire/incidents", 6)),
    ("arson", SOUTHBY, "2016-17 Q2", ("police/crimes", 31), ("fire/incidents", 7)),
    ("arson", SOUTHBY, "2016-17 Q4", ("police/crimes", 32), ("fire/incidents", 5)),
    ("theft", OWN, "2016-17", ("police/crimes", 8), ("district/published_figures", 3)),
]
FIGURES_IN_AGREEMENT = [("arson", SOUTHBY, "2016-17 Q3", "fire/incidents", 2)]
TITLES = {"domestic_abuse": "Domestic abuse", "youth": "Youth offending", "arson": "Deliberate fires", "theft": "Theft"}
PERIODS = [
    ("2016-17", "financial_year", "2016-04-01", "2017-03-31", 12),
    ("2016-17 Q1", "quarter", "2016-04-01", "2016-06-30", 3),
    ("2016-17 Q2", "quarter", "2016-07-01", "2016-09-30", 3),
    ("2016-17 Q3", "quarter", "2016-10-01", "2016-12-31", 3),
    ("2016-17 Q4", "quarter", "2017-01-01", "2017-03-31", 3),
]
FORMULA = '=HYPERLINK("http://example.org","click")'


class Warehouse:
    """A published warehouse made by hand, table by table, in the declared shape."""

    def __init__(self, path: Path) -> None:
        self.db = duckdb.connect(str(path))
        for name, model in MODELS.items():
            for statement in ddl(name, specs_of(model), "A table."):
                self.db.execute(statement).fetchall()

    def add(self, table: str, **values: object) -> None:
        """Insert one row by column names."""
        names, marks = ", ".join(f'"{name}"' for name in values), ", ".join("?" * len(values))
        self.db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values())).fetchall()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("reports")
    sources, warehouse = folder / "sources", folder / "warehouse"
    sources.mkdir()
    warehouse.mkdir()
    (sources / "partnership.yml").write_text(PARTNERSHIP, encoding="utf-8")
    (sources / "measures.yml").write_text(MEASURES, encoding="utf-8")
    (sources / "areas.csv").write_text(AREAS, encoding="utf-8")
    made = Settings(sources=sources, warehouse=warehouse)
    _fill(Warehouse(made.database))
    return made


@pytest.fixture(scope="module")
def summary(settings: Settings) -> ReportSummary:
    return write_reports(settings)


def _fill(warehouse: Warehouse) -> None:
    add = warehouse.add
    for agency, name, contact in AGENCIES:
        add("agencies", agency=agency, agency_name=name, contact=contact)
    for agency, feed, title, unit, by_date, by_area, deadline, first, last, covers in FEEDS:
        add(
            "feeds",
            agency=agency,
            feed=feed,
            title=title,
            cadence="regular",
            covers=covers,
            covers_area="E23000901",
            deadline_days=deadline,
            expected_from=first or "2016-04-01",
            expected_until=last or "2016-04-02",
            contact="Team",
            sharing_basis="Agreement",
        )
        for measure, measure_title in TITLES.items():
            add(
                "measures",
                measure=measure,
                title=measure_title,
                definition="As said.",
                unit="offence",
                priority="all",
                agency=agency,
                feed=feed,
                way="take" if feed == "published_figures" else "count",
                counts=unit,
                date_basis=by_date,
                area_basis=by_area,
            )
    for code, name, level, county in (
        (OWN, "Northby", "district", "E10000901"),
        (SOUTHBY, "Southby", "district", "E10000901"),
        ("E10000901", "Northshire", "county", None),
    ):
        add("areas", area_code=code, area_name=name, area_level=level, county_code=county, force_code="E23000901")
    for period, kind, first, last, months in PERIODS:
        add("periods", period=period, period_kind=kind, period_start=first, period_end=last, months=months)
    for measure, area, period, a, b in CONFLICTS:
        _add_conflict(warehouse, measure, area, period, a, b)
    for measure, area, period, feed, value in FIGURES_IN_AGREEMENT:
        _add_figure(warehouse, measure, area, period, feed, value)
    _add_submissions(warehouse)
    warehouse.db.close()


def _add_conflict(warehouse: Warehouse, measure: str, area: str, period: str, a: tuple[str, int], b: tuple[str, int]) -> None:
    for feed, value in (a, b):
        _add_figure(warehouse, measure, area, period, feed, value)
    (agency_a, feed_a), (agency_b, feed_b) = a[0].split("/"), b[0].split("/")
    reasons = (
        "Crimes against cases; many are never reported; counts offence against case" if measure == "domestic_abuse" else None
    )
    warehouse.add(
        "discrepancies",
        discrepancy_id=f"{measure}.{area.lower()}.{period.lower().replace(' ', '-')}.{feed_a}.{feed_b}",
        measure=measure,
        area_code=area,
        period=period,
        agency_a=agency_a,
        feed_a=feed_a,
        value_a=a[1],
        agency_b=agency_b,
        feed_b=feed_b,
        value_b=b[1],
        gap=b[1] - a[1],
        owner_agencies=sorted({agency_a, agency_b}),
        state="open",
        first_seen="2016-07-25",
        last_seen="2016-08-01",
        rule="two_agencies",
        reasons=reasons,
        sentence=f"{a[1]} against {b[1]}.",
    )


def _add_figure(warehouse: Warehouse, measure: str, area: str, period: str, key: str, value: int) -> None:
    agency, feed = key.split("/")
    known = warehouse.db.execute(
        "SELECT 1 FROM figures WHERE measure = ? AND area_code = ? AND period = ? AND agency = ? AND feed = ?",
        [measure, area, period, agency, feed],
    ).fetchall()
    if known:
        return
    unit, by_date, by_area = next(row[3:6] for row in FEEDS if row[:2] == (agency, feed))
    kind, first, last = next(row[1:4] for row in PERIODS if row[0] == period)
    warehouse.add(
        "figures",
        agency=agency,
        feed=feed,
        measure=measure,
        area_code=area,
        area_basis=by_area,
        period=period,
        period_kind=kind,
        period_start=first,
        period_end=last,
        date_basis=by_date,
        unit=unit,
        value=value,
        value_low=value,
        value_high=value,
        status="A",
        coverage=1.0,
        as_at="2016-07-20",
        is_headline=True,
    )


def _add_submissions(warehouse: Warehouse) -> None:
    def submission(
        agency: str,
        feed: str,
        file: str,
        outcome: str,
        counts: tuple[int, int, int],
        extracted: str,
        label: str,
        first: str,
        last: str,
        message: str | None = None,
    ) -> None:
        warehouse.add(
            "submissions",
            submission_id=file,
            agency=agency,
            feed=feed,
            file=file,
            sha256="0",
            bytes=1,
            received="2016-08-02 10:00:00",
            extracted=extracted,
            coverage=label,
            covered_from=first,
            covered_until=last,
            rows_read=counts[0],
            rows_accepted=counts[1],
            rows_rejected=counts[2],
            outcome=outcome,
            is_current=outcome != "refused",
            code="missing_column" if outcome == "refused" else None,
            message=message,
        )
        if outcome != "refused":
            warehouse.add(
                "validity",
                submission_id=file,
                agency=agency,
                feed=feed,
                scope="",
                covered_label=label,
                covered_from=first,
                covered_until=last,
                is_whole=True,
                valid_from=extracted,
            )

    def reject(
        agency: str, feed: str, file: str, sheet: str | None, row: int, column: str, value: str | None, message: str
    ) -> None:
        warehouse.add(
            "rejects",
            submission_id=file,
            agency=agency,
            feed=feed,
            file=file,
            sheet=sheet,
            row_number=row,
            column_name=column,
            code="impossible_date",
            value=value,
            problems=1,
            message=message,
        )

    submission(
        "police",
        "crimes",
        "crimes_april.csv",
        "accepted_with_rejects",
        (500, 498, 2),
        "2016-05-05",
        "2016-04",
        "2016-04-01",
        "2016-04-30",
    )
    # due on 10 July
    submission(
        "police",
        "crimes",
        "crimes_june.csv",
        "accepted",
        (510, 510, 0),
        "2016-07-25",
        "2016-06",
        "2016-06-01",
        "2016-06-30",
    )
    submission(
        "county",
        "cases",
        "cases_bad.xlsx",
        "refused",
        (0, 0, 0),
        "2016-07-10",
        "2016-17 Q1",
        "2016-04-01",
        "2016-06-30",
        "Required columns are missing: 'case_id'. Send the file again with it.",
    )
    submission(
        "county",
        "cases",
        "cases_early.xlsx",
        "accepted_with_rejects",
        (3, 2, 1),
        "2016-08-01",
        "2015-16 Q4",
        "2016-01-01",
        "2016-03-31",
    )
    reject(
        "police",
        "crimes",
        "crimes_april.csv",
        None,
        17,
        "recorded_date",
        "31/04/2016",
        "recorded_date: found '31/04/2016'; expected a date that exists. Correct the date.",
    )
    reject("police", "crimes", "crimes_april.csv", None, 21, "offence", FORMULA, "offence: not known. Correct the code.")
    reject("county", "cases", "cases_early.xlsx", "Q4", 9, "Case ID", "COUNTY-ONLY", "Case ID: mend it.")


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


def test_anothers_small_count_and_what_tells_it_are_withheld(summary: ReportSummary) -> None:
    found = conflict(summary, "police", "domestic_abuse.e07000902")
    mine, theirs = found["figures"]
    assert (mine["value"], mine["shown"]) == (12, "12")
    assert (theirs["value"], theirs["shown"]) == (None, "[c]")
    assert found["gap"] == {"value": None, "shown": "[c]"}
    assert found["sentence"] == (
        "Domestic abuse, Southby, 2016-17: your figure is 12 offences (Recorded crimes); Northshire County Council's "
        "is [c] cases (Abuse cases). [c] and the gap are withheld: a count of 1 to 4 is shown to its own agency only."
    )
    [row] = [r for r in rows(summary, "police", "Conflicts") if r["Reference"].startswith("domestic_abuse.e07000902")]
    assert (row["First figure"], row["Second figure"], row["Gap"]) == (12, "[c]", "[c]")


def test_an_agency_reads_its_own_small_count(summary: ReportSummary) -> None:
    found = conflict(summary, "county", "domestic_abuse.e07000902")
    assert found["figures"][0]["value"] == 3
    assert found["gap"]["value"] == 9
    assert (
        "your figure is 3 cases (Abuse cases); Northshire Police's is 12 offences (Recorded crimes), 9 more." in found["sentence"]
    )


def test_a_published_small_count_is_shown(summary: ReportSummary) -> None:
    found = conflict(summary, "police", "theft")
    assert found["figures"][1]["value"] == 3
    assert found["gap"]["value"] == -5


def test_a_conflict_that_tells_the_count_by_being_listed_is_left_out_and_counted(summary: ReportSummary) -> None:
    for agency in ("police", "fire"):
        assert content(summary, agency)["summary"]["conflicts_left_out"] == 1
        assert not any("arson.e07000901" in text for text in everything_written_for(summary, agency))
        assert "1 conflict left out" in page(summary, agency)


def test_a_quarter_that_the_year_would_tell_is_protected(summary: ReportSummary) -> None:
    # fire: year 20, quarters 6, 7, (2), 5: with all three shown, the 2 would follow; the smallest of them goes
    shown = {c["period"]: c["figures"][1]["shown"] for c in content(summary, "police")["conflicts"] if c["measure"] == "arson"}
    assert shown == {"2016-17": "20", "2016-17 Q1": "6", "2016-17 Q2": "7", "2016-17 Q4": "[c]"}
    hidden = conflict(summary, "police", "arson.e07000902.2016-17-q4")
    assert hidden["gap"]["value"] is None
    assert "could be worked out from it" in hidden["sentence"]


def test_the_front_page_shows_nobodys_small_count(summary: ReportSummary) -> None:
    text = words(summary.index.read_text(encoding="utf-8"))
    assert "Youth offending 2016-17 Northshire Police: Recorded crimes [c] Northshire County Council: Abuse cases 47 [c]" in text
    assert "Domestic abuse 2016-17 Northshire Police: Recorded crimes 120 Northshire County Council: Abuse cases 90 −30" in text
    assert "+45" not in text
    # the county's one accepted file holds two records
    assert "Abuse cases Northshire County Council 2 31 March 2016 [c] [c] [c]" in text
    assert "Recorded crimes Northshire Police 2 30 June 2016 1,010 1,008 2" in text
    assert "cases_bad.xlsx" in text
    assert "Figures as at 1 August 2016" in text
    for agency, _, _ in AGENCIES:
        for kind in ("html", "xlsx", "json"):
            assert f'href="{agency}.{kind}"' in summary.index.read_text(encoding="utf-8")


def test_rejected_rows_say_where_and_what_to_do(summary: ReportSummary) -> None:
    first = rows(summary, "police", "Rejected rows")[0]
    assert (first["File"], first["Row"], first["Column"], first["Found"]) == (
        "crimes_april.csv",
        17,
        "recorded_date",
        "31/04/2016",
    )
    assert first["What to do"] == "recorded_date: found '31/04/2016'; expected a date that exists. Correct the date."
    assert "crimes_april.csv 17 recorded_date 31/04/2016 recorded_date: found '31/04/2016'" in page(summary, "police")
    assert "cases_early.xlsx, sheet Q4 9 Case ID" in page(summary, "county")


def test_an_agency_never_reads_anothers_rejects_or_files(summary: ReportSummary) -> None:
    for agency in ("police", "fire", "district", "clinic"):
        for text in everything_written_for(summary, agency):
            assert "COUNTY-ONLY" not in text
            assert "cases_early.xlsx" not in text
    assert "COUNTY-ONLY" not in summary.index.read_text(encoding="utf-8")


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
    assert "None of your figures is in conflict with another, at any level." in text
    assert "Nothing: no conflict to answer, no file or row to correct, nothing missing." in text
    assert content(summary, "clinic")["conflicts"] == []
    assert set(rows(summary, "clinic", "Conflicts")[0].values()) == {"[z]"}


def test_the_workbook_has_one_full_table_a_sheet(summary: ReportSummary) -> None:
    book = CalamineWorkbook.from_path(str(summary.index.parent / "police.xlsx"))
    assert book.sheet_names == [
        "Cover",
        "Notes",
        "Conflicts",
        "Rejected rows",
        "Refused files",
        "Missing periods",
        "Late periods",
        "Submissions",
    ]
    for name in book.sheet_names[1:]:
        sheet = book.get_sheet_by_name(name)
        assert sheet.start == (0, 0)
        assert not sheet.merged_cell_ranges
        assert all(cell not in ("", None) for row in sheet.to_python()[2:] for cell in row)


def test_json_is_versioned_and_dated(summary: ReportSummary) -> None:
    report = content(summary, "police")
    assert report["schema"] == "csp-discrepancy-report/1"
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


def test_without_a_warehouse_it_says_so(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="no published warehouse yet"):
        write_reports(Settings(sources=settings.sources, warehouse=tmp_path))
