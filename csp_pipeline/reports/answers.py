"""Answers to conflicts as one reader may see them: those in force by anybody concerned, and what became of its own."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from csp_pipeline.agencies.responses import ANSWERS
from csp_pipeline.reports import wording
from csp_pipeline.reports.read import Facts, Row

WORDED = {ours: theirs for theirs, ours in ANSWERS.items()}
WILL_CORRECT = WORDED["will_correct"]
BECAME = {
    "in_force": "in force",
    "expired": "expired",
    "overtaken": "overtaken by figures",
    "superseded": "replaced",
    "contradicted": "not applied: contradicted",
    "not_applied": "not applied",
    "not_listed": "its conflict is not listed",
}
# Answers that do not count any more, or never did, of a conflict that may still be asked about.
CEASED = ("expired", "overtaken", "contradicted")
# What becomes of an answer by how its conflict stands: told only where the reader may know how it stands.
BY_ITS_CONFLICT = ("in_force", "expired", "overtaken")
NOT_LISTED = "This report does not list the conflict: nothing is asked of you."


@dataclass(frozen=True)
class Answer:
    """An answer in force; role and last day are told to the agency that gave it only."""

    agency: str
    agency_name: str
    is_yours: bool
    answer: str
    reason: str | None
    answered_on: date
    role: str | None
    valid_until: date | None

    @property
    def sentence(self) -> str:
        """`Turning Point answered on 4 July 2017: definition differs – we count clients.`"""
        who = "You" if self.is_yours else self.agency_name
        reason = f" – {' '.join(self.reason.split())}" if self.reason else ""
        return f"{who} answered on {wording.long_date(self.answered_on)}: {self.answer}{reason}"


@dataclass(frozen=True)
class GivenAnswer:
    """An answer that the reader gave, and what became of it; `asks` when there is something to do about it."""

    discrepancy_id: str
    conflict: str
    answer: str
    answered_on: date
    file: str
    row: int
    status: str
    became: str
    told: str | None
    asks: bool


def answers_to(facts: Facts, discrepancy_id: str, reader: str) -> tuple[Answer, ...]:
    """The answers in force to one conflict."""
    return tuple(
        Answer(
            agency=row["agency"],
            agency_name=facts.agency_name(row["agency"]),
            is_yours=row["agency"] == reader,
            answer=WORDED[row["answer"]],
            reason=row["reason"],
            answered_on=row["answered_on"],
            role=row["role"] if row["agency"] == reader else None,
            valid_until=row["valid_until"] if row["agency"] == reader else None,
        )
        for row in facts.answers_in_force.get(discrepancy_id, [])
    )


def given_answers_of(facts: Facts, agency: str, titles: Mapping[str, str], asked: Collection[str]) -> tuple[GivenAnswer, ...]:
    """What became of an agency's answers, those that ask for something first; `titles` are its conflicts' by id, `asked` the
    ids of those that it is asked about.

    An answer that was not applied asks for another until a later workbook of the agency has come; one that ceased to hold
    asks while the agency is asked about the conflict. Of an answer to a conflict that the report does not list nothing is told
    that would differ by whether there is one: it may be left out for a small count's sake.
    """
    files = {row["submission_id"]: row for row in facts.submissions}
    given = [_given(row, files[row["submission_id"]], titles, asked) for row in facts.responses if row["agency"] == agency]
    return tuple(sorted(given, key=lambda answer: not answer.asks))


def _given(row: Row, file: Row, titles: Mapping[str, str], asked: Collection[str]) -> GivenAnswer:
    is_told = row["discrepancy_id"] in titles or row["status"] not in BY_ITS_CONFLICT
    status = row["status"] if is_told else "not_listed"
    return GivenAnswer(
        discrepancy_id=row["discrepancy_id"],
        conflict=titles.get(row["discrepancy_id"]) or row["discrepancy_id"],
        answer=WORDED[row["answer"]],
        answered_on=row["answered_on"],
        file=file["file"],
        row=row["row_number"],
        status=status,
        became=BECAME[status],
        told=row["told"] if is_told else NOT_LISTED,
        asks=(status in CEASED and row["discrepancy_id"] in asked) or (status == "not_applied" and file["is_current"]),
    )
