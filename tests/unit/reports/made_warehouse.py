"""A published warehouse made by hand for tests of reports: five agencies, their files, conflicts and small counts."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from csp_pipeline.publish.catalogue import MODELS
from csp_pipeline.settings import Settings
from csp_pipeline.tables import ddl, specs_of
from tests.unit.reports.made_explanations import add_explanations

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
  district: {name: Northby District Council, contact: Community safety team}
discrepancies: {area_levels: [district, county, force], periods: [financial_year, quarter]}
disclosure:
  public_feeds: [{feed: district/published_figures, reason: Anybody can read them.}]
"""
PUBLISHED_FIGURES = """
title: Published figures
contact: Community safety team
cadence: yearly
deadline_days: 90
coverage: {kind: financial_year, by: content, pattern: ".*"}
covers_area: E07000901
sharing_basis: Published
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


def make_warehouse(folder: Path) -> Settings:
    """Sources and a published warehouse in a folder, and the settings that point there."""
    sources, warehouse = folder / "sources", folder / "warehouse"
    sources.mkdir()
    warehouse.mkdir()
    (sources / "partnership.yml").write_text(PARTNERSHIP, encoding="utf-8")
    published = sources / "district" / "published_figures"
    published.mkdir(parents=True)
    (published / "feed.yml").write_text(PUBLISHED_FIGURES, encoding="utf-8")
    (sources / "measures.yml").write_text(MEASURES, encoding="utf-8")
    (sources / "areas.csv").write_text(AREAS, encoding="utf-8")
    made = Settings(sources=sources, warehouse=warehouse, threads=1)
    made.database.write_bytes(_filled())
    return made


@cache
def _filled() -> bytes:
    """The published warehouse as a file; filling it row by row takes longer than many a test."""
    with TemporaryDirectory() as folder:
        database = Path(folder) / "csp.duckdb"
        _fill(Warehouse(database))
        return database.read_bytes()


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
    add_explanations(warehouse.add)
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
        rejected_a=0,
        rejected_b=0,
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
            is_open=outcome == "refused",
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
        agency: str,
        feed: str,
        file: str,
        sheet: str | None,
        row: int,
        column: str,
        value: str | None,
        message: str,
        identifiers: str | None = None,
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
            identifiers=identifiers,
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
        '{"crime_number": "16/000017", "incident_number": "L16-0000009"}',
    )
    reject("police", "crimes", "crimes_april.csv", None, 21, "offence", FORMULA, "offence: not known. Correct the code.")
    for code, is_open in (("999Z", True), ("111A", False)):
        warehouse.add(
            "unmapped_codes",
            agency="police",
            feed="crimes",
            column_name="offence",
            code=code,
            rows=12,
            submissions=1,
            first_submission="crimes_april.csv",
            last_submission="crimes_april.csv",
            is_open=is_open,
        )
    for agency, feed, file, column, change, evidence, done in (
        ("police", "crimes", "crimes_april.csv", "team", "new", "'team' is not in the agreed layout", "discard_value"),
        ("police", "crimes", "crimes_june.csv", "team", "new", "'team' is not in the agreed layout", "discard_value"),
        ("county", "cases", "cases_bad.xlsx", "case_id", "renamed", "'Case' is probably 'case_id' renamed", "freeze"),
    ):
        warehouse.add(
            "column_changes",
            submission_id=file,
            agency=agency,
            feed=feed,
            file=file,
            column_name=column,
            change=change,
            evidence=evidence,
            done=done,
        )
    reject("county", "cases", "cases_early.xlsx", "Q4", 9, "Case ID", "COUNTY-ONLY", "Case ID: mend it.")
