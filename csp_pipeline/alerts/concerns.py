"""What needs a person now: open conflicts, refused files, overdue periods, steps and checks that fail. Derived, never kept."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import pandas as pd

from csp_pipeline.figures.coverage import read_all_receipts, refused_and_not_replaced
from csp_pipeline.figures.lateness import overdue_periods, table_of_due_periods
from csp_pipeline.intake.receipts import Receipt
from csp_pipeline.lake import connect, table_path
from csp_pipeline.partnership.measures import MeasureBook, load_measures
from csp_pipeline.partnership.partnership import Feed, Partnership
from csp_pipeline.reports.disclosure_rules import Rules, margins_of
from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql

Kind = Literal["failed_run", "failed_check", "refused_file", "late_feed", "conflict"]
LONGEST = 300
LOOK_AT_THE_RUN = "The warehouse as it was stays in place. Look at the run in csp ui, mend the cause, run again; see csp doctor."
LOOK_AT_THE_CHECK = "What it checks may be wrong in the warehouse and the reports: look at it in csp ui before anybody uses them."


@dataclass(frozen=True)
class Concern:
    """One thing that needs a person: what, whose, since when, what to do, where to look.

    `key` names it among those of its kind for as long as it lasts. No figure, value or row of a record stands in it.
    """

    kind: Kind
    key: str
    what: str
    whose: str
    since: str
    to_do: str
    link: str


@dataclass(frozen=True)
class RunOutcome:
    """What a run says of itself: why each failed step failed, in words that may leave the house, and the steps that worked.

    `failed_checks` are those of its own work that failed, by name (`figures: parts_within_whole`), with what was found;
    `passed_checks` those that passed.
    """

    run_id: str
    failed: Mapping[str, str] = field(default_factory=dict)
    succeeded: frozenset[str] = frozenset()
    failed_checks: Mapping[str, str] = field(default_factory=dict)
    passed_checks: frozenset[str] = frozenset()


def find_concerns(settings: Settings, partnership: Partnership, today: date) -> list[Concern]:
    """Every concern but those of runs, worst first, then by key."""
    receipts = read_all_receipts(settings, partnership, with_responses=True)
    found = [*_refused_files(partnership, receipts), *_late_feeds(partnership, receipts, today)]
    return [*found, *_conflicts(settings, partnership)]


def failed_steps(partnership: Partnership, outcome: RunOutcome, today: date) -> list[Concern]:
    """A concern for each step that failed."""
    return [
        _of_the_run(partnership, today, "failed_run", step, f"{step} failed: {why}", LOOK_AT_THE_RUN)
        for step, why in sorted(outcome.failed.items())
    ]


def failed_checks(partnership: Partnership, outcome: RunOutcome, today: date) -> list[Concern]:
    """A concern for each check that failed; what it found stays in the house."""
    return [
        _of_the_run(partnership, today, "failed_check", check, f"the check {check} failed", LOOK_AT_THE_CHECK)
        for check in sorted(outcome.failed_checks)
    ]


def _of_the_run(partnership: Partnership, today: date, kind: Kind, key: str, what: str, to_do: str) -> Concern:
    return Concern(kind, key, _one_line(what), "data engineer", today.isoformat(), to_do, _link(partnership, ""))


def _refused_files(partnership: Partnership, receipts: Mapping[str, list[Receipt]]) -> Iterator[Concern]:
    still_refused = refused_and_not_replaced(partnership, receipts)
    for feed in partnership.every_feed:
        for receipt in receipts[feed.key]:
            if receipt.submission_id not in still_refused:
                continue
            yield Concern(
                kind="refused_file",
                key=receipt.submission_id,
                what=_one_line(f"{feed.key}: {receipt.landed.path} was refused ({receipt.code or 'refused'})"),
                whose=_whose(partnership, feed),
                since=receipt.landed.received[:10],
                to_do="Their report says what is wrong in it. Ask them to correct it and send it again.",
                link=_link(partnership, f"{feed.agency}.html"),
            )


def _late_feeds(partnership: Partnership, receipts: dict[str, list[Receipt]], today: date) -> Iterator[Concern]:
    overdue = overdue_periods(table_of_due_periods(partnership.feeds, receipts), today)
    for row in overdue.itertuples(index=False):
        feed = partnership.feed(f"{row.agency}/{row.feed}")
        yield Concern(
            kind="late_feed",
            key=f"{feed.key} {row.period}",
            what=_one_line(f"{feed.key}: nothing whole has come for {row.period}, due on {row.due:%d/%m/%Y}"),
            whose=_whose(partnership, feed),
            since=f"{row.due:%Y-%m-%d}",
            to_do="Ask them to send it, or to say that there will be none.",
            link=_link(partnership, f"{feed.agency}.html"),
        )


def _conflicts(settings: Settings, partnership: Partnership) -> Iterator[Concern]:
    if not table_path(settings, "discrepancies").exists():
        return
    book = load_measures(partnership)
    with connect(settings) as connection:
        connection.register("areas", partnership.areas)
        connection.register("measures", book.measures_table)
        query = read_sql("csp_pipeline.alerts", "conflicts", discrepancies=str(table_path(settings, "discrepancies")))
        found = connection.execute(query).df()
    for row in found[_may_be_told(found, Rules(partnership.file.disclosure), book)].to_dict("records"):
        yield Concern(
            kind="conflict",
            key=row["discrepancy_id"],
            what=_one_line(row["what"]),
            whose=" and ".join(
                partnership.file.agencies[agency].name for agency in row["owner_agencies"] if agency in partnership.file.agencies
            ),
            since=row["since"],
            to_do="Their report lists it, for them to answer in the sheet Answers of its workbook.",
            link=_link(partnership, f"{row['owner_agencies'][0]}.html" if len(row["owner_agencies"]) else ""),
        )


def _may_be_told(conflicts: pd.DataFrame, rules: Rules, book: MeasureBook) -> pd.Series:
    """Whether everybody may know of each conflict: not where that would tell something of a count that the reports hide."""
    absolute, relative = margins_of(conflicts.rule, book.margins)
    told = pd.Series(True, index=conflicts.index)
    for side, other in (("a", "b"), ("b", "a")):
        others = conflicts[f"value_{other}"].to_numpy(float)
        told &= ~rules.listing_tells(
            conflicts[f"key_{side}"], conflicts.unit, conflicts[f"value_{side}"], others, absolute, relative
        )
    return told


def conflicts_are_known(settings: Settings) -> bool:
    """Whether comparisons have been made: where they have not, no conflict may be said to have closed."""
    return table_path(settings, "discrepancies").exists()


def _whose(partnership: Partnership, feed: Feed) -> str:
    return _one_line(f"{partnership.file.agencies[feed.agency].name}, {feed.entry.contact}")


def _link(partnership: Partnership, page: str) -> str:
    base = partnership.file.alerts.link
    return f"{base.rstrip('/')}/{page or 'index.html'}" if base else ""


def _one_line(text: str) -> str:
    """Text on one line, of a length that a message bears: no file's name can begin a line or a header of its own."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    line = " ".join(plain.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
