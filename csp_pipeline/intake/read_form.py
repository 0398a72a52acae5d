"""Reading a form: a workbook that we sent to an agency, which fills in some columns and sends it back."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.headers import MatchedHeader
from csp_pipeline.intake.read_workbook import open_workbook, read_sheet, sheets_to_read, slices
from csp_pipeline.intake.rows import ROW_NUMBER, BrokenRow, ReadFile
from csp_pipeline.intake.workbook_parts import formulas_of
from csp_pipeline.tables import ColumnSpec, Layout


def read_form(path: Path, columns: tuple[ColumnSpec, ...], layout: Layout, agency: str, batch_rows: int) -> ReadFile:
    """Read the rows in which something is filled in; `agency` is the one that the form has to have been sent to.

    A row with a formula, and one of a form that another agency was sent, is a broken row. Raises RefusedFileError when it is
    no workbook, is damaged or locked, has macros or links to other files, lacks the sheet or a column, has nothing filled
    in, or is another agency's as a whole.
    """
    workbook = open_workbook(path)
    sheet, _ = sheets_to_read(workbook, columns, layout, "month")[0]
    formulas = formulas_of(path, sheet)
    table, matched = read_sheet(workbook, sheet, None, columns)
    headers = {column.name: column.header for column in columns}
    with_formula = _rows_with_formula(formulas, matched, headers)
    filled = pc.is_in(table[ROW_NUMBER], pa.array(list(with_formula), pa.int64()))
    for name in layout.to_fill:
        filled = pc.or_(filled, pc.is_valid(table[name]))
    table = _with_agreed_words(table.filter(filled), columns)
    if not table.num_rows:
        raise RefusedFileError(
            "nothing_filled_in",
            f"nothing is filled in on the sheet {sheet!r}, so nothing was applied; what you answered earlier stands. Fill in "
            f"{', '.join(repr(headers[name]) for name in layout.to_fill)} where you have an answer, save it and send it again.",
            sheet=sheet,
        )
    strange = _rows_of_others(table, layout.addressed, agency)
    if len(strange) == table.num_rows:
        raise RefusedFileError(
            "another_agency",
            f"it is the form that was sent to {next(iter(strange.values()))!r}, and lies in the folder of {agency!r}, so nothing "
            f"of it was applied. Send the one of your own report, or move it if it was put into the wrong folder.",
            sheet=sheet,
        )
    broken = {
        number: BrokenRow(
            number,
            sheet,
            "another_agency",
            found,
            f"{headers[layout.addressed]}: found a row of the form that was sent to {found!r}; expected one of {agency!r}. "
            "Answer in your own form.",
            headers[layout.addressed],
        )
        for number, found in strange.items()
    }
    broken |= {
        number: BrokenRow(
            number,
            sheet,
            "formula",
            header,
            f"{header}: found a formula; expected words, a date, or what was sent. Type it in, and do not begin it with =.",
            header,
        )
        for number, header in with_formula.items()
        if number in set(table[ROW_NUMBER].to_pylist())
    }
    kept = pc.invert(pc.is_in(table[ROW_NUMBER], pa.array(list(broken), pa.int64())))
    return ReadFile(
        batches=slices(table.filter(kept), batch_rows),
        extra_columns=matched.extra,
        broken_rows=[broken[number] for number in sorted(broken)],
    )


def _with_agreed_words(table: pa.Table, columns: tuple[ColumnSpec, ...]) -> pa.Table:
    """The table with words of a list in its own spelling: people type them, and spreadsheets begin them with a capital."""
    for column in columns:
        if column.words:
            typed = table[column.name]
            folded = pc.utf8_lower(pc.utf8_trim_whitespace(typed))
            place = pc.index_in(folded, pa.array([word.lower() for word in column.words]))
            agreed = pc.coalesce(pc.take(pa.array(column.words), place), typed)
            table = table.set_column(table.schema.get_field_index(column.name), column.name, agreed)
    return table


def _rows_with_formula(formulas: set[tuple[int, int]], matched: MatchedHeader, headers: dict[str, str]) -> dict[int, str]:
    """Row number, as a spreadsheet shows it, and the first column of ours that is a formula in it."""
    by_position = {position: headers[name] for name, position in matched.positions.items()}
    return {row + 1: by_position[column] for row, column in sorted(formulas, reverse=True) if column in by_position}


def _rows_of_others(table: pa.Table, addressed: str, agency: str) -> dict[int, str]:
    """Row number, and the agency that the row names, where it names another one."""
    named = pc.struct_field(pc.extract_regex(table[addressed], r"^(?P<agency>[a-z][a-z0-9_]*),"), "agency")
    numbers = table[ROW_NUMBER].to_pylist()
    return {number: name for number, name in zip(numbers, named.to_pylist(), strict=True) if name not in (None, "", agency)}
