"""Random numbers of one feed for one reader: quarters and years of districts and a county, with gaps, steps and percentages."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd


@dataclass
class World:
    """Numbers by name, what is known of each, and the sums between them, as a report would hold them."""

    cells: pd.DataFrame
    relations: pd.DataFrame
    signed: frozenset[str] = frozenset()
    ranges: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    @property
    def value(self) -> dict[str, float]:
        return dict(zip(self.cells.cell, self.cells.value, strict=True))

    @property
    def sums(self) -> list[dict[str, float]]:
        return [
            dict(zip(terms.cell, terms.coefficient, strict=True)) for _, terms in self.relations.groupby("relation", sort=True)
        ]

    def names(self, condition: pd.Series) -> set[str]:
        return set(self.cells.cell[condition])

    @property
    def small(self) -> set[str]:
        """Other agencies' counts of 1 to 4 that the reader does not see elsewhere."""
        return self.names(self.cells.is_protected & ~self.cells.is_known & self.cells.value.between(1, 4))

    @property
    def never_shown(self) -> set[str]:
        return self.names(~self.cells.is_known & (self.cells.loss == 0))

    @property
    def may_be_hidden(self) -> set[str]:
        return self.names(~self.cells.is_known)


def make_world(seed: int, districts: int = 3, quarters: int = 4) -> World:
    """A county's districts by a year's quarters, mostly low counts; some numbers unshown, some known, some in a gap."""
    random = np.random.default_rng(seed)
    rate = random.choice([0.7, 2.0, 6.0, 20.0])
    counts = random.poisson(rate * random.gamma(1.0, 1.0, size=(districts, 1)), size=(districts, quarters))
    values: dict[str, int] = {}
    sums: dict[str, dict[str, float]] = {}
    for d in range(districts):
        for q in range(quarters):
            values[f"d{d} q{q}"] = int(counts[d, q])
        values[f"d{d} year"] = int(counts[d].sum())
        sums[f"year of d{d}"] = {f"d{d} year": 1.0, **{f"d{d} q{q}": -1.0 for q in range(quarters)}}
    for column in [*(f"q{q}" for q in range(quarters)), "year"]:
        values[f"county {column}"] = sum(values[f"d{d} {column}"] for d in range(districts))
        sums[f"county {column}"] = {f"county {column}": 1.0, **{f"d{d} {column}": -1.0 for d in range(districts)}}
    sums["year of county"] = {"county year": 1.0, **{f"county q{q}": -1.0 for q in range(quarters)}}
    names = list(values)
    unshown, known = random.choice([0.0, 0.2, 0.5]), random.choice([0.0, 0.0, 0.15])
    rows = []
    for name in names:
        small = 1 <= values[name] <= 4
        is_known = bool(random.random() < known and not small)
        loss = 0.0 if random.random() < unshown else float(random.integers(1, 20))
        rows.append((name, float(values[name]), True, is_known, loss))
    signed = set()
    for name in random.choice(names, size=3, replace=False):
        own, gap = f"own {name}", f"gap {name}"
        mine = int(random.integers(0, 30))
        rows += [
            (own, float(mine), False, True, 1.0),
            (gap, float(values[name] - mine), False, False, float(random.integers(1, 5))),
        ]
        sums[gap] = {gap: 1.0, name: -1.0, own: 1.0}
        signed.add(gap)
    cells = pd.DataFrame(rows, columns=["cell", "value", "is_protected", "is_known", "loss"])
    terms = [(relation, cell, factor) for relation, total in sums.items() for cell, factor in total.items()]
    relations = pd.DataFrame(terms, columns=["relation", "cell", "coefficient"])
    return World(cells, relations, frozenset(signed))
