"""The shape of the YAML files under `sources/`; `read_yaml` reads them."""

import re
from datetime import date
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from csp_pipeline.partnership.alerting import AlertsEntry
from csp_pipeline.partnership.areas import Level
from csp_pipeline.partnership.contracts import ChangesEntry, RenamedEntry
from csp_pipeline.partnership.entry import VARIABLE, Entry
from csp_pipeline.partnership.pulling import PullEntry, check_pulling
from csp_pipeline.partnership.read_yaml import read_configuration as read_configuration

Kind = Literal["month", "quarter", "financial_year"]
# Who the scorecard is delivered to, and what its files are called.
STRATEGY_GROUP, SCORECARD = "strategy_group", "scorecard"


class AgencyEntry(Entry):
    """An agency of the partnership."""

    name: str
    contact: str = Field(description="a role and team, never a person")


class YearsEntry(Entry):
    """The financial years that the partnership takes in, and those for which every feed is expected."""

    first: str
    last: str
    expected_first: str
    expected_last: str


class DiscrepancyEntry(Entry):
    """Which conflicts are raised as discrepancies for people to handle."""

    area_levels: list[Level]
    periods: list[Kind]


class SmallCountsEntry(Entry):
    """Up to which count (from 1) another agency's number is kept from the readers of a report."""

    highest: int = Field(ge=1, le=20)
    reason: str = Field(min_length=1)


class PublicFeedEntry(Entry):
    """A feed, as `agency/feed`, whose every number is published by its owner: hiding one would protect nobody."""

    feed: str
    reason: str = Field(min_length=1)


class ExemptUnitEntry(Entry):
    """A unit in which nothing is hidden, since its numbers count nobody."""

    unit: str
    reason: str = Field(min_length=1)


class DisclosureEntry(Entry):
    """Which numbers the reports keep from whom; where it is not given, nothing is public and nothing exempt."""

    small_counts: SmallCountsEntry = SmallCountsEntry(highest=4, reason="Nothing is given: counts of 1 to 4 are kept.")
    public_feeds: list[PublicFeedEntry] = []
    exempt_units: list[ExemptUnitEntry] = []


class MailServerEntry(Entry):
    """The server that e-mail leaves by, always encrypted: `starttls`, or `tls` from the first byte.

    `user` and `password` name environment variables. `certificates` is a PEM file below `sources/` with the authority of a
    server whose certificate no public authority signed.
    """

    host: str
    port: int = Field(ge=1, le=65535)
    security: Literal["starttls", "tls"] = "starttls"
    sender: str
    user: str | None = None
    password: str | None = None
    certificates: str | None = None

    @model_validator(mode="after")
    def _holds_no_secret(self) -> "MailServerEntry":
        # Checked here and not at the fields, so that no error repeats what may be a secret.
        if (self.user is None) != (self.password is None):
            raise ValueError("give user and password together, or neither")
        if any(name is not None and not VARIABLE.fullmatch(name) for name in (self.user, self.password)):
            raise ValueError("user and password name environment variables, such as MAIL_USER; they are not written here")
        return self


class PlaceEntry(Entry):
    """Where one agency's report goes: a `folder`, a `place` for fsspec, or `email`, which names the environment variable
    with the recipients' addresses.
    """

    folder: str | None = None
    place: str | None = None
    email: str | None = None

    @model_validator(mode="after")
    def _one_without_secret(self) -> "PlaceEntry":
        if sum(way is not None for way in (self.folder, self.place, self.email)) != 1:
            raise ValueError("give exactly one of folder, place and email")
        if self.email is not None and not VARIABLE.fullmatch(self.email):
            raise ValueError("email names an environment variable, such as COUNTY_RECIPIENTS; addresses are not written here")
        if self.place is not None and "://" not in self.place:
            raise ValueError("expected a URL such as s3://bucket/reports; give a folder as folder")
        if self.place is not None and "@" in self.place.partition("://")[2].partition("/")[0]:
            raise ValueError("a place holds no user and no password: give them in the environment, as fsspec reads them")
        return self


class DeliveryEntry(Entry):
    """How reports reach the agencies, and the scorecard the strategy group. Who is not named gets a folder in the
    warehouse's `outbox`.

    A delivery that fails for a passing reason is tried `attempts` times in all, with waits that double from
    `first_wait_seconds`.
    """

    mail_server: MailServerEntry | None = None
    attempts: int = Field(4, ge=1, le=10)
    first_wait_seconds: float = Field(2, ge=0, le=60)
    agencies: dict[str, PlaceEntry] = {}
    strategy_group: PlaceEntry | None = None

    @model_validator(mode="after")
    def _has_a_mail_server(self) -> "DeliveryEntry":
        if self.mail_server is None and any(entry.email for entry in self.places.values()):
            raise ValueError("somebody is sent e-mail, so mail_server has to be given")
        return self

    @property
    def places(self) -> dict[str, PlaceEntry]:
        """The place of each addressee that has one: agencies, and the strategy group."""
        group = {} if self.strategy_group is None else {STRATEGY_GROUP: self.strategy_group}
        return {**self.agencies, **group}


class PartnershipFile(Entry):
    """`partnership.yml`."""

    name: str
    district: str
    force: str
    county: str
    areas: str
    populations: str
    lsoas_issued: str
    offence_codes: str
    forces: str
    financial_years: YearsEntry
    agencies: dict[str, AgencyEntry]
    discrepancies: DiscrepancyEntry
    disclosure: DisclosureEntry = DisclosureEntry()

    delivery: DeliveryEntry = DeliveryEntry()
    alerts: AlertsEntry = AlertsEntry()

    @model_validator(mode="after")
    def _alerts_by_its_mail_server(self) -> "PartnershipFile":
        if self.alerts.email is not None and self.delivery.mail_server is None:
            raise ValueError("alerts > email: e-mail leaves by delivery > mail_server, which has to be given")
        return self

    @model_validator(mode="after")
    def _takes_no_reports_name(self) -> "PartnershipFile":
        taken = [name for name in ("index", SCORECARD, STRATEGY_GROUP) if name in self.agencies]
        if taken:
            raise ValueError(f"agencies: {taken[0]!r} is the name of a report that is no agency's; give the agency another")
        return self

    @model_validator(mode="after")
    def _delivers_to_agencies(self) -> "PartnershipFile":
        unknown = sorted(set(self.delivery.agencies) - set(self.agencies))
        if unknown:
            raise ValueError(f"delivery > agencies: no agency {', '.join(unknown)}; known: {', '.join(self.agencies)}")
        return self


class CoverageEntry(Entry):
    """How to tell what a file covers and when it was extracted.

    `kind` is the period that one file or one sheet covers. `by` is `file_name` (the pattern's group `coverage`),
    `content` (the rows say it themselves) or `none` (answers cover no period). The pattern is matched against the path
    below the feed's location; its groups are `coverage`, `extracted` (or `extracted_after`, a month after whose end it was)
    and `scope` (the part of a feed, such as a force, that replaces only itself). Where one part has to be there for a period to
    be covered, as the force's own file beside its neighbours', `main_scope` names it.
    """

    kind: Kind
    by: Literal["file_name", "content", "none"] = "file_name"
    pattern: str
    main_scope: str | None = None

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            groups = re.compile(value).groupindex
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        unknown = set(groups) - {"coverage", "extracted", "extracted_after", "scope"}
        if unknown:
            raise ValueError(f"unknown groups {sorted(unknown)}; known are coverage, extracted, extracted_after and scope")
        return value

    @model_validator(mode="after")
    def _has_scopes(self) -> "CoverageEntry":
        if self.main_scope is not None and "scope" not in re.compile(self.pattern).groupindex:
            raise ValueError("main_scope is one of the pattern's group scope, which it does not have")
        return self

    @model_validator(mode="after")
    def _finds_coverage(self) -> "CoverageEntry":
        if self.by == "file_name" and "coverage" not in re.compile(self.pattern).groupindex:
            raise ValueError(
                "the pattern has no group (?P<coverage>...), so that no file's name would say what it covers. Add it, or say"
                " `by: content` where the rows say it themselves"
            )
        return self


class LandedFilesEntry(Entry):
    """What is said of files that have landed, by their paths: whether they count, whatever `files` names now, and why."""

    files: str
    counts: bool
    reason: str = Field(min_length=1)


class MostRejectedEntry(Entry):
    """How many of a file's rows may be rejected for the others to count: more than this share of them, and of this number, and
    the file is refused. Too much would be missing from its figures, and what they replace was better.
    """

    share: float = Field(0.2, gt=0, le=1)
    rows: int = Field(20, ge=0)
    reason: str = Field("A count without a fifth of its rows misleads more than none.", min_length=1)


class FeedEntry(Entry):
    """`<agency>/<feed>/feed.yml`; `layout` names a ready layout, without which the feed has a table of its own."""

    title: str
    contact: str
    cadence: str
    deadline_days: int = Field(ge=0)
    location: str = "exports"
    files: str = "**/*"
    coverage: CoverageEntry
    covers_area: str
    expected_from: str | None = None
    expected_until: str | None = None
    may_be_empty: bool = False
    most_rejected: MostRejectedEntry = MostRejectedEntry()
    sharing_basis: str
    notes: str = ""
    landed: tuple[LandedFilesEntry, ...] = ()
    pull: PullEntry = PullEntry()
    layout: str | None = None
    changes: ChangesEntry = ChangesEntry()
    renamed: dict[str, RenamedEntry] = {}

    @model_validator(mode="after")
    def _can_be_pulled(self) -> "FeedEntry":
        check_pulling(self.location, self.pull, self.coverage.kind)
        return self


class ResponsesEntry(Entry):
    """`responses/feed.yml`: the workbooks that agencies send back with their answers, one feed for each agency.

    `place` is a folder below `responses/`, an absolute path, or a URL for fsspec; each agency's files lie in the folder of
    its short name there.
    """

    title: str
    place: str = "."
    files: str = "**/*"
    sharing_basis: str
    notes: str = ""
    landed: tuple[LandedFilesEntry, ...] = ()
    pull: PullEntry = PullEntry()
    changes: ChangesEntry = ChangesEntry()
    renamed: dict[str, RenamedEntry] = {}

    @model_validator(mode="after")
    def _can_be_pulled(self) -> "ResponsesEntry":
        check_pulling(self.place, self.pull, "month")
        return self


class MeasureFeedEntry(Entry):
    """How one feed gives one measure: it counts rows or units, sums a column, or takes a published number.

    `date` and `area` name the headline date and area basis; a taken number that `adds_up` is summed to longer periods,
    where all of their shorter ones are there; a taken percentage names in `base` the column that says of how many;
    `where` holds conditions in SQL over the feed's columns, every one of which must hold.
    """

    count: str | None = None
    sum: str | None = None
    take: str | None = None
    date: str
    area: str
    adds_up: bool = False
    base: str | None = None
    where: list[str] = []
    note: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> "MeasureFeedEntry":
        if sum(way is not None for way in (self.count, self.sum, self.take)) != 1:
            raise ValueError("give exactly one of count, sum and take")
        if self.adds_up and self.take is None:
            raise ValueError("adds_up goes with take: counts and sums add up by themselves")
        if self.base is not None and (self.take is None or self.adds_up):
            raise ValueError("base goes with a percentage that is taken, which never adds up")
        return self


class MeasureEntry(Entry):
    """One measure of `measures.yml`."""

    title: str
    definition: str
    unit: str
    priority: str
    decreasing_is_better: bool | None = None
    feeds: dict[str, MeasureFeedEntry] = Field(min_length=1)


class ToleranceEntry(Entry):
    """How far two figures may lie apart; the first entry that applies to a comparison is used."""

    name: str
    reason: str
    between: list[str] | None = None
    measures: list[str] | None = None
    same_agency: bool | None = None
    absolute: float = Field(ge=0)
    relative: float = Field(ge=0, le=1)


class ComparabilityEntry(Entry):
    """A difference in what two feeds count, stated once with its reason."""

    name: str
    between: list[str] = Field(min_length=2, max_length=2)
    measures: list[str] | None = None
    comparability: Literal["adjustable", "not_comparable"]
    reason: str


class PreferenceEntry(Entry):
    """Which of several feeds' figures is preferred: the first entry that applies to a measure and gives a figure is used.

    `by` is `authority` (the figure of `feed`, where it has one), `most_complete` (that which covers most of its period) or
    `latest` (that of the latest extract). Without `measures` it applies to all that it can.
    """

    name: str
    reason: str
    by: Literal["authority", "most_complete", "latest"]
    feed: str | None = None
    measures: list[str] | None = None

    @model_validator(mode="after")
    def _names_its_authority(self) -> "PreferenceEntry":
        if (self.by == "authority") != (self.feed is not None):
            raise ValueError("give feed with authority, and only there")
        return self


DEFAULT_PREFERENCE = PreferenceEntry(
    name="most_complete", by="most_complete", reason="No rule is given: the figure that covers most of its period stands first."
)


class MeasuresFile(Entry):
    """`measures.yml`."""

    measures: dict[str, MeasureEntry]
    tolerances: list[ToleranceEntry]
    comparability: list[ComparabilityEntry] = []
    preferred: list[PreferenceEntry] = [DEFAULT_PREFERENCE]


class BreakEntry(Entry):
    """A break in a series: from `date` on, its figures count something else or count it otherwise.

    `feeds` carry the break; among `comparable_within` figures come from the same source, so that they may still be
    compared with each other inside a period that holds the break.
    """

    id: str
    title: str
    date: str
    feeds: list[str] = Field(min_length=1)
    measures: list[str] | None = None
    comparable_within: list[str] = []
    reason: str
    source: str

    @field_validator("date", mode="before")
    @classmethod
    def _day(cls, value: Any) -> str:
        text = str(value)
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError as error:
            raise ValueError("expected a date that exists, such as 2016-06-01") from error


class BreaksFile(Entry):
    """`breaks.yml`."""

    breaks: list[BreakEntry]
