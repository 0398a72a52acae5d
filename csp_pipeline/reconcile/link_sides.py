"""The two feeds of a pair: their declarations, and their records as linking and bridges need them."""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import pandas as pd

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.figures.count import PERSON_UNITS, units_of
from csp_pipeline.lake import problem_of_condition, register
from csp_pipeline.partnership.configuration import MeasureFeedEntry
from csp_pipeline.partnership.links import FeedLinksEntry, LinksFile, PairEntry, RuleEntry
from csp_pipeline.sql import read_sql
from csp_pipeline.sql_text import identifier
from csp_pipeline.tables import FeedSpec

PACKAGE = "csp_pipeline.reconcile"


@dataclass(frozen=True)
class Side:
    """One feed of a pair: its declaration, where its records are read, and how it counts each measure of the pair.

    `source` is SQL for every record the feed ever sent, with the columns of its declaration, `submission_id`, `sheet`,
    `row_number` and `valid_to`; `rollup` is the table of places and the areas that count them, `place`, `area_code`. Whether any
    record has been superseded is looked for where `has_superseded` does not say it. `rejected` is SQL for rows that were sent and
    rejected, if there are any: what identifies them, as far as it can be read, with `submission_id`, `sheet` and `row_number`.
    """

    name: str
    key: str
    spec: FeedSpec
    source: str
    rollup: pd.DataFrame
    ways: tuple[MeasureFeedEntry, ...]
    has_superseded: bool | None = None
    rejected: str | None = None

    @property
    def columns(self) -> dict[str, str]:
        """Column name -> DuckDB type of the feed's stored and derived columns."""
        found = {column.name: column.type for column in self.spec.columns if column.stored}
        return found | {item.name: item.type for item in self.spec.derived}

    def own(self, column: str) -> bool:
        """The column is the feed's own identifier and not a reference to the other feed's."""
        return column in self.spec.traits.key or self.spec.roles.get(column, "").startswith("unit: ")

    def unit(self, way: MeasureFeedEntry) -> dict[str, object]:
        """The unit that a measure counts here: name, column, whether it is counted distinct."""
        return next(unit for unit in units_of(self.spec) if unit["name"] == way.count)

    def is_row(self, way: MeasureFeedEntry) -> bool:
        """The measure counts the feed's own records here, once each however many files they stand in."""
        return self.spec.traits.key == (self.unit(way)["column"],)

    def is_distinct(self, way: MeasureFeedEntry) -> bool:
        """The measure counts something here of which there may be fewer than records."""
        return bool(self.unit(way)["is_distinct"]) and not self.is_row(way)

    def is_person(self, way: MeasureFeedEntry) -> bool:
        """The measure counts persons here, so that a record without one counts nobody."""
        return way.count in PERSON_UNITS


def normalised(column: str, form: str) -> str:
    """SQL that gives an identifier in one form, whoever wrote it; NULL where it cannot be read.

    `year_and_number`: a year and a running number in either order, as a BIGINT of both. Of the two groups of digits the
    one of two (or a recent one of four) digits is the year; when both could be, the first is. It needs `year_first` beside
    the column.
    `letters_and_digits`: upper case, without the zeros that lead a number and without signs and spaces, but for one between
    two numbers; what holds no digit but zeros is none.
    """
    text = identifier(column)
    if form == "letters_and_digits":
        spaced = f"regexp_replace(upper({text}), '[^0-9A-Z]+', ' ', 'g')"
        without_zeros = f"regexp_replace({spaced}, '(^|[^0-9])0+([0-9])', '\\1\\2', 'g')"
        # a sign stays between two numbers: 12-3101 and 123-101 are not the same
        return f"""CASE WHEN regexp_matches({text}, '[1-9]')
            THEN trim(regexp_replace({without_zeros}, ' *([A-Z]) *', '\\1', 'g')) END"""
    two = "[^0-9]*([0-9]+)[^0-9]+([0-9]+)[^0-9]*"
    # one digit that follows a letter is a unit's code, such as B2: no year has one digit
    unit = "[^0-9]*[A-Za-z][0-9][^0-9A-Za-z]+"
    plain, after_unit = (f"regexp_extract({text}, '^{form}$', ['first', 'second'])" for form in (two, unit + two))
    first = identifier(f"year first of {column}")
    year, number = (f"CAST(nullif({first}.{part}, '') AS BIGINT)" for part in ("year", "number"))
    # the dearer the look, the fewer are left for it
    return f"""coalesce(
        {year} * 1000000000 + nullif({number}, 0),
        year_and_number({plain}.first, {plain}.second),
        year_and_number({after_unit}.first, {after_unit}.second)
    )"""


def year_first(column: str) -> str:
    """SQL of a column that `normalised` needs beside an identifier: year and number where, as most are, it is written so."""
    groups = f"regexp_extract({identifier(column)}, '^([0-9]{{2}})[^0-9]([0-9]{{3,9}})$', ['year', 'number'])"
    return f"{groups} AS {identifier(f'year first of {column}')}"


def unreadable(text: str, read: str, *, tells: bool) -> str:
    """SQL that is true where a reference holds something that is meant to be read (`text`) and cannot be (`read` is NULL).

    That is one with digits in it. Where a blank `tells` that there is none (`blank_is_unknown`) any word does, such as
    `unknown`, but for those that say the same as a blank.
    """
    meant = f"regexp_matches({text}, '[0-9]')"
    if tells:
        meant = f"NOT regexp_full_match(lower({text}), '[^a-z0-9]*((n/?a|none|nil|no|not applicable)[^a-z0-9]*)?')"
    return f"CASE WHEN {text} IS NULL OR {read} IS NOT NULL THEN false ELSE {meant} END"


def confirming_dates(place: int, rule: RuleEntry) -> list[str]:
    """The columns of `records_<side>` that hold the dates of a rule by identifier, which stands at a place in their order."""
    return [f"confirming_{place}_{date}" for date in range(len(rule.dates))]


def days_agree(place: int, rule: RuleEntry) -> str:
    """SQL of two records `a` and `b` that is false where the first of these dates that both have lie too far apart."""
    tests = [f"{too_far}, " for too_far in _too_far(confirming_dates(place, rule), rule.windows)]
    return f"NOT coalesce({''.join(tests)}false)"


def days_of_persons(rule: RuleEntry) -> list[str]:
    """The columns of `records_<side>` that hold the dates of a rule by person."""
    return [f"date_{date}" for date in range(len(rule.dates))]


def first_days_apart(rule: RuleEntry) -> str:
    """SQL of the days between two records `a` and `b` by the first date of a rule by person that both have; NULL without one."""
    return f"coalesce({''.join(f'{days}, ' for days in _days_apart(days_of_persons(rule)))}NULL)"


def no_day_agrees(rule: RuleEntry) -> str:
    """SQL of two records `a` and `b` that is true where both have the first date of a rule by person, too far apart, and no other
    date lies near enough: one that was keyed wrongly does not make it another matter."""
    first, *others = _too_far(days_of_persons(rule), rule.windows)
    return " AND ".join([f"coalesce({first}, false)", *(f"coalesce({other}, true)" for other in others)])


def _too_far(dates: list[str], windows: list[int]) -> list[str]:
    """For each of the dates SQL that tells whether two records lie farther apart than its days; NULL where one has none."""
    return [f"{apart} > {days}" for apart, days in zip(_days_apart(dates), windows, strict=True)]


def _days_apart(dates: list[str]) -> list[str]:
    """SQL of the days between two records `a` and `b` by each of the dates; NULL where one has none."""
    return [f"abs(date_diff('day', a.{date}, b.{date}))" for date in dates]


MACROS = (
    """CREATE OR REPLACE TEMP MACRO is_year(digits) AS
        length(digits) = 2 OR (length(digits) = 4 AND left(digits, 2) IN ('19', '20'))""",
    """CREATE OR REPLACE TEMP MACRO year_and_number(one, two) AS CASE
        WHEN NOT regexp_matches(one, '[1-9]') OR NOT regexp_matches(two, '[1-9]') THEN NULL
        WHEN is_year(one) AND length(two) <= 9 THEN CAST(right(one, 2) AS BIGINT) * 1000000000 + CAST(two AS BIGINT)
        WHEN is_year(two) AND length(one) <= 9 THEN CAST(right(two, 2) AS BIGINT) * 1000000000 + CAST(one AS BIGINT)
    END""",
)


def check_links(connection: duckdb.DuckDBPyConnection, links: LinksFile, specs: Mapping[str, FeedSpec]) -> None:
    """Check all that `links.yml` names of the feeds' columns, without a record; ConfigurationError as of the two below."""
    for pair in links.pairs:
        for name, key in zip("ab", pair.between, strict=True):
            side = Side(name, key, specs[key], "", pd.DataFrame(), ())
            check_columns(side, pair, links.feeds.get(key, FeedLinksEntry()))
            check_conditions(connection, side, pair)


def check_columns(side: Side, pair: PairEntry, of_feed: FeedLinksEntry) -> None:
    """Check that a feed has the columns that `links.yml` names for it.

    Raises ConfigurationError naming the rule, the column and the columns that there are; for a date, those that are dates.
    """
    named = [(f"pairs > {' and '.join(pair.between)} > {rule.name}", c[side.key]) for rule in pair.rules for c in rule.columns]
    dates = [
        (f"pairs > {' and '.join(pair.between)} > {rule.name} > dates", d[side.key])
        for rule in pair.rules
        for d in rule.date_columns
    ]
    named += [(f"feeds > {side.key} > duplicates", name) for names in of_feed.duplicates for name in names]
    named += [(f"feeds > {side.key} > event", of_feed.event)] if of_feed.event else []
    for where, name in named:
        if name not in side.columns:
            raise ConfigurationError(
                f"sources/links.yml: {where}: {side.key} has no column {name!r}; it has {', '.join(side.columns)}."
            )
    for where, name in dates:
        if side.columns[name] not in ("DATE", "TIMESTAMP"):
            raise ConfigurationError(
                f"sources/links.yml: {where}: {name!r} of {side.key} is {side.columns[name]}; expected a date: "
                f"{', '.join(column for column, type_ in side.columns.items() if type_ in ('DATE', 'TIMESTAMP'))}."
            )


def check_conditions(connection: duckdb.DuckDBPyConnection, side: Side, pair: PairEntry) -> None:
    """Check that SQL in `links.yml` is a condition on a feed's columns; ConfigurationError naming the rule when it is not."""
    columns = ", ".join(f"NULL::{type_} AS {identifier(name)}" for name, type_ in side.columns.items())
    for rule in pair.identifier_rules:
        condition = rule.unknown_blanks(side.key)
        if isinstance(condition, str) and (problem := problem_of_condition(connection, f"(SELECT {columns})", condition)):
            raise ConfigurationError(
                f"sources/links.yml: pairs > {' and '.join(pair.between)} > {rule.name} > blank_is_unknown: {condition!r} is no"
                f" condition on the columns of {side.key}: {problem} Columns: {', '.join(side.columns)}."
            )


def read_side(connection: duckdb.DuckDBPyConnection, links: LinksFile, pair: PairEntry, side: Side) -> None:
    """Read a feed's records into `records_<side>`, and its places and areas into `rollup_<side>` and `places_<side>`."""
    of_feed, person = links.feeds.get(side.key, FeedLinksEntry()), pair.person_rule
    key = [identifier(name) for name in side.spec.traits.key]
    by_row = "submission_id || ' ' || coalesce(sheet || ' ', '') || 'row ' || row_number"
    record_key = " || '/' || ".join(key) if key else by_row
    if key and side.rejected:
        # a row may have been rejected for its key
        record_key = f"coalesce({record_key}, {by_row})"
    register(connection, f"rollup_{side.name}_frame", side.rollup)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE rollup_{side.name} AS SELECT place, area_code FROM rollup_{side.name}_frame"
    ).fetchall()
    create_table(
        connection, f"places_{side.name}", "link_places", rollup=f"rollup_{side.name}", measures=list(range(len(side.ways)))
    )
    has_superseded = side.has_superseded
    if has_superseded is None:
        has_superseded = any_row(connection, f"FROM ({side.source}) WHERE valid_to IS NOT NULL")
    units = [side.unit(way) for way in side.ways]
    # what counts a place that is not known
    elsewhere = connection.execute(
        f"SELECT * EXCLUDE (known_place) FROM places_{side.name} WHERE known_place = 'elsewhere'"
    ).fetchall()[0]
    create_table(
        connection,
        f"records_{side.name}",
        "link_records",
        source=side.source,
        key=key,
        has_superseded=bool(key) and has_superseded,
        rejected=side.rejected,
        same_record=_same_record(side, person.person[side.key] if person and person.person else None),
        record_key=record_key,
        looks=sorted({year_first(name) for name, form in _identifiers(pair, side) if form == "year_and_number"}),
        identifiers=[normalised(name, form) for name, form in _identifiers(pair, side)],
        # the texts of references as they were written, to tell what cannot be read from a blank
        references={
            place: rule.identifier[side.key]
            for place, rule in enumerate(pair.identifier_rules)
            if rule.identifier and not side.own(rule.identifier[side.key])
        },
        # of which of its records without an identifier nothing can be said, where the feed itself tells
        unknown_blanks={
            place: condition
            for place, rule in enumerate(pair.identifier_rules)
            if isinstance(condition := rule.unknown_blanks(side.key), str)
        },
        # the dates by which an identifier may turn out to be another's
        confirming=[
            (columns[side.key], name)
            for place, rule in enumerate(pair.identifier_rules)
            for columns, name in zip(rule.dates, confirming_dates(place, rule), strict=True)
        ],
        person=person.person[side.key] if person and person.person else None,
        dates=[columns[side.key] for columns in person.dates] if person else [],
        event=of_feed.event,
        compared=_compared_columns(links, pair, side),
        alike=[entry.columns[side.key] for entry in pair.alike_rule.alike or []] if pair.alike_rule else [],
        places=f"places_{side.name}",
        measures=[
            {
                "conditions": [f"({condition})" for condition in way.where],
                "month": _first_of_month(side.spec.columns_with_role("date")[way.date]),
                "area": side.spec.columns_with_role("area")[way.area],
                "unit": unit["column"] if side.is_distinct(way) or side.is_person(way) else None,
                "is_person": side.is_person(way),
                "elsewhere": areas,
            }
            for way, unit, areas in zip(side.ways, units, elsewhere, strict=True)
        ],
    )


def _same_record(side: Side, person: str | None) -> list[str]:
    """SQL tests, one of which two rows `r` and `c` of one key meet when they are one record: its person or its day is the same.

    Empty where no person tells them apart.
    """
    if person is None:
        return []
    of_person, day = identifier(person), side.spec.traits.coverage_date
    tests = [f"coalesce(r.{of_person} = c.{of_person}, true)"]
    return [*tests, f"r.{identifier(day)} = c.{identifier(day)}"] if day else tests


def has_quiet_pairs(pair: PairEntry) -> bool:
    """Whether some pairs can be settled by one join: where exactly one rule is by identifier."""
    return len(pair.identifier_rules) == 1


def open_side(connection: duckdb.DuckDBPyConnection, links: LinksFile, pair: PairEntry, side: Side) -> None:
    """Make `side_<side>`: the records that are not quiet, each under its number; `sames`, if there, tells duplicates. The view
    `open_<side>` has those of them that linking has to look at."""
    stored = _stored(pair, side)
    compared = {name: f"compared_{place}" for place, name in enumerate(_compared_columns(links, pair, side))}
    duplicates = [[(stored | compared)[name] for name in names] for names in duplicates_of(links, side)]
    measures = list(range(len(side.ways)))
    create_table(
        connection,
        f"side_{side.name}",
        "link_side",
        side=side.name,
        offset="ab".index(side.name),
        duplicates=duplicates,
        measures=measures,
        has_quiet=has_quiet_pairs(pair),
    )
    connection.execute(f"CREATE OR REPLACE TEMP VIEW open_{side.name} AS FROM side_{side.name} WHERE is_open").fetchall()


def _first_of_month(column: str) -> str:
    """SQL for the first day of the month of a date or a time."""
    return f"CAST({identifier(column)} AS DATE) - CAST(day({identifier(column)}) - 1 AS INTEGER)"


def _identifiers(pair: PairEntry, side: Side) -> list[tuple[str, str]]:
    """The feed's column and the form of each rule by identifier."""
    return [(rule.identifier[side.key], str(rule.form)) for rule in pair.identifier_rules if rule.identifier]


def duplicates_of(links: LinksFile, side: Side) -> list[list[str]]:
    """The feed's columns that tell the same thing entered twice, each list of them by itself."""
    return links.feeds.get(side.key, FeedLinksEntry()).duplicates


def _stored(pair: PairEntry, side: Side) -> dict[str, str]:
    """Columns of the feed that `records_<side>` holds for linking: an identifier in one form, a person's hash."""
    stored = {name: f"identifier_{place}" for place, (name, _) in enumerate(_identifiers(pair, side))}
    if pair.person_rule and pair.person_rule.person:
        stored.setdefault(pair.person_rule.person[side.key], "person")
        for place, columns in enumerate(pair.person_rule.dates):
            if side.columns[columns[side.key]] == "DATE":
                stored.setdefault(columns[side.key], f"date_{place}")
    return stored


def _compared_columns(links: LinksFile, pair: PairEntry, side: Side) -> list[str]:
    """The columns that tell the feed's duplicates and that linking itself does not need."""
    return sorted({name for names in duplicates_of(links, side) for name in names} - set(_stored(pair, side)))


def any_row(connection: duckdb.DuckDBPyConnection, rows: str) -> bool:
    """Whether a query (from its FROM on) gives any row."""
    return bool(connection.execute(f"SELECT count(*) > 0 {rows}").fetchall()[0][0])


def create_table(connection: duckdb.DuckDBPyConnection, table: str, query: str, **values: object) -> None:
    """Make a temporary table from a query of this package's `sql` folder."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {read_sql(PACKAGE, query, **values)}").fetchall()
