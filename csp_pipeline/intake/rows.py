"""What reading gives: batches of text rows under our column names, each row with its number in the file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from csp_pipeline.intake.contract import ColumnChange

Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]
ROW_NUMBER = "row_number"
SHEET = "sheet"
COVERED = "covered_label"
FILE_INDEX = "file_index"
# JSON of the values that columns beyond the agreed ones have in a row: those that are kept, and those that no row may have.
EXTRAS = "extras"
UNWANTED = "unwanted"


@dataclass
class BrokenRow:
    """A row that cannot be read as one of the table's; `column` is the header of the column that shows it, if one does."""

    row_number: int
    sheet: str | None
    code: str
    value: str
    message: str
    column: str | None = None


@dataclass
class ReadFile:
    """An opened file: `batches` can be gone through once; `broken_rows` is complete when they have been.

    Each batch is an Arrow table of text columns named as declared, with `row_number` (as a spreadsheet shows it),
    `sheet`, `covered_label` where a sheet says which period it is for, and `extras` and `unwanted` where the file has columns
    beyond the agreed ones that are kept, or that no row may fill; `changes` tells how its columns differ, and `remarks` what its
    sender may not know of a workbook: sheets with the agreed columns that were not read, what is hidden and was. While
    `counts_past_broken_rows`, rows are numbered without the broken ones before them, as these are only known at the end.
    """

    batches: Iterator[pa.Table]
    extra_columns: tuple[str, ...] = ()
    changes: list[ColumnChange] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    broken_rows: list[BrokenRow] = field(default_factory=list)
    counts_past_broken_rows: bool = False


def numbers_in_file(counted: Numbers, broken_rows: Sequence[BrokenRow]) -> Numbers:
    """Row numbers as the file has them, of rows that were counted without the broken ones before them."""
    # the n-th broken row shifts what follows by n
    shifted_from = np.sort(np.array([row.row_number for row in broken_rows], dtype="int64")) - np.arange(len(broken_rows))
    return counted + np.searchsorted(shifted_from, counted, side="right")
