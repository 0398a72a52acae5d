"""Whoever adds up and subtracts all that is shown learns no more of a hidden count of 1 to 4 than that it is one."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from csp_pipeline.reports.disclosure import protect
from csp_pipeline.reports.disclosure_attack import LOWER, Knowledge, exposed
from tests.unit.reports.attacker import MOST, Attacker
from tests.unit.reports.random_worlds import World, make_world

WORLDS = range(240)
Choice = tuple[World, set[str]]


def attack(choices: list[Choice], told: bool = False) -> list[dict[str, tuple[float, float]]]:
    """What can be worked out of the small counts of each world, up to 1 and 4, where these cells are hidden.

    `told`: by whoever knows which of the marks stand for small counts. All worlds are attacked at once, which is faster.
    """
    seen, sums, ranges, signed, asked = {}, [], {}, set(), []
    for number, (world, hidden) in enumerate(choices):
        value = world.value
        marked = hidden - world.never_shown - world.signed if told else set()
        of_world = {cell: [(1, 4)] if cell in world.small else [(0, 0)] if value[cell] == 0 else [(5, MOST)] for cell in marked}
        seen |= {f"{number} {cell}": found for cell, found in value.items() if cell not in hidden}
        sums += [{f"{number} {cell}": factor for cell, factor in total.items()} for total in world.sums]
        ranges |= {f"{number} {cell}": known for cell, known in of_world.items()}
        signed |= {f"{number} {cell}" for cell in world.signed}
        asked += [f"{number} {cell}" for cell in world.small & hidden]
    found = Attacker(seen, sums, ranges, frozenset(signed)).bounds_of(asked, 1, 4)
    results: list[dict[str, tuple[float, float]]] = [{} for _ in choices]
    for name, ends in found.items():
        number, _, cell = name.partition(" ")
        results[int(number)][cell] = ends
    return results


def protect_all(worlds: list[World]) -> list[Choice]:
    """Each world with its hidden cells, all worlds protected in one call."""
    parts = [(f"{number} ", world) for number, world in enumerate(worlds)]
    cells = pd.concat([world.cells.assign(cell=mark + world.cells.cell) for mark, world in parts])
    relations = pd.concat(
        [
            world.relations.assign(relation=mark + world.relations.relation, cell=mark + world.relations.cell)
            for mark, world in parts
        ]
    )
    hidden = set(protect(cells, relations).cell)
    return [(world, {cell for cell in world.cells.cell if mark + cell in hidden}) for mark, world in parts]


def is_whole(ends: dict[str, tuple[float, float]]) -> bool:
    return all(end == (1, 4) for end in ends.values())


@pytest.mark.parametrize("start", range(0, len(WORLDS), 80))
def test_small_counts_of_random_worlds_stay_1_to_4_for_every_reader(start: int) -> None:
    sizes = [(seed, 2 + seed % 2, 2 + seed % 3) for seed in WORLDS[start : start + 80]]
    choices = protect_all([make_world(seed, districts, quarters) for seed, districts, quarters in sizes])
    tried = choices
    # whoever is not told learns no more than who is, and so nothing where that one learns nothing
    for told in (True, False):
        found = attack(tried, told)
        narrow = [number for number, ends in enumerate(found) if not is_whole(ends)]
        tried = [tried[number] for number in narrow]
        # hiding all that may be hidden does no better where a count is narrowed down all the same
        best = attack([(world, world.may_be_hidden) for world, _ in tried], told)
        assert [found[number] for number in narrow] == best
        assert len(narrow) < len(choices) / 2
    for world, hidden in choices:
        assert world.small | world.never_shown <= hidden <= world.may_be_hidden


def test_the_attacker_finds_what_hiding_small_counts_alone_gives_away() -> None:
    """The attack is a test only if it can succeed."""
    worlds = [make_world(seed) for seed in WORLDS[:40]]
    found = attack([(world, world.small | world.never_shown) for world in worlds])
    assert sum(not is_whole(ends) for ends in found) > 10


def test_no_other_choice_of_hidden_numbers_loses_less() -> None:
    """Every cheaper choice, on worlds small enough to try them all, gives something away."""
    choices = protect_all([make_world(1000 + seed, districts=2, quarters=2) for seed in range(25)])
    whole = [choice for choice, ends in zip(choices, attack(choices, told=True), strict=True) if is_whole(ends)]
    cheaper = [(world, other) for world, hidden in whole for other in cheaper_choices(world, hidden)]
    assert len(cheaper) > 100
    assert not any(is_whole(ends) for ends in attack(cheaper, told=True))


def test_where_a_choice_would_take_too_long_more_is_hidden_and_never_less(monkeypatch: pytest.MonkeyPatch) -> None:
    worlds = [make_world(2000 + seed) for seed in range(20)]
    least = protect_all(worlds)
    monkeypatch.setattr("csp_pipeline.reports.disclosure.LARGEST", 0)
    most = protect_all(worlds)
    assert all(hidden <= more for (_, hidden), (_, more) in zip(least, most, strict=True))
    assert sum(len(more) for _, more in most) > sum(len(hidden) for _, hidden in least)
    for told in (False, True):
        assert attack(most, told) == attack([(world, world.may_be_hidden) for world in worlds], told)


@pytest.mark.parametrize(("half_is_whole", "given_away"), [(True, [(0, LOWER, 0.0)]), (False, [])])
def test_a_world_with_half_a_person_protects_nobody(half_is_whole: bool, given_away: list[tuple[int, int, float]]) -> None:
    # 2 is twice 1, and both are hidden: were the 2 a 1, the other would be a half
    none = np.full(2, np.nan)
    knowledge = Knowledge(
        matrix=sparse.csc_array([[1.0, -2.0]]),
        low=np.array([-2.0, -1.0]),
        high=np.full(2, np.inf),
        below=none,
        above=none,
        is_whole=np.array([True, half_is_whole]),
        small=np.array([0]),
        down=np.array([-1.0]),
        up=np.array([2.0]),
    )
    ends = exposed(knowledge, np.array([True, True]))
    assert [(end.position, end.direction, end.reached) for end in ends] == given_away


def test_a_figure_that_conflicts_with_a_low_one_cannot_lie_below_it() -> None:
    # the 5 conflicts with another agency's 1 by a tolerance of 3: as no count is -3, it is 5 or more, and beside a sum of 8 the 3
    # is no 4. Who knows that the 7 lies above its own gap learns that from the 10, whatever is hidden; nobody else may
    cells = pd.DataFrame(
        [
            ("small", 3.0, True, False, 1.0, np.nan, np.nan),
            ("in conflict", 5.0, True, False, 0.0, -3.0, 5.0),
            ("sum", 8.0, True, False, 1.0, np.nan, np.nan),
            ("above or below", 7.0, True, False, 0.0, 6.0, 7.0),
            ("known", 10.0, False, True, 0.0, np.nan, np.nan),
        ],
        columns=["cell", "value", "is_protected", "is_known", "loss", "below", "above"],
    )
    sums = {"sum": ("small", "in conflict"), "known": ("small", "above or below")}
    terms = [(whole, cell, 1.0 if cell == whole else -1.0) for whole, parts in sums.items() for cell in (whole, *parts)]
    hidden = protect(cells, pd.DataFrame(terms, columns=["relation", "cell", "coefficient"]))
    assert "sum" in set(hidden.cell)


def cheaper_choices(world: World, hidden: set[str]) -> list[set[str]]:
    """Sets of cells to hide that lose less, without those that are part of another one: hiding more protects no less."""
    loss = dict(zip(world.cells.cell, world.cells.loss, strict=True))
    always = world.small | world.never_shown
    spent = sum(loss[cell] for cell in hidden - always) - 1e-9
    extra = sorted(world.may_be_hidden - always)
    sets = [set(some) for size in range(len(extra) + 1) for some in combinations(extra, size)]
    sets = [some for some in sets if sum(loss[cell] for cell in some) < spent]
    return [always | some for some in sets if all(sum(loss[c] for c in some) + loss[cell] >= spent for cell in set(extra) - some)]
