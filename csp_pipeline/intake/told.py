"""What the sender of a file that was taken in is told about it, in sentences."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from csp_pipeline.errors import RefusedFileError
from csp_pipeline.intake.contract import word_changes
from csp_pipeline.intake.load import LoadingFile
from csp_pipeline.intake.place import Placement
from csp_pipeline.intake.receipts import Receipt
from csp_pipeline.partnership.partnership import Feed
from csp_pipeline.tables import FeedSpec

# A file with fewer rows than this may well lose half of them by corrections.
ENOUGH = 20


@dataclass
class Facts:
    """What a loaded file's records say: rows dated outside its period, the periods they name, rows worth a note."""

    outside: int
    first_outside: date | None
    last_outside: date | None
    cells: list[str]
    noted: list[int]


def messages_of(
    feed: Feed, spec: FeedSpec, receipt: Receipt, placement: Placement, loading: LoadingFile, facts: Facts
) -> list[str]:
    """What the sender should know of a file that is not refused.

    Raises RefusedFileError where every row is dated outside the period that its name says.
    """
    extra = loading.read.extra_columns
    messages = [f"Columns that are not in the agreed layout were left out: {', '.join(map(repr, extra[:10]))}."] if extra else []
    messages += word_changes(loading.read.changes)
    messages += loading.read.remarks
    messages += _on_corrections(feed, receipt)
    messages += _on_days_outside(spec, placement, loading.rows_accepted, facts)
    messages += [f"{count:,} {note}." for count, note in zip(facts.noted, spec.traits.noted.values(), strict=True) if count]
    received = date.fromisoformat(receipt.landed.received[:10])
    # the sender's midnight may lie before that of UTC
    if placement.extracted > received + timedelta(days=1):
        messages.append(
            f"Its name says that it was extracted on {placement.extracted:%d/%m/%Y}, after the day it was received "
            f"({received:%d/%m/%Y}). It holds before every other one of its period up to that day; if the date is wrong, tell "
            "the partnership, who can set the file aside (feed.yml > landed), and send it again under the right name."
        )
    if not placement.extract_date_is_known:
        messages.append("Its name does not say when it was extracted; the day it was received is taken.")
    elif placement.coverage is not None and placement.extracted <= placement.coverage.end:
        messages.append(
            f"It was extracted on {placement.extracted:%d/%m/%Y}, before {placement.coverage.label} ended, so that period "
            "is not yet covered whole."
        )
    return messages


def check_most_rejected(feed: Feed, spec: FeedSpec, loading: LoadingFile) -> None:
    """Raise RefusedFileError where more rows of a file fail than feed.yml allows for the others to count.

    Not of a form: people fill in few rows, and each is for itself. A file none of whose rows is accepted is told row by row.
    """
    allowed, rejected = feed.entry.most_rejected, len(loading.rejects)
    if spec.traits.layout.kind == "form" or not loading.rows_accepted:
        return
    if rejected <= allowed.rows or rejected <= allowed.share * loading.rows_read:
        return
    problems = Counter((str(reject["column_name"]), str(reject["code"])) for reject in loading.rejects)
    (column, code), rows = problems.most_common(1)[0]
    first = next(r for r in loading.rejects if (str(r["column_name"]), str(r["code"])) == (column, code))
    raise RefusedFileError(
        "too_many_rejects",
        f"{rejected:,} of its {loading.rows_read:,} rows fail, more than {allowed.share * 100:g}% (feed.yml > most_rejected), so "
        f"nothing of it is counted. In {rows:,} of them, the first of which is row {first['row_number']}: {first['message']} "
        "Mend the export and send it again.",
        sheet=None if first["sheet"] is None else str(first["sheet"]),
        column=column,
        changes=loading.read.changes,
    )


def tell_loss(rows_read: int, replaced: Receipt | None) -> list[str]:
    """A sentence where a file has so few rows, beside the one that it replaces, that some may have been lost on the way."""
    if replaced is None or replaced.rows_read < ENOUGH or rows_read * 2 >= replaced.rows_read:
        return []
    name = replaced.landed.path
    return [
        f"It has {rows_read:,} rows; {name}, which it replaces, had {replaced.rows_read:,}. If some are missing, send it again."
    ]


def _on_corrections(feed: Feed, receipt: Receipt) -> Iterator[str]:
    for name, rows in receipt.corrections.items():
        reason = feed.corrections[name].reason.rstrip(".")
        yield f"A known error was corrected in {rows:,} {'row' if rows == 1 else 'rows'}: {reason} ({name})."
    for name, why in receipt.not_corrected.items():
        yield f"The known error {name} was not corrected, as {why}."


def _on_days_outside(spec: FeedSpec, placement: Placement, accepted: int, facts: Facts) -> Iterator[str]:
    if not facts.outside or placement.coverage is None:
        return
    label, day = placement.coverage.label, spec.traits.coverage_date
    dated = f"{day} from {facts.first_outside:%d/%m/%Y} to {facts.last_outside:%d/%m/%Y}"
    if facts.outside == accepted:
        # another period's file under this one's name: its rows would count there twice, and here as a true zero
        raise RefusedFileError(
            "wrong_period",
            f"its name says it covers {label}, but every row is dated outside it ({dated}). Correct its name or its "
            "dates and send it again.",
        )
    yield f"{facts.outside:,} rows are dated outside {label} ({dated}); they are kept and counted by their dates."
