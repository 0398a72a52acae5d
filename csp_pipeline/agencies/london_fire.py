"""London Fire Brigade: incidents attended, as the London Datastore publishes them."""

from csp_pipeline import tables
from csp_pipeline.agencies.districts import district_of
from csp_pipeline.tables import FeedTable


@tables.feed(
    row_unit="incident",
    key=("incident_number",),
    coverage_date="call_date",
    derived=(district_of("borough_code", "Borough of the incident", role="area: incident"),),
)
class LondonIncidents(FeedTable):
    """Incidents that the London Fire Brigade attended, one row each, after the national Incident Recording System.

    The full postcode and the references of property and street are read and not kept, as they can be of one home.
    """

    incident_number: str = tables.text("Incident number", header="IncidentNumber", role="unit: incident")
    call_date: str = tables.day("%d %b %Y", "Day of the call", header="DateOfCall", role="date: call")
    call_time: str = tables.text(
        "Time of the call", header="TimeOfCall", pattern="[0-2][0-9]:[0-5][0-9]:[0-5][0-9]", expects="a time such as 00:03:00"
    )
    incident_group: str = tables.choice(
        {"Fire": "fire", "False Alarm": "false_alarm", "Special Service": "special_service"},
        "Kind of incident",
        header="IncidentGroup",
    )
    stop_code: str = tables.text("What it turned out to be, such as Primary Fire", header="StopCodeDescription")
    special_service: str = tables.text("Kind of special service, such as RTC", header="SpecialServiceType", nullable=True)
    property_category: str = tables.text("Kind of property", header="PropertyCategory", nullable=True)
    property_type: str = tables.text("Property in more detail", header="PropertyType", nullable=True)
    borough_code: str = tables.text(
        "Borough by its ONS code",
        header="IncGeo_BoroughCode",
        nullable=True,
        reference="district",
        reference_is_closed=False,
        sql="trim({column})",
    )
    ward_code: str = tables.text("Ward by its ONS code", header="IncGeo_WardCode", nullable=True, required=False)
    easting: str = tables.whole_number(
        "Easting, rounded to 50 metres, British National Grid", header="Easting_rounded", nullable=True, unit="metres"
    )
    northing: str = tables.whole_number(
        "Northing, rounded to 50 metres, British National Grid", header="Northing_rounded", nullable=True, unit="metres"
    )
    postcode: str = tables.text(
        "Postcode; not kept", header="Postcode_full", nullable=True, required=False, stored=False, sensitivity="address"
    )
    property_reference: str = tables.text(
        "Property reference; not kept", header="UPRN", nullable=True, required=False, stored=False, sensitivity="address"
    )
    street_reference: str = tables.text(
        "Street reference; not kept", header="USRN", nullable=True, required=False, stored=False, sensitivity="address"
    )
    station_ground: str = tables.text(
        "Station whose ground it was on", header="IncidentStationGround", nullable=True, required=False
    )
    pumps_attending: str = tables.whole_number("Pumps attending", header="NumPumpsAttending", nullable=True, required=False)
    calls: str = tables.whole_number("Calls about it", header="NumCalls", nullable=True, required=False)
