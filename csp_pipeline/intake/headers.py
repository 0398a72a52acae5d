"""Matching the columns that a file has against the columns that its feed declares."""

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.contract import ColumnChange, Contract, Suspect, Values, find_renamed, is_personal, tell_repeats
from csp_pipeline.partnership.contracts import normalise
from csp_pipeline.tables import ColumnSpec

__all__ = ["MatchedHeader", "count_known", "match_header", "normalise"]


@dataclass(frozen=True)
class MatchedHeader:
    """Position in the file of each declared column (those that are absent but optional are not in it).

    `extra` are the other columns that are left out; the values of those in `kept` go into the records' extras, and a row
    with a value in one of those in `unwanted` is rejected; both are positions by header. `changes` tells them all.
    """

    positions: dict[str, int]
    extra: tuple[str, ...]
    kept: dict[str, int] = field(default_factory=dict)
    unwanted: dict[str, int] = field(default_factory=dict)
    changes: tuple[ColumnChange, ...] = ()


def count_known(cells: Sequence[object], columns: Sequence[ColumnSpec], contract: Contract | None = None) -> int:
    """How many declared columns a row of cells names, by new names too where declared; the row with most is the header."""
    known = {normalise(column.header) for column in columns}
    known |= contract.new_names if contract else set()
    return len(known & {normalise(cell) for cell in cells})


def match_header(
    cells: Sequence[object],
    columns: Sequence[ColumnSpec],
    *,
    sheet: str | None = None,
    contract: Contract | None = None,
    values_at: Values = lambda _position, _most: (),
) -> MatchedHeader:
    """Find each declared column in the header row, and settle what differs as the contract says.

    `values_at` gives the first values of the file's column at a position. Without a contract, new columns are left out and
    missing ones refused. Raises RefusedFileError when columns are missing (naming each with the nearest one found), new or
    renamed and the contract freezes that, or a declared column stands there twice.
    """
    names = [normalise(cell) for cell in cells]
    headers = [str(cell).strip() if cell is not None else "" for cell in cells]
    counts = Counter(names)
    positions: dict[str, int] = {}
    absent, changes = [], []
    for column in columns:
        wanted = normalise(column.header)
        entry = contract.name_in_use(column) if contract else None
        if counts[wanted] == 0 and entry is not None and counts[normalise(entry.sent_as)]:
            wanted = normalise(entry.sent_as)
            changes.append(
                ColumnChange(
                    column.header,
                    "renamed",
                    f"feed.yml declares it since {entry.since}: {entry.reason}",
                    "evolve",
                    sheet,
                    entry.sent_as,
                )
            )
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
        else:
            absent.append(column)
    taken = set(positions.values())
    spare = [position for position, name in enumerate(names) if name and position not in taken]
    suspects: dict[str, Suspect] = {}
    if contract is not None and spare:
        found = ((column.name, find_renamed(column, columns, headers, spare, values_at, contract)) for column in absent)
        suspects = {name: suspect for name, suspect in found if suspect is not None}
    repeats = tell_repeats(absent, positions, values_at, contract) if contract else ""
    changes += _settle_missing(absent, suspects, [headers[p] for p in spare], contract, sheet, repeats)
    kept, unwanted, told = _settle_new({headers[p]: p for p in spare}, contract, sheet)
    extra = tuple(headers[p] for p in spare if headers[p] not in kept and headers[p] not in unwanted)
    return MatchedHeader(positions, extra, kept, unwanted, (*changes, *told))


def _settle_missing(
    absent: Sequence[ColumnSpec],
    suspects: dict[str, Suspect],
    spare: Sequence[str],
    contract: Contract | None,
    sheet: str | None,
    repeats: str,
) -> list[ColumnChange]:
    """The changes of missing columns; raises RefusedFileError where one may not be missing or renamed."""
    changes, refused = [], []
    for column in absent:
        suspect = suspects.get(column.name)
        # an optional column may be missing, as agreed, unless it is there under another name
        mode = contract.changes.mode("missing", column.name, column.header) if contract else "freeze"
        named = contract.changes.mode_by_name("missing", column.name, column.header) if contract else None
        may_miss = (not column.required and named != "freeze") or (mode == "evolve" and column.nullable)
        if may_miss and suspect and contract:
            may_miss = contract.changes.mode("renamed", column.name, column.header) == "evolve"
        if not may_miss:
            refused.append(column)
        if column.required or suspect or not may_miss:
            evidence = suspect.evidence if suspect else f"{column.header!r} is not among the file's columns"
            changes.append(
                ColumnChange(
                    column.header,
                    "renamed" if suspect else "missing",
                    evidence,
                    "evolve" if may_miss else "freeze",
                    sheet,
                    suspect.header if suspect else None,
                )
            )
    if refused:
        likely = [suspects[column.name] for column in refused if column.name in suspects]
        message = (
            f"required columns are missing: {'; '.join(_with_nearest(column, spare) for column in refused)}. Send the "
            "file again with these columns under these names."
        )
        message += repeats
        if likely:
            told = "; ".join(suspect.evidence for suspect in likely)
            message += f" {told[:1].upper()}{told[1:]}. If the new name is to stay, declare it in feed.yml > renamed."
        raise RefusedFileError(
            "missing_column",
            message,
            sheet=sheet,
            column=", ".join(column.header for column in refused),
            changes=changes,
        )
    return changes


def _settle_new(
    spare: dict[str, int], contract: Contract | None, sheet: str | None
) -> tuple[dict[str, int], dict[str, int], list[ColumnChange]]:
    """New columns that are kept, those that a row may have no value in, and all of them as changes."""
    kept: dict[str, int] = {}
    unwanted: dict[str, int] = {}
    changes = []
    for header, position in spare.items():
        mode = contract.mode_of_new(header) if contract else "discard_value"
        evidence = f"{header!r} is not in the agreed layout"
        if mode == "discard_value" and contract and contract.changes.new == "evolve" and is_personal(header):
            evidence += "; its name says that it may be about a person, so it is not kept unless feed.yml names it"
        changes.append(ColumnChange(header, "new", evidence, mode, sheet, header))
        if mode == "evolve":
            kept[header] = position
        elif mode == "discard_row":
            unwanted[header] = position
    frozen = [change.column_name for change in changes if change.done == "freeze"]
    if frozen:
        raise RefusedFileError(
            "new_column",
            f"it has columns that are not in the agreed layout: {', '.join(map(repr, frozen))}; feed.yml > changes > new is "
            "freeze. Send the file without them, or have the partnership agree to them.",
            sheet=sheet,
            column=", ".join(frozen),
            changes=changes,
        )
    return kept, unwanted, changes


def _with_nearest(column: ColumnSpec, spare: Sequence[str]) -> str:
    """A missing column with the spare header that is most like it, by spelling or by the words in it."""
    wanted = normalise(column.header)
    by_name = {normalise(header): header for header in spare}
    nearest = difflib.get_close_matches(wanted, by_name, n=1, cutoff=0.6)
    if not nearest:
        words = set(wanted.split())
        nearest = [name for name in by_name if words & set(name.split())][:1]
    return f"{column.header!r} (nearest found: {by_name[nearest[0]]!r})" if nearest else f"{column.header!r}"
