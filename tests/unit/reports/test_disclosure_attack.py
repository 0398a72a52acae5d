"""Whoever adds up and subtracts all that is shown learns no more of a hidden count of 1 to 4 than that it is one."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from csp_pipeline.reports.disclosure import protect
from tests.unit.reports.attacker import MOST, Attacker
from tests.unit.reports.random_worlds import World, make_world

WORLDS = range(240)


def attack(world: World, hidden: set[str], told: bool = False) -> dict[str, tuple[float, float]]:
    """What can be worked out of the small counts, up to 1 and 4; `told`: by whoever knows which of the marks are small."""
    value, shown_at_all = world.value, set(world.cells.cell) - world.never_shown
    ranges = dict(world.ranges)
    for cell in (hidden & shown_at_all) - world.signed if told else ():
        small = [(1, 4)] if cell in world.small else [(0, 0)] if value[cell] == 0 else [(5, MOST)]
        ranges[cell] = small
    seen = {cell: number for cell, number in value.items() if cell not in hidden}
    return Attacker(seen, world.sums, ranges, world.signed).bounds_of(world.small & hidden, 1, 4)


def hidden_in(world: World) -> set[str]:
    return set(protect(world.cells, world.relations).cell)


@pytest.mark.parametrize("start", range(0, len(WORLDS), 40))
def test_small_counts_of_random_worlds_stay_1_to_4_for_every_reader(start: int) -> None:
    protected_fully = 0
    for seed in WORLDS[start : start + 40]:
        world = make_world(seed)
        hidden = hidden_in(world)
        assert world.small | world.never_shown <= hidden <= world.may_be_hidden
        for told in (False, True):
            found = attack(world, hidden, told)
            narrow = {cell: ends for cell, ends in found.items() if ends != (1, 4)}
            if narrow:
                # then hiding all that may be hidden does no better
                best = attack(world, world.may_be_hidden, told)
                assert all(best[cell] == ends for cell, ends in narrow.items()), (seed, told, narrow)
            protected_fully += not narrow
    assert protected_fully > 60


def test_the_attacker_finds_what_hiding_small_counts_alone_gives_away() -> None:
    """The attack is a test only if it can succeed."""
    given_away = 0
    for seed in WORLDS[:40]:
        world = make_world(seed)
        found = attack(world, world.small | world.never_shown)
        given_away += any(ends != (1, 4) for ends in found.values())
    assert given_away > 10


def test_no_other_choice_of_hidden_numbers_loses_less() -> None:
    """Every cheaper choice is tried, on worlds small enough for that, and fails against one attacker or the other."""
    tried = 0
    for seed in range(60):
        world = make_world(1000 + seed, districts=2, quarters=2)
        hidden = hidden_in(world)
        if not world.small or any(ends != (1, 4) for ends in attack(world, hidden, told=True).values()):
            continue
        loss = dict(zip(world.cells.cell, world.cells.loss, strict=True))
        always = world.small | world.never_shown
        extra = sorted(world.may_be_hidden - always)
        spent = sum(loss[cell] for cell in hidden - always)
        cheaper = [set(some) for size in range(len(extra) + 1) for some in combinations(extra, size)]
        for some in cheaper:
            if sum(loss[cell] for cell in some) < spent - 1e-9:
                tried += 1
                narrow = [ends for ends in attack(world, always | some, told=True).values() if ends != (1, 4)]
                assert narrow, (seed, some, hidden)
    assert tried > 200
