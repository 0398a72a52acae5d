"""How a table is declared: one pandera model gives checks, types, units, descriptions, roles, DDL and documents.

A model's fields are made with the functions here. For a partner's feed each field says how its text is written
(`day("%d/%m/%Y")`, `flag("Y", "N")`) and which SQL turns checked text into the typed, shared value; for a table that
the pipeline itself makes, `column(...)` gives type and description only.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pandas as pd
import pandera.pandas as pa

from csp_pipeline.sql_text import identifier, quoted

ISO_DAY = "%Y-%m-%d"
ISO_MOMENT = "%Y-%m-%d %H:%M:%S"
Model = TypeVar("Model", bound="FeedTable")


class Table(pa.DataFrameModel):
    """Base of every declared table; its docstring is the table's description."""


class FeedTable(Table):
    """Base of every feed's table: what a partner sends, column by column, and what each becomes."""


@dataclass(frozen=True)
class Derived:
    """A column computed from the typed ones by a SQL expression; a date's `grain` is the shortest period it can tell, and an
    area's `reference` the list that its codes are from.
    """

    name: str
    type: str
    sql: str
    description: str
    role: str | None = None
    grain: str = "month"
    reference: str | None = None


@dataclass(frozen=True)
class Layout:
    """How a feed's files are laid out: `csv`, a `workbook`, a `form`, or `json`, an array of objects.

    A workbook has its table on the `sheet` of that name, on a sheet for each period, on every sheet that has its header, or
    else on the one sheet that fits best. Headers of JSON are paths of keys, such as `location.street.name`.

    A form is a workbook that we sent and an agency returns. Of its rows only those count in which one of the columns
    `to_fill` is filled, and the column `addressed` begins with the short name of the agency that it was sent to.
    """

    kind: str = "csv"
    sheet: str | None = None
    sheet_per_period: bool = False
    every_sheet: bool = False
    to_fill: tuple[str, ...] = ()
    addressed: str = ""


@dataclass(frozen=True)
class ColumnSpec:
    """One column as everything but pandera needs it."""

    name: str
    header: str
    type: str
    description: str
    required: bool = True
    nullable: bool = False
    sql: str = "{column}"
    role: str | None = None
    reference: str | None = None
    reference_is_closed: bool = True
    unit: str | None = None
    sensitivity: str = "internal"
    formats: tuple[str, ...] = ()
    expects: str = ""
    stored: bool = True
    values: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    may_be_future: bool = False


@dataclass(frozen=True)
class LookUp:
    """What a feed takes over from the records of another, whose table is `model` and whose ready layout is `layout`.

    A column with the look-up's `name` as its reference holds the other feed's `key`; derived columns may name what is taken
    over as `<column>_list.<column taken>`.
    """

    name: str
    model: "type[FeedTable]"
    layout: str
    key: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class FeedTraits:
    """What is true of a feed's table as a whole.

    `row_unit` is what one row is; `key` are the columns that no two rows of one file may share; `coverage_date` is the
    column that should lie within what the file covers; `layout` says how the file is laid out; `derived` are columns
    computed from the typed ones; `noted` are true-or-false columns whose true rows are worth a note to the sender;
    `record_level` is false for feeds that give totals. Nearly every row has a combination of its own in the columns of
    `told_apart_by`: a file in which most rows repeat another's has lost what tells them apart, and is refused.
    `looks_up` says what it takes over from other feeds.
    """

    row_unit: str
    key: tuple[str, ...] = ()
    coverage_date: str | None = None
    layout: Layout = Layout()
    derived: tuple[Derived, ...] = ()
    noted: dict[str, str] = field(default_factory=dict)
    record_level: bool = True
    told_apart_by: tuple[str, ...] = ()
    looks_up: tuple[LookUp, ...] = ()


# What a column can be in figures and links: `date: recorded`, `unit: victim`, `area: offence`, `period`, `status`, `reference`.
ROLES = ("date", "unit", "area", "period", "status", "reference")
_TRAITS: dict[type[FeedTable], FeedTraits] = {}


def feed(**traits: Any) -> Callable[[type[Model]], type[Model]]:
    """Class decorator that gives a feed's table its `FeedTraits`."""

    def declare(model: type[Model]) -> type[Model]:
        _TRAITS[model] = FeedTraits(**traits)
        return model

    return declare


def feed_like(model: type[FeedTable], **traits: Any) -> Callable[[type[Model]], type[Model]]:
    """Class decorator that gives a feed's table the traits of another, but for those given."""

    def declare(like: type[Model]) -> type[Model]:
        _TRAITS[like] = replace(_TRAITS[model], **traits)
        return like

    return declare


@dataclass(frozen=True)
class FeedSpec:
    """A feed's table, read once from its pandera model."""

    model: type[FeedTable]
    name: str
    description: str
    columns: tuple[ColumnSpec, ...]
    traits: FeedTraits
    roles: dict[str, str] = field(default_factory=dict)

    @property
    def derived(self) -> tuple[Derived, ...]:
        """Columns computed from the typed ones."""
        return self.traits.derived

    @property
    def identifying(self) -> tuple[str, ...]:
        """Columns that say which record a row is, and which record of another feed it refers to; none of persons."""
        return tuple(
            column.name
            for column in self.columns
            if column.sensitivity == "internal"
            and (column.name in self.traits.key or (column.role or "").startswith(("unit: ", "reference")))
        )

    def columns_with_role(self, kind: str) -> dict[str, str]:
        """Basis -> column name for roles such as `date: recorded`, in declared order."""
        found = {}
        for name, role in self.roles.items():
            role_kind, _, basis = role.partition(": ")
            if role_kind == kind:
                found[basis] = name
        return found


def field_of(
    type_: str,
    description: str,
    *,
    header: str | None = None,
    nullable: bool = False,
    required: bool = True,
    sql: str = "{column}",
    role: str | None = None,
    reference: str | None = None,
    reference_is_closed: bool = True,
    unit: str | None = None,
    sensitivity: str = "internal",
    expects: str = "",
    formats: tuple[str, ...] = (),
    stored: bool = True,
    values: tuple[str, ...] = (),
    words: tuple[str, ...] = (),
    may_be_future: bool = False,
    **checks: Any,
) -> Any:
    """A pandera field with what the rest of the pipeline reads in its metadata.

    Parameters: `type_` is the DuckDB type; `header` the partner's column name when it is not ours; `sql` an expression
    with `{column}` in it that turns checked text into the typed value; `role` such as `date: recorded`, `unit: victim`,
    `area: offence`, `status`, or `reference` for an identifier of another feed's record; `reference` names a list of known
    codes (a value outside it is refused, unless the list is not closed); `expects` completes the sentence "expected ..." in a
    reject; `values` are all that it can be once typed, where that is a small set, and `words` all that the partner may write
    for them; a date that `may_be_future` may lie after the day of extraction.
    """
    metadata = {
        "header": header,
        "type": type_,
        "required": required,
        "nullable": nullable,
        "sql": sql,
        "role": role,
        "reference": reference,
        "reference_is_closed": reference_is_closed,
        "unit": unit,
        "sensitivity": sensitivity,
        "formats": formats,
        "expects": expects,
        "stored": stored,
        "values": values,
        "words": words,
        "may_be_future": may_be_future,
    }
    return pa.Field(nullable=nullable, description=description, metadata=metadata, **checks)


def text(description: str, *, pattern: str | None = None, expects: str = "", **options: Any) -> Any:
    """Text, taken as it is; with `pattern` it must match the whole expression."""
    checks: dict[str, Any] = {"str_matches": rf"(?:{pattern})$"} if pattern else {}
    return field_of("VARCHAR", description, expects=expects, **options, **checks)


# A year and the two digits of the next one: 2016/17 and 1999-00, but not 2016/19.
FINANCIAL_YEAR = rf"[0-9]{{2}}(?:{'|'.join(f'{year:02d}[-/]{(year + 1) % 100:02d}' for year in range(100))})"


def financial_year(description: str, **options: Any) -> Any:
    """A financial year written like `2016/17` or `2016-17`, stored as `2016-17`."""
    return text(
        description,
        pattern=FINANCIAL_YEAR,
        expects="a financial year such as 2016/17",
        sql="replace({column}, '/', '-')",
        **options,
    )


def lsoa(description: str, **options: Any) -> Any:
    """An LSOA 2011 code that was issued; blank where the partner has no usable location."""
    return text(description, nullable=True, reference="lsoa", expects="an LSOA 2011 code that exists", **options)


def district(description: str, **options: Any) -> Any:
    """A district by its name, stored as its ONS code; `elsewhere` is one outside the areas of the partnership."""
    description = f"{description}: ONS code, elsewhere outside the force area, NULL where not known"
    return text(description, reference="district", expects="a district of the force area", **options)


def day(format_: str, description: str, **options: Any) -> Any:
    """A date written in `format_` (workbook cells that are real dates arrive as ISO text and pass too)."""
    formats = tuple(dict.fromkeys((format_, ISO_DAY, ISO_MOMENT)))
    return field_of(
        "DATE",
        description,
        sql=f"CAST(strptime({{column}}, {list(formats)!r}) AS DATE)",
        formats=formats,
        expects=f"a date that exists, written like {pd.Timestamp(2016, 4, 30).strftime(format_)}",
        **options,
    )


def moment(format_: str, description: str, **options: Any) -> Any:
    """A date and time written in `format_`, local time."""
    formats = tuple(dict.fromkeys((format_, ISO_MOMENT)))
    return field_of(
        "TIMESTAMP",
        description,
        sql=f"strptime({{column}}, {list(formats)!r})",
        formats=formats,
        expects=f"a date and time that exist, written like {pd.Timestamp(2016, 4, 30, 14, 5).strftime(format_)}",
        **options,
    )


def flag(yes: str, no: str, description: str, *, unknown: tuple[str, ...] = (), **options: Any) -> Any:
    """Yes or no in the partner's words; words for "not known" become NULL."""
    return field_of(
        "BOOLEAN",
        description,
        sql=f"CASE {{column}} WHEN {quoted(yes)} THEN true WHEN {quoted(no)} THEN false END",
        isin=[yes, no, *unknown],
        expects="one of " + ", ".join((yes, no, *unknown)),
        values=("true", "false"),
        **options,
    )


def choice(words: dict[str, str], description: str, **options: Any) -> Any:
    """One of the partner's words, stored as ours: `{"Opened in error": "opened_in_error"}`."""
    branches = " ".join(f"WHEN {quoted(theirs)} THEN {quoted(ours)}" for theirs, ours in words.items())
    return field_of(
        "VARCHAR",
        description,
        sql=f"CASE {{column}} {branches} END",
        isin=list(words),
        expects="one of " + ", ".join(words),
        values=tuple(dict.fromkeys(words.values())),
        words=tuple(words),
        **options,
    )


WHOLE_NUMBER = r"-?[0-9]{1,3}(?:,[0-9]{3}){1,4}|-?[0-9]{1,15}(?:\.0+)?"
# A comma stands before three digits: a decimal comma would make 945 of 94,5.
DECIMAL = r"-?(?:[0-9]{1,3}(?:,[0-9]{3}){1,4}|[0-9]{1,15})(?:\.[0-9]+)?"


def whole_number(description: str, *, pattern: str = WHOLE_NUMBER, expects: str = "a whole number", **options: Any) -> Any:
    """A whole number, with or without thousands separators; with `pattern` only those that it matches whole."""
    return field_of(
        "BIGINT",
        description,
        sql="CAST(CAST(replace({column}, ',', '') AS DOUBLE) AS BIGINT)",
        str_matches=rf"(?:{pattern})$",
        expects=expects,
        **options,
    )


def decimal(description: str, **options: Any) -> Any:
    """A number that may have a decimal part."""
    return field_of(
        "DOUBLE",
        description,
        sql="CAST(replace({column}, ',', '') AS DOUBLE)",
        str_matches=rf"(?:{DECIMAL})(?:[eE][-+]?[0-9]{{1,2}})?$",
        expects="a number",
        **options,
    )


PERSON_KEY_PATTERN = "[0-9a-fA-F]{64}"


def person_key(description: str, **options: Any) -> Any:
    """A keyed hash of a person, re-keyed with the pipeline's own secret before anything is stored."""
    return field_of(
        "VARCHAR",
        description,
        sql="rekey({column})",
        sensitivity="person",
        str_matches=rf"{PERSON_KEY_PATTERN}$",
        expects="a keyed hash of 64 hex characters (never a name, birth date or address)",
        **options,
    )


def column(type_: str, description: str, *, nullable: bool = False, unit: str | None = None, **checks: Any) -> Any:
    """A column of a table that the pipeline makes; `isin` are all that it can be."""
    return field_of(type_, description, nullable=nullable, unit=unit, values=tuple(checks.get("isin", ())), **checks)


def specs_of(model: type[Table]) -> tuple[ColumnSpec, ...]:
    """The columns of a declared table, in order."""
    specs = []
    for name, pandera_column in model.to_schema().columns.items():
        metadata = dict(pandera_column.metadata or {})
        header = metadata.pop("header", None) or name
        specs.append(ColumnSpec(name=name, header=header, description=pandera_column.description or "", **metadata))
    return tuple(specs)


def is_declared(model: type[FeedTable]) -> bool:
    """Whether a feed's table has been given its traits by `feed` or `feed_like`."""
    return model in _TRAITS


def feed_spec(model: type[FeedTable]) -> FeedSpec:
    """Read a feed's declaration once, into plain values."""
    columns = specs_of(model)
    traits = _TRAITS[model]
    roles = {spec.name: spec.role for spec in columns if spec.role}
    roles |= {item.name: item.role for item in traits.derived if item.role}
    return FeedSpec(
        model=model,
        name=model.__name__,
        description=(model.__doc__ or "").strip(),
        columns=columns,
        traits=traits,
        roles=roles,
    )


def ddl(name: str, specs: tuple[ColumnSpec, ...], description: str) -> list[str]:
    """CREATE TABLE and COMMENT statements for a declared table."""
    body = ",\n  ".join(f"{identifier(s.name)} {s.type}{'' if s.nullable else ' NOT NULL'}" for s in specs)
    statements = [f"CREATE TABLE {identifier(name)} (\n  {body}\n)"]
    statements.append(f"COMMENT ON TABLE {identifier(name)} IS {quoted(description)}")
    statements += [f"COMMENT ON COLUMN {identifier(name)}.{identifier(s.name)} IS {quoted(comment_of(s))}" for s in specs]
    return statements


def comment_of(spec: ColumnSpec) -> str:
    """What a column is, with its unit and role."""
    extra = [f"Unit: {spec.unit}."] if spec.unit else []
    extra += [f"Role: {spec.role}."] if spec.role else []
    return " ".join([words_of(spec), *extra])


def words_of(spec: ColumnSpec) -> str:
    """A column's description as a sentence, and what the column can be where the description does not say so."""
    words = spec.description.removesuffix(".") + "."
    if spec.type != "BOOLEAN" and any(value not in words for value in spec.values):
        words += f" One of: {', '.join(spec.values)}."
    return words
