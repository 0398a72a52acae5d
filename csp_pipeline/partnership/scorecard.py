"""What stands on the scorecard: the plan's priorities with their measures, and its tables, declared in `scorecard.yml`."""

import difflib
from collections.abc import Collection, Iterable

from pydantic import Field

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.partnership.configuration import read_configuration
from csp_pipeline.partnership.entry import Entry
from csp_pipeline.partnership.measures import MeasureBook
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.partnership.periods import parse_period


class WithoutFiguresEntry(Entry):
    """An aim of the plan that nobody sends figures about."""

    aim: str
    reason: str


class PriorityEntry(Entry):
    """A priority of the plan: its measures, first things first."""

    title: str
    measures: tuple[str, ...] = ()
    without_figures: tuple[WithoutFiguresEntry, ...] = ()


class PublishedTableEntry(Entry):
    """A table that the plan printed: its periods in the plan's order, and the measure of each of its rows."""

    title: str
    periods: list[str] = Field(min_length=1)
    rows: dict[str, str] = Field(min_length=1)


class PublishedEntry(Entry):
    """The plan's tables, and the feed that holds what was published."""

    feed: str
    tables: list[PublishedTableEntry]


class SumEntry(Entry):
    """Measures of one feed that add up to another, up to a rest of which nothing is shown."""

    feed: str
    whole: str
    parts: list[str] = Field(min_length=1)


class ScorecardFile(Entry):
    """`scorecard.yml`."""

    plan: str
    priorities: dict[str, PriorityEntry] = Field(min_length=1)
    published: PublishedEntry | None = None
    sums: tuple[SumEntry, ...] = ()

    @property
    def measures(self) -> list[str]:
        """Every measure that is shown, in order, each once."""
        named = [name for priority in self.priorities.values() for name in priority.measures]
        tables = self.published.tables if self.published else []
        return list(dict.fromkeys(named + [name for table in tables for name in table.rows.values()]))


def load_scorecard(partnership: Partnership, book: MeasureBook) -> ScorecardFile | None:
    """Read `scorecard.yml`; no file means no scorecard.

    Raises ConfigurationError naming the entry and, for a misspelt measure, feed or period, what is near it or expected.
    """
    path = partnership.sources / "scorecard.yml"
    if not path.exists():
        return None
    file = read_configuration(path, ScorecardFile)
    for name, priority in file.priorities.items():
        _check_known(f"{path}: priorities > {name} > measures", priority.measures, book.measures)
        if not priority.measures and not priority.without_figures:
            raise ConfigurationError(f"{path}: priorities > {name}: give measures, or under without_figures why there are none.")
    feeds = [feed.key for feed in partnership.feeds]
    for entry in file.sums:
        _check_known(f"{path}: sums > feed", [entry.feed], feeds)
        _check_known(f"{path}: sums > {entry.whole}", [entry.whole, *entry.parts], book.measures)
        # what its feed does not give protects nothing
        _check_known(f"{path}: sums > {entry.whole}", [entry.whole, *entry.parts], book.of_feed(entry.feed), f"of {entry.feed}")
    if file.published:
        _check_known(f"{path}: published > feed", [file.published.feed], feeds)
        for table in file.published.tables:
            where = f"{path}: published > {table.title}"
            _check_known(f"{where} > rows", table.rows.values(), book.measures)
            wrong = [period for period in table.periods if parse_period(period, "financial_year") is None]
            if wrong:
                raise ConfigurationError(f"{where} > periods: expected financial years such as 2016-17, found {wrong[0]!r}.")
    return file


def _check_known(where: str, names: Iterable[str], known: Collection[str], of_which: str = "known") -> None:
    for name in names:
        if name not in known:
            nearest = difflib.get_close_matches(name, list(known), n=3, cutoff=0.4) or sorted(known)[:5]
            raise ConfigurationError(f"{where}: {name!r} is not known; nearest {of_which}: {', '.join(nearest)}.")
