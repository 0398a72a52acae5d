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

EVENTS = {
    "first_published": "something of the period was covered for the first time",
    "extended": "more of the period came to be covered, so that the value grew; what changed besides is in the counts",
    "revised": "a later extract changed the records of what was covered already",
    "restated": "a later publication or table gives another number; it has no records to follow",
    "bounds": "only the most or least that it can be changed",
    "withdrawn": "a later publication no longer gives the number",
    "republished": "a publication gives the number again",
}
# Why a count changed, in units: value - value_before = those in and added, less those out and removed.
REASONS = ("added", "removed", "reclassified_in", "reclassified_out", "moved_in", "moved_out")


def observation_status(coverage: str, break_id: str, value: str) -> str:
    """SQL for the observation status of a figure, from the SQL of its coverage, the break inside it and its value."""
    return (
        f"CASE WHEN {coverage} = 0 THEN 'M' WHEN {break_id} IS NOT NULL THEN 'B' WHEN {value} IS NULL THEN 'Q'"
        f" WHEN {coverage} < 1 THEN 'P' ELSE 'A' END"
    )


class Figures(Table):
    """Every figure: agency and feed, measure, area, period, date basis and unit, with value or interval, and coverage. Areas lie
    in one another, and so do periods: add up one area_level (areas) and one period_kind only.
    """

    agency: str = tables.column("VARCHAR", "Agency")
    feed: str = tables.column("VARCHAR", "Feed")
    measure: str = tables.column("VARCHAR", "Measure")
    area_code: str = tables.column("VARCHAR", "Area")
    area_basis: str = tables.column("VARCHAR", "What the area is of: the offence, the residence and so on")
    period: str = tables.column("VARCHAR", "Period: 2016-17, 2016-17 Q1 or 2016-04")
    period_kind: str = tables.column("VARCHAR", "month, quarter or financial_year")
    period_start: str = tables.column("DATE", "First day of the period")
    period_end: str = tables.column("DATE", "Last day of the period")
    date_basis: str = tables.column("VARCHAR", "Which date puts a record in the period")
    unit: str = tables.column("VARCHAR", "What is counted")
    value: float = tables.column("DOUBLE", "The figure; NULL when missing or suppressed", nullable=True)
    value_low: float = tables.column("DOUBLE", "Least it can be; NULL when missing", nullable=True)
    value_high: float = tables.column(
        "DOUBLE",
        "Most it can be: with all unlocated records, or of a suppressed number; NULL when missing, or suppressed without a bound",
        nullable=True,
    )
    base: float = tables.column(
        "DOUBLE", "How many a percentage is of, where its publisher says", nullable=True, unit="respondents"
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
    covered: str = tables.column(
        "VARCHAR", "Months covered, where it is some of them; NULL where it is all or (status M) none", nullable=True
    )
    as_at: str = tables.column("DATE", "Extract date of the latest submission in it", nullable=True)
    is_headline: bool = tables.column("BOOLEAN", "The date basis, area basis and unit that this feed is compared on")
    preferred_by: str = tables.column(
        "VARCHAR",
        "Rule (in preferences) that prefers this figure to the other feeds' for its measure, area and period; NULL for those",
        nullable=True,
    )
    break_id: str = tables.column("VARCHAR", "Break that lies inside the period", nullable=True)


class Changes(Table):
    """Each headline figure beside the same feed's figure a year before, and whether the two may be compared."""

    agency: str = tables.column("VARCHAR", "Agency")
    feed: str = tables.column("VARCHAR", "Feed")
    measure: str = tables.column("VARCHAR", "Measure")
    area_code: str = tables.column("VARCHAR", "Area")
    period_before: str = tables.column("VARCHAR", "Period a year before")
    period: str = tables.column("VARCHAR", "Period")
    value_before: float = tables.column("DOUBLE", "Figure a year before; NULL when missing or suppressed", nullable=True)
    value: float = tables.column("DOUBLE", "Figure; NULL when missing or suppressed", nullable=True)
    change: float = tables.column("DOUBLE", "value - value_before, where they may be compared", nullable=True)
    comparability: str = tables.column("VARCHAR", "like_for_like or not_comparable")
    rule: str = tables.column(
        "VARCHAR", "Why they may not be compared: a break's id, incomplete_period or missing; NULL where they may", nullable=True
    )


class FigureVintages(Table):
    """Every headline figure as known over time: a row for each stretch of days on which it stood unchanged, with what
    changed it. A figure that was first published and never revised has one row; before its first row it was missing.
    One corrected record shows in every figure that counts it: of months and years, of small and large areas, of each measure.
    """

    agency: str = tables.column("VARCHAR", "Agency")
    feed: str = tables.column("VARCHAR", "Feed")
    measure: str = tables.column("VARCHAR", "Measure")
    area_code: str = tables.column("VARCHAR", "Area")
    area_basis: str = tables.column("VARCHAR", "What the area is of")
    period: str = tables.column("VARCHAR", "Period: 2016-17, 2016-17 Q1 or 2016-04")
    date_basis: str = tables.column("VARCHAR", "Which date puts a record in the period")
    unit: str = tables.column("VARCHAR", "What is counted")
    revision: int = tables.column("INTEGER", "0 as first published, then 1, 2 and so on")
    known_from: str = tables.column("DATE", "Extract date from which it was known so: that of the submission which brought it")
    known_to: str = tables.column("DATE", "Extract date from which it was known otherwise; NULL for the latest", nullable=True)
    event: str = tables.column(
        "VARCHAR", "What began this row: " + "; ".join(f"{name}: {words}" for name, words in EVENTS.items()), isin=list(EVENTS)
    )
    value: float = tables.column("DOUBLE", "The figure as then known; NULL when suppressed or withdrawn", nullable=True)
    value_low: float = tables.column("DOUBLE", "Least it could be", nullable=True)
    value_high: float = tables.column("DOUBLE", "Most it could be", nullable=True)
    value_before: float = tables.column("DOUBLE", "The figure before this row", nullable=True)
    change: float = tables.column("DOUBLE", "value - value_before", nullable=True)
    status: str = tables.column("VARCHAR", "Observation status as then known, as in figures", isin=list(STATUSES))
    coverage: float = tables.column(
        "DOUBLE", "Share of the period's months that was covered then, 0 to 1", in_range={"min_value": 0, "max_value": 1}
    )
    covered: str = tables.column(
        "VARCHAR", "Months covered then, where it was some of them; NULL where it was all or none", nullable=True
    )
    break_id: str = tables.column("VARCHAR", "Break that lies inside the period", nullable=True)
    added: int = tables.column(
        "BIGINT",
        "Units new in the feed, or counted when it was first published; these six are NULL of published numbers and sums",
        nullable=True,
    )
    removed: int = tables.column("BIGINT", "Units gone from the feed", nullable=True)
    reclassified_in: int = tables.column("BIGINT", "Units known before that now meet the measure's conditions", nullable=True)
    reclassified_out: int = tables.column("BIGINT", "Units that no longer meet them", nullable=True)
    moved_in: int = tables.column("BIGINT", "Units counted before in another area or period", nullable=True)
    moved_out: int = tables.column("BIGINT", "Units now counted in another area or period", nullable=True)


class BreakSuggestions(Table):
    """Level shifts in the district's monthly headline series that may be undeclared breaks, for a person to judge. Nothing is
    done with them: a break that is one is declared in breaks.yml.
    """

    agency: str = tables.column("VARCHAR", "Agency")
    feed: str = tables.column("VARCHAR", "Feed")
    measure: str = tables.column("VARCHAR", "Measure")
    area_code: str = tables.column("VARCHAR", "Area")
    series_kind: str = tables.column("VARCHAR", "Period of the series: month", isin=["month"])
    suggested_month: str = tables.column("DATE", "First day of the first month at the new level")
    mean_before: float = tables.column("DOUBLE", "Mean a month at the level before")
    mean_after: float = tables.column("DOUBLE", "Mean a month at the level from then on")
    strength: float = tables.column("DOUBLE", "Size of the shift in standard errors of the noise, the time of the year taken out")
    declared_break: str = tables.column(
        "VARCHAR", "Declared break within three months of it; NULL where none is, so that it asks for an answer", nullable=True
    )
