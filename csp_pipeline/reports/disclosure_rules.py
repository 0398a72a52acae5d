"""The partnership's disclosure rules: which counts are protected from whom, and what a listed conflict tells by itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from csp_pipeline.partnership.configuration import DisclosureEntry

Array = np.ndarray[Any, np.dtype[Any]]
EVERYBODY = None
# The same words for a small count and for what is hidden to protect one: a mark of its own would tell which is which.
WITHHELD = "a count of 1 to {highest} is shown to its own agency only, and so is what would let one be worked out"


@dataclass(frozen=True)
class Rules:
    """`sources/partnership.yml > disclosure`, as questions."""

    entry: DisclosureEntry

    @property
    def highest(self) -> int:
        """The highest count that is not told."""
        return self.entry.small_counts.highest

    @property
    def public_feeds(self) -> frozenset[str]:
        """Feeds, as `agency/feed`, whose every number is published by its owner."""
        return frozenset(public.feed for public in self.entry.public_feeds)

    @property
    def exempt_units(self) -> frozenset[str]:
        """Units in which nothing is hidden."""
        return frozenset(exempt.unit for exempt in self.entry.exempt_units)

    @property
    def withheld(self) -> str:
        """Why a number is not shown, in words that fit every hidden one."""
        return WITHHELD.format(highest=self.highest)

    @property
    def omission(self) -> str:
        """Which conflicts are not listed. It stands in every report, so that it tells nothing of any one."""
        return (
            "A conflict between two low figures is not listed, nor counted, where that alone could tell something of another "
            f"agency's count of 1 to {self.highest}."
        )

    def is_small(self, value: float | None) -> bool:
        """Whether a count may not be told."""
        return value is not None and 0 < value < self.highest + 1

    def is_public(self, feed: str, unit: str) -> bool:
        """Whether anybody may see every number of a feed (`agency/feed`) in a unit."""
        return feed in self.public_feeds or unit in self.exempt_units

    def is_protected(self, feed: str, unit: str, audience: str | None) -> bool:
        """Whether small counts of a feed are kept from an audience: an agency's short name, or EVERYBODY."""
        return not self.is_public(feed, unit) and feed.split("/")[0] != audience

    def conflict_gives_away(self, other: Array, absolute: Array, relative: Array) -> Array:
        """Whether it tells something of a small count that it conflicts with a figure which the reader may know.

        It does not where every count from 1 up would conflict, nor where none would. With a tolerance of 2, whoever knows a
        1 and reads that a count of 1 to 4 conflicts with it knows that it is 4; so that conflict is not listed, and as this
        depends on the other figure alone, neither does its absence tell anything. An other figure that is not a number gives
        away, since nothing can be said for it.
        """
        counts, other = np.arange(1, self.highest + 1), other[:, np.newaxis]
        tolerated = np.maximum(absolute[:, np.newaxis], relative[:, np.newaxis] * np.maximum(counts, abs(other)))
        return ~(abs(counts - other) > tolerated).all(axis=1)

    def listing_tells(
        self, feeds: pd.Series, units: pd.Series, values: pd.Series, others: Array, absolute: Array, relative: Array
    ) -> pd.Series:
        """Whether it tells those who do not own a figure something of a small count that its conflict with another is listed."""
        is_public = feeds.isin(self.public_feeds) | units.isin(self.exempt_units)
        is_small = (values > 0) & (values < self.highest + 1)
        return is_small & ~is_public & self.conflict_gives_away(others, absolute, relative)


def margins_of(rules: Iterable[str], margins: Mapping[str, tuple[float, float]]) -> tuple[Array, Array]:
    """The absolute and the relative tolerance by each rule; 0 by one that is no tolerance, such as a break."""
    absolute, relative = np.array([margins.get(rule, (0.0, 0.0)) for rule in rules], dtype=float).reshape(-1, 2).T
    return absolute, relative


def tolerated_range(other: Array, absolute: Array, relative: Array) -> tuple[Array, Array]:
    """The lowest and highest figure whose distance to another is within the tolerance, which is part of the larger one."""
    share = np.minimum(relative, 1 - 1e-9)
    low = np.minimum(other - absolute, other * (1 - relative))
    return low, np.maximum(other + absolute, other / (1 - share))
