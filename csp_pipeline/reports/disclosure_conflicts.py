"""Which conflicts may be listed for a reader, and which of their figures are hidden."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from csp_pipeline.reports.disclosure_cells import Numbers, Seen, cell_names, figure_numbers, found_in
from csp_pipeline.reports.disclosure_earlier import earlier_numbers
from csp_pipeline.reports.disclosure_rules import Array, margins_of, tolerated_range
from csp_pipeline.reports.read import Facts, Row

SIDES = (("a", "b"), ("b", "a"))
PLACE = ("measure", "area_code", "period")
# The reason, for us alone, to hide what an earlier report withheld.
WITHHELD_BEFORE = "withheld before"
# What a figure is worth to its reader: the yearly ones of the own district are what the partnership answers for.
LEADING, OWN_DISTRICT, OTHER = 10.0, 3.0, 1.0


def may_be_listed(facts: Facts, rows: list[Row], audience: str | None) -> list[bool]:
    """Whether each conflict may be listed: not where that alone tells something of a small count."""
    if not rows:
        return []
    sides = _sides(facts)
    telling = frozenset(sides.conflict[sides.gives_away & (sides.agency != (audience or ""))])
    return [row["discrepancy_id"] not in telling for row in rows]


def hidden_figures(
    facts: Facts, rows: list[Row], audience: str | None, seen: Seen, listed_elsewhere: Sequence[Row] = ()
) -> dict[str, str]:
    """The hidden figures of the conflicts that are listed: cell_names to the reason, which is for us alone.

    `seen` is what the reader has before it elsewhere: on the front page, in earlier reports; `listed_elsewhere` the conflicts
    that another list tells it of.
    """
    if not rows:
        return {}
    asked = conflict_numbers(facts, rows, audience, seen, listed_elsewhere)
    shown = asked.cells[(asked.cells.loss > 0) & asked.cells.is_protected]
    return asked.protected(facts.rules, facts.parts) | dict.fromkeys(seen.still_withheld(shown), WITHHELD_BEFORE)


def conflict_numbers(
    facts: Facts, rows: Sequence[Row], audience: str | None, seen: Seen, listed_elsewhere: Sequence[Row] = ()
) -> Numbers:
    """The figures of listed conflicts with all that adds up to them, as disclosure.protect takes them.

    Of conflicts that are `listed_elsewhere` the reader knows that they are, and no figure.
    The gap between two figures needs no cell of its own: reports hide it with either of them.
    """
    here, told = _sides_of(facts, rows), _sides_of(facts, [*rows, *listed_elsewhere])
    figures = facts.figures
    is_known = figures.feed.isin(facts.rules.public_feeds) | (figures.agency == (audience or ""))
    subjects = _with_measures_of_sums(facts, frozenset(_subjects(told)))
    in_question = figures[found_in(_subjects(figures), subjects) & ~is_known]
    cells = in_question.merge(_bounds(facts, told, audience, seen.any_time | frozenset(here.cell)), on="cell", how="left")
    loss = cells.cell.map(here.loss.groupby(here.cell).sum()).fillna(0.0)
    now = figure_numbers(seen.weighed(cells.assign(loss=loss)), facts.rules, audience) + facts.sums.among(in_question.cell)
    return now + earlier_numbers(facts, audience, seen, in_question)


def told_by_lists(facts: Facts, listed: Sequence[Row], audience: str | None, seen: Seen) -> pd.DataFrame:
    """What a reader learns of figures by these conflicts being listed, and no others: cell, lowest, highest, below, above."""
    nothing = pd.DataFrame(columns=["cell", "pair", "lowest", "highest", "below", "above"])
    return _bounds(facts, _sides_of(facts, listed) if listed else nothing, audience, seen.any_time)


def _subjects(figures: pd.DataFrame) -> pd.Series:
    """Which feed counts what: the figures of one subject make up one another."""
    return figures.feed + "|" + figures.measure


def _with_measures_of_sums(facts: Facts, subjects: frozenset[str]) -> frozenset[str]:
    """Subjects, and those that are declared to add up to one of them, or to something with it."""
    sums = [{f"{entry.feed}|{measure}" for measure in (entry.whole, *entry.parts)} for entry in facts.measure_sums]
    while more := [tied for tied in sums if tied & subjects and not tied <= subjects]:
        subjects = subjects.union(*more)
    return subjects


def cell_of(feed: str, measure: str, area_code: str, period: str) -> str:
    """The name of a figure's cell, as cell_names gives it; `feed` is `agency/feed`."""
    return f"{feed}|{measure}|{area_code}|{period}"


def small_counts_in_search(facts: Facts, search: Row, feed: str) -> bool:
    """Whether a definition search compared small counts of a feed (`agency/feed`): where both feeds have a figure."""
    periods = [row["period"] for row in facts.periods if row["period_kind"] == search["period_kind"]]
    areas = [row["area_code"] for row in facts.areas if row["area_level"] == search["area_level"]]
    figures = facts.figures
    figures = figures[(figures.measure == search["measure"]) & figures.period.isin(periods) & figures.area_code.isin(areas)]
    pair = (f"{search['agency']}/{search['feed']}", f"{search['other_agency']}/{search['other_feed']}")
    one, other = (figures[figures.feed == key].set_index(["area_code", "period"]).value for key in pair)
    compared = (one if feed == pair[0] else other).loc[lambda found: found.index.isin(one.index.intersection(other.index))]
    return bool(((compared > 0) & (compared < facts.rules.highest + 1)).any())


def seen_in_reports(reports: Iterable[dict[str, Any]]) -> Seen:
    """What reports that were sent (their JSON) showed their reader and withheld from it.

    A number that was shown cannot be hidden from its reader any more. What was withheld is withheld for good: shown once the
    small count that it protected is none any more, it would tell what that count was.
    """
    told = [
        (
            report["as_at"] or "",
            cell_of(f"{figure['agency']}/{figure['feed']}", *(conflict[name] for name in PLACE)),
            figure["value"],
        )
        for report in reports
        for conflict in report["conflicts"]
        for figure in conflict["figures"]
        # where neither number is withheld, one that is not there was suppressed by its sender
        if figure["value"] is not None or conflict.get("withheld")
    ]
    shown: dict[str, set[tuple[str, float]]] = {}
    for as_at, cell, value in told:
        if value is not None:
            shown.setdefault(as_at, set()).add((cell, float(value)))
    return Seen(
        values=frozenset().union(*shown.values()),
        withheld=frozenset(cell for _, cell, value in told if value is None),
        reports=frozenset((as_at, frozenset(values)) for as_at, values in shown.items() if as_at),
    )


def _sides_of(facts: Facts, conflicts: Sequence[Row]) -> pd.DataFrame:
    sides = _sides(facts)
    return sides[found_in(sides.conflict, (row["discrepancy_id"] for row in conflicts))]


@lru_cache(maxsize=1)
def _sides(facts: Facts) -> pd.DataFrame:
    """Both sides of each conflict: conflict (its id), cell, agency, feed, measure, pair (of cells), gives_away (listing it tells
    others something of a small count), loss, and what listing it tells: below, above, lowest, highest.
    """
    table = pd.DataFrame(facts.conflicts, dtype=object)
    place = table[["measure", "area_code", "period", "period_kind", "rule"]].assign(conflict=table.discrepancy_id)
    sides = pd.concat(
        [
            place.assign(
                agency=table[f"agency_{side}"],
                feed=table[f"agency_{side}"] + "/" + table[f"feed_{side}"],
                other_feed=table[f"agency_{other}"] + "/" + table[f"feed_{other}"],
                unit=table[f"unit_{side}"].fillna(""),
                value=table[f"value_{side}"].astype(float),
                other=table[f"value_{other}"].astype(float),
            )
            for side, other in SIDES
        ],
        ignore_index=True,
    )
    rules = facts.rules
    other, absolute, relative = _other_and_tolerance(facts, sides)
    low, high = tolerated_range(other, absolute, relative)
    below, above = np.ceil(np.round(low, 6)) - 1, np.floor(np.round(high, 6)) + 1
    is_above = sides.value.to_numpy() > other
    return sides.assign(
        cell=(cell := cell_names(sides)),
        pair=cell + "+" + cell_names(sides.assign(feed=sides.other_feed)),
        gives_away=rules.listing_tells(sides.feed, sides.unit, sides.value, other, absolute, relative),
        loss=_losses(facts, sides),
        below=below,
        above=above,
        lowest=np.where(is_above, above, np.nan),
        highest=np.where(is_above, np.nan, below),
    )


def _other_and_tolerance(facts: Facts, sides: pd.DataFrame) -> tuple[Array, Array, Array]:
    """The other figure, and the tolerance between the two: absolute and relative."""
    absolute, relative = margins_of(sides.rule, facts.tolerances)
    return sides.other.to_numpy(float), absolute, relative


def _losses(facts: Facts, sides: pd.DataFrame) -> Array:
    """What hiding each figure costs its conflict: more in leading ones, and the more it counts. A figure costs the sum."""
    is_own = sides.area_code == facts.district
    weight = np.where(is_own & (sides.period_kind == "financial_year"), LEADING, np.where(is_own, OWN_DISTRICT, OTHER))
    found: Array = weight * (1 + np.log1p(sides.value.fillna(0).abs().to_numpy()))
    return found


def _bounds(facts: Facts, listed: pd.DataFrame, audience: str | None, may_be_seen: frozenset[str]) -> pd.DataFrame:
    """What conflicts and their absence tell of a figure, to whoever knows the other one: cell, lowest, highest,
    below, above. `may_be_seen` are the cells whose numbers the reader may have before it.

    A figure in a listed conflict lies outside the other's tolerance. One in a conflict that this reader's list
    would hold, were there any, lies within it, or is a small count whose conflict is not listed. The other figure counts as
    known wherever the reader might see it.
    """
    told = listed.groupby("cell", as_index=False).agg({"below": "min", "above": "max", "lowest": "max", "highest": "min"})
    # above one of its others and below another one: then it is known to lie between, else to lie outside
    is_between = told.lowest.notna() & told.highest.notna()
    told[["below", "above"]] = told[["below", "above"]].mask(is_between)
    told[["lowest", "highest"]] = told[["lowest", "highest"]].where(is_between)
    bounds = pd.concat([told, _silence(facts, listed, audience, may_be_seen)], ignore_index=True)
    return bounds.groupby("cell", as_index=False).agg({"lowest": "max", "highest": "min", "below": "min", "above": "max"})


def _silence(facts: Facts, listed: pd.DataFrame, audience: str | None, may_be_seen: frozenset[str]) -> pd.DataFrame:
    """What it tells that conflicts are not listed which would be, of figures whose other one this reader may see: cell, lowest,
    highest.
    """
    pairs, reader = _silent_bounds(facts), audience or ""
    is_other_own = pairs.other_agency == reader
    is_told = is_other_own | pairs.is_main
    may_see = is_other_own | pairs.other_feed.isin(facts.rules.public_feeds) | found_in(pairs.other_cell, may_be_seen)
    pairs = pairs[is_told & may_see]
    return pairs.loc[~found_in(pairs.cell + "+" + pairs.other_cell, listed.pair), ["cell", "lowest", "highest"]]


@lru_cache(maxsize=1)
def _silent_bounds(facts: Facts) -> pd.DataFrame:
    """Both sides of all that was compared, with what it tells of each that no conflict of the two is listed: lowest, highest."""
    sides = facts.compared
    other, absolute, relative = _other_and_tolerance(facts, sides)
    low, high = tolerated_range(other, absolute, relative)
    low, high = np.ceil(np.round(low, 6)), np.floor(np.round(high, 6))
    is_left_out = facts.rules.conflict_gives_away(other, absolute, relative)
    return sides.assign(
        lowest=np.maximum(np.where(is_left_out, np.minimum(low, 1), low), 0),
        highest=np.where(is_left_out, np.maximum(high, facts.rules.highest), high),
    )
