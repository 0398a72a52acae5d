"""Known errors of what agencies send, declared in `<agency>/<feed>/corrections.yml` until they are mended upstream."""

from datetime import date
from fnmatch import fnmatchcase
from typing import Literal

from pydantic import Field, model_validator

from csp_pipeline.partnership.entry import Entry

FILE_NAME = "corrections.yml"
STATUSES = ("reported", "acknowledged", "fixed", "will_not_be_fixed")


class CorrectionEntry(Entry):
    """One known error: which rows of which files, what stands in a column there, and what it becomes.

    `files` matches the path below the feed's place; `since` and `until` narrow it to files extracted from the one day and
    before the other. `where` holds conditions in SQL over the feed's columns as raw text, a blank being NULL. Each file has
    so many `rows` with the error, or `some`. `expects` and `becomes` are text as it stands in the file, or null for a blank.
    """

    reason: str = Field(min_length=1)
    reported: date
    status: Literal["reported", "acknowledged", "fixed", "will_not_be_fixed"]
    files: str
    since: date | None = None
    until: date | None = None
    column: str
    where: list[str] = Field(min_length=1)
    expects: str | None
    becomes: str | None
    rows: int | Literal["some"] = Field(union_mode="left_to_right")

    @model_validator(mode="after")
    def _changes_something(self) -> "CorrectionEntry":
        if self.expects == self.becomes:
            raise ValueError("becomes is what it expects, so nothing would change")
        if isinstance(self.rows, int) and self.rows < 1:
            raise ValueError("rows: expected a number from 1, or some")
        if self.since and self.until and self.since >= self.until:
            raise ValueError("until has to be after since")
        return self

    def concerns(self, path: str, extracted: date) -> bool:
        """Whether it is about a file, by the file's path and day of extraction."""
        in_time = (self.since is None or extracted >= self.since) and (self.until is None or extracted < self.until)
        return in_time and fnmatchcase(path, self.files)


class CorrectionsFile(Entry):
    """`<agency>/<feed>/corrections.yml`: known errors by a short name each."""

    corrections: dict[str, CorrectionEntry]
