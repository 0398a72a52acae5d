"""Claims: published statements, each declared in `claims.yml` as a computation over figures, checked against what exists."""

import difflib
import itertools
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.partnership.configuration import MeasureEntry, read_configuration
from csp_pipeline.partnership.entry import Entry
from csp_pipeline.partnership.measures import MeasureBook
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.partnership.periods import KINDS, MONTHS_IN, Period, parse_period, periods_between


@dataclass(frozen=True)
class Computation:
    """What a computation needs: how many periods (`most` None: any number), and what `stated` has to be."""

    least: int
    most: int | None
    stated: str
    words: str


# The vocabulary of claims.yml. Each is a function of the same name in csp_pipeline/reconcile/computations.py.
COMPUTATIONS = {
    "level": Computation(1, 1, "number", "the figure"),
    "difference": Computation(2, 2, "number", "later less earlier figure"),
    "per_day": Computation(2, 2, "number", "later less earlier figure, for each day of the later period"),
    "percent_change": Computation(2, 2, "number", "change in percent of the earlier figure"),
    "direction": Computation(2, None, "direction", "from each period to the next the figure goes up, or down"),
    "significant": Computation(2, 2, "direction", "the figure goes up, or down, by more than chance (p under 0.05)"),
    "share": Computation(1, 1, "number", "the measures' sum in percent of the sum of the measures under `of`"),
    "spread": Computation(1, 1, "number", "largest less smallest of the measures"),
    "rank": Computation(1, 2, "names", "the measures or areas named come before all others: by figure, or by change"),
    "incomparable": Computation(2, 2, "nothing", "the figures cannot be compared, as a break lies between them"),
    "conflict": Computation(1, 1, "nothing", "the feeds' figures conflict, by the verdict of their comparison"),
}
COMPARISONS = ("equal", "at_least", "at_most", "more_than", "less_than")
RANKED_BY = ("value", "change", "percent_change")
DIRECTIONS = ("up", "down")
# In place of a feed: whichever feed's figures the rules of measures.yml prefer.
PREFERRED = "preferred"


class ClaimToleranceEntry(Entry):
    """How far a figure may lie from a stated number that it still supports: the larger of the two counts."""

    absolute: float = Field(default=0, ge=0)
    relative: float = Field(default=0, ge=0, le=1)
    reason: str


class ClaimEntry(Entry):
    """One statement. Without `compute` it cannot be tested, and `not_testable` says why.

    `statement` quotes the words that make the claim, `source` says where they stand, `reading` how they are understood.
    The first of `feeds` decides the verdict, or with `from: preferred` the figures that the rules of `measures.yml` prefer; the
    others are shown beside it where they differ. A period may be a run of them that is added up: `2016-17 Q1 to 2016-17 Q2`.
    `across_break` gives the reason why a statement is tested although a break lies between its figures.
    """

    statement: str
    source: str
    reading: str = ""
    not_testable: str | None = None
    compute: str | None = None
    measures: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    from_: Literal["preferred"] | None = Field(default=None, alias="from")
    feeds: tuple[str, ...] = ()
    periods: tuple[str, ...] = ()
    by: str = "value"
    compare: str = "equal"
    stated: float | str | list[str] | None = None
    tolerance: str | None = None
    across_break: str | None = None

    @model_validator(mode="after")
    def _computed_or_not(self) -> "ClaimEntry":
        if (self.compute is None) == (self.not_testable is None):
            raise ValueError("give either compute, or not_testable with the reason")
        if self.compute is not None and not (self.measures and (self.feeds or self.from_) and self.periods):
            raise ValueError("a computation needs measures, feeds (or `from: preferred`) and periods")
        return self


class ClaimsFile(Entry):
    """`claims.yml`."""

    tolerances: dict[str, ClaimToleranceEntry] = Field(default_factory=dict)
    claims: dict[str, ClaimEntry]


@dataclass(frozen=True)
class Claim:
    """A claim whose names have been found: `slots` are its periods, each a run of periods that is added up."""

    name: str
    entry: ClaimEntry
    areas: tuple[str, ...]
    slots: tuple[tuple[Period, ...], ...]
    tolerance: ClaimToleranceEntry | None

    @property
    def asked_feeds(self) -> tuple[str, ...]:
        """Whose figures are asked for, `agency/feed` or `preferred`; the first decides."""
        return (*([PREFERRED] if self.entry.from_ else []), *self.entry.feeds)

    @property
    def every_measure(self) -> tuple[str, ...]:
        """The measures that it takes figures of, each once."""
        return tuple(dict.fromkeys([*self.entry.measures, *self.entry.of]))


def load_claims(partnership: Partnership, book: MeasureBook) -> list[Claim]:
    """Read `claims.yml`; no file means no claims.

    Raises ConfigurationError that names the entry, and the nearest known names, for a measure, area, feed, period,
    computation or tolerance that does not exist, and for a computation that its other keys do not fit.
    """
    path = partnership.sources / "claims.yml"
    if not path.exists():
        return []
    file = read_configuration(path, ClaimsFile)
    return [_find_names(path, name, entry, file, partnership, book) for name, entry in file.claims.items()]


def _find_names(path: Path, name: str, entry: ClaimEntry, file: ClaimsFile, partnership: Partnership, book: MeasureBook) -> Claim:
    where = f"{path}: claims > {name}"
    if entry.compute is None:
        return Claim(name, entry, (), (), None)
    _check_known(f"{where} > compute", [entry.compute], COMPUTATIONS)
    _check_known(f"{where} > measures", entry.measures, book.measures)
    _check_known(f"{where} > of", entry.of, book.measures)
    _check_known(f"{where} > feeds", entry.feeds, [feed.key for feed in partnership.feeds])
    _check_areas(f"{where} > areas", entry.areas, partnership)
    _check_known(f"{where} > compare", [entry.compare], COMPARISONS)
    _check_known(f"{where} > by", [entry.by], RANKED_BY)
    if entry.tolerance is not None:
        _check_known(f"{where} > tolerance", [entry.tolerance], file.tolerances)
    for measure in (*entry.measures, *entry.of):
        _check_known(f"{where} > feeds ({measure})", entry.feeds, list(book.measures[measure].feeds), "that give the measure")
    claim = Claim(
        name,
        entry,
        entry.areas or (partnership.file.district,),
        tuple(_read_slot(f"{where} > periods", text) for text in entry.periods),
        file.tolerances[entry.tolerance] if entry.tolerance else None,
    )
    _check_shape(where, claim, book)
    return claim


def _check_known(where: str, names: Iterable[str], known: Collection[str], of_which: str = "known") -> None:
    for name in names:
        if name not in known:
            nearest = difflib.get_close_matches(name, list(known), n=3, cutoff=0.4) or sorted(known)[:5]
            raise ConfigurationError(f"{where}: {name!r} is not known; nearest of those {of_which}: {', '.join(nearest)}.")


def _check_areas(where: str, codes: Iterable[str], partnership: Partnership) -> None:
    """Areas are named by their codes; who writes a name is told the codes of those that are called so, or nearly."""
    names = dict(zip(partnership.areas.area_code, partnership.areas.area_name, strict=True))
    for code in (code for code in codes if code not in names):
        words: dict[str, list[str]] = {}  # a beat may be called as its district is
        for known, name in names.items():
            words.setdefault(name.casefold(), []).append(known)
            words.setdefault(known.casefold(), []).append(known)
        near = difflib.get_close_matches(code.casefold(), words, n=3, cutoff=0.6)
        nearest = dict.fromkeys(f"{known} ({names[known]})" for word in near for known in words[word])
        listed = partnership.file.areas
        told = f"nearest of those in {listed}: {', '.join(nearest)}" if nearest else f"see {listed}"
        raise ConfigurationError(f"{where}: {code!r} is no area's code; {told}.")


def _read_slot(where: str, text: str) -> tuple[Period, ...]:
    """`2016-17`, `2016-17 Q1`, `2016-04`, or a run of one kind: `2016-17 Q1 to 2016-17 Q2`."""
    first, _, last = text.partition(" to ")
    for kind in reversed(KINDS):  # 2010-11 is read as the financial year, not as the month
        start, end = parse_period(first, kind), parse_period(last or first, kind)
        if start and end and start <= end:
            return tuple(periods_between(start.start, end.end, kind))
    raise ConfigurationError(
        f"{where}: {text!r} is no period. Write 2016-17, 2016-17 Q1 or 2016-04, or a run such as 2016-17 Q1 to 2016-17 Q2."
    )


def _check_shape(where: str, claim: Claim, book: MeasureBook) -> None:
    """What each computation needs of the other keys."""
    entry = claim.entry
    needs = COMPUTATIONS[str(entry.compute)]
    count = len(claim.slots)
    problems = []
    if count < needs.least or (needs.most is not None and count > needs.most):
        wanted = needs.least if needs.most == needs.least else f"{needs.least} to {needs.most or 'any number'}"
        problems.append(f"{entry.compute} takes {wanted} periods, found {count}")
    if (needs.stated == "number" and not isinstance(entry.stated, int | float)) or (
        needs.stated == "direction" and entry.stated not in DIRECTIONS
    ):
        problems.append(f"stated has to be {'a number' if needs.stated == 'number' else 'up or down'}, found {entry.stated!r}")
    if needs.stated == "nothing" and entry.stated is not None:
        problems.append(f"{entry.compute} takes nothing that is stated")
    if needs.stated == "number" and entry.compare == "equal" and claim.tolerance is None:
        problems.append("a stated number needs a tolerance: name one of those at the top of the file")
    ranked = entry.measures if len(claim.areas) == 1 else claim.areas
    if needs.stated == "names":
        named = entry.stated if isinstance(entry.stated, list) else []
        if not named or set(named) - set(ranked) or not set(ranked) - set(named):
            problems.append(f"stated has to name some, not all, of {', '.join(ranked)}")
        if (entry.by == "value") != (count == 1):
            problems.append("rank takes one period by value, and two by change or percent_change")
    if entry.compute == "share" and not entry.of:
        problems.append("a share needs `of`: the measures that make the whole")
    if entry.compute == "conflict" and entry.from_:
        problems.append("a conflict is between the feeds named; `from: preferred` names none")
    if entry.compute not in ("share", "spread", "rank") and len(entry.measures) > 1:
        problems.append(f"{entry.compute} takes one measure")
    if len(claim.areas) > 1 and (entry.compute != "rank" or len(entry.measures) > 1):
        problems.append("several areas go with rank and one measure")
    if any(later[0].start <= earlier[-1].end for earlier, later in itertools.pairwise(claim.slots)):
        told = ", ".join(entry.periods)
        problems.append(f"periods are given in their order, the earliest first, or a fall reads as a rise; found {told}")
    months = [sum(MONTHS_IN[period.kind] for period in slot) for slot in claim.slots]
    if len(set(months)) > 1:
        problems.append(f"the periods have to be of as many months each, or the longer one only looks like more; found {months}")
    if any(len(slot) > 1 for slot in claim.slots):
        added = [m for m in claim.every_measure if not _adds_up(book.measures[m], entry)]
        if added:
            problems.append(f"figures of {added[0]} do not add up over periods; name one period")
    if problems:
        raise ConfigurationError(f"{where}: " + "; ".join(problems) + ".")


def _adds_up(measure: MeasureEntry, entry: ClaimEntry) -> bool:
    """Whether a measure's figures of several periods make one of them all, by every feed that the claim may take them from."""
    ways = [way for key, way in measure.feeds.items() if entry.from_ or key in entry.feeds]
    units = {measure.unit, *(way.count for way in ways)}
    return not units & {"percent", "person", "victim", "client"} and all(way.date != "open" for way in ways)
