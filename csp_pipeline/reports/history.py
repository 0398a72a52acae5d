"""How figures came to be what they are: an agency's own revised figures and series, and the earlier states of a gap."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from csp_pipeline.reports import wording
from csp_pipeline.reports.disclosure_earlier import stood_beside_a_small_count
from csp_pipeline.reports.read import Facts, Row

# What became of the records behind a revision: column of `figure_vintages`, as people say it.
MOVEMENTS = {
    "added": "added",
    "removed": "taken out",
    "reclassified_in": "reclassified into it",
    "reclassified_out": "reclassified out of it",
    "moved_in": "moved in from another area or period",
    "moved_out": "moved out to another area or period",
}


@dataclass(frozen=True)
class Revision:
    """A figure of the reader's own that a later extract of theirs changed, once or more often."""

    feed_title: str
    measure: str
    measure_title: str
    area: str
    area_code: str
    period: str
    period_kind: str
    unit: str
    first: float | None
    now: float | None
    last_revised: date
    times: int
    movements: str

    @property
    def change(self) -> float | None:
        """What all revisions together changed."""
        return None if self.first is None or self.now is None else self.now - self.first


@dataclass(frozen=True)
class Point:
    """One quarter of a series: as it stands, and as it was before the first revision where that differs."""

    period: str
    value: float | None
    first: float | None
    status: str
    break_title: str | None
    break_date: date | None


@dataclass(frozen=True)
class Series:
    """The quarters of one of the reader's own figures in the partnership's own district."""

    feed_title: str
    measure: str
    measure_title: str
    unit: str
    points: tuple[Point, ...]

    @property
    def has_story(self) -> bool:
        """Whether a break, a missing quarter or a revision makes it worth drawing."""
        return any(point.break_title or point.value is None or point.first is not None for point in self.points)


@dataclass(frozen=True)
class PastGap:
    """How a gap stood for a time, in the reader's order."""

    known_from: date
    known_to: date | None
    first: float | None
    second: float | None
    verdict: str
    changed_by: str


def revisions_of(facts: Facts, agency: str) -> tuple[Revision, ...]:
    """An agency's revised headline figures, the partnership's own district first."""
    rows = [row for row in facts.revisions if row["agency"] == agency]
    rows.sort(key=lambda row: (row["area_code"] != facts.district, row["period_kind"] != "financial_year"))
    return tuple(
        Revision(
            feed_title=facts.feed_title(agency, row["feed"]),
            measure=row["measure"],
            measure_title=row["measure_title"],
            area=row["area_name"],
            area_code=row["area_code"],
            period=row["period"],
            period_kind=row["period_kind"],
            unit=row["unit"],
            first=row["value_first"],
            now=row["value_now"],
            last_revised=row["last_revised"],
            times=row["times"],
            movements=_movements(row),
        )
        for row in rows
    )


def series_of(facts: Facts, agency: str, measures: list[str]) -> tuple[Series, ...]:
    """An agency's own quarterly figures of some measures in the partnership's own district, where there is a break in them, a
    quarter is missing, or one was revised.
    """
    before = {
        (row["feed"], row["measure"], row["period"]): row["value_first"]
        for row in facts.revisions
        if row["agency"] == agency and row["area_code"] == facts.district
    }
    own = [row for row in facts.series if row["agency"] == agency and row["measure"] in measures]
    found = (
        Series(
            feed_title=facts.feed_title(agency, feed),
            measure=measure,
            measure_title=title,
            unit=unit,
            points=tuple(
                Point(
                    period=row["period"],
                    value=row["value"],
                    first=before.get((feed, measure, row["period"])),
                    status=row["status"],
                    break_title=row["break_title"],
                    break_date=row["break_date"],
                )
                for row in rows
            ),
        )
        for (measure, title, feed, unit), rows in groupby(
            own, key=lambda row: (row["measure"], row["measure_title"], row["feed"], row["unit"])
        )
    )
    return tuple(one for one in found if one.has_story)


def past_gaps(
    facts: Facts, agency: str, rows: list[Row], *, cells: tuple[str, str], kept: tuple[bool, bool], swapped: bool
) -> tuple[PastGap, ...]:
    """The states of one gap as an agency may read them, the latest first; `cells` are both sides' as disclosure control names
    them, and `kept` says which sides are kept from it, in the warehouse's order.

    An earlier figure of another agency is shown only where it is no small number, and the difference from every figure shown
    beside it is none either: a revision by few records is a small count of records. Nor is it shown where a count that it was
    made up of was small then and is another one now. A state with a figure that may not be shown is left out whole, for its
    verdict would tell it.
    """
    a, b = (
        list(_shown(facts, rows, side, cell) if is_kept else (row[f"value_{side}"] for row in rows))
        for side, cell, is_kept in zip("ab", cells, kept, strict=True)
    )
    first, second = (b, a) if swapped else (a, b)
    return tuple(
        PastGap(
            known_from=row["known_from"],
            known_to=row["known_to"],
            first=first[position],
            second=second[position],
            verdict=row["verdict"].replace("_", " "),
            changed_by=wording.joined([_feed_name(facts, key, agency) for key in row["changed_by"]] or ["another feed"]),
        )
        for position, row in enumerate(rows)
        if not any(row[f"value_{side}"] is not None and told is None for side, told in (("a", a[position]), ("b", b[position])))
    )


def opening_of(opened: PastGap, before: PastGap) -> str | None:
    """`Until 20 June 2017 they stood at 421 and 421, no conflict; then came a new extract of your Recorded crimes.`"""
    # a state between the two may have been left out: then it is not known to this reader when the conflict came
    if before.first is None or before.second is None or before.known_to != opened.known_from:
        return None
    figures = f"{wording.number(before.first)} and {wording.number(before.second)}"
    agreed = "no conflict" if before.verdict == "agrees" else "within the tolerance"
    until = wording.long_date(opened.known_from)
    return f"Until {until} they stood at {figures}, {agreed}; then came a new extract of {opened.changed_by}."


def _shown(facts: Facts, rows: list[Row], side: str, cell: str) -> Iterator[float | None]:
    """The figures of a side that is kept from the reader, None where one may not be shown."""
    told: list[float] = []
    for row in rows:
        value = row[f"value_{side}"]
        if value is not None:
            is_small = any(facts.rules.is_small(amount) for amount in (value, *(abs(value - other) for other in told)))
            if is_small or stood_beside_a_small_count(facts, cell, row["known_from"], row["known_to"]):
                value = None
            else:
                told.append(value)
        yield value


def _feed_name(facts: Facts, key: str, reader: str) -> str:
    agency, feed = key.split("/")
    owner = "your" if agency == reader else wording.possessive(facts.agency_name(agency))
    return f"{owner} {facts.feed_title(agency, feed)}"


def _movements(row: Row) -> str:
    moved = [f"{row[name]:.0f} {words}" for name, words in MOVEMENTS.items() if row[name]]
    return wording.joined(moved) if moved else "its sender gave another number"
