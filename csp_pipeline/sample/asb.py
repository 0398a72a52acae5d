"""Anti-social behaviour incidents the police recorded in a month, with the change of recording system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from csp_pipeline.sample.crimes import Mixer, weigh_rest
from csp_pipeline.sample.events import render_incident_numbers
from csp_pipeline.sample.periods import Month
from csp_pipeline.sample.plan import MonthPlan
from csp_pipeline.sample.seeds import choose_indices, open_stream
from csp_pipeline.sample.writing import look_up, number_day, render_minutes, replace_value

FIRST_NICHE_DAY = date(2016, 6, 1)
CATEGORIES = ("Personal", "Nuisance", "Environmental")
SYSTEMS = ("CIS", "Niche")
UNLOCATED_SHARE = 0.01
_FLAWS_BY_MONTH = {6: ("impossible_date",), 9: ("unknown_lsoa",), 1: ("impossible_date", "unknown_lsoa")}


@dataclass
class AsbMonth:
    """The incidents of one month in the order reported; `flaw` names what is wrong with a planted row."""

    month: Month
    minute: np.ndarray
    category: np.ndarray
    lsoa: np.ndarray
    beat: np.ndarray
    number: np.ndarray
    width: int
    flaw: dict[int, str]

    def __len__(self) -> int:
        return len(self.minute)

    @property
    def sound(self) -> np.ndarray:
        """Mark the rows without a planted flaw."""
        mask = np.ones(len(self), dtype=bool)
        mask[list(self.flaw)] = False
        return mask

    def render_numbers(self, rows: np.ndarray | slice = slice(None)) -> pa.Array:
        return render_incident_numbers(self.month, self.number[rows], self.width)


def make_asb(mixer: Mixer, plan: MonthPlan) -> AsbMonth:
    """Make the incidents of a month: Harborough's as planned, some not located, a few flawed, the rest of the force."""
    reference = mixer.reference
    rng = open_stream(mixer.seed, "police asb", plan.month.number)
    own = reference.list_lsoas(reference.harborough)
    weights = mixer.lsoa_weights[plan.month.financial_year][own]
    flaws = _FLAWS_BY_MONTH.get(plan.month.month, ())
    unlocated = int(rng.binomial(plan.asb, UNLOCATED_SHARE)) + round(plan.rest_asb * UNLOCATED_SHARE)
    rest = choose_indices(rng, weigh_rest(reference), plan.rest_asb + unlocated)
    located = rng.choice(own, size=plan.asb + len(flaws), p=weights / weights.sum())
    lsoa = np.concatenate([located, rest]).astype(np.int32)
    beat = reference.lsoa_beat[lsoa].copy()
    lsoa[len(lsoa) - unlocated :] = -1
    beat[len(lsoa) - unlocated :] = np.where(rng.random(unlocated) < 0.5, -1, beat[len(lsoa) - unlocated :])
    flawed = np.zeros(len(lsoa), dtype=np.int8)
    flawed[plan.asb : plan.asb + len(flaws)] = np.arange(1, len(flaws) + 1)
    minute = number_day(plan.month.first) * 1440 + rng.integers(0, plan.month.days * 1440, len(lsoa))
    order = np.lexsort((np.arange(len(lsoa)), minute))
    category = rng.choice(3, size=len(lsoa), p=(0.22, 0.7, 0.08))
    block = mixer.plan.block
    positions = np.sort(rng.permutation(block)[: len(lsoa)])
    return AsbMonth(
        plan.month, minute[order], category, lsoa[order], beat[order],
        2 * ((plan.month.month - 1) * block + positions) + 1, max(6, len(str(12 * block))),
        {int(row): flaws[flawed[order][row] - 1] for row in np.flatnonzero(flawed[order])},
    )  # fmt: skip


def describe_flaws(mixer: Mixer, month: AsbMonth) -> list[tuple[int, str, str]]:
    """Describe the planted flaws of a month: row, cause, the value that is wrong."""
    missing = mixer.reference.missing_lsoas
    words = {
        "impossible_date": f"31/{month.month.month % 2 + 5:02d}/{month.month.year} 25:10",
        "unknown_lsoa": missing[month.month.number % len(missing)],
    }
    return [(row, flaw, words[flaw]) for row, flaw in sorted(month.flaw.items())]


def render_asb(mixer: Mixer, month: AsbMonth) -> dict[str, pa.Array]:
    """Render a month as the columns of the police export, planted flaws included."""
    niche = month.minute >= number_day(FIRST_NICHE_DAY) * 1440
    columns = {
        "incident_number": month.render_numbers(),
        "reported_at": render_minutes(month.minute),
        "category": look_up(CATEGORIES, month.category),
        "beat": look_up(mixer.reference.beats, month.beat),
        "lsoa_code": look_up(mixer.reference.lsoas, month.lsoa),
        "recording_system": look_up(SYSTEMS, niche),
    }
    for row, flaw, value in describe_flaws(mixer, month):
        name = "reported_at" if flaw == "impossible_date" else "lsoa_code"
        columns[name] = replace_value(columns[name], row, value)
    return columns
