"""The partnership as one frozen object: its agencies, feeds, areas, years and code lists."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from csp_pipeline import tables
from csp_pipeline.errors import ConfigurationError
from csp_pipeline.partnership import areas as area_tables
from csp_pipeline.partnership.configuration import (
    CoverageEntry,
    FeedEntry,
    PartnershipFile,
    ResponsesEntry,
    read_configuration,
)
from csp_pipeline.partnership.corrections import FILE_NAME, CorrectionEntry, CorrectionsFile
from csp_pipeline.partnership.periods import Period, financial_years, parse_period, periods_between
from csp_pipeline.tables import Table

# Of an agency and of a feed.
NAME = re.compile("[a-z][a-z0-9_]*")


class Agencies(Table):
    """The agencies of the partnership."""

    agency: str = tables.column("VARCHAR", "Short name", unique=True)
    agency_name: str = tables.column("VARCHAR", "Name")
    contact: str = tables.column("VARCHAR", "Role or team that answers for the agency's figures")


class Feeds(Table):
    """The feeds: one regular export of an agency each."""

    agency: str = tables.column("VARCHAR", "Agency")
    feed: str = tables.column("VARCHAR", "Feed")
    title: str = tables.column("VARCHAR", "Title")
    cadence: str = tables.column("VARCHAR", "How often it is sent")
    covers: str = tables.column("VARCHAR", "Period that one file or sheet covers")
    covers_area: str = tables.column("VARCHAR", "Area that the whole feed covers")
    deadline_days: int = tables.column("INTEGER", "Days after the period's end by which it is due", unit="days")
    expected_from: str = tables.column("DATE", "First day expected to be covered")
    expected_until: str = tables.column("DATE", "Last day expected to be covered")
    contact: str = tables.column("VARCHAR", "Role or team that sends it")
    sharing_basis: str = tables.column("VARCHAR", "Agreement under which it is shared")


# The feed of every agency that brings its answers; its files lie below sources/responses/.
RESPONSES = "responses"


@dataclass(frozen=True)
class Feed:
    """One feed as configured: `key` is `agency/feed`, `folder` its folder under `sources/`."""

    agency: str
    name: str
    folder: Path
    entry: FeedEntry
    expected: tuple[Period, ...]
    corrections: Mapping[str, CorrectionEntry] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """`agency/feed`."""
        return f"{self.agency}/{self.name}"

    @property
    def table(self) -> str:
        """Name of the feed's table in the warehouse."""
        return f"{self.agency}_{self.name}"

    @property
    def covers_periods(self) -> bool:
        """Whether its files give figures of periods: all do but the answers to discrepancies."""
        return self.entry.coverage.by != "none"

    @property
    def location(self) -> str:
        """Where the files are: a path below the feed's folder, an absolute path, or a URL for fsspec."""
        location = self.entry.location
        return location if "://" in location or Path(location).is_absolute() else str(self.folder / location)


@dataclass(frozen=True)
class Partnership:
    """What stands in `sources/`, apart from the exports themselves.

    `feeds` are those that give figures; `response_feeds` bring each agency's answers.
    """

    sources: Path
    file: PartnershipFile
    feeds: tuple[Feed, ...]
    response_feeds: tuple[Feed, ...] = ()

    @property
    def every_feed(self) -> tuple[Feed, ...]:
        """All that files are taken in of."""
        return self.feeds + self.response_feeds

    @property
    def years(self) -> list[Period]:
        """The financial years that the partnership takes in."""
        return financial_years(self.file.financial_years.first, self.file.financial_years.last)

    @property
    def lists(self) -> tuple[Path, ...]:
        """The files of areas, populations and codes that `partnership.yml` names."""
        file = self.file
        named = (file.areas, file.populations, file.lsoas_issued, file.offence_codes, file.forces)
        return tuple(self.sources / name for name in named)

    @cached_property
    def areas(self) -> pd.DataFrame:
        """The `areas` table."""
        return area_tables.read_areas(self.sources / self.file.areas)

    @cached_property
    def populations(self) -> pd.DataFrame:
        """The `populations` table."""
        names = list(area_tables.Populations.to_schema().columns)
        path = self.sources / self.file.populations
        frame = area_tables.read_code_list(path, names)[names]
        try:
            frame = frame.astype({"mid_year": "int32", "population": "int32"})
        except ValueError as error:
            raise ConfigurationError(f"{path}: mid_year and population have to be whole numbers: {error}.") from error
        twice = frame.loc[frame.duplicated(["area_code", "mid_year"])]
        if len(twice):
            area, year = twice.iloc[0][["area_code", "mid_year"]]
            raise ConfigurationError(f"{path}: the population of {area} in {year} is given twice. Remove one of the rows.")
        return frame

    @cached_property
    def offence_codes(self) -> pd.DataFrame:
        """Home Office offence codes with group and subgroup."""
        return area_tables.read_code_list(
            self.sources / self.file.offence_codes, ["offence_code", "offence", "offence_group", "offence_subgroup"]
        )

    @cached_property
    def references(self) -> dict[str, area_tables.CodeList]:
        """The lists that feeds' columns are checked against, by name."""
        runs = area_tables.read_code_list(self.sources / self.file.lsoas_issued, ["first_code", "last_code"])
        forces = area_tables.read_code_list(self.sources / self.file.forces, ["force_code", "force_name"])
        lsoas = area_tables.expand_issued_lsoas(runs)
        return area_tables.code_lists(self.areas, lsoas, self.offence_codes, forces)

    @property
    def agencies_table(self) -> pd.DataFrame:
        """The `agencies` table."""
        rows = [(key, agency.name, agency.contact) for key, agency in self.file.agencies.items()]
        return pd.DataFrame(rows, columns=list(Agencies.to_schema().columns))

    @property
    def feeds_table(self) -> pd.DataFrame:
        """The `feeds` table."""
        rows = [
            (
                feed.agency,
                feed.name,
                feed.entry.title,
                feed.entry.cadence,
                feed.entry.coverage.kind,
                feed.entry.covers_area,
                feed.entry.deadline_days,
                feed.expected[0].start if feed.expected else None,
                feed.expected[-1].end if feed.expected else None,
                feed.entry.contact,
                feed.entry.sharing_basis,
            )
            for feed in self.feeds
        ]
        frame = pd.DataFrame(rows, columns=list(Feeds.to_schema().columns))
        return frame.astype({"expected_from": "datetime64[s]", "expected_until": "datetime64[s]"})

    def feed(self, key: str) -> Feed:
        """The feed named `agency/feed`; ConfigurationError names the known ones."""
        for feed in self.every_feed:
            if feed.key == key:
                return feed
        raise ConfigurationError(self.word_unknown(key))

    def word_unknown(self, key: str) -> str:
        """That a feed is not known, and the known ones; or the agency that `partnership.yml` lacks, where that is why."""
        agency = key.partition("/")[0]
        if agency not in self.file.agencies and (self.sources / key / "feed.yml").exists():
            return f"{key!r} is not known, as partnership.yml has no agency {agency!r}. Add it there, or take the feed out here."
        return f"{key!r} is not known; known: {', '.join(sorted(feed.key for feed in self.feeds))}."


def load_partnership(sources: Path) -> Partnership:
    """Read `partnership.yml` and every `<agency>/<feed>/feed.yml`.

    Raises ConfigurationError naming the file and what is wrong in it.
    """
    path = sources / "partnership.yml"
    file = read_configuration(path, PartnershipFile)
    years = file.financial_years
    try:
        taken_in = financial_years(years.first, years.last)
        expected = financial_years(years.expected_first, years.expected_last)
    except ValueError as error:
        raise ConfigurationError(f"{path}: financial_years: {error}.") from error
    if expected[0].start < taken_in[0].start or expected[-1].end > taken_in[-1].end:
        raise ConfigurationError(f"{path}: financial_years: the expected years lie outside {years.first} to {years.last}.")
    feeds = []
    for agency in file.agencies:
        for feed_file in sorted((sources / agency).glob("*/feed.yml")):
            entry = read_configuration(feed_file, FeedEntry)
            feeds.append(
                Feed(
                    agency=agency,
                    name=feed_file.parent.name,
                    folder=feed_file.parent,
                    entry=entry,
                    expected=_expected_periods(feed_file, entry, expected),
                    corrections=_read_corrections(feed_file.parent / FILE_NAME),
                )
            )
    partnership = Partnership(sources, file, tuple(feeds), _response_feeds(sources, file))
    _check_names(partnership)
    _check_areas(partnership)
    _check_disclosure(partnership)
    return partnership


def _read_corrections(path: Path) -> dict[str, CorrectionEntry]:
    return read_configuration(path, CorrectionsFile).corrections if path.exists() else {}


def _check_names(partnership: Partnership) -> None:
    """Agencies and feeds name folders, assets and tables, so that names have to be such everywhere, and tables' names differ."""
    named = [*partnership.file.agencies, *(feed.key for feed in partnership.feeds)]
    for name in named:
        if not all(NAME.fullmatch(part) for part in name.split("/")):
            raise ConfigurationError(
                f"{partnership.sources}/{name}: an agency's and a feed's folder is named with a-z, 0-9 and _ only, a letter"
                " first."
            )
    tables: dict[str, str] = {}
    for feed in partnership.feeds:
        other = tables.setdefault(feed.table, feed.key)
        if other != feed.key:
            raise ConfigurationError(
                f"{partnership.sources}: the records of {other} and of {feed.key} would both be the table {feed.table}. Give"
                " one of the two folders another name."
            )


def _check_disclosure(partnership: Partnership) -> None:
    """A feed that is misspelt would be protected and not public: so every one named has to exist."""
    known = [feed.key for feed in partnership.feeds]
    for number, public in enumerate(partnership.file.disclosure.public_feeds):
        if public.feed not in known:
            raise ConfigurationError(
                f"{partnership.sources}/partnership.yml: disclosure > public_feeds > {number} > feed: "
                f"{partnership.word_unknown(public.feed)} Correct the name, or remove the entry."
            )


def _response_feeds(sources: Path, file: PartnershipFile) -> tuple[Feed, ...]:
    """A feed of answers for each agency, as `responses/feed.yml` says; none where there is no such file."""
    path = sources / RESPONSES / "feed.yml"
    if not path.exists():
        return ()
    entry = read_configuration(path, ResponsesEntry)
    return tuple(
        Feed(
            agency=key,
            name=RESPONSES,
            folder=path.parent,
            entry=FeedEntry(
                title=entry.title,
                contact=agency.contact,
                cadence="with answers to a report",
                deadline_days=0,
                location=key if entry.place == "." else f"{entry.place.rstrip('/')}/{key}",
                files=entry.files,
                landed=entry.landed,
                coverage=CoverageEntry(kind="month", by="none", pattern=""),
                covers_area=file.force,
                sharing_basis=entry.sharing_basis,
                pull=entry.pull,
            ),
            expected=(),
        )
        for key, agency in file.agencies.items()
    )


def _check_areas(partnership: Partnership) -> None:
    """An area that is misspelt would have no figures, without a word: so every area named has to be in the file."""
    known = set(partnership.areas.area_code)
    named = {f"partnership.yml: {level}": getattr(partnership.file, level) for level in ("district", "force", "county")}
    named |= {f"{feed.key}/feed.yml: covers_area": feed.entry.covers_area for feed in partnership.feeds}
    for where, code in named.items():
        if code not in known:
            raise ConfigurationError(
                f"{partnership.sources}/{where}: the area {code!r} is not in {partnership.file.areas}. Correct the code, or add "
                "the area."
            )
    levels = partnership.areas.set_index("area_code").area_level
    # a unitary district has no county above it, and is its own
    for key, allowed in (("district", ["district"]), ("county", ["county", "district"]), ("force", ["force"])):
        code = getattr(partnership.file, key)
        if levels[code] not in allowed:
            raise ConfigurationError(
                f"{partnership.sources}/partnership.yml: {key}: {code!r} is a {levels[code]} in {partnership.file.areas};"
                f" expected a {' or '.join(allowed)}."
            )


def _expected_periods(path: Path, entry: FeedEntry, years: list[Period]) -> tuple[Period, ...]:
    """The periods a feed should cover: the partnership's expected years, narrowed by the feed's own first and last."""
    first, last = years[0].start, years[-1].end
    for key, text in (("expected_from", entry.expected_from), ("expected_until", entry.expected_until)):
        if text is None:
            continue
        period = parse_period(text, entry.coverage.kind)
        if period is None:
            raise ConfigurationError(f"{path}: {key}: expected a {entry.coverage.kind} such as 2016-04, found {text!r}.")
        first, last = (max(first, period.start), last) if key == "expected_from" else (first, min(last, period.end))
    given = [parse_period(text, entry.coverage.kind) for text in (entry.expected_from, entry.expected_until) if text]
    if len(given) == 2 and given[0] and given[1] and given[1] < given[0]:
        raise ConfigurationError(
            f"{path}: expected_until: {entry.expected_until!r} lies before expected_from, {entry.expected_from!r}, so that"
            " nothing would be expected. Correct one of them."
        )
    return tuple(periods_between(first, last, entry.coverage.kind))
