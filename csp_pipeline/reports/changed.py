"""What changed in what an agency sends: columns that are not as agreed, and codes that no list knows."""

from dataclasses import dataclass

from csp_pipeline.reports.read import Facts


@dataclass(frozen=True)
class UnmappedCode:
    """A code of the agency's that no list knows, in files that still hold."""

    feed: str
    feed_title: str
    column: str
    code: str
    rows: int
    last_submission: str
    last_file: str


@dataclass(frozen=True)
class ChangedColumn:
    """A column that differs from what was agreed in the same way in one or more files that hold or were refused."""

    feed: str
    feed_title: str
    column: str
    change: str
    evidence: str
    done: str
    files: int
    last_file: str


def unmapped_codes_of(facts: Facts, agency: str) -> tuple[UnmappedCode, ...]:
    """An agency's codes that no list knows, by feed, column and code."""
    return tuple(
        UnmappedCode(
            feed=row["feed"],
            feed_title=facts.feed_title(agency, row["feed"]),
            column=row["column_name"],
            code=row["code"],
            rows=row["rows"],
            last_submission=row["last_submission"],
            last_file=row["last_file"],
        )
        for row in facts.unmapped_codes
        if row["agency"] == agency
    )


def changed_columns_of(facts: Facts, agency: str) -> tuple[ChangedColumn, ...]:
    """An agency's changed columns, by feed and column."""
    return tuple(
        ChangedColumn(
            feed=row["feed"],
            feed_title=facts.feed_title(agency, row["feed"]),
            column=row["column_name"],
            change=row["change"],
            evidence=row["evidence"],
            done=row["done"],
            files=row["files"],
            last_file=row["last_file"],
        )
        for row in facts.column_changes
        if row["agency"] == agency
    )
