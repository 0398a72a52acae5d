"""Whether everybody may see how many rows a feed holds: not where they add up to figures of which one is a small count."""

import pandas as pd

from csp_pipeline.reports.disclosure_rules import EVERYBODY, Rules
from csp_pipeline.reports.read import Facts
from csp_pipeline.reports.returns import FeedState


def rows_may_be_shown(facts: Facts, feed: FeedState, withheld: frozenset[str]) -> bool:
    """Whether the front page may say how many rows of a feed were read and accepted; `withheld` are cells that some report hides.

    Rows are counts of records themselves, so that a few are not told. And where a feed counts each row once, its years
    add up to its rows: a reader would work out the one year that it may not see, and from the rows of two front pages a quarter
    that came in between.
    """
    key, rules = f"{feed.agency}/{feed.feed}", facts.rules
    if not rules.is_protected(key, "row", EVERYBODY):
        return True
    rows = (feed.rows_read, feed.rows_accepted)
    if any(rules.is_small(number) for number in rows):
        return False
    levels = pd.DataFrame(facts.areas)[["area_code", "area_level"]]
    kinds = pd.DataFrame(facts.periods)[["period", "period_kind"]].drop_duplicates("period")
    figures = facts.figures[facts.figures.feed == key].merge(levels, on="area_code").merge(kinds, on="period")
    together = figures.groupby(["measure", "area_level", "period", "period_kind"], as_index=False).agg({"value": "sum"})
    is_year = figures.period_kind == "financial_year"
    told = pd.concat(
        [
            figures[is_year & (_is_small(figures, rules) | figures.cell.isin(withheld))],
            together[_is_small(together, rules)],
        ]
    )
    sums = figures[is_year].groupby(["measure", "area_level"]).value.sum()
    # a few rows more than that tell, too: the year can be no more than what they leave
    add_up = pd.concat([(number - sums).between(0, rules.highest) for number in rows], axis=1).any(axis=1)
    return not set(zip(told.measure, told.area_level, strict=True)) & set(sums.index[add_up])


def _is_small(figures: pd.DataFrame, rules: Rules) -> pd.Series:
    return (figures.value > 0) & (figures.value < rules.highest + 1)
