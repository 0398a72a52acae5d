"""Leicestershire County Council: domestic abuse cases, youth offending, and the community survey."""

from csp_pipeline import tables
from csp_pipeline.published_numbers import published_percentage
from csp_pipeline.tables import Derived, FeedTable, Layout


@tables.feed(
    row_unit="case",
    key=("case_id",),
    coverage_date="referral_date",
    layout=Layout("workbook", sheet="Cases"),
)
class DomesticAbuse(FeedTable):
    """Cases opened by the commissioned domestic abuse service, in the workbook of the quarter they were opened in."""

    case_id: str = tables.text("Case", header="Case ID", role="unit: case")
    referral_date: str = tables.day("%d/%m/%Y", "Day the case was referred", header="Referral date", role="date: referred")
    incident_date: str = tables.day(
        "%d/%m/%Y", "Day of the incident, where known", header="Incident date", nullable=True, role="date: incident"
    )
    referral_source: str = tables.choice(
        {"Police": "police", "Self": "self", "Health": "health", "MARAC": "marac", "Other": "other"},
        "Who referred",
        header="Referral source",
    )
    police_crime_reference: str = tables.text(
        "Police crime number as keyed by the service, in any of several forms",
        header="Police crime ref",
        nullable=True,
        role="reference",
    )
    person_key: str = tables.person_key("Client", header="Client key", nullable=True, role="unit: person")
    residence_district: str = tables.district(
        "District the client lives in", header="District of residence", nullable=True, role="area: residence"
    )
    lsoa_code: str = tables.lsoa(
        "LSOA 2011 of the incident; blank where it has no usable location", header="LSOA of incident", role="area: incident"
    )
    physical_injury: str = tables.choice(
        {"Yes": "yes", "No": "no", "Not known": "not_known"}, "Physical injury", header="Physical injury"
    )
    risk: str = tables.choice({"Standard": "standard", "Medium": "medium", "High": "high"}, "Assessed risk", header="Risk")
    marac: str = tables.flag("Yes", "No", "Discussed at a MARAC", header="MARAC")
    repeat: str = tables.flag("Yes", "No", "The service knows the client from before", header="Repeat")
    status: str = tables.choice(
        {"Open": "open", "Closed": "closed", "Opened in error": "opened_in_error"},
        "State of the case",
        header="Status",
        role="status",
    )


@tables.feed(
    row_unit="offence",
    coverage_date="disposal_date",
)
class YouthOffending(FeedTable):
    """Proven offences by children, one row each, in the file of the quarter they were disposed of in."""

    young_person_key: str = tables.person_key("Child", role="unit: person")
    offence_date: str = tables.day("%d/%m/%Y", "Day of the offence", role="date: committed")
    disposal_date: str = tables.day("%d/%m/%Y", "Day of the disposal", role="date: disposed")
    disposal: str = tables.text("Disposal")
    first_time_entrant: str = tables.flag("Y", "N", "First time in the youth justice system")
    district: str = tables.district("District the child lives in", role="area: residence")
    offence_code: str = tables.text(
        "Home Office offence code", reference="offence_code", expects="a Home Office offence code such as 8N or 37.2"
    )


@tables.feed(
    row_unit="result",
    key=("period", "district", "question"),
    record_level=False,
    layout=Layout("workbook", sheet_per_period=True),
    derived=(Derived("period", "VARCHAR", "covered_label", "Quarter surveyed", role="period"),),
)
class CommunitySurvey(FeedTable):
    """The community survey's results, one sheet for each quarter: already percentages, never to be added up."""

    district: str = tables.district("District surveyed", header="District", role="area: residence")
    question: str = tables.text("Question as asked", header="Question")
    base: str = tables.whole_number("Respondents", header="Base", nullable=True, unit="respondents")
    percentage: str = published_percentage("Percentage of respondents", header="Percentage", nullable=True, unit="%")
