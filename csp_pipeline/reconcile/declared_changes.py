"""The declared tables of tested changes and of control limits."""

from csp_pipeline import tables
from csp_pipeline.tables import Table

CHANGE_VERDICTS = {
    "rise": "the rate rose by more than chance (p under 0.05)",
    "fall": "the rate fell by more than chance",
    "within_chance": "the two differ by no more than chance can",
    "not_tested": "see reason",
}
REASONS = {
    "break": "a break lies between them or inside the later one",
    "incomplete_period": "one is not covered whole",
    "missing": "one is missing",
    "suppressed": "one is suppressed by its publisher",
    "no_base": "a percentage whose publisher does not say of how many",
    "not_a_count": "a negative or broken number",
    "same_people": "whoever is open in both periods is counted twice, so the two are not independent",
}
SIGNALS = {
    "above": "above the upper limit",
    "below": "below the lower limit",
    "within": "between the limits",
    "no_limits": "see reason",
}


def _listed(words: dict[str, str]) -> str:
    return "; ".join(f"{word}: {meaning}" for word, meaning in words.items())


class ChangeTests(Table):
    """Each yearly change, and each quarter on the same quarter a year before, tested against chance."""

    agency: str = tables.column("VARCHAR", "Agency")
    feed: str = tables.column("VARCHAR", "Feed")
    measure: str = tables.column("VARCHAR", "Measure")
    area_code: str = tables.column("VARCHAR", "Area")
    period_kind: str = tables.column("VARCHAR", "financial_year or quarter")
    period_before: str = tables.column("VARCHAR", "Period a year before")
    period: str = tables.column("VARCHAR", "Period")
    unit: str = tables.column("VARCHAR", "What is counted")
    value_before: float = tables.column("DOUBLE", "Figure a year before; NULL when missing or suppressed", nullable=True)
    value: float = tables.column("DOUBLE", "Figure; NULL when missing or suppressed", nullable=True)
    change: float = tables.column(
        "DOUBLE", "value - value_before, where tested; of percentages, in percentage points", nullable=True
    )
    percent: float = tables.column(
        "DOUBLE", "Change of a count in percent of value_before, where tested", nullable=True, unit="%"
    )
    ratio: float = tables.column(
        "DOUBLE", "Rate divided by the rate a year before; without populations, of the counts", nullable=True
    )
    ratio_low: float = tables.column("DOUBLE", "Lower end of its exact 95% interval", nullable=True)
    ratio_high: float = tables.column(
        "DOUBLE", "Upper end of its exact 95% interval; NULL where there is none, after a count of 0", nullable=True
    )
    points_low: float = tables.column(
        "DOUBLE", "Of a percentage: lower end of the 95% interval of the change", nullable=True, unit="percentage points"
    )
    points_high: float = tables.column("DOUBLE", "Upper end", nullable=True, unit="percentage points")
    p_value: float = tables.column(
        "DOUBLE", "Two-sided: how often chance alone makes a change as large; NULL where not tested", nullable=True
    )
    population_before: float = tables.column(
        "DOUBLE",
        "Mid-year population a year before; NULL where none is known, as of beats and LSOAs",
        nullable=True,
        unit="persons",
    )
    population: float = tables.column("DOUBLE", "Mid-year population; NULL where none is known", nullable=True, unit="persons")
    rate_before: float = tables.column("DOUBLE", "Count a year before per 1,000 residents, in the period", nullable=True)
    rate_before_low: float = tables.column("DOUBLE", "Lower end of its exact 95% interval", nullable=True)
    rate_before_high: float = tables.column("DOUBLE", "Upper end of its exact 95% interval", nullable=True)
    rate: float = tables.column("DOUBLE", "Count per 1,000 residents, in the period", nullable=True)
    rate_low: float = tables.column("DOUBLE", "Lower end of its exact 95% interval", nullable=True)
    rate_high: float = tables.column("DOUBLE", "Upper end of its exact 95% interval", nullable=True)
    base_before: float = tables.column("DOUBLE", "Respondents a year before, of a percentage", nullable=True, unit="respondents")
    base: float = tables.column("DOUBLE", "Respondents, of a percentage", nullable=True, unit="respondents")
    low_count: bool = tables.column("BOOLEAN", "One of the two counts is under 20: too low for its rate to mean much")
    verdict: str = tables.column("VARCHAR", "Verdict. " + _listed(CHANGE_VERDICTS), isin=list(CHANGE_VERDICTS))
    reason: str = tables.column("VARCHAR", "Why it is not tested. " + _listed(REASONS), nullable=True, isin=list(REASONS))
    break_id: str = tables.column("VARCHAR", "The break that lies between", nullable=True)


class ControlLimits(Table):
    """The district's complete months and quarters with the limits of an XmR chart, which restarts at each declared break."""

    agency: str = tables.column("VARCHAR", "Agency")
    feed: str = tables.column("VARCHAR", "Feed")
    measure: str = tables.column("VARCHAR", "Measure")
    area_code: str = tables.column("VARCHAR", "The partnership's own district")
    period_kind: str = tables.column("VARCHAR", "month or quarter")
    period: str = tables.column("VARCHAR", "Period")
    chart_start: str = tables.column("DATE", "First day of the chart that it is on: the series' first, or after a break")
    points: int = tables.column("BIGINT", "Periods on the chart", unit="periods")
    unit: str = tables.column("VARCHAR", "What is counted")
    value: float = tables.column("DOUBLE", "Figure")
    centre: float = tables.column("DOUBLE", "Mean of the chart")
    lower: float = tables.column(
        "DOUBLE", "Lower limit: mean less 2.66 mean moving ranges, at least 0; NULL where signal is no_limits", nullable=True
    )
    upper: float = tables.column("DOUBLE", "Upper limit: mean and 2.66 mean moving ranges", nullable=True)
    signal: str = tables.column("VARCHAR", "Where the figure lies. " + _listed(SIGNALS), isin=list(SIGNALS))
    reason: str = tables.column(
        "VARCHAR", "Why there are no limits: too_few_points (under 12), or too_low (a mean count under 3)", nullable=True
    )
