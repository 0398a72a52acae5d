"""The police crimes of a month: Harborough as planned, domestic ones, the rest of the force, rows that are extra."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

import numpy as np

from csp_pipeline.sample import shapes
from csp_pipeline.sample.abuse import Crime
from csp_pipeline.sample.events import (
    FLAWS,
    STATUSES,
    STRANDS,
    CrimeMonth,
    Events,
    join_events,
    make_events,
    number_events,
)  # fmt: skip
from csp_pipeline.sample.periods import Month
from csp_pipeline.sample.plan import MonthPlan, Plan
from csp_pipeline.sample.reference import Reference
from csp_pipeline.sample.seeds import choose_indices, open_stream
from csp_pipeline.sample.writing import number_day

CANCELLED_SHARE, TRANSFERRED_SHARE, UNLOCATED_SHARE = 0.015, 0.007, 0.01
_SIBLING_SHARE = 0.03
_REPEAT_SHARE = 0.12
_FLAWS_BY_MONTH = {
    5: ("unknown_code",), 7: ("impossible_date",), 8: ("unknown_lsoa",), 10: ("unknown_lsoa",),
    11: ("unknown_code",), 2: ("impossible_date", "impossible_date"),
}  # fmt: skip
_LAG_DAYS = ((0, 1), (1, 2), (2, 4), (4, 14), (14, 61), (61, 400), (400, 2200))
_LAG_SHARES = (0.44, 0.22, 0.14, 0.11, 0.06, 0.024, 0.006)
_AGGRAVATED = {"8N": "8P", "105A": "105B", "8L": "8M", "9A": "9B", "58D": "58J", "58A": "58J", "58C": "58J"}
_DOMESTIC_SHARES = {
    "Violence with injury": 0.3,
    "Violence without injury": 0.3,
    "Stalking and harassment": 0.25,
    "Criminal damage": 0.05,
}


@dataclass(frozen=True)
class Mixer:
    """Lookups that making crimes needs, worked out once."""

    reference: Reference
    seed: int
    plan: Plan
    lsoa_weights: dict[str, np.ndarray]

    def weigh_codes(self, subgroup: str, month: Month) -> tuple[np.ndarray, np.ndarray]:
        """Weigh the codes of a subgroup that are in use in a month and not about hate."""
        weights = {
            self.reference.index_offence(code): weight
            for code, weight in shapes.CODE_WEIGHTS[subgroup].items()
            if code not in _AGGRAVATED.values()
            and self.reference.offences[self.reference.index_offence(code)].is_used(month.first)
        }
        values = np.array(list(weights.values()), dtype=float)
        return np.array(list(weights)), values / values.sum()

    def mark(self, subgroups: Container[str]) -> np.ndarray:
        """Mark the offence codes of some subgroups."""
        return self.reference.select_offences(lambda offence: offence.subgroup in subgroups)


def weigh_lsoas(reference: Reference, years: list[str]) -> dict[str, np.ndarray]:
    """Weigh the LSOAs within their districts, year by year: Harborough's as observed, others alike."""
    observed = np.ones(len(reference.lsoas))
    growing = np.isin(np.array(reference.beats)[reference.lsoa_beat], shapes.GROWING_BEATS)
    for index in reference.list_lsoas(reference.harborough):
        observed[index] = shapes.LSOA_WEIGHTS[reference.lsoa_names[index].split()[-1]]
    return {year: np.where(growing, observed * shapes.BEAT_GROWTH.get(year, 1), observed) for year in years}


def weigh_rest(reference: Reference) -> np.ndarray:
    """Weigh the LSOAs outside Harborough: each district by its share of the force, alike within it."""
    weights = np.zeros(len(reference.lsoas))
    for index, district in enumerate(reference.districts):
        lsoas = reference.list_lsoas(index)
        weights[lsoas] = shapes.DISTRICT_WEIGHTS.get(district.code, 0) / len(lsoas)
    return weights


def make_crimes(mixer: Mixer, plan: MonthPlan, domestic: list[Crime]) -> CrimeMonth:
    """Make the crimes of a month as first extracted, numbered, and tell the domestic world its numbers."""
    rng = open_stream(mixer.seed, "police crimes", plan.month.number)
    parts = [_make_harborough(mixer, plan, rng), _place_domestic(mixer, domestic)]
    rest = _make_rest(mixer, plan, rng)
    month = number_events(rng, plan.month, join_events([*parts, rest]), mixer.plan.block)
    tell_numbers(month, domestic)
    return month


def tell_numbers(month: CrimeMonth, domestic: list[Crime]) -> None:
    """Tell the crimes of the domestic world the numbers the police gave them."""
    rows = np.flatnonzero(month.events["abuse"] >= 0)
    numbers, incidents = month.render_numbers(rows).to_pylist(), month.render_incidents(rows).to_pylist()
    for which, number, incident in zip(month.events["abuse"][rows], numbers, incidents, strict=True):
        crime = domestic[which]
        crime.number, crime.incident_number = number, incident
        if crime.later:
            crime.later.number, crime.later.incident_number = number, incident


def _make_harborough(mixer: Mixer, plan: MonthPlan, rng: np.random.Generator) -> Events:
    lsoas = mixer.reference.list_lsoas(mixer.reference.harborough)
    weights = mixer.lsoa_weights[plan.month.financial_year][lsoas]
    codes = []
    for subgroup, count in plan.subgroups.items():
        among, shares = mixer.weigh_codes(subgroup, plan.month)
        codes.append(rng.choice(among, size=count, p=shares))
    code = np.concatenate(codes)
    counted = len(code)
    flaws = _FLAWS_BY_MONTH.get(plan.month.month, ())
    extras = [int(rng.binomial(counted, share)) for share in (CANCELLED_SHARE, TRANSFERRED_SHARE, UNLOCATED_SHARE)]
    code = np.concatenate([code, rng.choice(code, size=sum(extras) + len(flaws))])
    lsoa = rng.choice(lsoas, size=len(code), p=weights / weights.sum())
    events = _fill_events(mixer, plan.month, rng, code, lsoa, base=0)
    _pair_siblings(mixer, rng, events, counted)
    eligible = np.flatnonzero(mixer.mark(shapes.HATE_SUBGROUPS)[code[:counted]])
    _mark_hate(mixer, rng, events, rng.choice(eligible, size=min(plan.hate, len(eligible)), replace=False))
    cancelled, transferred, _ = extras
    events["status"][counted : counted + cancelled] = STATUSES.index("Cancelled")
    events["status"][counted + cancelled : counted + cancelled + transferred] = STATUSES.index("Transferred")
    _blank_places(rng, events, np.arange(counted + cancelled + transferred, counted + sum(extras)))
    for turn, flaw in enumerate(flaws):
        events["flaw"][counted + sum(extras) + turn] = FLAWS.index(flaw)
    return events


def _make_rest(mixer: Mixer, plan: MonthPlan, rng: np.random.Generator) -> Events:
    """Make the crimes of the other districts; its last rows are cancelled, transferred or not located."""
    reference, counted = mixer.reference, plan.rest
    extras = [round(counted * share) for share in (CANCELLED_SHARE, TRANSFERRED_SHARE, UNLOCATED_SHARE)]
    weights = np.zeros(len(reference.offences))
    for subgroup, share in mixer.plan.rest_mix.items():
        codes, shares = mixer.weigh_codes(subgroup, plan.month)
        weights[codes] += share * shares
    count = counted + sum(extras)
    code = choose_indices(rng, weights, count)
    lsoa = choose_indices(rng, weigh_rest(reference), count)
    events = _fill_events(mixer, plan.month, rng, code, lsoa, base=10_000_000)
    _pair_siblings(mixer, rng, events, counted)
    chance = np.zeros(len(reference.offences))
    for subgroup, share in _DOMESTIC_SHARES.items():
        chance[mixer.mark((subgroup,))] = share
    events["domestic"] = rng.random(count) < chance[code]
    hate = (rng.random(count) < 0.03) & mixer.mark(shapes.HATE_SUBGROUPS)[code] & ~events["domestic"]
    _mark_hate(mixer, rng, events, np.flatnonzero(hate))
    first = counted + np.cumsum([0, *extras])
    events["status"][first[0] : first[1]] = STATUSES.index("Cancelled")
    events["status"][first[1] : first[2]] = STATUSES.index("Transferred")
    _blank_places(rng, events, np.arange(first[2], first[3]))
    return events


def _place_domestic(mixer: Mixer, domestic: list[Crime]) -> Events:
    reference = mixer.reference
    present = [(which, crime) for which, crime in enumerate(domestic) if not crime.late_only]
    starts = np.array([number_day(c.committed.date()) * 1440 + c.committed.hour * 60 + c.committed.minute for _, c in present])
    lsoa = np.array([crime.lsoa for _, crime in present], dtype=np.int32)
    _, incident = np.unique(np.array([crime.incident for _, crime in present]), return_inverse=True)
    return make_events(
        len(present),
        day=np.array([number_day(crime.recorded) for _, crime in present]),
        start=starts,
        code=np.array([reference.index_offence(crime.code) for _, crime in present]),
        domestic=np.array([crime.domestic for _, crime in present], dtype=bool),
        lsoa=lsoa,
        beat=reference.lsoa_beat[lsoa],
        person=np.array([crime.person for _, crime in present]),
        status=np.array([STATUSES.index(crime.status) for _, crime in present]),
        young=1,
        incident=incident,
        abuse=np.array([which for which, _ in present]),
    )


def _fill_events(mixer: Mixer, month: Month, rng: np.random.Generator, code: np.ndarray, lsoa: np.ndarray, base: int) -> Events:
    """Fill in what any crime has: days and times, beat, victim (people are numbered from a base), suspect's age."""
    count = len(code)
    day = number_day(month.first) + rng.integers(0, month.days, count)
    which = choose_indices(rng, np.array(_LAG_SHARES), count)
    low, high = np.array(_LAG_DAYS).T
    lag = low[which] + (rng.random(count) * (high - low)[which]).astype(np.int64)
    start = (day - lag) * 1440 + rng.integers(0, 1440, count)
    end = np.minimum(start + rng.exponential(300, count).astype(np.int64), day * 1440 + 1439)
    end[rng.random(count) < 0.4] = -1
    person = month.number * 20_000_000 + base + np.arange(count)
    pool = max(30, mixer.plan.months[0].rest // 20)
    known = (rng.random(count) < _REPEAT_SHARE) & mixer.mark({"Violence with injury", *shapes.VIOLENCE_SUBGROUPS})[code]
    person[known] = mixer.reference.lsoa_district[lsoa][known] * 10_000_000 + rng.integers(0, pool, int(known.sum()))
    person[mixer.mark(shapes.VICTIMLESS_SUBGROUPS)[code]] = -1
    young = choose_indices(rng, np.array((0.06, 0.3, 0.64)), count)
    return make_events(
        count, day=day, start=start, end=end, code=code, lsoa=lsoa, beat=mixer.reference.lsoa_beat[lsoa],
        person=person, young=np.where(young == 2, -1, young), incident=np.arange(count),
    )  # fmt: skip


def _pair_siblings(mixer: Mixer, rng: np.random.Generator, events: Events, counted: int) -> None:
    """Let some crimes share the incident of another: same day, place and time, and for violence the same victim."""
    pairs = int(counted * _SIBLING_SHARE)
    picked = rng.permutation(counted)[: 2 * pairs]
    child, parent = picked[:pairs], picked[pairs:]
    for name in ("day", "start", "end", "lsoa", "beat", "incident"):
        events[name][child] = events[name][parent]
    violent = mixer.mark({"Violence with injury", *shapes.VIOLENCE_SUBGROUPS})[events["code"]]
    both = violent[child] & violent[parent]
    events["person"][child[both]] = events["person"][parent[both]]


def _mark_hate(mixer: Mixer, rng: np.random.Generator, events: Events, rows: np.ndarray) -> None:
    strand = choose_indices(rng, np.array([shapes.HATE_STRANDS[name] for name in STRANDS], dtype=float), len(rows))
    events["hate"][rows] = strand
    worse = np.arange(len(mixer.reference.offences))
    for plain, aggravated in _AGGRAVATED.items():
        worse[mixer.reference.index_offence(plain)] = mixer.reference.index_offence(aggravated)
    racial = np.array([name.startswith(("race", "religion")) for name in STRANDS])[strand] & (rng.random(len(rows)) < 0.8)
    events["code"][rows[racial]] = worse[events["code"][rows[racial]]]


def _blank_places(rng: np.random.Generator, events: Events, rows: np.ndarray) -> None:
    events["lsoa"][rows] = -1
    events["beat"][rows[rng.random(len(rows)) < 0.5]] = -1
