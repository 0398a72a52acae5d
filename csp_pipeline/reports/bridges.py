"""The bridge of one conflict as its reader may see it: from their figure to the other one, cause by cause."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from csp_pipeline.reports import wording
from csp_pipeline.reports.read import Row

WITHHELD = "withheld"
TOGETHER = "The other side's records of every cause in one number: a cause alone would tell a small count."
UNLINKED = "no_link_declared"


@dataclass(frozen=True)
class Step:
    """One step: records that only the second figure counts add, records that only the first counts take away."""

    cause: str
    title: str
    meaning: str
    first_records: int
    second_records: int
    contribution: float
    reached: float


@dataclass(frozen=True)
class OwnRecord:
    """A record of the reader's own behind a step: their reference and where it stands in what they sent."""

    cause: str
    title: str
    feed_title: str
    reference: str
    file: str
    sheet: str | None
    row: int


@dataclass(frozen=True)
class Bridge:
    """From `start` (the first figure) to `end` (the second): the contributions of the steps add up to the gap exactly.

    `unexplained` counts the records of both sides that no cause explains; None where the reader may not see it.
    """

    start: float
    end: float
    steps: tuple[Step, ...]
    unexplained: int | None
    has_withheld: bool
    own_records: tuple[OwnRecord, ...]


@dataclass(frozen=True)
class Reader:
    """Who reads: the agency, whether small counts of a feed (`agency/feed`) are kept from it, which are small, and titles."""

    agency: str | None
    is_protected: Callable[[str], bool]
    is_small: Callable[[float], bool]
    feed_title: Callable[[str, str], str]


def build_bridge(
    reader: Reader,
    steps: list[Row],
    records: Iterable[Row],
    figures: tuple[float, float],
    feeds: tuple[str, str],
    *,
    swapped: bool,
) -> tuple[Bridge | None, str]:
    """The bridge between two shown figures for one reader, or None and the reason why there is none to show.

    `figures` and `feeds` come in the reader's order; `swapped` says that this is the other way round than in the warehouse.
    Where a side is kept from the reader and has a small count in a step, its records of all causes are told in one step;
    where that would tell a small count, or its absence would, there is no bridge.
    """
    if not steps:
        return (
            None,
            "One of the two is only a number, with no records behind it: there is nothing to set side by side.",
        )
    if any(step["detail"] == UNLINKED for step in steps):
        return None, "No way of linking the records of these two feeds is declared, so they cannot be set side by side."
    found = [_Counts.of(step, swapped) for step in steps]
    first_kept, second_kept = (reader.is_protected(feed) for feed in feeds)
    merged = (
        first_kept and any(reader.is_small(counts.first) for counts in found),
        second_kept and any(reader.is_small(counts.second) for counts in found),
    )
    totals = (sum(counts.first for counts in found), sum(counts.second for counts in found))
    gap = figures[1] - figures[0]
    if any(
        is_kept and _is_told_by_silence(reader, total, least)
        for is_kept, total, least in zip((first_kept, second_kept), totals, (-gap, gap), strict=True)
    ):
        return None, "The way from one figure to the other is withheld: it would tell a small count of another agency."
    told = [counts.without(merged) for counts in found]
    rows = [counts for counts in told if counts.first or counts.second]
    if any(merged):
        rows.append(_Counts(WITHHELD, None, TOGETHER, totals[0] if merged[0] else 0, totals[1] if merged[1] else 0))
    made = tuple(_steps(figures[0], rows))
    order = {(counts.cause, counts.detail): place for place, counts in enumerate(found)}
    own = [row for row in records if row["agency"] == reader.agency]
    own.sort(key=lambda row: order.get((row["cause"], row["detail"]), len(order)))
    left = [counts for counts in found if counts.cause == "unexplained"]
    return (
        Bridge(
            start=figures[0],
            end=figures[1],
            steps=made,
            unexplained=None if any(merged) else sum(counts.first + counts.second for counts in left),
            has_withheld=any(merged),
            own_records=tuple(_own_record(reader, row) for row in own),
        ),
        "",
    )


def _is_told_by_silence(reader: Reader, total: int, least: float) -> bool:
    """Whether a side's records of all causes may not be told, nor told to be few.

    A total of 1 to 4 is withheld. But from the two figures anybody reads the least that it can be: of a gap of +4 the second side
    has 4 records or more, and where the bridge is missing it would have just these. So somewhat larger totals are withheld with
    it: whatever the gap, as many totals remain possible as there are small counts.
    """
    return reader.is_small(total) or (reader.is_small(least) and reader.is_small(total - least + 1))


@dataclass(frozen=True)
class _Counts:
    """Records of either side behind one cause, in the reader's order."""

    cause: str
    detail: str | None
    sentence: str
    first: int
    second: int

    @classmethod
    def of(cls, step: Row, swapped: bool) -> "_Counts":
        a, b = step["records_a"] or 0, step["records_b"] or 0
        return cls(step["cause"], step["detail"], step["sentence"], *((b, a) if swapped else (a, b)))

    def without(self, merged: tuple[bool, bool]) -> "_Counts":
        return _Counts(self.cause, self.detail, self.sentence, 0 if merged[0] else self.first, 0 if merged[1] else self.second)


def _steps(start: float, rows: list[_Counts]) -> Iterable[Step]:
    reached = start
    for counts in rows:
        reached += counts.second - counts.first
        yield Step(
            cause=counts.cause,
            title=wording.cause_title(counts.cause, counts.detail),
            meaning=wording.cause_meaning(counts.sentence, counts.detail),
            first_records=counts.first,
            second_records=counts.second,
            contribution=counts.second - counts.first,
            reached=reached,
        )


def _own_record(reader: Reader, row: Row) -> OwnRecord:
    return OwnRecord(
        cause=row["cause"],
        title=wording.cause_title(row["cause"], row["detail"]),
        feed_title=reader.feed_title(row["agency"], row["feed"]),
        reference=row["record_key"],
        file=row["file"],
        sheet=row["sheet"],
        row=row["row_number"],
    )
