"""Leicestershire Fire & Rescue Service: incidents attended."""

from csp_pipeline import tables
from csp_pipeline.tables import FeedTable


@tables.feed(
    row_unit="incident",
    key=("incident_number",),
    coverage_date="time_of_call",
)
class Incidents(FeedTable):
    """Incidents attended, after the national Incident Recording System, in the file of the quarter of the call."""

    incident_number: str = tables.text("Incident number", role="unit: incident")
    time_of_call: str = tables.moment("%d/%m/%Y %H:%M", "Time of call", role="date: call")
    incident_group: str = tables.choice(
        {"Fire": "fire", "False Alarm": "false_alarm", "Special Service": "special_service"}, "Kind of incident"
    )
    incident_type: str = tables.text("Type within the group, such as RTC", nullable=True)
    fire_class: str = tables.choice(
        {"Primary": "primary", "Secondary": "secondary", "Chimney": "chimney"},
        "Class of fire; blank where it was none",
        nullable=True,
    )
    motive: str = tables.choice(
        {"Deliberate": "deliberate", "Accidental": "accidental", "Not known": "not_known"},
        "Motive of a fire; blank where it was none",
        nullable=True,
    )
    property_category: str = tables.text("Kind of property", nullable=True)
    lsoa_code: str = tables.lsoa("LSOA 2011 of the incident; blank where it has no usable location", role="area: incident")
    easting: str = tables.whole_number("Easting, British National Grid", nullable=True, unit="metres")
    northing: str = tables.whole_number("Northing, British National Grid", nullable=True, unit="metres")
    casualties: str = tables.whole_number("Casualties", nullable=True, unit="persons")
    fatalities: str = tables.whole_number("Fatalities", nullable=True, unit="persons")
    police_incident_number: str = tables.text(
        "Police incident number, where the police attended", nullable=True, role="reference"
    )
