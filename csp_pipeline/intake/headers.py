"""Matching the columns that a file has against the columns that its feed declares."""

import difflib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from csp_pipeline.errors import RefusedFileError
from csp_pipeline.tables import ColumnSpec


@dataclass(frozen=True)
class MatchedHeader:
    """Position in the file of each declared column (those that are absent but optional are not in it)."""

    positions: dict[str, int]
    extra: tuple[str, ...]


def normalise(header: object) -> str:
    """A header without case, accents of layout, repeated spaces or a byte order mark, for comparing."""
    text = "" if header is None else str(header)
    return re.sub(r"[\s_]+", " ", text.replace("\ufeff", "").replace("\xa0", " ")).strip().casefold()


def count_known(cells: Sequence[object], columns: Sequence[ColumnSpec]) -> int:
    """How many declared columns a row of cells names; the row with most is the header."""
    known = {normalise(column.header) for column in columns}
    return len(known & {normalise(cell) for cell in cells})


def match_header(cells: Sequence[object], columns: Sequence[ColumnSpec], *, sheet: str | None = None) -> MatchedHeader:
    """Find each declared column in the header row.

    Raises RefusedFileError when required columns are missing (naming each with the nearest one found) or a declared
    column stands there twice.
    """
    names = [normalise(cell) for cell in cells]
    counts = Counter(names)
    positions: dict[str, int] = {}
    missing = []
    for column in columns:
        wanted = normalise(column.header)
        if counts[wanted] > 1:
            raise RefusedFileError(
                "repeated_column",
                f"the column {column.header!r} stands in the header {counts[wanted]} times, so it cannot be told which "
                "is meant. Remove or rename the others and send the file again.",
                sheet=sheet,
                column=column.header,
            )
        if wanted in counts:
            positions[column.name] = names.index(wanted)
        elif column.required:
            missing.append(column)
    declared = {normalise(column.header) for column in columns}
    spare = [str(cell).strip() for cell, name in zip(cells, names, strict=True) if name and name not in declared]
    if missing:
        raise RefusedFileError(
            "missing_column",
            f"required columns are missing: {'; '.join(_with_nearest(column, spare) for column in missing)}. Send the "
            "file again with these columns under these names.",
            sheet=sheet,
            column=", ".join(column.header for column in missing),
        )
    return MatchedHeader(positions, tuple(spare))


def _with_nearest(column: ColumnSpec, spare: Sequence[str]) -> str:
    """A missing column with the spare header that is most like it, by spelling or by the words in it."""
    wanted = normalise(column.header)
    by_name = {normalise(header): header for header in spare}
    nearest = difflib.get_close_matches(wanted, by_name, n=1, cutoff=0.6)
    if not nearest:
        words = set(wanted.split())
        nearest = [name for name in by_name if words & set(name.split())][:1]
    return f"{column.header!r} (nearest found: {by_name[nearest[0]]!r})" if nearest else f"{column.header!r}"
