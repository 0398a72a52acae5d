"""The declared table of figures."""

from csp_pipeline import tables
from csp_pipeline.tables import Table

STATUSES = {
    "A": "normal",
    "B": "a break lies inside the period",
    "M": "missing: nothing of the period has been covered",
    "P": "provisional: only part of the period has been covered, so the value will grow",
    "Q": "suppressed by its publisher; the interval is what it can be",
}


class Figures(Table):
    """Every figure: agency and feed, measure, area, period, date basis and unit, with value or interval, and coverage."""

    agency: str = tables.column("VARCHAR", "Agency")
    feed: str = tables.column("VARCHAR", "Feed")
    measure: str = tables.column("VARCHAR", "Measure")
    area_code: str = tables.column("VARCHAR", "Area")
    area_basis: str = tables.column("VARCHAR", "What the area is of: the offence, the residence, ...")
    period: str = tables.column("VARCHAR", "Period: 2016-17, 2016-17 Q1 or 2016-04")
    period_kind: str = tables.column("VARCHAR", "month, quarter or financial_year")
    period_start: str = tables.column("DATE", "First day of the period")
    period_end: str = tables.column("DATE", "Last day of the period")
    date_basis: str = tables.column("VARCHAR", "Which date puts a record in the period")
    unit: str = tables.column("VARCHAR", "What is counted")
    value: float = tables.column("DOUBLE", "The figure; NULL when missing or suppressed", nullable=True)
    value_low: float = tables.column("DOUBLE", "Least it can be", nullable=True)
    value_high: float = tables.column(
        "DOUBLE", "Most it can be: with all unlocated records, or of a suppressed number", nullable=True
    )
    status: str = tables.column(
        "VARCHAR",
        "Observation status (SDMX CL_OBS_STATUS): " + "; ".join(f"{code} {words}" for code, words in STATUSES.items()),
        isin=list(STATUSES),
    )
    coverage: float = tables.column(
        "DOUBLE",
        "Share of the period's months that submissions cover, 0 to 1",
        in_range={"min_value": 0, "max_value": 1},
    )
    covered: str = tables.column("VARCHAR", "Months covered, where it is not all of them", nullable=True)
    as_at: str = tables.column("DATE", "Extract date of the latest submission in it", nullable=True)
    is_headline: bool = tables.column("BOOLEAN", "The date basis, area basis and unit that this feed is compared on")
    break_id: str = tables.column("VARCHAR", "Break that lies inside the period", nullable=True)


class Changes(Table):
    """Each headline figure beside the same feed's figure a year before, and whether the two may be compared."""

    agency: str = tables.column("VARCHAR", "Agency")
    feed: str = tables.column("VARCHAR", "Feed")
    measure: str = tables.column("VARCHAR", "Measure")
    area_code: str = tables.column("VARCHAR", "Area")
    period_before: str = tables.column("VARCHAR", "Period a year before")
    period: str = tables.column("VARCHAR", "Period")
    value_before: float = tables.column("DOUBLE", "Figure a year before", nullable=True)
    value: float = tables.column("DOUBLE", "Figure", nullable=True)
    change: float = tables.column("DOUBLE", "value - value_before, where they may be compared", nullable=True)
    comparability: str = tables.column("VARCHAR", "like_for_like or not_comparable")
    rule: str = tables.column(
        "VARCHAR", "Why they may not be compared: a break's id, incomplete_period or missing", nullable=True
    )
