"""Checking batches of text rows with a feed's pandera model, and wording what is wrong for the people who can mend it."""

import copy
import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd
import pandera.pandas as pa

from csp_pipeline.partnership.areas import CodeList
from csp_pipeline.partnership.contracts import ChangesEntry
from csp_pipeline.tables import PERSON_KEY_PATTERN, ColumnSpec, FeedSpec

EARLIEST = pd.Timestamp(1900, 1, 1)
LATEST = "latest_day"
AFTER_EXTRACT = "date_after_extract"
ADVICE = {
    "missing_value": "Fill it in",
    "malformed": "Correct it",
    "unknown_value": "Use one of the agreed words",
    "unknown_code": "Correct the code, or tell us of a new one",
    "impossible_date": "Correct the date",
    "date_after_extract": "Correct the date, or the extract date in the file's name",
    "missing_reason": "Say in the reason how the two differ",
    "valid_before_date": "Correct one of the two dates",
    "repeated_key": "Remove the repetition, or give the row its own identifier",
}
# What a check of two columns expects of the one that it is told of.
OF_ROWS = {"missing_reason": "a reason beside it", "valid_before_date": "a day not before its date"}


@dataclass(frozen=True)
class Checker:
    """A feed's pandera schema with its code lists, and what is done with values that do not fit: ready to check batches."""

    spec: FeedSpec
    schema: pa.DataFrameSchema
    references: Mapping[str, CodeList]
    changes: ChangesEntry

    def of_column(self, name: str) -> "Checker":
        """The checks of one column, and of whole rows."""
        schema = copy.copy(self.schema)
        schema.columns = {name: self.schema.columns[name]}
        return replace(self, schema=schema)

    def find_problems(self, frame: pd.DataFrame, latest: pd.Series) -> pd.DataFrame:
        """Every failing cell: columns `position` (of the row in the frame), `column`, `code`, `value`.

        The frame has the declared columns as text, and a RangeIndex; `latest` is the day of extraction of each row.
        """
        try:
            self.schema.validate(frame.assign(**{LATEST: latest}), lazy=True)
        except pa.errors.SchemaErrors as errors:
            cases = errors.failure_cases
        else:
            return pd.DataFrame({"position": [], "column": [], "code": [], "value": []})
        if cases["index"].isna().any():
            raise RuntimeError(f"a check of {self.spec.name} failed for a whole column: {cases.to_dict('records')[:3]}")
        of_row = cases["schema_context"] == "DataFrameSchema"
        checks = cases["check"].astype("str")
        # a check of the row is named after its code and the column that it is about
        of_rows = checks.str.partition(":")
        problems = pd.DataFrame(
            {
                "position": cases["index"].astype("int64"),
                "column": of_rows[2].where(of_row, cases["column"].astype("str")),
                "code": of_rows[0].where(of_row, checks.map(_code_of)),
                "value": cases["failure_case"],
            }
        )
        # A check of the whole row is told once for every column; the column that it is about is in its name.
        problems = problems[~of_row | (problems["column"] == cases["column"].astype("str"))]
        order = {column.name: index for index, column in enumerate(self.spec.columns)}
        problems["order"] = problems["column"].map(order)
        return problems.sort_values(["position", "order", "code"], kind="stable").drop(columns="order")


def build_checker(spec: FeedSpec, references: Mapping[str, CodeList], changes: ChangesEntry | None = None) -> Checker:
    """Complete a feed's declared model with what is only known at run time: code lists, and days of extraction."""
    schema = copy.deepcopy(spec.model.to_schema())  # pandera keeps one schema for each model
    schema.checks = list(schema.checks)
    for column in spec.columns:
        # what is checked is text by how it was read; pandera would look at every value for it
        schema.columns[column.name].dtype = None
        checks = list(schema.columns[column.name].checks)
        if column.formats:
            days = _Days(column.formats)
            checks.append(_exists(days))
            if not column.may_be_future:
                schema.checks.append(_not_after_extract(column.name, days))
        if column.reference and column.reference_is_closed:
            known = references[column.reference].values
            checks.append(pa.Check(_known(known), name="unknown_code", error="unknown_code"))
        schema.columns[column.name].checks = checks
    return Checker(spec, schema, references, changes or ChangesEntry())


class _Days:
    """The days that a column's texts name, read once for all the checks of a batch."""

    def __init__(self, formats: tuple[str, ...]) -> None:
        self.formats = formats
        self.texts, self.days = pd.Series(dtype="str"), pd.Series(dtype="datetime64[us]")

    def of(self, texts: pd.Series) -> pd.Series:
        """The day of each text; NaT where it names none."""
        if not texts.equals(self.texts):
            self.texts, self.days = texts, _parse(texts, self.formats)
        return self.days


def _exists(days: _Days) -> pa.Check:
    """A check of a column: every date in it exists, and is not before 1900."""
    check = _every_value(lambda distinct: days.of(distinct) >= EARLIEST)
    return pa.Check(check, name="impossible_date", error="impossible_date")


def _not_after_extract(name: str, days: _Days) -> pa.Check:
    """A check of the row: no date in it is after the day that its file was extracted on."""

    def is_past(frame: pd.DataFrame) -> pd.Series:
        text = frame[name]
        distinct = pd.Series(text.dropna().unique(), dtype="str")
        if distinct.empty:  # nothing to compare, and pandas would make numbers of the blanks
            return pd.Series(True, index=frame.index)
        by_text = pd.Series(days.of(distinct).to_numpy(), index=distinct.to_numpy())
        return ~(text.map(by_text).astype("datetime64[us]") >= frame[LATEST] + pd.Timedelta(days=1))

    return pa.Check(is_past, name=f"{AFTER_EXTRACT}:{name}", error=f"{AFTER_EXTRACT}:{name}")


def _every_value(is_good: Callable[[pd.Series], pd.Series]) -> Callable[[pd.Series], pd.Series]:
    """A check of a column that looks at each distinct value once: partners' columns repeat few values many times."""

    def check(series: pd.Series) -> pd.Series:
        distinct = pd.Series(series.dropna().unique(), dtype="str")
        bad = distinct[~is_good(distinct).to_numpy(dtype=bool)]
        return ~series.isin(bad) if len(bad) else pd.Series(True, index=series.index)

    return check


def _known(values: frozenset[str]) -> Callable[[pd.Series], pd.Series]:
    return _every_value(lambda distinct: distinct.map(values.__contains__))


def _parse(texts: pd.Series, formats: tuple[str, ...]) -> pd.Series:
    parsed = pd.to_datetime(texts, format=formats[0], errors="coerce")
    for format_ in formats[1:]:
        gaps = parsed.isna()
        if not gaps.any():
            break
        parsed = parsed.where(~gaps, pd.to_datetime(texts, format=format_, errors="coerce"))
    # pandas takes a 60th second for the next minute, DuckDB takes it for no time at all
    return parsed.mask(texts.str.contains(":6[0-9]$"))


def _code_of(check: object) -> str:
    text = str(check)
    if text.startswith("not_nullable"):
        return "missing_value"
    if text.startswith("str_matches"):
        return "malformed"
    if text.startswith("isin"):
        return "unknown_value"
    return text


def word_problem(column: ColumnSpec, code: str, value: object, references: Mapping[str, CodeList], *, latest: date) -> str:
    """One sentence for a failing cell: what was found, what was expected, what to do."""
    shown = shown_value(column, value)
    found = "a value that is not shown, as it may be about a person" if shown is None else repr(shown)
    found = "nothing" if code == "missing_value" else found
    expected = column.expects or "a value"
    if code == "date_after_extract":
        expected = f"a day not after the extract of {latest:%d/%m/%Y}"
    expected = OF_ROWS.get(code, expected)
    near: list[str] = []
    if code == "unknown_code" and column.reference and references[column.reference].suggests:
        near = difflib.get_close_matches(str(value), sorted(references[column.reference].values), n=1)
    elif code == "unknown_value":
        by_folded = {word.casefold(): word for word in column.words}
        near = [by_folded[word] for word in difflib.get_close_matches(str(value).casefold(), by_folded, n=1)]
    nearest = f" (nearest known: {near[0]!r})" if near else ""
    return f"{column.header}: found {found}; expected {expected}{nearest}. {ADVICE.get(code, 'Correct it')}."


def shown_value(column: ColumnSpec, value: object) -> str | None:
    """The offending value, shortened; None when there is none or it might be about a person."""
    if column.sensitivity != "internal" or pd.isna(value):  # type: ignore[call-overload]
        return None
    text = str(value)
    if re.search(PERSON_KEY_PATTERN, text):  # a person key that slipped into another column
        return None
    return text if len(text) <= 80 else text[:77] + "..."
