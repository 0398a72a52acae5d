"""What a reader may conclude from a bridge, or from its absence: tried in every small world that gives the same report."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from csp_pipeline.reports.bridges import Reader, build_bridge

FEW, MORE = 6, 12
READERS = {"the first side": ("police", {"county"}), "neither side": ("fire", {"police", "county"})}
Figures = tuple[int, int]


def reader_of(agency: str, kept: set[str]) -> Reader:
    return Reader(
        agency=agency,
        is_protected=lambda feed: feed.split("/")[0] in kept,
        is_small=lambda count: 1 <= count <= 4,
        feed_title=lambda *_: "Feed",
    )


def splits(most: int) -> list[tuple[int, int]]:
    """Every two counts that are together no more than `most`."""
    return [(one, other) for one in range(most + 1) for other in range(most + 1 - one)]


def worlds(has_both_kept: bool) -> Iterator[tuple[Figures, dict[str, int], list[dict[str, Any]]]]:
    """Two figures, the records of either side behind two causes with their totals, and these as the warehouse holds them."""
    for both, (a1, a2), (b1, b2) in product(range(FEW + 1), splits(FEW), splits(MORE)):
        figures = both + a1 + a2, both + b1 + b2
        # small figures of others are never shown; larger figures and gaps come about in worlds that are not tried, too
        if figures[1] >= 5 and (not has_both_kept or figures[0] >= 5) and figures[0] <= FEW >= figures[1] - figures[0]:
            counts = {"b one": b1, "b two": b2, "b": b1 + b2}
            if has_both_kept:
                counts |= {"a one": a1, "a two": a2, "a": a1 + a2}
            steps = [
                {"cause": cause, "detail": None, "sentence": ".", "records_a": a, "records_b": b}
                for cause, a, b in (("geography", a1, b1), ("status", a2, b2))
            ]
            yield figures, counts, steps


@pytest.mark.parametrize(("agency", "kept"), READERS.values(), ids=READERS.keys())
def test_four_counts_stay_possible_wherever_a_small_one_stands_behind_a_bridge(agency: str, kept: set[str]) -> None:
    reader = reader_of(agency, kept)
    read_alike: dict[Any, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    of_figures: dict[Any, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for figures, counts, steps in worlds(len(kept) == 2):
        told = build_bridge(reader, steps, [], figures, ("police/crimes", "county/cases"), swapped=False)
        for name, count in counts.items():
            read_alike[figures, told][name].add(count)
            of_figures[figures][name].add(count)
    small = [(key, name) for key, found in read_alike.items() for name, counts in found.items() if counts & {1, 2, 3, 4}]
    assert len(small) > 100
    for (figures, told), name in small:
        possible = read_alike[figures, told][name]
        assert len(possible) >= min(4, len(of_figures[figures][name])), (figures, told, name, possible)


@pytest.mark.parametrize(
    ("gap", "withheld"), [(4, {4, 5, 6, 7}), (2, {2, 3, 4, 5}), (10, set()), (-3, {1, 2, 3, 4}), (0, {1, 2, 3, 4})]
)
def test_as_many_totals_are_withheld_as_there_are_small_counts_and_no_more(gap: int, withheld: set[int]) -> None:
    reader, found = reader_of("police", {"county"}), set()
    for total in range(max(gap, 0), 15):
        step = {"cause": "geography", "detail": None, "sentence": ".", "records_a": total - gap, "records_b": total}
        bridge, _ = build_bridge(reader, [step], [], (100, 100 + gap), ("police/crimes", "county/cases"), swapped=False)
        if bridge is None:
            found.add(total)
    assert found == withheld
