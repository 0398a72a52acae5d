"""How many crimes and incidents fall in each month: published totals for Harborough, the rest of the force as asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from csp_pipeline.sample import shapes
from csp_pipeline.sample.abuse import World
from csp_pipeline.sample.periods import MONTHS_IN_YEAR, Month, list_months
from csp_pipeline.sample.reference import Reference
from csp_pipeline.sample.seeds import allot, open_stream

DEFAULT_REST = 3000
_SMALLEST_BLOCK = 11_000


@dataclass
class MonthPlan:
    """What one month holds; `subgroups` are Harborough's recorded crimes beside those of the domestic world."""

    month: Month
    subgroups: dict[str, int] = field(default_factory=dict)
    hate: int = 0
    asb: int = 0
    rest: int = 0
    rest_asb: int = 0


@dataclass
class Plan:
    """The plan of all months; numbers of crimes are given out in blocks of one size, a block to a month."""

    months: list[MonthPlan]
    block: int
    harborough_totals: dict[str, int]
    fire_targets: dict[str, int]
    entrants: dict[str, int]
    rest_mix: dict[str, float]


def draw_around(seed: int, name: str, year: str, triple: tuple[int, ...]) -> int:
    """Give the published number of a year, or for a year without one a number drawn around them."""
    if year in shapes.PUBLISHED_YEARS:
        return triple[shapes.PUBLISHED_YEARS.index(year)]
    spread = open_stream(seed, f"draw {name}", int(year[:4])).uniform(0.92, 1.08)
    return round(sum(triple) / len(triple) * spread)


def make_plan(reference: Reference, seed: int, years: list[str], crimes: int | None, world: World) -> Plan:
    """Plan the counts of every month."""
    by_year = {year: _plan_subgroups(seed, year) for year in years}
    totals = {year: sum(counts.values()) for year, counts in by_year.items()}
    harborough = sum(totals.values())
    rest = DEFAULT_REST * len(years) // 3 if crimes is None else max(crimes - harborough, 0)
    months = [MonthPlan(month) for year in years for month in list_months(year)]
    _spread_subgroups(reference, seed, by_year, months, world)
    shape = _shape_months(lambda kind: kind != "Anti-social behaviour")
    rest_by_month = allot(rest, np.array([shape[plan.month.month - 1] for plan in months]))
    asb_shape = _shape_months(lambda kind: kind == "Anti-social behaviour")
    for plan, count in zip(months, rest_by_month, strict=True):
        plan.rest, plan.rest_asb = int(count), int(count) // 4
    for year in years:
        own = [plan for plan in months if plan.month.financial_year == year]
        rng = open_stream(seed, "plan asb", int(year[:4]))
        asb = rng.multinomial(draw_around(seed, "asb", year, shapes.ASB_REPORTED), _in_order(asb_shape, own))
        for plan, count in zip(own, asb, strict=True):
            plan.asb = int(count)
        _spread_hate(seed, year, own)
    largest = max(plan.rest + totals[plan.month.financial_year] // 6 for plan in months)
    return Plan(
        months,
        block=max(_SMALLEST_BLOCK, largest * 5 // 4),
        harborough_totals=totals,
        fire_targets={year: draw_around(seed, "fires", year, shapes.DELIBERATE_FIRES) for year in years},
        entrants={year: draw_around(seed, "entrants", year, shapes.FIRST_TIME_ENTRANTS) for year in years},
        rest_mix=_mix_rest(),
    )


def _plan_subgroups(seed: int, year: str) -> dict[str, int]:
    counts = {name: draw_around(seed, name, year, triple) for name, triple in shapes.PLANNED_SUBGROUPS.items()}
    others = dict(shapes.OTHER_SUBGROUPS)
    for name in shapes.VIOLENCE_SUBGROUPS:
        others[name] *= shapes.VIOLENCE_GROWTH.get(year, 1)
    left = draw_around(seed, "total", year, shapes.TOTAL_CRIME) - sum(counts.values())
    shares = allot(left, np.array(list(others.values())))
    return counts | {name: int(share) for name, share in zip(others, shares, strict=True)}


def _spread_subgroups(
    reference: Reference, seed: int, by_year: dict[str, dict[str, int]], months: list[MonthPlan], world: World
) -> None:
    """Spread what the domestic world leaves of each subgroup over the months of its year."""
    taken = _count_world(reference, world)
    group_of = {offence.subgroup: offence.group for offence in reference.offences}
    for year, counts in by_year.items():
        own = [plan for plan in months if plan.month.financial_year == year]
        rng = open_stream(seed, "plan crimes", int(year[:4]))
        for subgroup, count in counts.items():
            left = count - taken.get((year, subgroup), 0)
            if left < 0:
                raise RuntimeError(f"the domestic incidents of {year} hold more {subgroup} than the year's {count}")
            kind = shapes.name_street_type(group_of[subgroup], subgroup)
            for plan, number in zip(own, rng.multinomial(left, _in_order(_shape_type(kind), own)), strict=True):
                plan.subgroups[subgroup] = int(number)


def _count_world(reference: Reference, world: World) -> dict[tuple[str, str], int]:
    subgroup_of = {offence.code: offence.subgroup for offence in reference.offences}
    counts: dict[tuple[str, str], int] = {}
    for _, crime in world.iterate_crimes():
        if crime.status == "Recorded" and not crime.late_only and reference.lsoa_district[crime.lsoa] == reference.harborough:
            key = (Month(crime.recorded.year, crime.recorded.month).financial_year, subgroup_of[crime.code])
            counts[key] = counts.get(key, 0) + 1
    return counts


def _spread_hate(seed: int, year: str, own: list[MonthPlan]) -> None:
    rng = open_stream(seed, "plan hate", int(year[:4]))
    halves = (shapes.HATE_FIRST_HALF, shapes.HATE_SECOND_HALF)
    for half, triple in enumerate(halves):
        for plan, count in zip(
            own[6 * half :], rng.multinomial(draw_around(seed, f"hate {half}", year, triple), [1 / 6] * 6), strict=False
        ):
            plan.hate = int(count)


def _mix_rest() -> dict[str, float]:
    """Mix the subgroups of the rest of the force as Harborough's, all years together, with more violence."""
    years = [_plan_subgroups(0, year) for year in shapes.PUBLISHED_YEARS]
    mix = {name: float(sum(counts[name] for counts in years)) for name in years[0]}
    for name in (*shapes.VIOLENCE_SUBGROUPS, "Violence with injury"):
        mix[name] *= 1.4
    return mix


def _shape_type(kind: str) -> np.ndarray:
    counts = np.array(shapes.TYPE_BY_MONTH[kind], dtype=float)
    return counts + counts.mean()  # half the observed shape: a single year's months are noisy


def _shape_months(condition: Callable[[str], bool]) -> np.ndarray:
    shapes_of_kinds = (_shape_type(kind) for kind in shapes.TYPE_BY_MONTH if condition(kind))
    return sum(shapes_of_kinds, start=np.zeros(MONTHS_IN_YEAR))


def _in_order(shape: np.ndarray, own: list[MonthPlan]) -> np.ndarray:
    weights = np.array([shape[plan.month.month - 1] for plan in own])
    return weights / weights.sum()
