"""Department for Transport: road collisions that injured someone (STATS19), as the open data files have them.

Codes are those of the Department's guide to the open data: -1 stands for what is not known.
"""

from csp_pipeline import tables
from csp_pipeline.agencies.districts import district_of
from csp_pipeline.tables import Derived, FeedTable, LookUp

SEVERITY = {"1": "fatal", "2": "serious", "3": "slight"}


@tables.feed(
    row_unit="collision",
    key=("collision_index",),
    coverage_date="collision_date",
    derived=(district_of("district_given", "District of the collision", role="area: collision"),),
)
class Collisions(FeedTable):
    """Collisions in which someone was injured on a public road and the police were told, one row each."""

    collision_index: str = tables.text("Collision, unique over all years", role="unit: collision")
    collision_date: str = tables.day("%d/%m/%Y", "Day of the collision", header="date", role="date: collision")
    time: str = tables.text("Time of the collision", nullable=True, required=False)
    severity: str = tables.choice(SEVERITY, "Severity of the worst injury", header="collision_severity")
    number_of_vehicles: str = tables.whole_number("Vehicles", nullable=True, unit="vehicles")
    number_of_casualties: str = tables.whole_number("Casualties", unit="persons")
    police_force: str = tables.text("Police force, as the Department's code", nullable=True, required=False)
    district_given: str = tables.text(
        "Local authority by its ONS code",
        header="local_authority_ons_district",
        nullable=True,
        reference="district",
        reference_is_closed=False,
        sql="trim({column})",
    )
    lsoa_given: str = tables.text(
        "LSOA of the collision, of the year's own edition", header="lsoa_of_accident_location", nullable=True, required=False
    )
    speed_limit: str = tables.text("Speed limit, miles per hour; -1 unknown", nullable=True, required=False)
    road_type: str = tables.text("Road type, as the Department's code", nullable=True, required=False)
    urban_or_rural_area: str = tables.text("1 urban, 2 rural, 3 unallocated", nullable=True, required=False)


@tables.feed(
    row_unit="casualty",
    key=("collision_index", "vehicle_reference", "casualty_reference"),
    coverage_date="collision_date",
    looks_up=(LookUp("collision", Collisions, "stats19_collisions", "collision_index", ("collision_date", "district_code")),),
    derived=(
        Derived("collision_date", "DATE", "collision_index_list.collision_date", "Day of its collision", role="date: collision"),
        Derived(
            "district_code",
            "VARCHAR",
            "collision_index_list.district_code",
            "District of its collision; elsewhere beyond the partnership's areas",
            role="area: collision",
            reference="district",
        ),
    ),
)
class Casualties(FeedTable):
    """People injured in collisions, one row each; day and district are those of the collision, in the feed of collisions."""

    collision_index: str = tables.text(
        "Collision", reference="collision", expects="a collision of the feed of collisions", role="unit: collision"
    )
    vehicle_reference: str = tables.text("Vehicle within the collision")
    casualty_reference: str = tables.text("Casualty within the collision")
    casualty_class: str = tables.choice(
        {"1": "driver_or_rider", "2": "passenger", "3": "pedestrian", "-1": "not_known"}, "Driver, passenger or pedestrian"
    )
    sex: str = tables.choice(
        {"1": "male", "2": "female", "9": "not_known", "-1": "not_known"}, "Sex", header="sex_of_casualty", nullable=True
    )
    age_band: str = tables.text(
        "Age band, as the Department's code: 1 to 3 under 16, 4 from 16, 11 over 75, -1 unknown",
        header="age_band_of_casualty",
        nullable=True,
    )
    severity: str = tables.choice(SEVERITY, "Severity of the injury", header="casualty_severity")
    casualty_type: str = tables.text("What they travelled by, as the Department's code", nullable=True, required=False)
