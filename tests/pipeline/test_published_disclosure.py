"""Each agency attacks its report on the samples with all it has: it, front page and scorecard, its own and public figures."""

import json
from collections import defaultdict
from itertools import combinations

import pytest

from tests.pipeline.conftest import PROJECT, CommandRun
from tests.unit.reports.published import Published, read_bridges

HARBOROUGH = "E07000131"


@pytest.fixture(scope="session")
def published(sample_run: CommandRun) -> Published:
    return Published(sample_run.warehouse / "reports", sample_run.warehouse / "csp.duckdb", PROJECT / "sources", HARBOROUGH)


@pytest.mark.parametrize("agency", [None, "police", "county", "fire", "turning_point", "district"])
def test_no_reader_narrows_down_another_agencys_count_of_1_to_4(published: Published, agency: str | None) -> None:
    listed = published.front_page() + (published.pack(agency) if agency else [])
    scorecard = published.scorecard()
    attacker = published.attacker(agency, listed, scorecard)
    small = published.small(agency, listed, scorecard)
    assert not small & set(attacker.seen)
    narrow = {cell: ends for cell, ends in attacker.bounds_of(small, 1, 4).items() if ends != (1, 4)}
    # what is narrowed down all the same is so by what the reader has by itself: it is, when no figure of others is shown
    without = published.attacker(agency, listed, {}, blind=True).bounds_of(narrow, 1, 4)
    assert narrow == without
    assert len(narrow) <= len(small) / 50


def test_the_front_page_and_packs_are_read_whole(published: Published) -> None:
    """The attack would prove nothing on tables that it could not read."""
    assert len(published.scorecard()) > 100
    assert len(published.front_page()) > 10
    assert len(published.pack("police")) > 300
    marked = [conflict for conflict in published.pack("police") if None in conflict.values]
    assert len(marked) > 10
    assert all(conflict.gap is None for conflict in marked)
    assert all(
        c.gap is not None and abs(c.gap) == abs(c.values[0] - c.values[1]) for c in published.pack("police") if c not in marked
    )


def test_hiding_small_counts_alone_would_not_do(published: Published) -> None:
    """Shown the figures that are hidden for others' sake, the same attacker works small counts out."""
    listed = published.front_page() + published.pack("police")
    small = published.small("police", listed)
    for conflict in listed:
        known = [published.figures.get(cell) for cell in conflict.cells]
        conflict.values = tuple(None if cell in small else value for cell, value in zip(conflict.cells, known, strict=True))
    found = published.attacker("police", listed, {}).bounds_of(small, 1, 4)
    assert sum(ends != (1, 4) for ends in found.values()) > 10


@pytest.mark.parametrize("agency", ["police", "county", "district"])
def test_no_step_of_a_bridge_tells_another_agencys_count_of_1_to_4(published: Published, agency: str) -> None:
    bridges = read_bridges(published, agency)
    assert bridges.shown
    assert bridges.small or agency == "district"
    assert not bridges.small & set(bridges.attacker.seen)
    found, alone = (who.bounds_of(bridges.small, 1, 4) for who in (bridges.attacker, bridges.alone))
    # of a gap of +3 the figures alone tell that the other side has 3 records or more
    assert found == alone


def test_steps_shown_one_by_one_would_tell_small_counts(published: Published) -> None:
    bridges = read_bridges(published, "county")
    cell = min(bridges.small)
    total = next(total for total in bridges.attacker.sums if cell in total)
    bridges.attacker.seen = {**bridges.attacker.seen, **{name: bridges.counts[name] for name in set(total) - {cell}}}
    assert bridges.attacker.bounds_of([cell]) == {cell: (bridges.counts[cell],) * 2}


@pytest.mark.parametrize("agency", ["police", "county", "fire", "turning_point", "district"])
def test_earlier_states_of_gaps_tell_no_small_figure_and_no_small_revision(published: Published, agency: str) -> None:
    report = json.loads((published.reports / f"{agency}.json").read_text(encoding="utf-8"))
    told = defaultdict(set)
    for conflict in report["conflicts"]:
        place = f"{conflict['measure']}|{conflict['area_code']}|{conflict['period']}"
        for side, figure in zip(("first", "second"), conflict["figures"], strict=True):
            feed = f"{figure['agency']}/{figure['feed']}"
            if figure["agency"] != agency and feed not in published.public:
                told[f"{feed}|{place}"] |= {value for past in conflict["past"] if (value := past[side]) is not None}
    assert any(told.values()) or agency in ("fire", "turning_point")
    for values in told.values():
        amounts = {*values, *(abs(one - other) for one, other in combinations(values, 2))}
        assert not any(1 <= amount <= 4 for amount in amounts)


@pytest.mark.parametrize("agency", ["police", "county", "fire", "turning_point", "district"])
def test_revisions_and_series_are_the_readers_own(published: Published, agency: str) -> None:
    report = json.loads((published.reports / f"{agency}.json").read_text(encoding="utf-8"))
    own = {title.partition(": ")[2] for title, feed in published.feeds.items() if feed.split("/")[0] == agency}
    assert {entry["feed_title"] for entry in (*report["revised_figures"], *report["series"])} <= own
