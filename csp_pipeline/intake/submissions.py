"""The tables that say what became of what was sent: submissions, the cells they cover, and rejects."""

from csp_pipeline import tables
from csp_pipeline.tables import Table

OUTCOMES = ("accepted", "accepted_with_warnings", "accepted_with_rejects", "refused")


class Submissions(Table):
    """One row for each file received, with its outcome and counts: rows_read = rows_accepted + rows_rejected."""

    submission_id: str = tables.column("VARCHAR", "Readable and stable: feed, coverage, extract date and hash", unique=True)
    agency: str = tables.column("VARCHAR", "Agency")
    feed: str = tables.column("VARCHAR", "Feed")
    file: str = tables.column("VARCHAR", "Path below the feed's place")
    sha256: str = tables.column("VARCHAR", "Hash of its bytes; the landing keeps them under it")
    bytes: int = tables.column("BIGINT", "Size", unit="bytes")
    received: str = tables.column("TIMESTAMP", "When it was first landed (UTC)")
    extracted: str = tables.column("DATE", "Day it was extracted, from its name; else the day it was received", nullable=True)
    coverage: str = tables.column("VARCHAR", "Period or periods it covers", nullable=True)
    covered_from: str = tables.column("DATE", "First day covered", nullable=True)
    covered_until: str = tables.column("DATE", "Last day covered", nullable=True)
    rows_read: int = tables.column("BIGINT", "Rows in the file's table", unit="rows")
    rows_accepted: int = tables.column("BIGINT", "Rows that became records", unit="rows")
    rows_rejected: int = tables.column("BIGINT", "Rows refused", unit="rows")
    outcome: str = tables.column("VARCHAR", "What became of it; nothing of a refused one is counted", isin=list(OUTCOMES))
    is_current: bool = tables.column("BOOLEAN", "No later submission has replaced all that it covers")
    is_open: bool = tables.column("BOOLEAN", "It was refused, and no file that was accepted has taken its place")
    code: str = tables.column("VARCHAR", "Why it was refused, as a stable code", nullable=True)
    message: str = tables.column("VARCHAR", "What the sender should know, one line each", nullable=True)


class Rejects(Table):
    """One row for each row or file refused, with the reason and what to do; `row_number` is NULL for a whole file."""

    submission_id: str = tables.column("VARCHAR", "Submission")
    agency: str = tables.column("VARCHAR", "Agency")
    feed: str = tables.column("VARCHAR", "Feed")
    file: str = tables.column("VARCHAR", "Path below the feed's place")
    sheet: str = tables.column("VARCHAR", "Sheet of a workbook", nullable=True)
    row_number: int = tables.column("BIGINT", "Row as a spreadsheet shows it", nullable=True)
    column_name: str = tables.column("VARCHAR", "Column in the sender's words: the first that fails", nullable=True)
    code: str = tables.column("VARCHAR", "Reason as a stable code")
    value: str = tables.column("VARCHAR", "What was found, unless it may be about a person", nullable=True)
    problems: int = tables.column("INTEGER", "How many cells of the row fail")
    message: str = tables.column("VARCHAR", "What was found, what was expected, what to do")
    identifiers: str = tables.column(
        "VARCHAR", "What the row says it is and what it refers to, as JSON: the feed's columns with their values", nullable=True
    )


class CodesNotMapped(Table):
    """Codes and words of one submission that no code list and no mapping of its feed knows; their rows are rejected."""

    submission_id: str = tables.column("VARCHAR", "Submission")
    agency: str = tables.column("VARCHAR", "Agency")
    feed: str = tables.column("VARCHAR", "Feed")
    file: str = tables.column("VARCHAR", "Path below the feed's place")
    column_name: str = tables.column("VARCHAR", "Column in the sender's words")
    code: str = tables.column("VARCHAR", "The code as it was sent")
    rows: int = tables.column("BIGINT", "Rows that have it", unit="rows")


class UnmappedCodes(Table):
    """Codes and words that agencies send and that no code list and no mapping knows: expected to be empty.

    The agency corrects the code, or the partnership adds it to the list under `sources/` (or to the feed's words). It
    stands here for as long as a submission that holds has it; `is_open` is false once none does.
    """

    agency: str = tables.column("VARCHAR", "Agency that owns the code")
    feed: str = tables.column("VARCHAR", "Feed")
    column_name: str = tables.column("VARCHAR", "Column in the sender's words")
    code: str = tables.column("VARCHAR", "The code as it was sent")
    rows: int = tables.column("BIGINT", "Rows that have it, in all submissions", unit="rows")
    submissions: int = tables.column("BIGINT", "Submissions that have it", unit="submissions")
    first_submission: str = tables.column("VARCHAR", "First submission that has it, by day of extraction")
    last_submission: str = tables.column("VARCHAR", "Last submission that has it")
    is_open: bool = tables.column("BOOLEAN", "No later submission has replaced all of those that have it")


class Validity(Table):
    """Which submission's records hold for each covered period, and from when until when they are the latest known."""

    submission_id: str = tables.column("VARCHAR", "Submission")
    agency: str = tables.column("VARCHAR", "Agency")
    feed: str = tables.column("VARCHAR", "Feed")
    scope: str = tables.column("VARCHAR", "Part of the feed that replaces only itself (such as by force, by CSP)")
    covered_label: str = tables.column("VARCHAR", "Period covered")
    covered_from: str = tables.column("DATE", "First day of the period")
    covered_until: str = tables.column("DATE", "Last day of the period")
    is_whole: bool = tables.column(
        "BOOLEAN", "It covers all of the period: extracted after that ended, and of the feed's main_scope, if any"
    )
    valid_from: str = tables.column("DATE", "Day of extraction, from which its records hold")
    valid_to: str = tables.column(
        "DATE", "Day from which a later extract holds, even one that says the same; NULL while it is the latest", nullable=True
    )
