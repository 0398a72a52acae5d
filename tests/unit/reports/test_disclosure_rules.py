"""The partnership's disclosure rules, asked one by one: which counts are small, whose they are, what a conflict gives away."""

import numpy as np
import pytest

from csp_pipeline.reports.disclosure_rules import EVERYBODY, tolerated_range
from tests.unit.reports.made_rules import RULES

# absolute and relative: as the partnership sets them, and together
TOLERANCES = [(0.0, 0.0), (2.0, 0.0), (0.0, 0.1), (1.0, 0.25), (0.0, 0.5), (3.0, 0.02)]


def is_tolerated(one: float, other: float, absolute: float, relative: float) -> bool:
    """The rule of comparisons: a distance of no more than either tolerance, the relative one of the larger figure."""
    return abs(one - other) <= max(absolute, relative * max(one, other))


def test_counts_from_one_to_the_highest_are_small_and_zero_is_told() -> None:
    assert [value for value in (None, -2, 0, 1, 4, 5, 40) if RULES.is_small(value)] == [1, 4]


@pytest.mark.parametrize(
    ("feed", "unit", "audience", "is_protected"),
    [
        ("police/crimes", "offence", "county", True),
        ("police/crimes", "offence", EVERYBODY, True),
        ("police/crimes", "offence", "police", False),
        ("police/street", "offence", "county", False),
        ("county/community_survey", "percent", "police", False),
    ],
    ids=["another's", "everybody", "its own", "published", "nobody counted"],
)
def test_counts_are_kept_from_all_but_their_owner_unless_they_are_published_or_count_nobody(
    feed: str, unit: str, audience: str | None, *, is_protected: bool
) -> None:
    assert RULES.is_protected(feed, unit, audience) == is_protected


@pytest.mark.parametrize(("absolute", "relative"), TOLERANCES)
def test_a_conflict_gives_something_away_unless_every_small_count_would_be_in_it(absolute: float, relative: float) -> None:
    others = np.arange(0.0, 30.0)
    found = RULES.conflict_gives_away(others, np.full(30, absolute), np.full(30, relative))
    expected = [any(is_tolerated(count, other, absolute, relative) for count in (1, 2, 3, 4)) for other in others]
    assert found.tolist() == expected
    assert any(expected)
    assert not all(expected)


@pytest.mark.parametrize(("absolute", "relative"), TOLERANCES)
def test_the_tolerated_figures_lie_in_their_range_and_no_others(absolute: float, relative: float) -> None:
    for other in range(40):
        low, high = tolerated_range(np.array([float(other)]), np.array([absolute]), np.array([relative]))
        tolerated = {figure for figure in range(120) if is_tolerated(figure, other, absolute, relative)}
        assert {figure for figure in range(120) if low[0] - 1e-6 <= figure <= high[0] + 1e-6} == tolerated
