"""What a file's columns are against those agreed: new, missing, renamed and retyped ones, with evidence and what is done."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pandas as pd

from csp_pipeline import tables
from csp_pipeline.errors import ConfigurationError
from csp_pipeline.intake.validate import Checker
from csp_pipeline.partnership.contracts import ChangesEntry, RenamedEntry, normalise
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.tables import ColumnSpec, FeedSpec, Table

CHANGES = ("new", "missing", "renamed", "retyped")
MODES = ("freeze", "evolve", "discard_row", "discard_value")
# Values of a column that is looked at for being another one renamed.
SAMPLE = 1_000
# Rows that are looked at for what told them apart.
MANY = 200_000
ALIKE = 0.6
FITTING = 0.95
# A column is retyped when so many of its values, of those that are not blank, do not have its form.
RETYPED = 0.5
OF_FORM = frozenset({"malformed", "impossible_date", "unknown_value", "unknown_code"})
PERSONAL = re.compile(
    r"\b(?:(?:fore|first|last|middle|sur|full|maiden)?name|d\.?o\.?b|birth|address|post ?code|phone|telephone|mobile|e-?mail|nhs|"
    r"national insurance)\b"
)


class ColumnChanges(Table):
    """Each change in the columns of a submission against what was agreed, with its evidence and what was done with it.

    What is done is said in `feed.yml > changes`. Of a missing column that looks renamed, the evidence names the likely new name;
    such a name is only ever read once `feed.yml > renamed` declares it.
    """

    submission_id: str = tables.column("VARCHAR", "Submission")
    agency: str = tables.column("VARCHAR", "Agency")
    feed: str = tables.column("VARCHAR", "Feed")
    file: str = tables.column("VARCHAR", "Path below the feed's place")
    sheet: str = tables.column("VARCHAR", "Sheet of a workbook", nullable=True)
    column_name: str = tables.column("VARCHAR", "The column in the sender's words: as agreed; of a new one, as found")
    change: str = tables.column("VARCHAR", "new, missing, renamed or retyped", isin=list(CHANGES))
    found: str = tables.column("VARCHAR", "The name that it is sent under now, known or likely", nullable=True)
    evidence: str = tables.column("VARCHAR", "What shows it, in a sentence")
    done: str = tables.column(
        "VARCHAR",
        "freeze (the file was refused), evolve (taken and noted), discard_row or discard_value",
        isin=list(MODES),
    )
    rows: int = tables.column("BIGINT", "Rows whose value is left out, rejected or kept in extras", nullable=True, unit="rows")


def check_contract(feed: Feed, spec: FeedSpec) -> None:
    """Check what `feed.yml` says of columns against the feed's declaration.

    Raises ConfigurationError for a column that the feed does not have, an agreed one that is called new, or one that can be
    neither left out nor blank.
    """
    known = {normalise(name): column for column in spec.columns for name in (column.name, column.header)}
    headers = ", ".join(column.header for column in spec.columns)
    where = f"{feed.folder}/feed.yml"
    for name in feed.entry.renamed:
        if normalise(name) not in known:
            raise ConfigurationError(f"{where}: renamed > {name}: the feed has no such column; it has {headers}.")
    for name, entry in feed.entry.changes.columns.items():
        column = known.get(normalise(name))
        if column is None and (entry.missing or entry.renamed or entry.retyped):
            raise ConfigurationError(f"{where}: changes > columns > {name}: the feed has no such column; it has {headers}.")
        if column is not None and entry.new:
            raise ConfigurationError(f"{where}: changes > columns > {name} > new: it is an agreed column, so it is never new.")
        if column is not None and (not column.nullable or column.name in spec.traits.key):
            for change, mode in (("missing", entry.missing), ("retyped", entry.retyped)):
                if mode in ("evolve", "discard_value"):
                    raise ConfigurationError(
                        f"{where}: changes > columns > {name} > {change}: {mode} would leave it blank, and it may not be blank. "
                        "Use freeze, or discard_row for a retyped one."
                    )


# The first values of the file's column at a position, so many at most.
Values = Callable[[int, int], Sequence[str | None]]


@dataclass(frozen=True)
class ColumnChange:
    """One change in a file's columns, as in the table `column_changes`."""

    column_name: str
    change: str
    evidence: str
    done: str
    sheet: str | None = None
    found: str | None = None
    rows: int | None = None


@dataclass(frozen=True)
class Contract:
    """What was agreed with the sender of one file, extracted on a day, and what to do where it is not kept."""

    spec: FeedSpec
    make_checker: Callable[[], Checker]
    changes: ChangesEntry
    renamed: Mapping[str, RenamedEntry]
    extracted: date

    @cached_property
    def checker(self) -> Checker:
        """The feed's checks; made only where they are asked for."""
        return self.make_checker()

    def name_in_use(self, column: ColumnSpec) -> RenamedEntry | None:
        """The declared new name of a column, where it was in use on the day of extraction."""
        names = {normalise(column.name), normalise(column.header)}
        entry = next((entry for name, entry in self.renamed.items() if normalise(name) in names), None)
        return entry if entry is not None and self.extracted >= entry.since else None

    @cached_property
    def new_names(self) -> frozenset[str]:
        """The declared new names in use on the day of extraction, normalised."""
        return frozenset(normalise(entry.sent_as) for entry in self.renamed.values() if self.extracted >= entry.since)

    def mode_of_new(self, header: str) -> str:
        """What to do with a new column: one that may be about a person is kept only if it is named in `feed.yml`."""
        named = self.changes.mode_by_name("new", header)
        if named is None and self.changes.new == "evolve" and is_personal(header):
            return "discard_value"
        return named or self.changes.new


def word_changes(changes: Sequence[ColumnChange]) -> list[str]:
    """What the sender should know of changes that were taken in; of new columns that were left out it is told elsewhere."""
    kept = [repr(change.column_name) for change in changes if (change.change, change.done) == ("new", "evolve")]
    messages = [f"Columns that are not in the agreed layout were kept beside the others: {', '.join(kept[:10])}."] if kept else []
    for change in changes:
        name, done = repr(change.column_name), change.done
        if change.change == "missing" and done == "evolve":
            messages.append(f"The column {name} is missing; it was taken as blank.")
        elif change.change == "renamed" and done == "evolve":
            is_read = "declares it" in change.evidence
            messages.append(
                f"The column {name} was read from {change.found!r}, as agreed."
                if is_read
                else f"The column {name} is missing; it was taken as blank. {change.evidence}."
            )
        elif change.change == "retyped":
            outcome = {"evolve": "kept beside the others", "discard_value": "left out", "discard_row": "rejected with their rows"}
            messages.append(f"Of the column {name}, {change.evidence}; they were {outcome[done]}.")
    return messages


def is_personal(header: str) -> bool:
    """Whether a column's name says that it may hold a name, birth date, address or number of a person."""
    return PERSONAL.search(normalise(header)) is not None


@dataclass(frozen=True)
class Suspect:
    """A column that may be a missing one under a new name, and why."""

    header: str
    evidence: str
    weight: float


def find_renamed(
    column: ColumnSpec,
    columns: Sequence[ColumnSpec],
    headers: Sequence[str],
    spare: Sequence[int],
    values_at: Values,
    contract: Contract,
) -> Suspect | None:
    """The spare column that is most likely `column` renamed; None where fewer than two things speak for any.

    What may speak for it: its name is like the missing one's; it stands between the same neighbours; nearly all of its first
    values pass the missing column's checks, where that has any.
    """
    suspects = [_weigh(column, columns, headers, position, values_at(position, SAMPLE), contract) for position in spare]
    likely = [suspect for suspect in suspects if suspect is not None]
    return max(likely, key=lambda suspect: suspect.weight, default=None)


def tell_repeats(absent: Sequence[ColumnSpec], positions: Mapping[str, int], values_at: Values, contract: Contract) -> str:
    """A sentence on rows that nothing tells apart any more, where columns that tell rows apart are missing; else nothing."""
    apart = contract.spec.traits.told_apart_by
    left = [column for column in contract.spec.columns if column.name in apart and column.name in positions]
    if not left or not any(column.name in apart for column in absent):
        return ""
    rows = list(zip(*(values_at(positions[column.name], MANY) for column in left), strict=False))
    repeats = len(rows) - len(set(rows))
    if repeats * 2 <= len(rows):
        return ""
    shown = ", ".join(repr(column.header) for column in left)
    return f" Without them {repeats:,} of its {len(rows):,} rows repeat another row in {shown}, so that nothing tells them apart."


def _weigh(
    column: ColumnSpec,
    columns: Sequence[ColumnSpec],
    headers: Sequence[str],
    position: int,
    values: Sequence[str | None],
    contract: Contract,
) -> Suspect | None:
    found, reasons, weight = headers[position], [], 0.0
    likeness = difflib.SequenceMatcher(None, normalise(column.header), normalise(found), autojunk=False).ratio()
    if likeness >= ALIKE:
        reasons.append(f"the names are {likeness:.0%} alike")
        weight += likeness
    neighbours = _shared_neighbours(column, columns, headers, position)
    if neighbours:
        reasons.append(f"it stands beside {' and '.join(map(repr, neighbours))} as agreed")
        weight += len(neighbours) / 2
    if _has_checks(column):
        passing, filled = count_passing(column, values, contract)
        share = passing / filled if filled else 0.0
        if share >= FITTING:
            reasons.append(f"{passing:,} of its first {filled:,} values pass the checks of {column.header!r}")
            weight += share
        elif filled:
            weight -= 1 - share
            if share < RETYPED:
                return None
    if len(reasons) < 2:
        return None
    return Suspect(found, f"{found!r} is probably {column.header!r} renamed: {', '.join(reasons)}", weight)


def _shared_neighbours(column: ColumnSpec, columns: Sequence[ColumnSpec], headers: Sequence[str], position: int) -> list[str]:
    """Agreed neighbours of a column that stand beside a position of the file's header."""
    place = list(columns).index(column)
    around = [(columns[place + step] if 0 <= place + step < len(columns) else None, position + step) for step in (-1, 1)]
    return [
        neighbour.header
        for neighbour, beside in around
        if neighbour is not None and 0 <= beside < len(headers) and normalise(headers[beside]) == normalise(neighbour.header)
    ]


def _has_checks(column: ColumnSpec) -> bool:
    return bool(column.expects and (column.formats or column.words or column.reference or column.sql != "{column}"))


def count_passing(column: ColumnSpec, values: Sequence[str | None], contract: Contract) -> tuple[int, int]:
    """How many of some values pass a column's checks, and how many there are that are not blank."""
    filled = [value for value in values if value]
    frame = pd.DataFrame({spec.name: pd.Series([None] * len(filled), dtype="str") for spec in contract.checker.spec.columns})
    frame[column.name] = pd.Series(filled, dtype="str")
    latest = pd.Series([pd.Timestamp(contract.extracted)] * len(filled), dtype="datetime64[s]")
    problems = contract.checker.of_column(column.name).find_problems(frame, latest)
    failing = problems.loc[problems["column"] == column.name, "position"].nunique()
    return len(filled) - int(failing), len(filled)
