"""The variants of a measure that a definition search tries: what may be changed in the headline definition, and to what."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import duckdb

from csp_pipeline.figures.condition_words import tree_of_condition
from csp_pipeline.figures.count import units_of
from csp_pipeline.partnership.configuration import MeasureFeedEntry
from csp_pipeline.partnership.periods import MONTHS_IN
from csp_pipeline.sql_text import identifier, quoted
from csp_pipeline.tables import ColumnSpec, FeedSpec

# Beyond this many variants the less likely changes are left out, in the order of `_RESTRAINTS`.
MOST_VARIANTS = 20_000
# Places of a month in its period: where a period has one month only, it is `ONLY`.
ONLY, FIRST, MIDDLE, LAST = range(4)
PART = "part"
MONTHS, EVERY_MONTH = "months", "every month"
NULL_CODE = 0


@dataclass(frozen=True)
class Trait:
    """A fact about a record that variants select by: `sql` gives a code from 0 to `size` - 1."""

    name: str
    sql: str
    size: int


@dataclass(frozen=True)
class Option:
    """One setting of a dimension: its change from the headline in words, and which codes of which trait it accepts.

    `value` is the basis, unit or SQL condition; a trait of None accepts every record.
    """

    words: str
    value: str
    trait: str | None = None
    codes: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Dimension:
    """One thing that may be changed; its first option is the headline's.

    It is a *basis* (date, unit or area), the months counted, or a condition on the feed's columns.
    """

    name: str
    options: tuple[Option, ...]
    is_basis: bool = False

    @property
    def is_condition(self) -> bool:
        """It changes a condition."""
        return not self.is_basis and self.name != MONTHS


@dataclass(frozen=True)
class Space:
    """Every combination of the options of `outer` (date, unit, area) and `inner` (months, conditions) dimensions.

    `left_out` says in words which changes were not tried because there would have been too many variants.
    """

    outer: tuple[Dimension, ...]
    inner: tuple[Dimension, ...]
    left_out: str = ""

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """All dimensions, outer ones first."""
        return self.outer + self.inner

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of options of each dimension."""
        return tuple(len(dimension.options) for dimension in self.dimensions)

    @property
    def size(self) -> int:
        """The number of combinations, known before anything is counted."""
        return prod(self.shape)

    @property
    def inner_size(self) -> int:
        """The number of combinations for one date basis, unit and area basis."""
        return prod(len(dimension.options) for dimension in self.inner)


@dataclass
class Conditions:
    """What the conditions of measures say of a feed's columns, each read once."""

    connection: duckdb.DuckDBPyConnection
    columns: Mapping[str, ColumnSpec]
    _used: dict[str, frozenset[str]] = field(default_factory=dict)
    _selected: dict[tuple[str, str], frozenset[int]] = field(default_factory=dict)

    def columns_of(self, condition: str) -> frozenset[str]:
        """The names of the columns that a condition reads, in small letters."""
        if condition not in self._used:
            self._used[condition] = frozenset(_column_names(tree_of_condition(self.connection, condition)))
        return self._used[condition]

    def codes_selected(self, condition: str, column: ColumnSpec) -> frozenset[int]:
        """The codes of a closed column's values for which a condition on that column alone holds."""
        key = (condition, column.name)
        if key not in self._selected:
            values = ["NULL", *map(quoted, column.values)]
            rows = " UNION ALL ".join(
                f"SELECT {code} AS code, CAST({value} AS {column.type}) AS {identifier(column.name)}"
                for code, value in enumerate(values)
            )
            found = self.connection.execute(f"SELECT code FROM ({rows}) WHERE TRY(({condition}))").fetchall()
            self._selected[key] = frozenset(code for (code,) in found)
        return self._selected[key]


def closed_columns(spec: FeedSpec) -> dict[str, ColumnSpec]:
    """The stored columns whose values are a declared small set, by name."""
    return {column.name: column for column in spec.columns if column.stored and column.values}


def trait_of_column(column: ColumnSpec) -> Trait:
    """Which of its declared values a closed column holds: 0 for none, then the values in order."""
    whens = " ".join(f"WHEN CAST({quoted(value)} AS {column.type}) THEN {code}" for code, value in enumerate(column.values, 1))
    return Trait(column.name, f"CASE {identifier(column.name)} {whens} ELSE {NULL_CODE} END", len(column.values) + 1)


def trait_of_condition(condition: str, *, guarded: bool = False) -> Trait:
    """Whether a condition holds: 1 when it does; `guarded`, it does not hold where it cannot be computed."""
    computed = f"TRY(({condition}))" if guarded else f"({condition})"
    return Trait(condition, f"CASE WHEN {computed} THEN 1 ELSE 0 END", 2)


def space_of(way: MeasureFeedEntry, spec: FeedSpec, kind: str, conditions: Conditions, limit: int = MOST_VARIANTS) -> Space:
    """All variants of one measure as one feed counts it, for periods of one kind.

    Changed are: the date basis, the unit, the area basis; for periods of several months, leaving out the first or the last;
    each condition, kept or dropped; for a condition on a single column with declared values, also every set of them that
    has one more or one fewer; and one condition more, on a column with declared values that the measure does not use.
    """
    outer = (
        _bases("date", way.date, spec.columns_with_role("date")),
        _bases("unit", str(way.count), [str(unit["name"]) for unit in units_of(spec)]),
        _bases("area", way.area, spec.columns_with_role("area")),
    )
    months = [_months()] if MONTHS_IN[kind] > 1 else []
    kept = [_condition(condition, conditions, with_sets=True) for condition in way.where]
    plain = [_condition(condition, conditions, with_sets=False) for condition in way.where]
    more = [_addition(way, conditions)]
    for inner, left_out in (
        ([*months, *kept, *more], ""),
        ([*months, *kept], "conditions that the measure does not have"),
        ([*months, *plain], "conditions that the measure does not have, and single values of its own"),
    ):
        space = Space(outer, tuple(d for d in inner if len(d.options) > 1), left_out)
        if space.size <= limit:
            break
    return space


def traits_needed(space: Space, conditions: Conditions, *, guarded: bool = False) -> dict[str, Trait]:
    """The traits that the variants of a space select by, by name; the part of the period is not a record's trait."""
    names = {option.trait for dimension in space.inner for option in dimension.options if option.trait}
    return {
        name: trait_of_column(conditions.columns[name])
        if name in conditions.columns
        else trait_of_condition(name, guarded=guarded)
        for name in sorted(names - {PART})
    }


def _bases(name: str, headline: str, known: Sequence[str] | Mapping[str, str]) -> Dimension:
    others = [basis for basis in known if basis != headline]
    changes = [Option(f"{name} {basis} instead of {headline}", basis) for basis in others]
    return Dimension(name, (Option("", headline), *changes), is_basis=True)


def _months() -> Dimension:
    return Dimension(
        MONTHS,
        (
            Option("", EVERY_MONTH),
            Option("each period's last month left out", "without the last", PART, frozenset({FIRST, MIDDLE})),
            Option("each period's first month left out", "without the first", PART, frozenset({MIDDLE, LAST})),
        ),
    )


def _condition(condition: str, conditions: Conditions, *, with_sets: bool) -> Dimension:
    used = conditions.columns_of(condition)
    column = conditions.columns.get(next(iter(used))) if len(used) == 1 else None
    dropped = Option(f"the condition {condition} dropped", "")
    if column is None:
        return Dimension(condition, (Option("", condition, condition, frozenset({1})), dropped))
    headline = conditions.codes_selected(condition, column)
    options = [Option("", condition, column.name, headline), dropped]
    every = set(range(1, len(column.values) + 1))
    for code in sorted(every) if with_sets else []:
        chosen = headline ^ {code}
        # all values are the condition dropped, and none counts nothing
        if chosen and not chosen >= every and chosen != {NULL_CODE}:
            words = f"{_equals(column, code, ' ')} {'left out' if code in headline else 'counted too'}"
            options.append(Option(words, _membership(column, chosen), column.name, chosen))
    return Dimension(condition, tuple(options))


def _addition(way: MeasureFeedEntry, conditions: Conditions) -> Dimension:
    used = {name for condition in way.where for name in conditions.columns_of(condition)}
    changes = [
        Option(f"only {_equals(column, code, ' ')}", _equals(column, code), name, frozenset({code}))
        for name, column in conditions.columns.items()
        if name not in used
        for code in range(1, len(column.values) + 1)
    ]
    return Dimension("one condition more", (Option("", ""), *changes))


def _equals(column: ColumnSpec, code: int, sign: str = " = ") -> str:
    value = column.values[code - 1]
    return f"{column.name}{sign}{value if column.type == 'BOOLEAN' or sign == ' ' else quoted(value)}"


def _membership(column: ColumnSpec, codes: frozenset[int]) -> str:
    values = [column.values[code - 1] for code in sorted(codes - {NULL_CODE})]
    listed = ", ".join(value if column.type == "BOOLEAN" else quoted(value) for value in values)
    blank = f" OR {column.name} IS NULL" if NULL_CODE in codes else ""
    return f"{column.name} IN ({listed}){blank}"


def _column_names(node: object) -> Iterator[str]:
    """Every column named in a parsed query."""
    if isinstance(node, dict):
        if node.get("class") == "COLUMN_REF":
            yield str(node["column_names"][-1]).lower()
        for child in node.values():
            yield from _column_names(child)
    elif isinstance(node, list):
        for child in node:
            yield from _column_names(child)
