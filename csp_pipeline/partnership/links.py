"""How records of two feeds are linked, as `sources/links.yml` declares it."""

from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, NonNegativeInt, field_validator, model_validator

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.partnership.configuration import read_configuration
from csp_pipeline.partnership.entry import Entry
from csp_pipeline.partnership.links_alike import AlikeEntry, ByFeed
from csp_pipeline.partnership.partnership import Partnership

Difference = Literal["later_vintage", "status", "classification", "geography", "reference_date"]


class RuleEntry(Entry):
    """One rule of a pair: `identifier` columns of a `form`, `person` columns with `dates` that lie near each other, or columns
    that have to be `alike` enough for a `probability` (see `AlikeEntry`).

    Columns are given by feed, as `agency/feed: column`. `within_days` is one number or one for each of the dates: how far
    apart the first date that both records have may lie; with an identifier they say when it is another's, in a pair where no
    person does. `blank_is_unknown: false` says that a record without an identifier has no counterpart, as far as its agency
    knows; else nothing can be said of such a record. By feed it is true, false, or SQL that is true of the records whose blank
    is unknown.
    `probability` is the least that a link by `alike` has to have; `prior` the share of the smaller side's records left over that
    is expected to have a counterpart, estimated by expectation-maximisation when it is not given.
    """

    name: str
    identifier: ByFeed | None = None
    form: Literal["year_and_number", "letters_and_digits"] | None = None
    blank_is_unknown: bool | dict[str, bool | str] = True
    person: ByFeed | None = None
    dates: list[ByFeed] = Field(default_factory=list)
    within_days: list[NonNegativeInt] | None = None
    alike: list[AlikeEntry] | None = None
    # up to a half two counterparts could both be the likeliest
    probability: float | None = Field(None, gt=0.5, lt=1)
    prior: float | None = Field(None, gt=0, lt=1)

    @field_validator("within_days", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, int) else value

    @model_validator(mode="after")
    def _one_way(self) -> "RuleEntry":
        if [self.identifier, self.person, self.alike].count(None) != 2:
            raise ValueError("give one of identifier and person, or alike")
        if self.alike is not None:
            return self._fit_for_alike(self.alike)
        if self.probability is not None or self.prior is not None:
            raise ValueError("probability and prior go with alike")
        if self.identifier is not None and (self.form is None or bool(self.dates) != (self.within_days is not None)):
            raise ValueError("identifier goes with form, and dates with within_days")
        if self.person is not None and (self.form is not None or not self.dates or self.within_days is None):
            raise ValueError("person goes with dates and within_days, and without form")
        if self.within_days is not None and len(self.within_days) not in (1, len(self.dates)):
            raise ValueError(f"within_days: give one number, or one for each of the {len(self.dates)} dates")
        return self

    def _fit_for_alike(self, alike: list[AlikeEntry]) -> "RuleEntry":
        if self.probability is None or self.form is not None or self.dates or self.within_days is not None:
            raise ValueError("alike goes with probability, and with none of form, dates and within_days")
        if len(alike) < 2 or all(entry.date is None for entry in alike):
            raise ValueError("alike: compare at least two columns, one of them a date")
        given = [entry.shares is not None for entry in alike]
        if any(given) and not (all(given) and self.prior is not None):
            raise ValueError("alike: give shares for every column, and prior with them, or for none")
        return self

    @property
    def windows(self) -> list[int]:
        """For each of the dates the days within which a link is made where it is the first that both records have."""
        days = self.within_days or []
        return days * len(self.dates) if len(days) == 1 else days

    def unknown_blanks(self, feed: str) -> bool | str:
        """Whether a feed's records without an identifier may have a counterpart, or SQL that is true of those that may."""
        return self.blank_is_unknown.get(feed, True) if isinstance(self.blank_is_unknown, dict) else self.blank_is_unknown

    @property
    def columns(self) -> list[ByFeed]:
        """Every pair of columns that the rule names."""
        alike = [entry.columns for entry in self.alike or []]
        return [columns for columns in (self.identifier, self.person, *self.dates, *alike) if columns is not None]

    @property
    def date_columns(self) -> list[ByFeed]:
        """Those of them that have to be dates."""
        return [*self.dates, *(entry.date for entry in self.alike or [] if entry.date is not None)]


class PairEntry(Entry):
    """Two feeds whose records can be linked, and the rules in the order in which they are tried."""

    between: tuple[str, str]
    reason: str
    rules: list[RuleEntry] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits(self) -> "PairEntry":
        if self.between[0] == self.between[1]:
            raise ValueError("the two feeds have to differ")
        for rule in self.rules:
            for columns in rule.columns:
                if set(columns) != set(self.between):
                    raise ValueError(f"rule {rule.name}: give a column for each of {' and '.join(self.between)}")
            if isinstance(rule.blank_is_unknown, dict) and set(rule.blank_is_unknown) - set(self.between):
                raise ValueError(f"rule {rule.name}: blank_is_unknown: give it for {' or '.join(self.between)}")
            for entry in rule.alike or []:
                unknown = sorted(set(entry.shared) - set(self.between))
                if unknown:
                    raise ValueError(f"rule {rule.name}: shared: {unknown[0]!r} is neither of {' and '.join(self.between)}")
        names = [rule.name for rule in self.rules]
        if len(set(names)) < len(names):
            raise ValueError(f"give each rule a name of its own; found {', '.join(names)}")
        if [rule.person is not None for rule in self.rules].count(True) > 1:
            raise ValueError("give at most one person rule")
        if self.person_rule and any(rule.dates for rule in self.identifier_rules):
            raise ValueError("where persons confirm identifiers, dates are for the person rule only")
        if any(rule.alike for rule in self.rules[:-1]):
            raise ValueError("give at most one rule by alike, as the last: it looks at what the others have not linked")
        if self.alike_rule and any(rule.blank_is_unknown is not True for rule in self.rules):
            raise ValueError(
                f"rule {self.alike_rule.name} looks for counterparts of records that by blank_is_unknown: false have none; "
                "leave out one of the two"
            )
        return self

    @property
    def identifier_rules(self) -> list[RuleEntry]:
        """The rules by identifier, in order."""
        return [rule for rule in self.rules if rule.identifier is not None]

    @property
    def person_rule(self) -> RuleEntry | None:
        """The rule by person key, if there is one."""
        return next((rule for rule in self.rules if rule.person is not None), None)

    @property
    def alike_rule(self) -> RuleEntry | None:
        """The rule by likeness, if there is one."""
        return next((rule for rule in self.rules if rule.alike is not None), None)


class FeedLinksEntry(Entry):
    """What is true of a feed's records whatever they are linked with.

    Records that share `event` are one event; records of one event that agree on every column of an entry of
    `duplicates` (all of which have to be there) are the same thing entered twice.
    """

    event: str | None = None
    duplicates: list[list[str]] = Field(default_factory=list)


class LinksFile(Entry):
    """`links.yml`."""

    most_records: int = Field(50, ge=1)
    causes: list[Difference] = Field(default_factory=lambda: list(get_args(Difference)))
    feeds: dict[str, FeedLinksEntry] = Field(default_factory=dict)
    pairs: list[PairEntry] = Field(default_factory=list)

    @model_validator(mode="after")
    def _all_causes(self) -> "LinksFile":
        if sorted(self.causes) != sorted(get_args(Difference)):
            raise ValueError(f"causes: give each of {', '.join(get_args(Difference))} once")
        return self

    def pair(self, feed_a: str, feed_b: str) -> PairEntry | None:
        """The declaration for two feeds, whichever stands first in it."""
        return next((pair for pair in self.pairs if set(pair.between) == {feed_a, feed_b}), None)


def load_links(partnership: Partnership) -> LinksFile:
    """Read `links.yml`; without the file no records are linked.

    Raises ConfigurationError for a file that cannot be used or that names an unknown feed or gives a pair twice.
    Columns are checked against the feeds' declarations where records are linked.
    """
    path: Path = partnership.sources / "links.yml"
    if not path.exists():
        return LinksFile()
    file = read_configuration(path, LinksFile)
    known = {feed.key for feed in partnership.feeds}
    named = [(f"pairs > {' and '.join(pair.between)}", key) for pair in file.pairs for key in pair.between]
    for where, key in [*named, *(("feeds", key) for key in file.feeds)]:
        if key not in known:
            raise ConfigurationError(f"{path}: {where}: {key!r} is not known; known: {', '.join(sorted(known))}.")
    pairs = [frozenset(pair.between) for pair in file.pairs]
    twice = next((pair for pair in pairs if pairs.count(pair) > 1), None)
    if twice:
        raise ConfigurationError(f"{path}: pairs: {' and '.join(sorted(twice))} are given twice. Put their rules together.")
    return file
