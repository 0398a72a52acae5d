"""Which figures a reader may see: another agency's counts of 1 to 4 stay hidden, and so does what gives them away."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# These feeds are published by their owners, number by number, so that hiding one here would protect nobody:
# the partnership's own publications, data.police.uk's street-level rows and the Home Office's open data tables.
PUBLIC_FEEDS = frozenset({"district/published_figures", "police/street", "police/recorded_crime_tables"})
# Percentages are not counts; their bases are never shown here.
EXEMPT_UNITS = frozenset({"percent"})
SMALL = range(1, 5)
EVERYBODY = None

SMALL_NUMBER = "a count of 1 to 4 is shown to its own agency only"
DERIVABLE = "another agency's count of 1 to 4 could be worked out from it"


@dataclass(frozen=True, order=True)
class Cell:
    """One figure's place: `feed` is `agency/feed`."""

    feed: str
    measure: str
    area_code: str
    period: str


Sums = Callable[[Cell], Iterable[tuple[Cell, ...]]]


def is_small(value: float | None) -> bool:
    """Whether a count is 1 to 4."""
    return value is not None and 0 < value < SMALL.stop


def is_protected(feed: str, unit: str, audience: str | None) -> bool:
    """Whether small counts of a feed are kept from an audience: an agency's short name, or EVERYBODY."""
    return feed not in PUBLIC_FEEDS and unit not in EXEMPT_UNITS and feed.split("/")[0] != audience


def conflict_gives_away(hidden: float, known: float, absolute: float, relative: float) -> bool:
    """Whether a hidden small count follows from the other figure and the fact that the two conflict.

    With a tolerance of 2, whoever knows a 1 and reads that a count of 1 to 4 conflicts with it knows that it is 4.
    """
    possible = [n for n in SMALL if abs(n - known) > max(absolute, relative * max(abs(n), abs(known)))]
    return is_small(hidden) and len(possible) <= 1


def hidden_cells(
    listed: Mapping[Cell, float],
    protected: Callable[[Cell], bool],
    values: Mapping[Cell, float],
    sums: Sums,
    fixed: frozenset[Cell] = frozenset(),
) -> dict[Cell, str]:
    """The cells of a report to hide, with the reason: small ones, then enough others that none can be worked out.

    `listed` are the cells a report would show, `values` every figure that exists, `sums` gives for a cell each set of
    parts that add up to it (a year's quarters, a county's districts), `fixed` are cells the reader sees elsewhere.
    """
    hidden = {cell: SMALL_NUMBER for cell, value in listed.items() if protected(cell) and is_small(value)}
    found = True
    while found:
        found = False
        for whole in sorted(listed):
            if whole in hidden or not protected(whole):
                continue
            for parts in sums(whole):
                known = [part for part in parts if part in listed and part not in hidden]
                unknown = [part for part in parts if part in values and part not in known]
                if not _gives_away(values.get(whole, listed[whole]), known, unknown, values, hidden):
                    continue
                # the smallest part that the reader does not see elsewhere is the least to lose; else the whole
                choices = sorted((listed[part], part) for part in known if part not in fixed and listed[part] > 0)
                hidden[choices[0][1] if choices else whole] = DERIVABLE
                found = True
                if whole in hidden:
                    break
    return hidden


def _gives_away(
    whole: float, known: list[Cell], unknown: list[Cell], values: Mapping[Cell, float], hidden: Mapping[Cell, str]
) -> bool:
    """Whether the whole less the known parts tells a small number."""
    if not unknown:
        return False
    rest = whole - sum(values[part] for part in known)
    if is_small(rest) or (len(unknown) == 1 and is_small(values[unknown[0]])):
        return True
    all_small = all(hidden.get(part) == SMALL_NUMBER for part in unknown)
    return all_small and rest in (len(unknown), len(unknown) * (SMALL.stop - 1))


def sums_of(areas: list[dict[str, Any]], periods: list[dict[str, Any]]) -> Sums:
    """What adds up to what: quarters to a year, districts to a county, districts or counties to a force area."""
    year_quarters = {
        year["period"]: tuple(
            quarter["period"]
            for quarter in periods
            if quarter["period_kind"] == "quarter"
            and year["period_start"] <= quarter["period_start"]
            and quarter["period_end"] <= year["period_end"]
        )
        for year in periods
        if year["period_kind"] == "financial_year"
    }
    area_parts: dict[str, list[tuple[str, ...]]] = {}
    for area in areas:
        code, level = area["area_code"], area["area_level"]
        if level == "county":
            area_parts[code] = [_codes(areas, "district", county_code=code)]
        elif level == "force":
            lone = tuple(
                a["area_code"]
                for a in areas
                if a["area_level"] == "district" and not a["county_code"] and a["force_code"] == code
            )
            area_parts[code] = [
                _codes(areas, "district", force_code=code),
                _codes(areas, "county", force_code=code) + lone,
            ]

    def sums(cell: Cell) -> Iterable[tuple[Cell, ...]]:
        if cell.period in year_quarters:
            yield tuple(Cell(cell.feed, cell.measure, cell.area_code, period) for period in year_quarters[cell.period])
        for codes in area_parts.get(cell.area_code, []):
            yield tuple(Cell(cell.feed, cell.measure, code, cell.period) for code in codes)

    return sums


def _codes(areas: list[dict[str, Any]], level: str, **within: str) -> tuple[str, ...]:
    return tuple(
        area["area_code"]
        for area in areas
        if area["area_level"] == level and all(area[name] == code for name, code in within.items())
    )
