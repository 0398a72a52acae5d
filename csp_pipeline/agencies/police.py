"""Leicestershire Police: recorded crimes, anti-social behaviour incidents, and two published forms of its figures."""

from csp_pipeline import tables
from csp_pipeline.tables import Derived, FeedTable

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
    committed_to: str = tables.moment("%d/%m/%Y %H:%M", "Latest time it was committed", nullable=True)
    offence_code: str = tables.text(
        "Home Office offence code", reference="offence_code", expects="a Home Office offence code such as 8N or 37.2"
    )
    offence: str = tables.text("Offence in the force's words", nullable=True)
    domestic: str = tables.flag("Y", "N", "Flagged as domestic")
    hate_strands: str = tables.text("Strands of hate, separated by semicolons", nullable=True, sensitivity="special category")
    beat: str = tables.text("Beat", nullable=True, reference="beat", expects="the name of a beat")
    lsoa_code: str = tables.lsoa("LSOA 2011 of the offence; blank where it has no usable location", role="area: offence")
    person_key: str = tables.person_key("Victim; blank for a victimless crime", nullable=True, role="unit: victim")
    status: str = tables.choice(
        {"Recorded": "recorded", "Cancelled": "cancelled", "Transferred": "transferred"},
        "Whether it still counts as a recorded crime",
        role="status",
    )
    suspect_under_18: str = tables.flag("Y", "N", "A suspect is under 18", nullable=True)


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
    beat: str = tables.text("Beat", nullable=True, reference="beat", expects="the name of a beat")
    lsoa_code: str = tables.lsoa("LSOA 2011 of the incident", role="area: incident")
    recording_system: str = tables.text("System it was recorded in")


STREET_CRIME_TYPES = {
    "Anti-social behaviour": "anti_social_behaviour",
    "Bicycle theft": "bicycle_theft",
    "Burglary": "burglary",
    "Criminal damage and arson": "criminal_damage_and_arson",
    "Drugs": "drugs",
    "Other crime": "other_crime",
    "Other theft": "other_theft",
    "Possession of weapons": "possession_of_weapons",
    "Public order": "public_order",
    "Robbery": "robbery",
    "Shoplifting": "shoplifting",
    "Theft from the person": "theft_from_the_person",
    "Vehicle crime": "vehicle_crime",
    "Violence and sexual offences": "violence_and_sexual_offences",
}


@tables.feed(
    row_unit="row",
    coverage_date="month_start",
    derived=(
        Derived(
            "month_start",
            "DATE",
            "CAST(try_strptime(month || '-01', '%Y-%m-%d') AS DATE)",
            "First day of the month",
            role="date: month",
        ),
    ),
)
class Street(FeedTable):
    """Street-level crime and anti-social behaviour exactly as published by data.police.uk, one file a month.

    Rows without a Crime ID (all anti-social behaviour) are never duplicates, however alike they are.
    """

    crime_id: str = tables.text(
        "Publisher's identifier; blank for anti-social behaviour",
        header="Crime ID",
        nullable=True,
        pattern="[0-9a-f]{64}",
        expects="64 hex characters or a blank",
    )
    month: str = tables.text(
        "Month the crime or incident is counted in",
        header="Month",
        pattern=r"\d{4}-(?:0[1-9]|1[0-2])",
        expects="a month such as 2016-04",
    )
    reported_by: str = tables.text("Force that supplied the row", header="Reported by")
    falls_within: str = tables.text("Force area the row is said to fall within", header="Falls within", nullable=True)
    longitude: str = tables.decimal("Longitude, anonymised at source", header="Longitude", nullable=True, unit="degrees")
    latitude: str = tables.decimal("Latitude, anonymised at source", header="Latitude", nullable=True, unit="degrees")
    location: str = tables.text("Anonymised place", header="Location", nullable=True)
    lsoa_code: str = tables.lsoa(
        "LSOA 2011 of the anonymised point; blank without a location", header="LSOA code", role="area: anonymised_point"
    )
    lsoa_name: str = tables.text("Name of the LSOA", header="LSOA name", nullable=True)
    crime_type: str = tables.choice(STREET_CRIME_TYPES, "Publisher's crime type", header="Crime type")
    last_outcome: str = tables.text("Last outcome known when published", header="Last outcome category", nullable=True)
    context: str = tables.text("Publisher's context (empty so far)", header="Context", nullable=True)


@tables.feed(
    row_unit="offence",
    coverage_date="quarter_start",
    noted={"is_cancellation": "negative counts kept: more records were cancelled than added"},
    derived=(
        Derived(
            "quarter_start",
            "DATE",
            "make_date(CAST(left(financial_year, 4) AS BIGINT) + CASE WHEN financial_quarter = 4 THEN 1 ELSE 0 END,"
            " [4, 7, 10, 1][financial_quarter], 1)",
            "First day of the quarter",
            role="date: recorded",
            grain="quarter",
        ),
        Derived(
            "area_code",
            "VARCHAR",
            "CASE WHEN csp_name IS NULL THEN force_name_list.shared ELSE coalesce(csp_name_list.shared, 'elsewhere') END",
            "Area the count is for: the CSP's district where it is given by CSP, else the force",
            role="area: offence",
        ),
        Derived(
            "is_cancellation",
            "BOOLEAN",
            "number_of_offences < 0",
            "The count is negative: cancelled records outweigh new ones",
        ),
    ),
)
class RecordedCrimeTables(FeedTable):
    """Home Office open data tables of police recorded crime, by force or by CSP, offence code and quarter.

    Negative counts are kept: they are crimes cancelled after an earlier quarter had counted them.
    """

    financial_year: str = tables.financial_year("Financial year", header="Financial Year")
    financial_quarter: str = tables.whole_number(
        "Quarter of the financial year, 1 from April",
        header="Financial Quarter",
        pattern="[1-4]",
        expects="a quarter of the financial year, 1 to 4",
    )
    force_name: str = tables.text(
        "Force area",
        header="Force Name",
        reference="force",
        expects="a police force area of England and Wales",
        sql="{column}",
    )
    csp_name: str = tables.text(
        "Community Safety Partnership",
        header="CSP Name",
        required=False,
        nullable=True,
        reference="district",
        reference_is_closed=False,
        sql="{column}",
    )
    offence: str = tables.text("Offence", header="Offence Description")
    offence_group: str = tables.text("Offence group", header="Offence Group")
    offence_subgroup: str = tables.text("Offence subgroup", header="Offence Subgroup")
    offence_code: str = tables.text("Home Office offence code", header="Offence Code")
    number_of_offences: str = tables.whole_number(
        "Offences recorded; negative where cancellations outweigh", header="Number of Offences", unit="offences"
    )
