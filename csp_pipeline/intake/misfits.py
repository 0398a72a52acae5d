"""Values that do not fit: counted by column, and rejected, left out or kept in extras as the feed's contract says."""

import json
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.contract import OF_FORM, RETYPED, ColumnChange
from csp_pipeline.intake.rows import EXTRAS
from csp_pipeline.intake.validate import Checker, shown_value
from csp_pipeline.tables import ColumnSpec, FeedSpec


@dataclass
class Misfits:
    """What of one file does not fit: values by column that are filled and that fail, and codes that no list knows."""

    filled: Counter[str] = field(default_factory=Counter)
    failing: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str | None] = field(default_factory=dict)
    unmapped: Counter[tuple[str, str]] = field(default_factory=Counter)
    rows_unwanted: int = 0


def mode_of_values(checker: Checker, column: ColumnSpec) -> str:
    """What is done with a value of a column that does not have its form.

    Only where a blank is allowed can a value be left out, and what may be about a person is never kept.
    """
    mode = checker.changes.mode("retyped", column.name, column.header)
    if mode in ("evolve", "discard_value") and (not column.nullable or column.name in checker.spec.traits.key):
        return "discard_row"
    return "discard_value" if mode == "evolve" and column.sensitivity != "internal" else mode


def count_misfits(batch: pa.Table, indexes: np.ndarray, problems: pd.DataFrame, checker: Checker, files: list[Misfits]) -> None:
    """Add a batch's values to the counts of the files that they come from; `indexes` are those of its rows' files."""
    rows = np.bincount(indexes, minlength=len(files))
    present = np.flatnonzero(rows).tolist()
    for column in checker.spec.columns:
        values = batch[column.name]
        blank = indexes[pc.is_null(values).to_numpy()] if values.null_count else indexes[:0]
        filled = rows - np.bincount(blank, minlength=len(files))
        for place in present:
            files[place].filled[column.name] += int(filled[place])
    of_form = problems[problems["code"].isin(OF_FORM)]
    if of_form.empty:
        return
    columns = {column.name: column for column in checker.spec.columns}
    of_form = of_form.assign(file=indexes[of_form["position"].to_numpy(dtype="int64")])
    for (index, name), found in of_form.drop_duplicates(["position", "column"]).groupby(["file", "column"], sort=True):
        own, column = files[int(str(index))], columns[str(name)]
        own.failing[column.name] += len(found)
        own.examples.setdefault(column.name, shown_value(column, found["value"].iloc[0]))
        is_code = found["code"].eq("unknown_code") | (found["code"].eq("unknown_value") & bool(column.words))
        codes = found.loc[is_code, "value"].astype("str").value_counts()
        own.unmapped.update({(column.name, shown): int(n) for code, n in codes.items() if (shown := shown_value(column, code))})


def leave_values_out(batch: pa.Table, problems: pd.DataFrame, checker: Checker) -> tuple[pa.Table, pd.DataFrame]:
    """The batch without the values that the contract leaves out or keeps in extras, and the problems that remain."""
    columns = {column.name: column for column in checker.spec.columns}
    modes = problems["column"].map(lambda name: mode_of_values(checker, columns[name]))
    forgiven = problems["code"].isin(OF_FORM) & modes.isin(["evolve", "discard_value"])
    for name, found in problems[forgiven].groupby("column", sort=True):
        is_misfit = np.zeros(batch.num_rows, dtype=bool)
        is_misfit[found["position"].to_numpy(dtype="int64")] = True
        column = columns[str(name)]
        if mode_of_values(checker, column) == "evolve":
            batch = _replace(batch, EXTRAS, _with_value(batch, column, is_misfit))
        blanked = pc.if_else(pa.array(is_misfit), pa.scalar(None, pa.string()), batch[column.name].combine_chunks())
        batch = _replace(batch, column.name, blanked)
    return batch, problems[~forgiven]


def _with_value(batch: pa.Table, column: ColumnSpec, is_misfit: np.ndarray) -> pa.Array:
    """The extras of a batch with the raw value of one column in the rows where it does not fit."""
    extras = batch[EXTRAS].to_pandas().astype("str")
    values = batch[column.name].to_pandas().astype("str")[is_misfit]
    as_json = values.map({value: json.dumps(value, ensure_ascii=False) for value in values.unique()})
    member = json.dumps(column.header, ensure_ascii=False) + ":" + as_json + "}"
    before = extras[is_misfit]
    extras[is_misfit] = ("{" + member).where(before.isna(), before.str[:-1] + "," + member)
    return pa.array(extras, pa.string(), from_pandas=True)


def _replace(batch: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return batch.set_column(batch.column_names.index(name), name, values)


def tell_retyped(spec: FeedSpec, checker: Checker, misfits: Misfits) -> list[ColumnChange]:
    """The columns whose values do not have their form: most of them, or any where the contract leaves values out.

    Not in a form: its columns are ours, and people fill in few rows, so what does not fit is a mistake in its row.
    Raises RefusedFileError where most do not and the contract freezes that.
    """
    changes: list[ColumnChange] = []
    if spec.traits.layout.kind == "form":
        return changes
    for column in spec.columns:
        failing, filled = misfits.failing[column.name], misfits.filled[column.name]
        mode = mode_of_values(checker, column)
        is_retyped = filled > 0 and failing >= RETYPED * filled
        if not failing or not (is_retyped or mode in ("evolve", "discard_value")):
            continue  # some values that do not fit are mistakes in their rows, and no change of the column
        example = misfits.examples.get(column.name)
        shown = f", such as {example!r}" if example is not None else ""
        expected = column.expects or "what was agreed"
        evidence = f"{failing:,} of its {filled:,} values are not {expected}{shown}"
        change = ColumnChange(column.header, "retyped", evidence, mode, rows=failing)
        if mode == "freeze" and is_retyped:
            raise RefusedFileError(
                "retyped_column",
                f"the column {column.header!r} seems to hold something else than agreed: {evidence}; feed.yml > changes > "
                "retyped is freeze. Send the column as agreed, or have the partnership agree to the new form.",
                column=column.header,
                changes=[change],
            )
        changes.append(change)
    return changes
