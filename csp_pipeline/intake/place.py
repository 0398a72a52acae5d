"""Placing a file: which period it covers and when it was extracted, told by its name or by its rows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.land import LandedFile
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.partnership.periods import Period, parse_period

EXAMPLES = {"month": "2016-04", "quarter": "2016-17-Q1", "financial_year": "2016-17"}


@dataclass(frozen=True)
class Placement:
    """What a file covers (`None` when its rows say it), when it was extracted, and how sure that is.

    `scope` is the part of the feed that the file is for, where its name says one: a later file replaces an earlier one
    of the same coverage only within its scope.
    """

    coverage: Period | None
    extracted: date
    extract_date_is_known: bool
    scope: str = ""


def place_file(feed: Feed, landed: LandedFile) -> Placement:
    """Read coverage and extract date from the file's path; a feed that covers no periods goes by the day of receipt.

    Raises RefusedFileError when the coverage cannot be told, is of another length than the feed's, or the extract date
    is not a date or lies before the period's first day.
    """
    rule = feed.entry.coverage
    if not feed.covers_periods:
        return Placement(None, date.fromisoformat(landed.received[:10]), True)
    found = re.search(rule.pattern, landed.path)
    groups = found.groupdict() if found else {}
    coverage = None
    if rule.by == "file_name":
        if not groups.get("coverage"):
            raise RefusedFileError(
                "unknown_coverage",
                f"its name does not say which {rule.kind.replace('_', ' ')} it covers. Expected a name like "
                f"{feed.name}_{EXAMPLES[rule.kind]}_extracted-2017-04-10.csv; rename it and send it again.",
            )
        coverage = parse_period(groups["coverage"], rule.kind)
        if coverage is None:
            raise RefusedFileError(
                "unknown_coverage",
                f"its name says it covers {groups['coverage']!r}, which is not a {rule.kind.replace('_', ' ')} such as "
                f"{EXAMPLES[rule.kind]}. Rename it and send it again.",
            )
    extracted_text, scope = groups.get("extracted"), groups.get("scope") or ""
    after = parse_period(groups.get("extracted_after") or "", "month")
    if after is not None:
        return Placement(coverage, after.end + timedelta(days=1), True, scope)
    if not extracted_text:
        return Placement(coverage, date.fromisoformat(landed.received[:10]), False, scope)
    try:
        extracted = date.fromisoformat(extracted_text if len(extracted_text) == 10 else f"{extracted_text}-01")
    except ValueError as error:
        raise RefusedFileError(
            "unknown_extract_date",
            f"its name says it was extracted on {extracted_text!r}, which is not a date. Rename it and send it again.",
        ) from error
    if coverage is not None and extracted < coverage.start:
        raise RefusedFileError(
            "unknown_extract_date",
            f"its name says it was extracted on {extracted}, before {coverage.label} began. Correct the name and send it again.",
        )
    return Placement(coverage, extracted, True, scope)


def may_be_within(feed: Feed, landed: LandedFile, years: Sequence[Period]) -> bool:
    """Whether a file's name does not say that it covers what lies outside these years."""
    try:
        coverage = place_file(feed, landed).coverage
    except RefusedFileError:
        return True
    return coverage is None or is_within(coverage, years)


def is_within(period: Period, years: Sequence[Period]) -> bool:
    """Whether a period lies in one of these years."""
    return any(year.start <= period.start and period.end <= year.end for year in years)


def submission_id_of(feed: Feed, landed: LandedFile, placement: Placement) -> str:
    """The readable name of a submission: the same bytes for the same period, scope and extract date have the same one."""
    if not feed.covers_periods:
        return f"{feed.agency}.{feed.name}.{landed.sha256[:8]}"
    coverage = placement.coverage.label.replace(" ", "-") if placement.coverage else "by-content"
    scope = f".{placement.scope}" if placement.scope else ""
    return f"{feed.agency}.{feed.name}{scope}.{coverage}.{placement.extracted}.{landed.sha256[:8]}"
