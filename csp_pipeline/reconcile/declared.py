"""The declared tables of comparisons and discrepancies."""

from csp_pipeline import tables
from csp_pipeline.tables import Table

COMPARABILITIES = ("like_for_like", "adjustable", "not_comparable")
VERDICTS = ("agrees", "within_tolerance", "conflict", "not_comparable", "missing")


class Comparisons(Table):
    """Two feeds' headline figures for one measure, area and period: how far they may be compared, and the verdict."""

    comparison_id: str = tables.column("VARCHAR", "Stable and readable", unique=True)
    measure: str = tables.column("VARCHAR", "Measure")
    area_code: str = tables.column("VARCHAR", "Area")
    period: str = tables.column("VARCHAR", "Period")
    agency_a: str = tables.column("VARCHAR", "First agency")
    feed_a: str = tables.column("VARCHAR", "Its feed")
    value_a: float = tables.column("DOUBLE", "Its figure; NULL when missing or suppressed", nullable=True)
    low_a: float = tables.column("DOUBLE", "Least it can be, where it is suppressed; else the figure", nullable=True)
    high_a: float = tables.column("DOUBLE", "Most it can be, where it is suppressed; else the figure", nullable=True)
    status_a: str = tables.column("VARCHAR", "Its observation status")
    coverage_a: float = tables.column("DOUBLE", "Share of the period it covers")
    agency_b: str = tables.column("VARCHAR", "Second agency")
    feed_b: str = tables.column("VARCHAR", "Its feed")
    value_b: float = tables.column("DOUBLE", "Its figure; NULL when missing or suppressed", nullable=True)
    low_b: float = tables.column("DOUBLE", "Least it can be, where it is suppressed; else the figure", nullable=True)
    high_b: float = tables.column("DOUBLE", "Most it can be, where it is suppressed; else the figure", nullable=True)
    status_b: str = tables.column("VARCHAR", "Its observation status")
    coverage_b: float = tables.column("DOUBLE", "Share of the period it covers")
    gap: float = tables.column("DOUBLE", "value_b - value_a", nullable=True)
    comparability: str = tables.column("VARCHAR", "How far the two may be compared", isin=list(COMPARABILITIES))
    reasons: str = tables.column("VARCHAR", "Why they are not like for like, separated by semicolons", nullable=True)
    verdict: str = tables.column("VARCHAR", "Verdict", isin=list(VERDICTS))
    rule: str = tables.column("VARCHAR", "Rule behind the verdict: a tolerance, a break, or what is missing")
    as_at: str = tables.column("DATE", "Extract date of the later of the two", nullable=True)


class Discrepancies(Table):
    """A conflict as people handle it: one for each conflicting comparison at the levels that the partnership raises."""

    discrepancy_id: str = tables.column("VARCHAR", "Stable and readable; the comparison's id", unique=True)
    measure: str = tables.column("VARCHAR", "Measure")
    area_code: str = tables.column("VARCHAR", "Area")
    period: str = tables.column("VARCHAR", "Period")
    agency_a: str = tables.column("VARCHAR", "First agency")
    feed_a: str = tables.column("VARCHAR", "Its feed")
    value_a: float = tables.column("DOUBLE", "Its figure", nullable=True)
    agency_b: str = tables.column("VARCHAR", "Second agency")
    feed_b: str = tables.column("VARCHAR", "Its feed")
    value_b: float = tables.column("DOUBLE", "Its figure", nullable=True)
    gap: float = tables.column("DOUBLE", "value_b - value_a", nullable=True)
    owner_agencies: list = tables.column("VARCHAR[]", "Agencies that can settle it")
    state: str = tables.column("VARCHAR", "open, acknowledged, explained, resolved or reopened")
    first_seen: str = tables.column("DATE", "Extract date by which both figures were known", nullable=True)
    last_seen: str = tables.column("DATE", "Latest extract date at which it still stands", nullable=True)
    rule: str = tables.column("VARCHAR", "Tolerance that the gap is beyond")
    reasons: str = tables.column("VARCHAR", "Differences in definition that may explain it", nullable=True)
    sentence: str = tables.column("VARCHAR", "The conflict in words")
