"""Which conflicts may be listed for a reader, and which of their figures are hidden."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from csp_pipeline.reports.disclosure_cells import Numbers, agency_of, cell_names, figure_numbers, found_in
from csp_pipeline.reports.disclosure_rules import Array, Rules, tolerated_range
from csp_pipeline.reports.read import Facts, Row

SIDES = (("a", "b"), ("b", "a"))
# What a figure is worth to its reader: the yearly ones of the own district are what the partnership answers for.
LEADING, OWN_DISTRICT, OTHER = 10.0, 3.0, 1.0


def may_be_listed(facts: Facts, rows: list[Row], audience: str | None) -> list[bool]:
    """Whether each conflict may be listed: not where that alone tells something of a small count."""
    if not rows:
        return []
    pairs = _pairs(facts, rows)
    is_hidden = _is_protected(pairs, facts.rules, audience) & _is_small(pairs.value, facts.rules)
    gives_away = is_hidden & facts.rules.conflict_gives_away(*_rule(pairs))
    told = np.zeros(len(rows), dtype=bool)
    np.logical_or.at(told, pairs.row.to_numpy(), gives_away.to_numpy(bool))
    return [not tells for tells in told]


def hidden_figures(facts: Facts, rows: list[Row], audience: str | None, seen: frozenset[str]) -> dict[str, str]:
    """The hidden figures of the conflicts that are listed: cell_names to the reason, which is for us alone.

    `seen` are the cells whose numbers the reader has before it elsewhere: on the front page, in earlier reports.
    """
    if not rows:
        return {}
    return conflict_numbers(facts, rows, audience, seen).protected(facts.rules, facts.parts)


def conflict_numbers(facts: Facts, rows: list[Row], audience: str | None, seen: frozenset[str]) -> Numbers:
    """The figures of listed conflicts with all that adds up to them, as disclosure.protect takes them.

    The gap between two figures needs no cell of its own: reports hide it with either of them.
    """
    listed = _pairs(facts, rows)
    figures = facts.figures
    in_question = figures[found_in(figures.feed + "|" + figures.measure, listed.feed + "|" + listed.measure)]
    is_known = in_question.feed.isin(facts.rules.public_feeds) | (agency_of(in_question.feed) == (audience or ""))
    in_question = in_question[~is_known]
    loss = _losses(facts, listed)
    bounds = _bounds(facts, listed, audience)
    cells = in_question.merge(bounds, on="cell", how="left")
    cells = cells.assign(loss=cells.cell.map(loss).fillna(0.0), is_known=found_in(cells.cell, seen))
    return figure_numbers(cells, facts.rules, audience) + facts.sums.among(in_question.cell)


def cell_of(feed: str, measure: str, area_code: str, period: str) -> str:
    """The name of a figure's cell, as cell_names gives it; `feed` is `agency/feed`."""
    return f"{feed}|{measure}|{area_code}|{period}"


def cells_of_reports(reports: Iterable[dict[str, Any]]) -> frozenset[str]:
    """The cells whose numbers stand in reports that were sent (their JSON): they cannot be hidden from their reader any more.

    A figure that was shown with another value counts as shown: who knows the old one knows about how large the new one is.
    """
    return frozenset(
        cell_of(f"{figure['agency']}/{figure['feed']}", conflict["measure"], conflict["area_code"], conflict["period"])
        for report in reports
        for conflict in report["conflicts"]
        for figure in conflict["figures"]
        if figure["value"] is not None
    )


def _pairs(facts: Facts, rows: list[Row]) -> pd.DataFrame:
    """Both sides of each conflict: row (its number), cell, feed, unit, value, other (figure), rule and where it stands."""
    table = pd.DataFrame(rows)
    place = table[["measure", "area_code", "period", "period_kind", "rule", "state"]].assign(row=range(len(table)))
    sides = [
        place.assign(
            feed=table[f"agency_{side}"] + "/" + table[f"feed_{side}"],
            other_feed=table[f"agency_{other}"] + "/" + table[f"feed_{other}"],
            unit=table[f"unit_{side}"].fillna(""),
            value=table[f"value_{side}"].astype(float),
            other=table[f"value_{other}"].astype(float),
        )
        for side, other in SIDES
    ]
    pairs = pd.concat(sides, ignore_index=True)
    return _with_rule(facts, pairs.assign(cell=cell_names(pairs)))


def _with_rule(facts: Facts, pairs: pd.DataFrame) -> pd.DataFrame:
    limits = pairs.rule.map(lambda name: facts.tolerances.get(name, (0.0, 0.0)))
    return pairs.assign(absolute=limits.str[0].astype(float), relative=limits.str[1].astype(float))


def _rule(pairs: pd.DataFrame) -> tuple[Array, Array, Array]:
    return pairs.other.to_numpy(float), pairs.absolute.to_numpy(float), pairs.relative.to_numpy(float)


def _is_small(values: pd.Series, rules: Rules) -> pd.Series:
    return (values > 0) & (values < rules.highest + 1)


def _is_protected(pairs: pd.DataFrame, rules: Rules, audience: str | None) -> pd.Series:
    is_public = pairs.feed.isin(rules.public_feeds) | pairs.unit.isin(rules.exempt_units)
    return ~is_public & (agency_of(pairs.feed) != (audience or ""))


def _losses(facts: Facts, listed: pd.DataFrame) -> pd.Series:
    """What hiding each figure costs: more where it stands in more conflicts, in leading ones, and the more it counts."""
    is_own = listed.area_code == facts.district
    weight = np.where(is_own & (listed.period_kind == "financial_year"), LEADING, np.where(is_own, OWN_DISTRICT, OTHER))
    return pd.Series(weight * (1 + np.log1p(listed.value.fillna(0).abs()))).groupby(listed.cell.to_numpy()).sum()


def _bounds(facts: Facts, listed: pd.DataFrame, audience: str | None) -> pd.DataFrame:
    """What conflicts and their absence tell of a figure, to whoever knows the other one: cell, lowest, highest,
    below, above.

    A figure in a listed conflict lies outside the other's tolerance. One in a conflict that this reader's list
    would hold, were there any, lies within it, or is a small count whose conflict is not listed. The other figure counts as
    known wherever the reader might see it.
    """
    low, high = tolerated_range(*_rule(listed))
    above = listed.value.to_numpy() > listed.other.to_numpy()
    outside = pd.DataFrame({"below": np.ceil(np.round(low, 6)) - 1, "above": np.floor(np.round(high, 6)) + 1})
    told = outside.assign(
        cell=listed.cell.to_numpy(),
        lowest=outside.above.where(above),
        highest=outside.below.where(~above),
    )
    told = told.groupby("cell", as_index=False).agg({"below": "min", "above": "max", "lowest": "max", "highest": "min"})
    # above one of its others and below another one: then it is known to lie between, else to lie outside
    is_between = told.lowest.notna() & told.highest.notna()
    told[["below", "above"]] = told[["below", "above"]].mask(is_between)
    told[["lowest", "highest"]] = told[["lowest", "highest"]].where(is_between)
    silent = _silent_pairs(facts, listed, audience)
    low, high = tolerated_range(*_rule(silent))
    is_left_out = facts.rules.conflict_gives_away(*_rule(silent))
    low, high = np.ceil(np.round(low, 6)), np.floor(np.round(high, 6))
    silence = pd.DataFrame(
        {
            "cell": silent.cell,
            "lowest": np.maximum(np.where(is_left_out, np.minimum(low, 1), low), 0),
            "highest": np.where(is_left_out, np.maximum(high, facts.rules.highest), high),
        }
    )
    bounds = pd.concat([told, silence], ignore_index=True)
    return bounds.groupby("cell", as_index=False).agg({"lowest": "max", "highest": "min", "below": "min", "above": "max"})


def _silent_pairs(facts: Facts, listed: pd.DataFrame, audience: str | None) -> pd.DataFrame:
    """Pairs that are not listed, though a conflict of theirs would be, with an other figure that this reader may see."""
    table = facts.compared
    sides: list[Any] = [
        table.rename(columns={f"feed_{a}": "feed", f"feed_{b}": "other_feed", f"value_{a}": "value", f"value_{b}": "other"})
        for a, b in SIDES
    ]
    pairs = pd.concat(sides, ignore_index=True)
    agency, other_agency = agency_of(pairs.feed), agency_of(pairs.other_feed)
    is_told = (agency == (audience or "")) | (other_agency == (audience or ""))
    is_leading = (pairs.area_code == facts.district) & (pairs.period_kind == "financial_year")
    pairs = pairs[is_told | is_leading]
    pairs = pairs.assign(cell=cell_names(pairs), other_cell=cell_names(pairs.assign(feed=pairs.other_feed)))
    may_see = (other_agency[pairs.index] == (audience or "")) | pairs.other_feed.isin(facts.rules.public_feeds)
    may_see |= found_in(pairs.other_cell, listed.cell)
    listed_pairs = listed.cell + "+" + cell_names(listed.assign(feed=listed.other_feed))
    is_listed = found_in(pairs.cell + "+" + pairs.other_cell, listed_pairs)
    return _with_rule(facts, pairs[may_see & ~is_listed])
