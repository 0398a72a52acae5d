"""Workbooks that an agency sent back with answers: when each came, how many answers were taken, and why others were not."""

from dataclasses import dataclass
from datetime import date

from csp_pipeline.partnership.partnership import RESPONSES
from csp_pipeline.reports import wording
from csp_pipeline.reports.read import Facts, Row

MOST_TOLD = 20
# What becomes of an accepted answer that says nothing about a conflict.
NEVER_APPLIED = ("contradicted", "not_applied")


@dataclass(frozen=True)
class NotTaken:
    """An answer that was not taken, and why; without a row where it is the workbook as a whole."""

    row: int | None
    why: str


@dataclass(frozen=True)
class ReturnedWorkbook:
    """One returned workbook: `answers` are the rows that were filled in, `taken` those that were applied, in force now or not."""

    file: str
    received_on: date
    outcome: str
    answers: int
    taken: int
    not_taken: tuple[NotTaken, ...]

    @property
    def is_told_by_row(self) -> bool:
        """Whether it was refused because none of its answers was good, which is told of each."""
        return self.outcome == "refused" and all(entry.row is not None for entry in self.not_taken)

    @property
    def why(self) -> str | None:
        """The reasons in one text, the first of them where there are many."""
        told = [entry.why if entry.row is None else f"Row {entry.row}: {entry.why}" for entry in self.not_taken[:MOST_TOLD]]
        more = len(self.not_taken) - MOST_TOLD
        return "\n".join([*told, *([f"And {wording.counted(more, 'more answer')}."] if more > 0 else [])]) or None


def returned_workbooks_of(facts: Facts, agency: str) -> tuple[ReturnedWorkbook, ...]:
    """The workbooks of answers that an agency sent back, in the order in which they came."""
    sent = [row for row in facts.submissions if (row["agency"], row["feed"]) == (agency, RESPONSES)]
    return tuple(_returned(facts, row) for row in sorted(sent, key=lambda row: (row["received"], row["submission_id"])))


def _returned(facts: Facts, row: Row) -> ReturnedWorkbook:
    rejected: dict[int, list[str]] = {}
    for reject in facts.rejects:
        if reject["submission_id"] == row["submission_id"]:
            rejected.setdefault(reject["row_number"], []).append(reject["message"])
    unapplied = [
        NotTaken(answer["row_number"], answer["told"])
        for answer in facts.responses
        if answer["submission_id"] == row["submission_id"] and answer["status"] in NEVER_APPLIED
    ]
    not_taken = [*(NotTaken(number, " ".join(said)) for number, said in rejected.items()), *unapplied]
    if row["outcome"] == "refused" and not not_taken:
        not_taken = [NotTaken(None, row["message"])]
    return ReturnedWorkbook(
        file=row["file"],
        received_on=row["received"].date(),
        outcome=row["outcome"],
        answers=row["rows_read"],
        taken=row["rows_accepted"] - len(unapplied),
        not_taken=tuple(sorted(not_taken, key=lambda entry: entry.row or 0)),
    )
