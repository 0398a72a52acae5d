"""What the scorecard may not show, since everybody reads it: other agencies' small counts, and what gives them away."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from csp_pipeline.partnership.scorecard import SumEntry
from csp_pipeline.parts import Parts
from csp_pipeline.reports.disclosure_cells import Numbers, Seen, figure_numbers, numbers
from csp_pipeline.reports.disclosure_rules import EVERYBODY, Rules

# What a shown figure is worth: the years are what the plan is judged by.
LOSS = {"financial_year": 10.0, "quarter": 3.0}


def find_hidden(
    figures: pd.DataFrame,
    shown: frozenset[str],
    seen: Seen,
    withheld: frozenset[str],
    sums: Sequence[SumEntry],
    rules: Rules,
    front_page: Numbers | None = None,
    parts: Parts | None = None,
    audience: str | None = EVERYBODY,
) -> frozenset[str]:
    """The cells of figures that may not be shown to an audience: an agency with its own figures, or somebody who has none.

    `figures` has one row a figure: cell, feed, measure, period, period_kind, period_start, period_end, unit, value, and the
    bounds that disclosure.protect takes, which lists of conflicts tell, also by listing none. `shown` are the cells that the
    scorecard would show, `seen` those that the front page shows, `withheld` those that it withholds; `front_page` has its
    numbers. What was found for the same is kept in `parts`.
    """
    counts = figures[figures.value.notna()]
    loss = counts.period_kind.map(LOSS).where(counts.cell.isin(shown) & ~counts.cell.isin(withheld), 0.0)
    found = figure_numbers(seen.weighed(counts.assign(loss=loss)), rules, audience)
    found += _sums(counts, pd.concat([_quarters_of_years(counts), _parts_of_measures(counts, sums)], ignore_index=True))
    hidden = (found if front_page is None else front_page + found).protected(rules, parts)
    others = found.cells[found.cells.is_protected]
    return (frozenset(hidden) | withheld | seen.still_withheld(others)) & shown


def _sums(counts: pd.DataFrame, terms: pd.DataFrame) -> Numbers:
    """Relations from terms; where parts do not make up their whole (people counted in two quarters), with an unseen rest."""
    sized = terms.merge(counts[["cell", "value"]], on="cell")
    rests = sized.assign(value=sized.coefficient * sized.value).groupby("relation", as_index=False).value.sum()
    rests = rests[rests.value.abs() > 1e-9]
    rests = rests.assign(
        cell=rests.relation + "|rest",
        coefficient=-1.0,
        # the reader is taken to know on which side of nothing it lies
        lowest=np.where(rests.value > 0, 0.0, np.nan),
        highest=np.where(rests.value < 0, 0.0, np.nan),
    )
    return numbers(rests, pd.concat([terms, rests[terms.columns]], ignore_index=True))


def _quarters_of_years(counts: pd.DataFrame) -> pd.DataFrame:
    """A year is its quarters: relation, cell, coefficient."""
    years, quarters = (counts[counts.period_kind == kind] for kind in ("financial_year", "quarter"))
    pairs = years.merge(quarters, on=["feed", "measure"], suffixes=("", "_part"))
    inside = (pairs.period_start <= pairs.period_start_part) & (pairs.period_end_part <= pairs.period_end)
    return _terms(pairs[inside].assign(relation=lambda found: found.cell + "|quarters"))


def _parts_of_measures(counts: pd.DataFrame, sums: Sequence[SumEntry]) -> pd.DataFrame:
    """A measure is the parts that are declared to add up to it: relation, cell, coefficient."""
    declared = pd.DataFrame(
        [(entry.feed, entry.whole, part) for entry in sums for part in entry.parts], columns=["feed", "measure", "measure_part"]
    )
    parts = counts[["feed", "measure", "period", "cell"]].rename(columns={"measure": "measure_part", "cell": "cell_part"})
    pairs = declared.merge(counts, on=["feed", "measure"]).merge(parts, on=["feed", "measure_part", "period"])
    return _terms(pairs.assign(relation=pairs.cell + "|parts"))


def _terms(pairs: pd.DataFrame) -> pd.DataFrame:
    wholes = pairs[["relation", "cell"]].drop_duplicates().assign(coefficient=1.0)
    parts = pairs[["relation", "cell_part"]].rename(columns={"cell_part": "cell"}).assign(coefficient=-1.0)
    return pd.concat([wholes, parts], ignore_index=True)
