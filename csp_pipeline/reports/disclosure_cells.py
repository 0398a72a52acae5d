"""Turning a report's numbers into the cells and relations that disclosure.protect takes: figures, sums, bridges, percentages."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from csp_pipeline.lake import read_json, write_json
from csp_pipeline.parts import Parts
from csp_pipeline.reports.disclosure import protect
from csp_pipeline.reports.disclosure_rules import Rules

CELLS = ["cell", "value", "is_protected", "is_known", "loss", "lowest", "highest", "below", "above"]
BOUNDS = {"lowest": "max", "highest": "min", "below": "min", "above": "max"}
RELATIONS = ["relation", "cell", "coefficient"]
# Names a figure's place; none of its parts holds the mark between them.
PLACE = ["feed", "measure", "area_code", "period"]


@dataclass(frozen=True)
class Numbers:
    """Numbers of one report for one reader: `cells` and `relations` as disclosure.protect takes them.

    Sets of numbers are put together with `+`. A cell in both is one number: known where either says so, protected where
    either says so, with the loss of both and the narrower of the bounds.
    """

    cells: pd.DataFrame
    relations: pd.DataFrame

    def __add__(self, other: "Numbers") -> "Numbers":
        cells = pd.concat([self.cells, other.cells], ignore_index=True)
        if cells.cell.duplicated().any():
            ways = {"value": "first", "is_protected": "any", "is_known": "any", "loss": "sum"} | BOUNDS
            cells = cells.groupby("cell", as_index=False).agg(ways)
        relations = pd.concat([self.relations, other.relations], ignore_index=True)
        relations = relations.drop_duplicates(["relation", "cell"], ignore_index=True)
        return Numbers(cells[CELLS], relations[RELATIONS])

    def among(self, cells: pd.Series) -> "Numbers":
        """Only the relations that hold some of these cells, and the numbers that stand in them."""
        tied = self.relations.relation[found_in(self.relations.cell, cells)]
        relations = self.relations[found_in(self.relations.relation, tied)]
        return Numbers(self.cells[found_in(self.cells.cell, relations.cell)], relations)

    def protected(self, rules: Rules, parts: Parts | None = None) -> dict[str, str]:
        """The hidden cells, each with the reason that is for us alone; taken from `parts` where the same was asked before."""
        # all numbers in full: what is hidden from whom rests on each of them
        asked = (self.cells.to_dict("list"), self.relations.to_dict("list"), rules.highest)
        place = parts.place("hidden", asked, ".json") if parts else None
        kept = read_json(place) if place else None
        if kept is not None:
            return kept
        found = protect(self.cells, self.relations, rules.highest)
        hidden = dict(zip(found.cell, found.reason, strict=True))
        if place:
            write_json(place, hidden)
        return hidden


def cell_names(figures: pd.DataFrame) -> pd.Series:
    """One name for each figure's place: feed (`agency/feed`), measure, area and period."""
    return figures.feed + "|" + figures.measure + "|" + figures.area_code + "|" + figures.period


def agency_of(feeds: pd.Series) -> pd.Series:
    """The agencies of feeds, which are named `agency/feed`."""
    return feeds.map({feed: feed.split("/")[0] for feed in feeds.unique()})


def found_in(values: pd.Series, among: Iterable[str]) -> pd.Series:
    """Whether each value is one of many others; pandas' own `isin` converts these one by one, at ten times the cost."""
    return values.map(frozenset(among).__contains__).astype(bool)


def numbers(cells: pd.DataFrame, relations: pd.DataFrame | None = None) -> Numbers:
    """Numbers from cells and relations of which only cell and value need to be given: the rest is unprotected and unshown."""
    defaults: dict[str, Any] = {"is_protected": False, "is_known": False, "loss": 0.0} | dict.fromkeys(BOUNDS, np.nan)
    filled = cells.assign(**{name: value for name, value in defaults.items() if name not in cells})
    types = {"value": float, "is_protected": bool, "is_known": bool, "loss": float} | dict.fromkeys(BOUNDS, float)
    empty = pd.DataFrame({"relation": [], "cell": [], "coefficient": []})
    return Numbers(filled[CELLS].astype(types), (empty if relations is None else relations)[RELATIONS])


def figure_numbers(figures: pd.DataFrame, rules: Rules, audience: str | None) -> Numbers:
    """Figures as cells for an audience (an agency, or everybody: None).

    `figures`: cell, feed, unit, value, loss (0 where the report does not show it), optionally is_known (the reader has seen it
    elsewhere) and the bounds that disclosure.protect takes. Own and public figures are known. What was seen elsewhere and is a
    small count by now is not: it is hidden from now on.
    """
    is_own = agency_of(figures.feed) == (audience or "")
    is_public = figures.feed.isin(rules.public_feeds) | figures.unit.isin(rules.exempt_units)
    is_small = (figures.value > 0) & (figures.value < rules.highest + 1)
    is_protected = ~(is_own | is_public)
    is_seen = figures.is_known if "is_known" in figures else pd.Series(False, index=figures.index)
    return numbers(figures.assign(is_protected=is_protected, is_known=~is_protected | (is_seen & ~is_small)))


def sum_numbers(figures: pd.DataFrame, areas: pd.DataFrame, periods: pd.DataFrame) -> Numbers:
    """What adds up to what: quarters to a year, districts to a county, districts or counties to a force area.

    `figures`: cell, feed, measure, area_code, period, value; `areas` and `periods` as in the warehouse. Where parts do not
    add up to their whole (records without a location; people counted once in a year and in two quarters), the rest is a
    cell that nobody sees, of which only the direction is known. Where they add up, a reader is taken to know that they do.
    """
    terms = [_terms(figures, _quarters_of_years(periods), "period", "quarters")]
    terms += [_terms(figures, pairs, "area_code", way) for way, pairs in _parts_of_areas(areas).items()]
    parts = pd.concat(terms, ignore_index=True)
    rests = parts.groupby("relation", as_index=False).agg(
        cell=("whole", "first"), value=("whole_value", "first"), sum=("value", "sum")
    )
    wholes = rests.assign(coefficient=1.0)
    parts = parts.assign(coefficient=-1.0)
    rests = rests.assign(cell=rests.relation + "|rest", value=rests.value - rests["sum"], coefficient=-1.0)
    rests = rests[rests.value != 0]
    rests = rests.assign(lowest=np.where(rests.value > 0, 0, np.nan), highest=np.where(rests.value < 0, 0, np.nan))
    return numbers(rests, pd.concat([wholes, parts, rests], ignore_index=True)[RELATIONS])


def _terms(figures: pd.DataFrame, pairs: pd.DataFrame, by: str, way: str) -> pd.DataFrame:
    """One row for each part of each whole: relation, whole, whole_value, cell, value. `pairs`: whole, part of column `by`."""
    wholes = figures.merge(pairs.rename(columns={"whole": by}), on=by)
    wholes = wholes.rename(columns={"cell": "whole", "value": "whole_value"}).drop(columns=by)
    wholes = wholes.rename(columns={"part": by})[[*PLACE, "whole", "whole_value"]]
    parts = wholes.merge(figures[[*PLACE, "cell", "value"]], on=PLACE)
    return parts.assign(relation=parts.whole + "|" + way)


def _quarters_of_years(periods: pd.DataFrame) -> pd.DataFrame:
    years = periods[periods.period_kind == "financial_year"].rename(columns={"period": "whole"})
    quarters = periods[periods.period_kind == "quarter"].rename(columns={"period": "part"})
    pairs = years.merge(quarters, how="cross", suffixes=("", "_of_part"))
    inside = (pairs.period_start <= pairs.period_start_of_part) & (pairs.period_end_of_part <= pairs.period_end)
    return pairs.loc[inside, ["whole", "part"]]


def _parts_of_areas(areas: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Pairs of whole and part by the way in which areas are cut up."""
    districts = areas[(areas.area_level == "district")].rename(columns={"area_code": "part"})
    counties = areas[areas.area_level == "county"].rename(columns={"area_code": "part"})
    alone = districts[districts.county_code.isna() | (districts.county_code == "")]

    def pairs(parts: pd.DataFrame, whole: str) -> pd.DataFrame:
        return parts.rename(columns={whole: "whole"})[["whole", "part"]].dropna()

    return {
        "districts of county": pairs(districts, "county_code"),
        "districts of force": pairs(districts, "force_code"),
        "counties of force": pd.concat([pairs(counties, "force_code"), pairs(alone, "force_code")], ignore_index=True),
    }


def gap_numbers(gaps: pd.DataFrame) -> Numbers:
    """Gaps between figures: cell, value, a, b (the two figures' cells), loss. Every gap is b less a.

    A report that never shows a gap beside a hidden figure needs none of this: such a gap tells nothing new.
    """
    sides = {"cell": -1.0, "a": -1.0, "b": 1.0}
    terms = [gaps.assign(relation=gaps.cell, term=gaps[side], coefficient=sign) for side, sign in sides.items()]
    relations = pd.concat(terms, ignore_index=True)[["relation", "term", "coefficient"]]
    return numbers(gaps, relations.rename(columns={"term": "cell"}))


def bridge_numbers(steps: pd.DataFrame, ends: pd.DataFrame, rules: Rules, audience: str | None) -> Numbers:
    """The steps of bridges, for one audience.

    `steps`: bridge, step, contribution, records_a, records_b (NaN where a step has no records) and loss (of each number
    shown). `ends`: bridge, cell_a, cell_b (the cells of its two figures), value_a, feed_a, feed_b, unit_a, unit_b. Cells
    are named `<bridge>|<step>|contribution`, `|reached`, `|records_a` and `|records_b`. Records taken out of a count are its
    agency's and those put in are the other's, so each is protected as a figure of that feed would be. A step contributes
    records_b less records_a, reaches what was reached before with its contribution, and the last one reaches the other figure.
    """
    rows = steps.merge(ends, on="bridge").sort_values(["bridge", "step"], ignore_index=True)
    name = rows.bridge + "|" + rows.step.astype(str) + "|"
    reached = rows.value_a + rows.groupby("bridge").contribution.cumsum()
    is_first, is_last = ~rows.bridge.duplicated(), ~rows.bridge.duplicated(keep="last")
    before = (name + "reached").shift().where(~is_first, rows.cell_a)
    signed = [
        pd.DataFrame({"cell": name + "contribution", "value": rows.contribution, "loss": rows.loss}),
        # what the last step reaches is the other figure itself
        pd.DataFrame({"cell": name + "reached", "value": reached, "loss": rows.loss})[~is_last],
    ]
    after = (name + "reached").where(~is_last, rows.cell_b)
    relations = _relation(name + "reached", {1.0: after, -1.0: [before, name + "contribution"]})
    found = numbers(pd.concat(signed, ignore_index=True), relations)
    has_records = rows.records_a.notna() & rows.records_b.notna()
    for side in ("a", "b"):
        records = pd.DataFrame(
            {
                "cell": name + f"records_{side}",
                "value": rows[f"records_{side}"],
                "feed": rows[f"feed_{side}"],
                "unit": rows[f"unit_{side}"],
                "loss": rows.loss,
            }
        )
        found += figure_numbers(records[rows[f"records_{side}"].notna()], rules, audience)
    parts = {1.0: name + "contribution", -1.0: name + "records_b"}
    split = pd.concat([_relation(name + "records", parts), _relation(name + "records", {1.0: name + "records_a"})])
    split = split[split.relation.isin((name + "records")[has_records])]
    return found + Numbers(found.cells.iloc[:0], split)


def _relation(relation: pd.Series, sides: dict[float, Any]) -> pd.DataFrame:
    """Terms of one relation a row: names of cells by coefficient."""
    terms = [
        pd.DataFrame({"relation": relation, "cell": cell, "coefficient": coefficient})
        for coefficient, cells in sides.items()
        for cell in (cells if isinstance(cells, list) else [cells])
    ]
    return pd.concat(terms, ignore_index=True)


def percentage_numbers(shares: pd.DataFrame) -> Numbers:
    """Percentages of a base that the reader knows: each gives its count as closely as it is rounded.

    `shares`: cell, value (the percentage as it would be shown), decimals, count (the counted cell), counted (its value), base,
    loss. The percentage and a rounding error, of which only the bounds are known, make up 100 * count / base.
    """
    half = 0.5 * 10.0 ** -shares.decimals.astype(float)
    error = pd.DataFrame(
        {
            "cell": shares.cell + "|rounding",
            "value": 100 * shares.counted / shares.base - shares.value,
            "lowest": -half,
            "highest": half,
        }
    )
    terms = [
        shares.assign(relation=shares.cell, coefficient=-1.0),
        error.assign(relation=shares.cell, coefficient=-1.0),
        shares.assign(relation=shares.cell, cell=shares["count"], coefficient=100.0 / shares.base),
    ]
    return numbers(shares, pd.concat(terms, ignore_index=True)[RELATIONS]) + numbers(error)
