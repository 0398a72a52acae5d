"""What reading gives: batches of text rows under our column names, each row with its number in the file."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa

ROW_NUMBER = "row_number"
SHEET = "sheet"
COVERED = "covered_label"
FILE_INDEX = "file_index"


@dataclass
class BrokenRow:
    """A row that cannot be split into the file's columns."""

    row_number: int
    sheet: str | None
    code: str
    value: str
    message: str


@dataclass
class ReadFile:
    """An opened file: `batches` can be gone through once; `broken_rows` is complete when they have been.

    Each batch is an Arrow table of text columns named as declared, with `row_number` (as a spreadsheet shows it),
    `sheet`, and `covered_label` where a sheet says which period it is for.
    """

    batches: Iterator[pa.Table]
    extra_columns: tuple[str, ...] = ()
    broken_rows: list[BrokenRow] = field(default_factory=list)
