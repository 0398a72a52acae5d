"""What a feed does when its columns change: its part of `feed.yml`, in dlt's words freeze, evolve, discard row, discard value."""

import re
from datetime import date
from typing import Literal

from pydantic import Field

from csp_pipeline.partnership.entry import Entry

Mode = Literal["freeze", "evolve", "discard_row", "discard_value"]
FileMode = Literal["freeze", "evolve"]


def normalise(header: object) -> str:
    """A header without case, accents of layout, repeated spaces or a byte order mark, for comparing."""
    text = "" if header is None else str(header)
    return re.sub(r"[\s_]+", " ", text.replace("\ufeff", "").replace("\xa0", " ")).strip().casefold()


class ColumnChangesEntry(Entry):
    """What one column does otherwise than its feed."""

    new: Mode | None = None
    missing: FileMode | None = None
    renamed: FileMode | None = None
    retyped: Mode | None = None


class ChangesEntry(Entry):
    """What a feed does with a new, missing, renamed or retyped column.

    `freeze` refuses the file. `evolve` takes the change in and notes it: the values of a new column, and those that a
    retyped column can no longer read, are kept in the records' `extras`; a missing column is blank. `discard_row` rejects the
    rows with a value that does not fit, `discard_value` leaves the value out. A missing or renamed column concerns every
    row, so that only freeze and evolve make sense. `columns` are exceptions by a column's name.
    """

    new: Mode = "discard_value"
    missing: FileMode = "freeze"
    renamed: FileMode = "freeze"
    retyped: Mode = "discard_row"
    columns: dict[str, ColumnChangesEntry] = {}

    def mode(self, change: str, *names: str) -> str:
        """What to do with a change of a column, which is known by its name or its header."""
        return self.mode_by_name(change, *names) or str(getattr(self, change))

    def mode_by_name(self, change: str, *names: str) -> str | None:
        """What is said of this very column."""
        wanted = {normalise(name) for name in names}
        found = (getattr(entry, change) for name, entry in self.columns.items() if normalise(name) in wanted)
        return next((mode for mode in found if mode is not None), None)

    @property
    def looks_beyond(self) -> bool:
        """Whether values beyond the agreed layout are looked at, to be kept or to reject their rows."""
        modes = [self.new, *(entry.new for entry in self.columns.values())]
        return self.keeps_extras or "discard_row" in modes

    @property
    def keeps_extras(self) -> bool:
        """Whether records may hold `extras`."""
        modes = [self.new, self.retyped, *(mode for entry in self.columns.values() for mode in (entry.new, entry.retyped))]
        return "evolve" in modes


class RenamedEntry(Entry):
    """The name under which a column is sent in files extracted from `since` on; the agreed name is read too."""

    sent_as: str = Field(min_length=1)
    since: date
    reason: str = Field(min_length=1)
