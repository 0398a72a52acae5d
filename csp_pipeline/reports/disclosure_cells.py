"""Turning a report's numbers into the cells and relations that disclosure.protect takes: figures and sums."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from csp_pipeline.lake import read_json, write_json
from csp_pipeline.partnership.scorecard import SumEntry
from csp_pipeline.parts import Parts
from csp_pipeline.reports.disclosure import protect
from csp_pipeline.reports.disclosure_rules import Rules

CELLS = ["cell", "value", "is_protected", "is_known", "loss", "lowest", "highest", "below", "above"]
BOUNDS = {"lowest": "max", "highest": "min", "below": "min", "above": "max"}
RELATIONS = ["relation", "cell", "coefficient"]
# Names a figure's place; none of its parts holds the mark between them.
PLACE = ["feed", "measure", "area_code", "period"]


# A figure that was revised since a report showed it is a poor cover, as its reader knows about how large it is: it is hidden
# only where little else would do. One that a report withheld from the reader goes on being withheld.
REVISED, WITHHELD_BEFORE = 100.0, 0.01


@dataclass(frozen=True)
class Seen:
    """What a reader has before it elsewhere: `cells` whose numbers it has as they are now, the `values` of cells that earlier
    reports showed, the cells that one of them `withheld`, and each of these `reports`: its as-at day and what it showed.
    """

    cells: frozenset[str] = frozenset()
    values: frozenset[tuple[str, float]] = frozenset()
    withheld: frozenset[str] = frozenset()
    reports: frozenset[tuple[str, frozenset[tuple[str, float]]]] = frozenset()

    def __or__(self, other: "Seen") -> "Seen":
        return Seen(
            self.cells | other.cells, self.values | other.values, self.withheld | other.withheld, self.reports | other.reports
        )

    @cached_property
    def any_time(self) -> frozenset[str]:
        """The cells of which the reader has a number, be it a former one."""
        return self.cells | {cell for cell, _ in self.values}

    def weighed(self, figures: pd.DataFrame) -> pd.DataFrame:
        """Figures (cell, value, loss) with `is_known`, and the loss that goes with what the reader has of each."""
        pairs = pd.Series(list(zip(figures.cell, figures.value, strict=True)), index=figures.index, dtype=object)
        is_known = found_in(figures.cell, self.cells) | found_in(pairs, self.values)
        is_revised = found_in(figures.cell, self.any_time) & ~is_known
        loss = figures.loss * np.where(is_revised, REVISED, 1.0)
        loss = loss.where(~found_in(figures.cell, self.withheld) | is_known, loss.clip(upper=WITHHELD_BEFORE))
        return figures.assign(is_known=is_known, loss=loss)

    def still_withheld(self, figures: pd.DataFrame) -> frozenset[str]:
        """The cells of figures that were withheld before, and of which no report has shown the number as it is now."""
        weighed = self.weighed(figures)
        return frozenset(weighed.cell[found_in(weighed.cell, self.withheld) & ~weighed.is_known])


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


def found_in(values: pd.Series, among: Iterable[Any]) -> pd.Series:
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


def sum_numbers(figures: pd.DataFrame, areas: pd.DataFrame, periods: pd.DataFrame, measures: Sequence[SumEntry] = ()) -> Numbers:
    """What adds up to what: quarters to a year, districts to a county, districts or counties to a force area, and the
    measures that are declared to.

    `figures`: cell, feed, measure, area_code, period, value; `areas` and `periods` as in the warehouse. Where parts do not
    add up to their whole (records without a location; people counted once in a year and in two quarters), the rest is a
    cell that nobody sees, of which only the direction is known. Where they add up, a reader is taken to know that they do.
    """
    terms = [_terms(figures, _quarters_of_years(periods), "period", "quarters")]
    terms += [_terms(figures, pairs, "area_code", way) for way, pairs in _parts_of_areas(areas).items()]
    terms += [_terms_of_measures(figures, entry) for entry in measures]
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


def _terms_of_measures(figures: pd.DataFrame, entry: SumEntry) -> pd.DataFrame:
    """The same for the measures of one feed that are declared to add up to another."""
    pairs = pd.DataFrame({"whole": entry.whole, "part": entry.parts})
    return _terms(figures[figures.feed == entry.feed], pairs, "measure", "parts")


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
