"""data.police.uk: street-level crime and anti-social behaviour of any force, as its files and as its API give it."""

from csp_pipeline import tables
from csp_pipeline.tables import Derived, FeedTable, Layout

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


MONTH = r"\d{4}-(?:0[1-9]|1[0-2])"
MONTH_START = Derived(
    "month_start",
    "DATE",
    "CAST(try_strptime(month || '-01', '%Y-%m-%d') AS DATE)",
    "First day of the month",
    role="date: month",
)


@tables.feed(row_unit="row", coverage_date="month_start", derived=(MONTH_START,))
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
        pattern=MONTH,
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


# The API writes its types in its own way: https://data.police.uk/api/crime-categories
API_CATEGORIES = {words.lower().replace(" ", "-"): shared for words, shared in STREET_CRIME_TYPES.items()}
API_CATEGORIES |= {
    "violent-crime": "violence_and_sexual_offences",
    "criminal-damage-arson": "criminal_damage_and_arson",
}


@tables.feed(
    row_unit="row",
    coverage_date="month_start",
    layout=Layout("json"),
    derived=(
        MONTH_START,
        Derived("asked_area", "VARCHAR", "covers_area", "Area that was asked for", role="area: anonymised_point"),
    ),
)
class StreetApi(FeedTable):
    """Street-level crime and anti-social behaviour of one area as the API of data.police.uk gives it: a JSON array a month.

    The API gives a point and no LSOA: every row counts in the area that was asked for, which is the feed's `covers_area`.
    """

    id: str = tables.text("Publisher's number of the row")
    persistent_id: str = tables.text(
        "Publisher's identifier; blank for anti-social behaviour",
        nullable=True,
        required=False,
        pattern="[0-9a-f]{64}",
        expects="64 hex characters or a blank",
    )
    month: str = tables.text("Month the crime or incident is counted in", pattern=MONTH, expects="a month such as 2016-04")
    crime_type: str = tables.choice(API_CATEGORIES, "Publisher's category", header="category")
    location_type: str = tables.text("Force, or BTP for British Transport Police", nullable=True)
    location_subtype: str = tables.text("For BTP, the kind of place", nullable=True, required=False)
    latitude: str = tables.decimal(
        "Latitude, anonymised at source", header="location.latitude", nullable=True, required=False, unit="degrees"
    )
    longitude: str = tables.decimal(
        "Longitude, anonymised at source", header="location.longitude", nullable=True, required=False, unit="degrees"
    )
    street_id: str = tables.text("Publisher's number of the place", header="location.street.id", nullable=True, required=False)
    location: str = tables.text("Anonymised place", header="location.street.name", nullable=True, required=False)
    context: str = tables.text("Publisher's context (empty so far)", nullable=True, required=False)
    last_outcome: str = tables.text(
        "Last outcome known when published", header="outcome_status.category", nullable=True, required=False
    )
    outcome_month: str = tables.text(
        "Month of that outcome",
        header="outcome_status.date",
        nullable=True,
        required=False,
        pattern=MONTH,
        expects="a month such as 2016-04",
    )
