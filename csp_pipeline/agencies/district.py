"""Harborough District Council: anti-social behaviour cases, the parish survey, and the partnership's published figures."""

from csp_pipeline import tables
from csp_pipeline.published_numbers import published_number
from csp_pipeline.tables import Derived, FeedTable, Layout


@tables.feed(
    row_unit="case",
    key=("case_reference",),
    coverage_date="opened",
)
class AsbCases(FeedTable):
    """Anti-social behaviour cases of the shared case system, in the file of the month they were opened in."""

    case_reference: str = tables.text("Case", role="unit: case")
    opened: str = tables.day("%d/%m/%Y", "Day the case was opened", role="date: opened")
    closed: str = tables.day("%d/%m/%Y", "Day it was closed; blank while it is open", nullable=True, role="date: closed")
    category: str = tables.text("Kind of behaviour")
    source: str = tables.choice(
        {"Public": "public", "Police": "police", "Councillor": "councillor", "Housing": "housing"}, "Who reported it"
    )
    police_incident_number: str = tables.text(
        "Police incident number; blank where none was noted", nullable=True, role="reference"
    )
    beat: str = tables.text("Beat, by its code in areas", nullable=True, reference="beat", expects="the name of a beat")
    lsoa_code: str = tables.lsoa("LSOA 2011 of the behaviour; blank where it has no usable location", role="area: incident")
    perpetrator_age_group: str = tables.choice(
        {"Under 18": "under_18", "Adult": "adult", "Not known": "not_known"},
        "Age group of the perpetrator",
        nullable=True,
    )
    status: str = tables.text("State of the case", role="status")


@tables.feed(
    row_unit="response",
    key=("respondent",),
    layout=Layout("workbook"),
    derived=(
        Derived("surveyed_in", "DATE", "covered_from", "First day of the year surveyed", "date: surveyed", "financial_year"),
        Derived("survey_area", "VARCHAR", "covers_area", "Area surveyed", role="area: surveyed"),
    ),
)
class ParishSurvey(FeedTable):
    """Answers of parish councils and councillors: their first, second and third priority."""

    respondent: str = tables.text("Respondent's code", header="Respondent", role="unit: response")
    respondent_type: str = tables.choice(
        {"Parish": "parish", "Councillor": "councillor"}, "Parish council or councillor", header="Type"
    )
    first: str = tables.text("First priority", header="First", nullable=True)
    second: str = tables.text("Second priority", header="Second", nullable=True)
    third: str = tables.text("Third priority", header="Third", nullable=True)
    comments: str = tables.text("Comments", header="Comments", nullable=True, stored=False, sensitivity="free text")


@tables.feed(
    row_unit="result",
    key=("measure", "area", "period"),
    record_level=False,
)
class PublishedFigures(FeedTable):
    """Figures that the partnership itself has published, as printed."""

    measure: str = tables.text("Measure in the publication's words")
    area: str = tables.district("Area named in the publication", role="area: published")
    period: str = tables.financial_year("Financial year", role="period")
    value: str = published_number("Value as printed: a number, or suppressed as <5, [c] or *", nullable=True)
    published_on: str = tables.day("%d/%m/%Y", "Day of publication", nullable=True)
    page: str = tables.text("Page", nullable=True)
