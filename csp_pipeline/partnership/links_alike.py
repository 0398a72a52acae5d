"""What a probabilistic rule of `sources/links.yml` compares: dates, places and codes of two feeds, in levels of likeness."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, model_validator

from csp_pipeline.partnership.entry import Entry

ByFeed = dict[str, str]
PlaceLevel = Literal["same", "beat", "district"]


class AlikeEntry(Entry):
    """One thing compared, by feed: a `date` within `days`, a `place` by `levels`, or a `code`; the best level comes first.

    `days` are the most days apart at each level; `levels` are `same`, `beat` (both lie in one) and `district`. Codes are equal or
    not; `shared` gives, by feed, the common word for codes that the feeds write differently, and other codes stand for
    themselves. `shares` says how many of all true counterparts fall to each level; the others fall to none.
    """

    date: ByFeed | None = None
    days: list[NonNegativeInt] | None = Field(None, min_length=1)
    place: ByFeed | None = None
    levels: list[PlaceLevel] | None = Field(None, min_length=1)
    code: ByFeed | None = None
    shared: dict[str, dict[str, str]] = Field(default_factory=dict)
    shares: list[Annotated[float, Field(gt=0, lt=1)]] | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> "AlikeEntry":
        if [self.date, self.place, self.code].count(None) != 2:
            raise ValueError("give one of date, place and code")
        if (self.days is None) != (self.date is None) or (self.levels is None) != (self.place is None):
            raise ValueError("days go with date, and levels with place")
        if self.shared and self.code is None:
            raise ValueError("shared goes with code")
        if self.days is not None and self.days != sorted(set(self.days)):
            raise ValueError(f"days: give each level once, the nearest first; found {', '.join(map(str, self.days))}")
        order = ["same", "beat", "district"]
        if self.levels is not None and self.levels != [level for level in order if level in self.levels]:
            raise ValueError(f"levels: give each once, in the order {', '.join(order)}; found {', '.join(self.levels)}")
        if self.shares is not None and (len(self.shares) != self.size or sum(self.shares) >= 1):
            raise ValueError(f"shares: give one for each of the {self.size} levels, together less than 1")
        return self

    @property
    def columns(self) -> ByFeed:
        """The column of each feed."""
        return self.date or self.place or self.code or {}

    @property
    def size(self) -> int:
        """The number of levels at which two records are alike."""
        return len(self.days or self.levels or ["same"])
