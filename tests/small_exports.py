"""Small exports for tests: rows as a partner would write them, and files of every kind made from rows."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import xlsxwriter

HARBOROUGH = "E07000131"
FORCE = "E23000021"
COUNTY = "E10000018"
IN_HARBOROUGH = "E01025770"  # Harborough 002A, beat Harborough North
ALSO_IN_HARBOROUGH = "E01025803"  # Harborough 007E, beat Harborough Town
IN_BLABY = "E01025615"
FAR_AWAY = "E01000001"  # City of London


def person(name: object) -> str:
    """A person key as an agency computes it."""
    return hashlib.sha256(str(name).encode()).hexdigest()


def crime(number: int, **changes: str) -> dict[str, str]:
    """A row of police/crimes, recorded on 15/04/2016 in Harborough unless changed."""
    return {
        "crime_number": f"16/{number:06d}",
        "incident_number": f"L16-{number:07d}",
        "recorded_date": "15/04/2016",
        "committed_from": "14/04/2016 22:00",
        "committed_to": "",
        "offence_code": "46",
        "offence": "Shoplifting",
        "domestic": "N",
        "hate_strands": "",
        "beat": "Harborough North",
        "lsoa_code": IN_HARBOROUGH,
        "person_key": "",
        "status": "Recorded",
        "suspect_under_18": "",
    } | changes


def asb(number: int, **changes: str) -> dict[str, str]:
    """A row of police/asb, reported on 15/04/2016 in Harborough unless changed."""
    return {
        "incident_number": f"L16-{number:07d}",
        "reported_at": "15/04/2016 23:10",
        "category": "Nuisance",
        "beat": "Harborough North",
        "lsoa_code": IN_HARBOROUGH,
        "recording_system": "CIS",
    } | changes


def street(**changes: str) -> dict[str, str]:
    """A row of police/street: anti-social behaviour in Harborough in April 2016, without an identifier, unless changed."""
    return {
        "Crime ID": "",
        "Month": "2016-04",
        "Reported by": "Leicestershire Police",
        "Falls within": "Leicestershire Police",
        "Longitude": "-0.918000",
        "Latitude": "52.477000",
        "Location": "On or near High Street",
        "LSOA code": IN_HARBOROUGH,
        "LSOA name": "Harborough 002A",
        "Crime type": "Anti-social behaviour",
        "Last outcome category": "",
        "Context": "",
    } | changes


def case(number: int, **changes: Any) -> dict[str, Any]:
    """A row of county/domestic_abuse, referred on 15/04/2016 by someone living in Harborough unless changed."""
    return {
        "Case ID": f"DA{number:05d}",
        "Referral date": "15/04/2016",
        "Incident date": "",
        "Referral source": "Self",
        "Police crime ref": "",
        "Client key": person(number),
        "District of residence": "Harborough",
        "LSOA of incident": "",
        "Physical injury": "No",
        "Risk": "Standard",
        "MARAC": "No",
        "Repeat": "No",
        "Status": "Open",
    } | changes


def asb_case(reference: str, **changes: str) -> dict[str, str]:
    """A row of district/asb_cases, opened on 18/04/2016 in Harborough unless changed."""
    return {
        "case_reference": reference,
        "opened": "18/04/2016",
        "closed": "",
        "category": "Noise",
        "source": "Public",
        "police_incident_number": "",
        "beat": "",
        "lsoa_code": IN_HARBOROUGH,
        "perpetrator_age_group": "",
        "status": "Open",
    } | changes


def youth(child: object, **changes: str) -> dict[str, str]:
    """A row of county/youth_offending: an offence by a child of Harborough, disposed of on 20/04/2016, unless changed."""
    return {
        "young_person_key": person(child),
        "offence_date": "01/03/2016",
        "disposal_date": "20/04/2016",
        "disposal": "Youth Caution",
        "first_time_entrant": "Y",
        "district": "Harborough",
        "offence_code": "46",
    } | changes


def fire(number: int, **changes: str) -> dict[str, str]:
    """A row of fire/incidents: a deliberate fire in Harborough on 15/04/2016 unless changed."""
    return {
        "incident_number": f"161{number:05d}",
        "time_of_call": "15/04/2016 02:30",
        "incident_group": "Fire",
        "incident_type": "Primary fire",
        "fire_class": "Primary",
        "motive": "Deliberate",
        "property_category": "Road Vehicle",
        "lsoa_code": IN_HARBOROUGH,
        "easting": "469075",
        "northing": "287816",
        "casualties": "0",
        "fatalities": "0",
        "police_incident_number": "",
    } | changes


def episode(number: int, client: object, **changes: str) -> dict[str, str]:
    """A row of turning_point/episodes: open since 01/02/2016, of a client living in Harborough, unless changed."""
    return {
        "AGNCY": "SWAN1",
        "CLIENT": str(client),
        "EPISODID": str(number),
        "REFLD": "2016-02-01",
        "TRIAGED": "2016-02-08",
        "DISD": "",
        "DISRSN": "",
        "DRUG1": "Alcohol",
        "DRUG2": "",
        "DRUG3": "",
        "RFLS": "4",
        "MODAL": "Brief intervention",
        "LA": "Harborough",
        "SEX": "F",
        "AGEBAND": "25-34",
    } | changes


def tables_row(quarter: int, count: object, **changes: str) -> dict[str, str]:
    """A row of police/recorded_crime_tables by force: shoplifting in Leicestershire in a quarter of 2016/17."""
    return {
        "Financial Year": "2016/17",
        "Financial Quarter": str(quarter),
        "Force Name": "Leicestershire",
        "Offence Description": "Shoplifting",
        "Offence Group": "Theft offences",
        "Offence Subgroup": "Shoplifting",
        "Offence Code": "46",
        "Number of Offences": f" {count} ",
    } | changes


def published(measure: str, value: str, **changes: str) -> dict[str, str]:
    """A row of district/published_figures for Harborough in 2016-17."""
    return {
        "measure": measure,
        "area": "Harborough",
        "period": "2016-17",
        "value": value,
        "published_on": "01/05/2017",
        "page": "5",
    } | changes


def csv_text(
    rows: Sequence[Mapping[str, Any]],
    *,
    delimiter: str = ",",
    newline: str = "\n",
    columns: Iterable[str] | None = None,
) -> str:
    """Rows as delimited text, the header first."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns or rows[0]), delimiter=delimiter, lineterminator=newline)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def grid(
    rows: Sequence[Mapping[str, Any]], above: Sequence[Sequence[Any]] = (), below: Sequence[Sequence[Any]] = ()
) -> list[list[Any]]:
    """Rows as a sheet's cells: lines above, the header, the rows, lines below."""
    return [*map(list, above), list(rows[0]), *(list(row.values()) for row in rows), *map(list, below)]


def xlsx(sheets: Mapping[str, Sequence[Sequence[Any]]], merges: Mapping[str, Sequence[str]] | None = None) -> bytes:
    """A workbook of sheets given as cells; `merges` are ranges whose top left cell is written over all of them."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "default_date_format": "dd/mm/yyyy"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
            for place in (merges or {}).get(name, ()):
                sheet.merge_range(place, _top_left(rows, place))
    return buffer.getvalue()


def _top_left(rows: Sequence[Sequence[Any]], place: str) -> Any:
    row, column = xlsxwriter.utility.xl_cell_to_rowcol(place.split(":")[0])
    return rows[row][column] if row < len(rows) and column < len(rows[row]) else ""


def ods(sheets: Mapping[str, Sequence[Sequence[Any]]]) -> bytes:
    """An OpenDocument workbook; equal rows that follow each other are written once with number-rows-repeated."""
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    document = OpenDocumentSpreadsheet()
    for name, rows in sheets.items():
        table = Table(name=name)
        position = 0
        while position < len(rows):
            same = 1
            while position + same < len(rows) and list(rows[position + same]) == list(rows[position]):
                same += 1
            line = TableRow(numberrowsrepeated=same) if same > 1 else TableRow()
            for value in rows[position]:
                if isinstance(value, int | float):
                    cell = TableCell(valuetype="float", value=str(value))
                elif value == "":
                    cell = TableCell()
                else:
                    cell = TableCell(valuetype="string")
                if value != "":
                    cell.addElement(P(text=str(value)))
                line.addElement(cell)
            table.addElement(line)
            position += same
        document.spreadsheet.addElement(table)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()
