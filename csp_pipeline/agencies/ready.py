"""Layouts of published feeds that any partnership can switch on in `feed.yml`, without Python; templates: ready_feeds/."""

from dataclasses import dataclass

from csp_pipeline.agencies import data_police_uk, fire, home_office, london_fire, stats19
from csp_pipeline.tables import FeedTable


@dataclass(frozen=True)
class ReadyFeed:
    """A layout that is declared already: its table, who publishes it, and the name that its folder gets by default."""

    model: type[FeedTable]
    publisher: str
    folder: str


READY = {
    "police_uk_street": ReadyFeed(data_police_uk.Street, "data.police.uk, street-level files", "street"),
    "police_uk_street_api": ReadyFeed(data_police_uk.StreetApi, "data.police.uk, API", "street_api"),
    "home_office_recorded_crime": ReadyFeed(
        home_office.RecordedCrimeTables, "Home Office, open data tables as CSV", "recorded_crime_tables"
    ),
    "home_office_recorded_crime_workbook": ReadyFeed(
        home_office.RecordedCrimeWorkbook, "Home Office, open data tables as ODS or XLSX", "recorded_crime_tables"
    ),
    "stats19_collisions": ReadyFeed(stats19.Collisions, "Department for Transport, road safety open data", "collisions"),
    "stats19_casualties": ReadyFeed(stats19.Casualties, "Department for Transport, road safety open data", "casualties"),
    "irs_incidents": ReadyFeed(fire.Incidents, "a fire and rescue service, after the Incident Recording System", "incidents"),
    "london_fire_incidents": ReadyFeed(london_fire.LondonIncidents, "London Fire Brigade, London Datastore", "incidents"),
}
