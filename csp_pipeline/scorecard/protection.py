"""What the scorecard may not show, since everybody reads it: other agencies' counts of 1 to 4, and what gives them away."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from csp_pipeline.partnership.scorecard import SumEntry
from csp_pipeline.reports.disclosure import protect
from csp_pipeline.reports.disclosure_rules import EVERYBODY, is_protected, is_small

# What a shown figure is worth: the years are what the plan is judged by.
LOSS = {"financial_year": 10.0, "quarter": 3.0}


def find_hidden(
    figures: pd.DataFrame, shown: frozenset[str], seen: frozenset[str], withheld: frozenset[str], sums: Sequence[SumEntry]
) -> frozenset[str]:
    """The cells of figures that are not shown.

    `figures` has one row a figure: cell, feed, measure, period, period_kind, period_start, period_end, unit, value. `shown` are
    the cells that the scorecard would show, `seen` those that the front page shows, `withheld` those that it withholds.
    """
    cells = figures[figures.value.notna()][["cell", "feed", "unit", "value", "period_kind"]].copy()
    cells["is_protected"] = [is_protected(feed, unit, EVERYBODY) for feed, unit in zip(cells.feed, cells.unit, strict=True)]
    small = cells.value.map(is_small)
    cells["is_known"] = ~cells.is_protected | (cells.cell.isin(seen) & ~small)
    cells["loss"] = cells.period_kind.map(LOSS).where(cells.cell.isin(shown) & ~cells.cell.isin(withheld), 0.0)
    terms = pd.concat([_quarters_of_years(figures), _parts_of_measures(figures, sums)], ignore_index=True)
    rests = _rests(terms, figures)
    relations = pd.concat([terms, rests[["relation", "cell", "coefficient"]]], ignore_index=True)
    hidden = protect(pd.concat([cells, rests], ignore_index=True).drop(columns=["relation", "coefficient"]), relations)
    return frozenset(hidden.cell) & shown


def _quarters_of_years(figures: pd.DataFrame) -> pd.DataFrame:
    """A year is its quarters: relation, cell, coefficient."""
    counts = figures[figures.value.notna()]
    years, quarters = (counts[counts.period_kind == kind] for kind in ("financial_year", "quarter"))
    pairs = years.merge(quarters, on=["feed", "measure"], suffixes=("", "_part"))
    inside = (pairs.period_start <= pairs.period_start_part) & (pairs.period_end_part <= pairs.period_end)
    return _terms(pairs[inside].assign(relation=lambda found: found.cell + "|quarters"))


def _parts_of_measures(figures: pd.DataFrame, sums: Sequence[SumEntry]) -> pd.DataFrame:
    """A measure is the parts that are declared to add up to it: relation, cell, coefficient."""
    declared = pd.DataFrame(
        [(entry.feed, entry.whole, part) for entry in sums for part in entry.parts], columns=["feed", "measure", "measure_part"]
    )
    counts = figures[figures.value.notna()]
    wholes = declared.merge(counts, on=["feed", "measure"])
    parts = counts.rename(columns={"measure": "measure_part", "cell": "cell_part"})[
        ["feed", "measure_part", "period", "cell_part"]
    ]
    pairs = wholes.merge(parts, on=["feed", "measure_part", "period"])
    return _terms(pairs.assign(relation=pairs.cell + "|parts"))


def _terms(pairs: pd.DataFrame) -> pd.DataFrame:
    wholes = pairs[["relation", "cell"]].drop_duplicates().assign(coefficient=1.0)
    parts = pairs[["relation", "cell_part"]].rename(columns={"cell_part": "cell"}).assign(coefficient=-1.0)
    return pd.concat([wholes, parts], ignore_index=True)


def _rests(terms: pd.DataFrame, figures: pd.DataFrame) -> pd.DataFrame:
    """Where parts do not make up their whole (people counted in two quarters), a rest that nobody sees."""
    sized = terms.merge(figures[["cell", "value"]], on="cell")
    rest = sized.assign(value=sized.coefficient * sized.value).groupby("relation", as_index=False).value.sum()
    rest = rest[rest.value.abs() > 1e-9]
    # of a rest the reader is taken to know on which side of nothing it lies
    return rest.assign(
        cell=rest.relation + "|rest",
        coefficient=-1.0,
        is_protected=False,
        is_known=False,
        loss=0.0,
        lowest=np.where(rest.value > 0, 0.0, np.nan),
        highest=np.where(rest.value < 0, 0.0, np.nan),
    )
