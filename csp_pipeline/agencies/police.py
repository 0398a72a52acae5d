"""Leicestershire Police: recorded crimes, anti-social behaviour incidents, and two published forms of its figures."""

from csp_pipeline import tables
from csp_pipeline.agencies.data_police_uk import Street
from csp_pipeline.agencies.home_office import RecordedCrimeTables
from csp_pipeline.tables import Derived, FeedTable

__all__ = ["Asb", "Crimes", "RecordedCrimeTables", "Street"]

OFFENCE = (
    Derived("offence_group", "VARCHAR", "offence_code_list.offence_group", "Home Office offence group"),
    Derived("offence_subgroup", "VARCHAR", "offence_code_list.offence_subgroup", "Home Office offence subgroup"),
)


@tables.feed(
    row_unit="offence",
    key=("crime_number",),
    coverage_date="recorded_date",
    derived=OFFENCE,
)
class Crimes(FeedTable):
    """Recorded crimes, one row each, in the file of the month they were recorded in."""

    crime_number: str = tables.text(
        "Crime number", pattern=r"\d{2}/\d{1,8}", expects="a crime number such as 16/123456", role="unit: offence"
    )
    incident_number: str = tables.text(
        "Incident the crime came from; several crimes can share one", nullable=True, role="unit: incident"
    )
    recorded_date: str = tables.day("%d/%m/%Y", "Day the crime was recorded", role="date: recorded")
    committed_from: str = tables.moment("%d/%m/%Y %H:%M", "Earliest time it was committed", nullable=True, role="date: committed")
    committed_to: str = tables.moment(
        "%d/%m/%Y %H:%M", "Latest time it was committed; blank where one time is known", nullable=True
    )
    offence_code: str = tables.text(
        "Home Office offence code", reference="offence_code", expects="a Home Office offence code such as 8N or 37.2"
    )
    offence: str = tables.text("Offence in the force's words", nullable=True)
    domestic: str = tables.flag("Y", "N", "Flagged as domestic")
    hate_strands: str = tables.text(
        "Strands of hate, separated by semicolons; blank where there is none", nullable=True, sensitivity="special category"
    )
    beat: str = tables.text("Beat, by its code in areas", nullable=True, reference="beat", expects="the name of a beat")
    lsoa_code: str = tables.lsoa("LSOA 2011 of the offence; blank where it has no usable location", role="area: offence")
    person_key: str = tables.person_key("Victim; blank for a victimless crime", nullable=True, role="unit: victim")
    status: str = tables.choice(
        {"Recorded": "recorded", "Cancelled": "cancelled", "Transferred": "transferred"},
        "Whether it still counts as a recorded crime",
        role="status",
    )
    suspect_under_18: str = tables.flag("Y", "N", "A suspect is under 18; blank where that is not known", nullable=True)


@tables.feed(
    row_unit="incident",
    key=("incident_number",),
    coverage_date="reported_at",
)
class Asb(FeedTable):
    """Anti-social behaviour incidents reported to the police, in the file of the month they were reported in."""

    incident_number: str = tables.text("Incident number", role="unit: incident")
    reported_at: str = tables.moment("%d/%m/%Y %H:%M", "When it was reported", role="date: reported")
    category: str = tables.choice(
        {"Personal": "personal", "Nuisance": "nuisance", "Environmental": "environmental"}, "Kind of behaviour"
    )
    beat: str = tables.text("Beat, by its code in areas", nullable=True, reference="beat", expects="the name of a beat")
    lsoa_code: str = tables.lsoa("LSOA 2011 of the incident; blank where it has no usable location", role="area: incident")
    recording_system: str = tables.text("System it was recorded in")
