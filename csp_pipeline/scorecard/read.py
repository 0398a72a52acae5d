"""Reading what the scorecard needs from the published warehouse, once; nothing is decided here."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import duckdb
import pandas as pd

from csp_pipeline.lake import open_published
from csp_pipeline.partnership.measures import load_measures
from csp_pipeline.partnership.partnership import load_partnership
from csp_pipeline.partnership.scorecard import ScorecardFile, load_scorecard
from csp_pipeline.reports.read import Facts
from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql

PACKAGE = "csp_pipeline.scorecard"
YEARS = 3
Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class CardFacts:
    """What is declared, and rows of the warehouse: `titles` are the measures' in words, `years` and `quarters` the periods shown,
    in order; the last of each is the latest.
    """

    file: ScorecardFile
    titles: dict[str, str]
    figures: pd.DataFrame
    changes: list[Row]
    claims: list[Row]
    years: tuple[str, ...]
    quarters: tuple[str, ...]


@lru_cache(maxsize=1)
def card_facts_of(settings: Settings, facts: Facts) -> CardFacts | None:
    """What the scorecard is made from; None without `scorecard.yml`. Read once for the same facts.

    Raises ConfigurationError when it cannot be used, PublishError as `read_card_facts` does.
    """
    partnership = load_partnership(settings.sources)
    file = load_scorecard(partnership, load_measures(partnership))
    return None if file is None else read_card_facts(settings, file, facts)


def read_card_facts(settings: Settings, file: ScorecardFile, facts: Facts) -> CardFacts:
    """Read the district's figures, changes and claims.

    The latest year and quarter are the latest that any figure on the scorecard covers whole. Raises PublishError when the
    warehouse was made by a pipeline with other tables.
    """
    values: dict[str, Any] = {"district": facts.district, "measures": file.measures}
    with open_published(settings, "the scorecard cannot be read from it") as db:
        figures = db.execute(read_sql(PACKAGE, "figures"), values).df()
        titles = dict(db.execute("SELECT DISTINCT measure, title FROM measures").fetchall())
        years, quarters = _shown_periods(figures)
        changes = _rows(db, read_sql(PACKAGE, "changes"), values | {"periods": [*years[-1:], *quarters[-1:]]})
        claims = _rows(db, read_sql(PACKAGE, "claims"), {})
    return CardFacts(file, titles, figures, changes, claims, years, quarters)


def _shown_periods(figures: pd.DataFrame) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The latest years, and the latest quarter after the same quarter of the year before."""
    whole = figures[figures.value.notna() & (figures.coverage >= 1)]
    periods = whole[["period", "period_kind", "period_start"]].drop_duplicates().sort_values("period_start")
    latest = {kind: list(found.period) for kind, found in periods.groupby("period_kind")}
    years, quarters = latest.get("financial_year", []), latest.get("quarter", [])
    if quarters:
        same = [period for period in quarters if period.endswith(quarters[-1][-2:])]
        quarters = same[-2:]
    return tuple(years[-YEARS:]), tuple(quarters)


def _rows(db: duckdb.DuckDBPyConnection, query: str, values: Row) -> list[Row]:
    found = db.execute(query, values)
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
