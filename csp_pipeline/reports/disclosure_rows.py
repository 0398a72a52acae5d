"""Whether everybody may see how many rows a feed holds: not where they add up to figures that somebody may not see."""

from collections.abc import Iterable

import pandas as pd

from csp_pipeline.reports.disclosure_cells import found_in
from csp_pipeline.reports.disclosure_rules import EVERYBODY, Rules
from csp_pipeline.reports.read import Facts
from csp_pipeline.reports.returns import FeedState


def rows_may_be_shown(facts: Facts, feed: FeedState, seen_by: Iterable[frozenset[str]]) -> bool:
    """Whether the front page may say how many rows of a feed were read and accepted; `seen_by` are the cells of which others
    than its agency see the number, a set for each reader.

    Rows are counts of records themselves, so that a few are not told. And where a feed counts each row once, its years
    add up to its rows: a reader would work out a year that it does not see beside those that it does, and from the rows of two
    front pages a quarter that came in between.
    """
    key, rules = f"{feed.agency}/{feed.feed}", facts.rules
    if not rules.is_protected(key, "row", EVERYBODY):
        return True
    rows = (feed.rows_read, feed.rows_accepted)
    if any(rules.is_small(number) for number in rows):
        return False
    levels = {row["area_code"]: row["area_level"] for row in facts.areas}
    kinds = {row["period"]: row["period_kind"] for row in facts.periods}
    figures = facts.figures[facts.figures.feed == key]
    figures = figures.assign(area_level=figures.area_code.map(levels))
    years = figures[figures.period.map(kinds) == "financial_year"]
    by = ["measure", "area_level"]
    sums = years.groupby(by).agg({"value": "sum"}).value
    # a few rows more than that tell, too: the year can be no more than what they leave
    add_up = set(sums.index[pd.concat([(number - sums).between(0, rules.highest) for number in rows], axis=1).any(axis=1)])
    if not add_up:
        return True
    together = figures.groupby([*by, "period"], as_index=False).agg({"value": "sum"})
    telling = _subjects(years[_is_small(years, rules)]) | _subjects(together[_is_small(together, rules)])
    for seen in seen_by:
        unseen = (~found_in(years.cell, seen)).groupby([years.measure, years.area_level]).agg(["sum", "count"])
        telling |= set(unseen.index[(unseen["sum"] == 1) | unseen["sum"].between(1, unseen["count"] - 1)])
    return not telling & add_up


def _subjects(figures: pd.DataFrame) -> set[tuple[str, str]]:
    return set(zip(figures.measure, figures.area_level, strict=True))


def _is_small(figures: pd.DataFrame, rules: Rules) -> pd.Series:
    return (figures.value > 0) & (figures.value < rules.highest + 1)
