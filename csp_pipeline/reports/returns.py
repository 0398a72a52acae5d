"""What an agency sent and did not send: files by outcome, refused files, rejected rows, missing and late periods."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from csp_pipeline.partnership.due import due_periods
from csp_pipeline.partnership.periods import Period, periods_between
from csp_pipeline.reports import wording
from csp_pipeline.reports.read import Facts, Row


@dataclass(frozen=True)
class SentFile:
    """A file that an agency sent, and the period it covers where that can be told."""

    feed: str
    feed_title: str
    file: str
    coverage: str | None


@dataclass(frozen=True)
class RefusedFile(SentFile):
    """A file that was not taken in; it is open until an accepted one covers the same period."""

    extracted: date | None
    sheet: str | None
    column: str | None
    code: str
    message: str
    is_open: bool


@dataclass(frozen=True)
class RejectedRow(SentFile):
    """A row that was not taken in; it is open while the file it came in still holds.

    `reference` is what it says it is, and what it refers to; None where that cannot be read. `more` is how many further rows
    of its file have the same problem in the same column: where they are many, the first are listed, and the last of these
    stands for the rest.
    """

    sheet: str | None
    row: int
    reference: str | None
    column: str | None
    code: str
    found: str | None
    problems: int
    what_to_do: str
    is_open: bool
    more: int

    @property
    def found_shown(self) -> str:
        """What was found as people read it: `[c]` only where there is something that is not repeated."""
        if self.found is not None:
            return self.found
        return "nothing" if self.code == "missing_value" else "[c]"


@dataclass(frozen=True)
class Submission(SentFile):
    """One file as it was received."""

    extracted: date | None
    outcome: str
    rows_read: int
    rows_accepted: int
    rows_rejected: int
    is_current: bool
    message: str | None


@dataclass(frozen=True)
class DuePeriod:
    """A period that a feed should cover, and the day its file is due."""

    feed: str
    feed_title: str
    period: str
    due: date


@dataclass(frozen=True)
class MissingPeriod(DuePeriod):
    """A due period that no accepted file covers, or only in part."""

    days_overdue: int
    is_partial: bool
    refused_file: str | None
    what_to_do: str
    comparisons_waiting: int


@dataclass(frozen=True)
class LatePeriod(DuePeriod):
    """A due period whose first whole accepted file was extracted after it was due."""

    first_accepted: date
    days_late: int


@dataclass(frozen=True)
class FeedState:
    """One feed at a glance."""

    agency: str
    feed: str
    feed_title: str
    files: int
    outcomes: dict[str, int]
    rows_read: int
    rows_accepted: int
    rows_rejected: int
    covered_until: date | None
    covered_label: str | None
    missing: int
    late: int
    longest_late: int


def submissions_of(facts: Facts, agency: str) -> tuple[Submission, ...]:
    """Every file of an agency, by feed and period."""
    return tuple(
        Submission(
            **_sent(facts, agency, row),
            extracted=row["extracted"],
            outcome=row["outcome"],
            rows_read=row["rows_read"],
            rows_accepted=row["rows_accepted"],
            rows_rejected=row["rows_rejected"],
            is_current=row["is_current"],
            message=row["message"],
        )
        for row in facts.submissions
        if row["agency"] == agency
    )


def refused_files_of(facts: Facts, agency: str) -> tuple[RefusedFile, ...]:
    """An agency's refused files, open ones first; one that is told row by row is not asked for as a file too."""
    told_by_row = {row["submission_id"] for row in facts.rejects}
    files = []
    for row in facts.submissions:
        if row["agency"] != agency or row["outcome"] != "refused" or row["submission_id"] in told_by_row:
            continue
        where = next((r for r in facts.refusals if r["submission_id"] == row["submission_id"]), {})
        files.append(
            RefusedFile(
                **_sent(facts, agency, row),
                extracted=row["extracted"],
                sheet=where.get("sheet"),
                column=where.get("column_name"),
                code=row["code"] or "refused",
                message=row["message"] or "Ask the partnership's analyst why.",
                is_open=row["is_open"],
            )
        )
    return tuple(sorted(files, key=lambda file: not file.is_open))


def rejected_rows_of(facts: Facts, agency: str) -> tuple[RejectedRow, ...]:
    """An agency's rejected rows by feed, file and row, open ones first."""
    rows = [
        RejectedRow(
            **_sent(facts, agency, row),
            sheet=row["sheet"],
            row=row["row_number"],
            reference=row["reference"],
            column=row["column_name"],
            code=row["code"],
            found=row["value"],
            problems=row["problems"],
            what_to_do=row["message"],
            is_open=row["is_open"],
            more=row["more"],
        )
        for row in facts.rejects
        if row["agency"] == agency
    ]
    return tuple(sorted(rows, key=lambda row: not row.is_open))


def missing_periods_of(facts: Facts, agency: str) -> tuple[MissingPeriod, ...]:
    """Periods due by the as-at date that no accepted file of the feed covers whole."""
    missing = []
    for entry, period in _due_periods(facts, agency):
        held = [v for v in _held(facts, agency, entry.feed) if v["covered_label"] == period.label]
        if any(v["is_whole"] for v in held) or facts.as_at is None or entry.due >= facts.as_at:
            continue
        refused = _refused_for(facts, agency, entry.feed, period.start, period.end)
        missing.append(
            MissingPeriod(
                **vars(entry),
                days_overdue=(facts.as_at - entry.due).days,
                is_partial=bool(held),
                refused_file=refused,
                what_to_do=_what_to_do(period.label, bool(held), refused),
                comparisons_waiting=sum(
                    row["comparisons"]
                    for row in facts.blocked
                    if (row["agency"], row["feed"]) == (agency, entry.feed)
                    and row["period_start"] <= period.end
                    and row["period_end"] >= period.start
                ),
            )
        )
    return tuple(missing)


def late_periods_of(facts: Facts, agency: str) -> tuple[LatePeriod, ...]:
    """Expected periods that came after their due day, by feed and period."""
    late = []
    for entry, period in _due_periods(facts, agency):
        held = _held(facts, agency, entry.feed)
        came = min((v["valid_from"] for v in held if v["covered_label"] == period.label and v["is_whole"]), default=None)
        if came is not None and came > entry.due:
            late.append(LatePeriod(**vars(entry), first_accepted=came, days_late=(came - entry.due).days))
    return tuple(late)


def feed_states(facts: Facts, agency: str) -> tuple[FeedState, ...]:
    """Each feed of an agency at a glance."""
    missing, late = missing_periods_of(facts, agency), late_periods_of(facts, agency)
    states = []
    for feed in (f for f in facts.feeds if f["agency"] == agency):
        sent = [s for s in submissions_of(facts, agency) if s.feed == feed["feed"]]
        held = _held(facts, agency, feed["feed"])
        last = max(held, key=lambda row: row["covered_until"], default=None)
        days = [period.days_late for period in late if period.feed == feed["feed"]]
        states.append(
            FeedState(
                agency=agency,
                feed=feed["feed"],
                feed_title=feed["title"],
                files=len(sent),
                outcomes={o: n for o in wording.OUTCOMES if (n := sum(s.outcome == o for s in sent))},
                rows_read=sum(s.rows_read for s in sent),
                rows_accepted=sum(s.rows_accepted for s in sent),
                rows_rejected=sum(s.rows_rejected for s in sent),
                covered_until=last["covered_until"] if last else None,
                covered_label=last["covered_label"] if last else None,
                missing=sum(period.feed == feed["feed"] for period in missing),
                late=len(days),
                longest_late=max(days, default=0),
            )
        )
    return tuple(states)


def _sent(facts: Facts, agency: str, row: Row) -> dict[str, Any]:
    """What a submission and a reject alike say of their file: the fields of `SentFile`."""
    return {
        "feed": row["feed"],
        "feed_title": facts.feed_title(agency, row["feed"]),
        "file": row["file"],
        "coverage": row["coverage"],
    }


def _due_periods(facts: Facts, agency: str) -> Iterator[tuple[DuePeriod, Period]]:
    """Every period that an agency's feeds should cover, by feed and period."""
    for feed in (f for f in facts.feeds if f["agency"] == agency):
        if feed["expected_from"] is None or feed["expected_until"] is None:
            continue
        expected = periods_between(feed["expected_from"], feed["expected_until"], feed["covers"])
        for due in due_periods(expected, feed["deadline_days"]):
            yield DuePeriod(feed["feed"], feed["title"], due.period.label, due.day), due.period


def _held(facts: Facts, agency: str, feed: str) -> list[Row]:
    """What a feed's accepted files cover."""
    return [row for row in facts.validity if (row["agency"], row["feed"]) == (agency, feed)]


def _refused_for(facts: Facts, agency: str, feed: str, start: date, end: date) -> str | None:
    """The latest refused file that covers a period."""
    files = [
        row["file"]
        for row in facts.submissions
        if (row["agency"], row["feed"], row["outcome"]) == (agency, feed, "refused")
        and row["covered_from"] is not None
        and row["covered_from"] <= start
        and row["covered_until"] >= end
    ]
    return files[-1] if files else None


def _what_to_do(period: str, is_partial: bool, refused: str | None) -> str:
    if refused:
        return f"{refused} was refused. Correct it as described under refused files and send it again."
    if is_partial:
        return f"The file for {period} was extracted before the period ended, or is only a part. Send one that covers it whole."
    return f"Nothing has come for {period}. Send the file, or tell us that there will be none."
