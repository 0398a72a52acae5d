"""Measures, tolerances, comparability and breaks: what is counted, and how far two counts may lie apart."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from csp_pipeline import tables
from csp_pipeline.errors import ConfigurationError
from csp_pipeline.partnership.configuration import (
    BreakEntry,
    BreaksFile,
    ComparabilityEntry,
    MeasureEntry,
    MeasuresFile,
    PreferenceEntry,
    ToleranceEntry,
    read_configuration,
)
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.tables import Table


class Measures(Table):
    """What is counted, and how each feed gives it: a row for each measure and feed, so join on agency and feed too."""

    measure: str = tables.column("VARCHAR", "Short name")
    title: str = tables.column("VARCHAR", "Title")
    definition: str = tables.column("VARCHAR", "What is counted, in words")
    unit: str = tables.column("VARCHAR", "Unit of the measure")
    priority: str = tables.column("VARCHAR", "Priority of the partnership's plan that it serves")
    agency: str = tables.column("VARCHAR", "Agency that gives it")
    feed: str = tables.column("VARCHAR", "Feed that gives it")
    way: str = tables.column("VARCHAR", "count (of rows or units), sum (of a column) or take (a published number)")
    counts: str = tables.column("VARCHAR", "Unit counted, or column summed or taken")
    date_basis: str = tables.column("VARCHAR", "Headline date basis of this feed")
    area_basis: str = tables.column("VARCHAR", "Headline area basis of this feed")
    condition: str = tables.column("VARCHAR", "Condition on the feed's columns that selects it", nullable=True)
    note: str = tables.column("VARCHAR", "What to know", nullable=True)


class Breaks(Table):
    """Breaks in series: from that date a feed's figures count something else, or count it otherwise. One break has a row for
    each measure and feed that carries it.
    """

    break_id: str = tables.column("VARCHAR", "Short name")
    title: str = tables.column("VARCHAR", "Title")
    break_date: str = tables.column("DATE", "First day of the new way")
    agency: str = tables.column("VARCHAR", "Agency")
    feed: str = tables.column("VARCHAR", "Feed that carries the break")
    measure: str = tables.column("VARCHAR", "Measure that carries it")
    comparable_within: list = tables.column(
        "VARCHAR[]", "Feeds (agency/feed) that come from the same source and may still be compared inside the break"
    )
    reason: str = tables.column("VARCHAR", "What changed")
    source: str = tables.column("VARCHAR", "Where that is known from")


class Preferences(Table):
    """The rules by which one of several feeds' figures is preferred: of those for a measure, the first that gives a figure."""

    measure: str = tables.column("VARCHAR", "Measure")
    rule_order: int = tables.column("INTEGER", "Place among the rules for this measure, from 1")
    rule: str = tables.column("VARCHAR", "Name of the rule, as in figures.preferred_by")
    way: str = tables.column("VARCHAR", "authority (the feed's figure), most_complete or latest")
    agency: str = tables.column("VARCHAR", "Agency that is the authority", nullable=True)
    feed: str = tables.column("VARCHAR", "Its feed", nullable=True)
    reason: str = tables.column("VARCHAR", "Why")


@dataclass(frozen=True)
class MeasureBook:
    """Everything in `measures.yml` and `breaks.yml`, checked against the feeds."""

    measures: dict[str, MeasureEntry]
    tolerances: tuple[ToleranceEntry, ...]
    comparability: tuple[ComparabilityEntry, ...]
    breaks: tuple[BreakEntry, ...]
    preferred: tuple[PreferenceEntry, ...]

    def of_feed(self, key: str) -> dict[str, MeasureEntry]:
        """The measures that a feed gives."""
        return {name: measure for name, measure in self.measures.items() if key in measure.feeds}

    @property
    def margins(self) -> dict[str, tuple[float, float]]:
        """How far two figures may lie apart by each tolerance: absolute, and relative to the larger of them."""
        return {rule.name: (rule.absolute, rule.relative) for rule in self.tolerances}

    @property
    def measures_table(self) -> pd.DataFrame:
        """The `measures` table: one row for each measure and feed."""
        rows = []
        for name, measure in self.measures.items():
            for key, way in measure.feeds.items():
                agency, feed = key.split("/")
                kind = "count" if way.count else "sum" if way.sum else "take"
                rows.append(
                    (
                        name,
                        measure.title,
                        measure.definition.strip(),
                        measure.unit,
                        measure.priority,
                        agency,
                        feed,
                        kind,
                        way.count or way.sum or way.take,
                        way.date,
                        way.area,
                        " AND ".join(f"({condition})" for condition in way.where) or None,
                        way.note or None,
                    )
                )
        return pd.DataFrame(rows, columns=list(Measures.to_schema().columns))

    @property
    def preferences_table(self) -> pd.DataFrame:
        """The `preferences` table: one row for each measure and rule that applies to it."""
        rows = [
            (name, order, rule.name, rule.by, *(rule.feed.split("/") if rule.feed else (None, None)), rule.reason.strip())
            for name, measure in self.measures.items()
            for order, rule in enumerate((rule for rule in self.preferred if _prefers(rule, name, measure)), start=1)
        ]
        frame = pd.DataFrame(rows, columns=list(Preferences.to_schema().columns))
        return frame.astype({"agency": "str", "feed": "str"})  # said, as there may be no authority at all

    @property
    def breaks_table(self) -> pd.DataFrame:
        """The `breaks` table: one row for each break, feed and measure."""
        rows = [
            (
                entry.id,
                entry.title,
                date.fromisoformat(entry.date),
                *key.split("/"),
                measure,
                list(entry.comparable_within),
                entry.reason.strip(),
                entry.source,
            )
            for entry in self.breaks
            for key in entry.feeds
            for measure in self.of_feed(key)
            if entry.measures is None or measure in entry.measures
        ]
        frame = pd.DataFrame(rows, columns=list(Breaks.to_schema().columns))
        # said for every column of text, as a table without breaks would say nothing of them
        texts = dict.fromkeys(("break_id", "title", "agency", "feed", "measure", "reason", "source"), "str")
        return frame.astype({**texts, "break_date": "datetime64[s]"})


def load_measures(partnership: Partnership) -> MeasureBook:
    """Read `measures.yml` and `breaks.yml` and check every feed and measure that they name.

    Raises ConfigurationError. Conditions and bases are checked against the feeds' columns where they are counted.
    """
    path = partnership.sources / "measures.yml"
    file = read_configuration(path, MeasuresFile)
    breaks_path = partnership.sources / "breaks.yml"
    breaks = read_configuration(breaks_path, BreaksFile) if breaks_path.exists() else BreaksFile(breaks=[])
    feeds = {feed.key for feed in partnership.feeds}
    for name, measure in file.measures.items():
        _check_feeds(partnership, path, f"measures > {name} > feeds", list(measure.feeds))
    named: list[ToleranceEntry | ComparabilityEntry] = [*file.tolerances, *file.comparability]
    for entry in named:
        _check_known(path, f"{entry.name} > between", entry.between or [], feeds)
        _check_known(path, f"{entry.name} > measures", entry.measures or [], set(file.measures))
    _check_preferences(path, file, feeds)
    ids = [item.id for item in breaks.breaks]
    twice = next((item for item in ids if ids.count(item) > 1), None)
    if twice:
        raise ConfigurationError(f"{breaks_path}: the break {twice!r} is given twice. Give each an id of its own.")
    for item in breaks.breaks:
        _check_known(breaks_path, f"{item.id} > feeds", [*item.feeds, *item.comparable_within], feeds)
        _check_known(breaks_path, f"{item.id} > measures", item.measures or [], set(file.measures))
        given = {name for key in item.feeds for name, measure in file.measures.items() if key in measure.feeds}
        idle = [name for name in item.measures or [] if name not in given]
        if idle:
            raise ConfigurationError(
                f"{breaks_path}: {item.id} > measures: none of {', '.join(item.feeds)} gives {idle[0]}, so that nothing would"
                f" break; feeds that give it: {', '.join(file.measures[idle[0]].feeds)}."
            )
    rules = (tuple(file.tolerances), tuple(file.comparability), tuple(breaks.breaks), tuple(file.preferred))
    return MeasureBook(file.measures, *rules)


def _prefers(rule: PreferenceEntry, name: str, measure: MeasureEntry) -> bool:
    """Whether a rule applies to a measure: an authority without `measures` does to all that its feed gives."""
    return name in rule.measures if rule.measures is not None else rule.feed is None or rule.feed in measure.feeds


def _check_preferences(path: Path, file: MeasuresFile, feeds: set[str]) -> None:
    """Check that each rule can be followed, and that every measure has one that always gives a figure."""
    names = [rule.name for rule in file.preferred]
    for rule in file.preferred:
        where = f"preferred > {rule.name}"
        if names.count(rule.name) > 1:
            raise ConfigurationError(f"{path}: {where}: the name is given twice. Give each rule a name of its own.")
        _check_known(path, f"{where} > measures", rule.measures or [], set(file.measures))
        if rule.feed is None:
            continue
        _check_known(path, f"{where} > feed", [rule.feed], feeds)
        given = [name for name, measure in file.measures.items() if rule.feed in measure.feeds]
        missing = [name for name in rule.measures or [] if name not in given]
        if missing:
            raise ConfigurationError(
                f"{path}: {where}: {rule.feed} does not give {missing[0]}, so it cannot be its authority; feeds that give it: "
                f"{', '.join(file.measures[missing[0]].feeds)}."
            )
    for name, measure in file.measures.items():
        if not any(rule.by != "authority" and _prefers(rule, name, measure) for rule in file.preferred):
            raise ConfigurationError(
                f"{path}: preferred: no rule gives {name} where its authority has no figure. Add one by most_complete or latest, "
                "without measures, at the end."
            )


def _check_feeds(partnership: Partnership, path: Path, where: str, names: list[str]) -> None:
    known = {feed.key for feed in partnership.feeds}
    for name in names:
        if name not in known:
            raise ConfigurationError(f"{path}: {where}: {partnership.word_unknown(name)}")


def _check_known(path: Path, where: str, names: list[str], known: set[str]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigurationError(f"{path}: {where}: {unknown[0]!r} is not known; known: {', '.join(sorted(known))}.")
