"""The declared tables of claims and of the figures that they rest on."""

from csp_pipeline import tables
from csp_pipeline.tables import Table

CLAIM_VERDICTS = {
    "supported": "the figures bear it out",
    "contradicted": "the figures say otherwise",
    "not_testable": "there are no figures for it",
    "not_comparable": "a break lies between the figures",
}


class Claims(Table):
    """Published statements with their verdict: each a computation over figures, declared in `claims.yml`."""

    claim: str = tables.column("VARCHAR", "Short name", unique=True)
    statement: str = tables.column("VARCHAR", "The words that make the claim")
    source: str = tables.column("VARCHAR", "Where they stand")
    reading: str = tables.column("VARCHAR", "How they are understood", nullable=True)
    computation: str = tables.column("VARCHAR", "Computation that tests it", nullable=True)
    verdict: str = tables.column(
        "VARCHAR", "Verdict. " + "; ".join(f"{v}: {w}" for v, w in CLAIM_VERDICTS.items()), isin=list(CLAIM_VERDICTS)
    )
    stated: str = tables.column("VARCHAR", "What is stated: a number with its comparison, a direction, or names", nullable=True)
    computed: float = tables.column("DOUBLE", "What the figures give instead", nullable=True)
    unit: str = tables.column("VARCHAR", "Unit of both", nullable=True)
    p_value: float = tables.column("DOUBLE", "How often chance alone makes a change as large, where tested", nullable=True)
    within_chance: bool = tables.column("BOOLEAN", "The change is no larger than chance can make", nullable=True)
    rule: str = tables.column("VARCHAR", "What decides: a tolerance, the computation, a break, or what is missing", nullable=True)
    sentence: str = tables.column("VARCHAR", "The verdict in words, with the figures")
    other_feeds: list = tables.column("VARCHAR[]", "The sentences of other feeds whose number or verdict differs")
    agency: str = tables.column("VARCHAR", "Agency whose figures decide; NULL where none is asked", nullable=True)
    feed: str = tables.column("VARCHAR", "Its feed", nullable=True)
    preferred_by: str = tables.column(
        "VARCHAR", "Rule that prefers its figures, where the claim asks for the preferred ones", nullable=True
    )
    measures: list = tables.column("VARCHAR[]", "Measures")
    area_codes: list = tables.column("VARCHAR[]", "Areas")
    periods: list = tables.column("VARCHAR[]", "Periods as declared")


class ClaimFigures(Table):
    """The figures that each claim rests on, of every feed that is asked; status M where there is none."""

    claim: str = tables.column("VARCHAR", "Claim")
    agency: str = tables.column("VARCHAR", "Agency")
    feed: str = tables.column("VARCHAR", "Feed")
    measure: str = tables.column("VARCHAR", "Measure")
    area_code: str = tables.column("VARCHAR", "Area")
    period: str = tables.column("VARCHAR", "Period")
    value: float = tables.column("DOUBLE", "Figure; NULL when missing or suppressed", nullable=True)
    base: float = tables.column("DOUBLE", "How many a percentage is of", nullable=True, unit="respondents")
    unit: str = tables.column("VARCHAR", "What is counted", nullable=True)
    status: str = tables.column("VARCHAR", "Observation status, as in figures; M also where a feed has no such figure")
    break_id: str = tables.column("VARCHAR", "A break between the claim's first and last period", nullable=True)
    preferred_by: str = tables.column(
        "VARCHAR", "Rule that prefers the feed in the claim's latest period; NULL where the claim names the feed", nullable=True
    )
