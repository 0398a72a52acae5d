"""Conflicts as one reader may see them: each with both figures, a sentence, why they may differ, and a question."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from itertools import compress
from typing import Any

from csp_pipeline.reports import wording
from csp_pipeline.reports.answers import WILL_CORRECT, Answer, answers_to
from csp_pipeline.reports.bridges import Bridge, Reader, build_bridge
from csp_pipeline.reports.conflict_words import Figure, question_of, reasons_of, sentence_of
from csp_pipeline.reports.disclosure_cells import Seen, agency_of
from csp_pipeline.reports.disclosure_conflicts import (
    cell_of,
    hidden_figures,
    may_be_listed,
    seen_in_reports,
    small_counts_in_search,
)
from csp_pipeline.reports.disclosure_rules import EVERYBODY
from csp_pipeline.reports.history import PastGap, opening_of, past_gaps
from csp_pipeline.reports.read import Facts, Row
from csp_pipeline.reports.searches import search_sentence
from csp_pipeline.reports.sent import all_reports

SETTLED = ("explained", "resolved")
PLACE = ("measure", "area_code", "period")


@dataclass(frozen=True)
class Conflict:
    """One conflict for one reader. `withheld` says why a figure and the gap are not shown, where they are not.

    It is main where it is of the partnership's own district and a whole year, and leading where it is open, too. Only main
    ones have a bridge (or `no_bridge`, which says why there is none), what the definition search found, and past states.
    """

    id: str
    measure: str
    measure_title: str
    area_code: str
    area: str
    area_level: str
    period: str
    period_kind: str
    state: str
    figures: tuple[Figure, Figure]
    gap: float | None
    gap_shown: str
    withheld: str | None
    reasons: tuple[str, ...]
    sentence: str
    question: str
    first_seen: date | None
    last_seen: date | None
    is_open: bool
    is_leading: bool
    is_main: bool
    bridge: Bridge | None
    no_bridge: str | None
    search: str | None
    past: tuple[PastGap, ...]
    answers: tuple[Answer, ...]

    @property
    def is_asked(self) -> bool:
        """Whether the reader is asked about it: it is open, and no answer of the reader's to it is in force."""
        return self.is_open and not any(answer.is_yours for answer in self.answers)

    @property
    def is_promised(self) -> bool:
        """Whether the reader has said that it will correct its figure."""
        return any(answer.is_yours and answer.answer == WILL_CORRECT for answer in self.answers)

    @property
    def has_moved(self) -> bool:
        """Whether its gap has stood otherwise before."""
        return len(self.past) > 1

    @property
    def opening(self) -> str | None:
        """How the conflict came about, where the two figures stood without one before."""
        opened = next((place for place, gap in enumerate(self.past) if gap.verdict != "conflict"), 0)
        return opening_of(self.past[opened - 1], self.past[opened]) if opened else None

    @property
    def shown_cells(self) -> tuple[str, ...]:
        """The cells of the figures that are shown, as disclosure control names them."""
        return tuple(cell_of(f.key, self.measure, self.area_code, self.period) for f in self.figures if f.value is not None)

    @property
    def short_sentence(self) -> str:
        """The sentence without measure and area, for under a heading that names them."""
        return self.sentence.removeprefix(f"{self.measure_title}, {self.area}, ")


@dataclass(frozen=True)
class Conflicts:
    """A reader's conflicts; `omission` says which ones are not listed, whether or not there are any.

    How many are not listed is not told: with a single figure of one's own that may be in such a conflict, it would name it.
    """

    listed: tuple[Conflict, ...]
    omission: str

    @property
    def shown_cells(self) -> frozenset[str]:
        """The cells of all figures that are shown."""
        return frozenset(cell for conflict in self.listed for cell in conflict.shown_cells)

    @property
    def leading(self) -> tuple[Conflict, ...]:
        """The open yearly ones of the partnership's own district."""
        return tuple(c for c in self.listed if c.is_leading)

    @property
    def asked(self) -> tuple[Conflict, ...]:
        """The leading ones that the reader has not answered."""
        return tuple(c for c in self.leading if c.is_asked)

    @property
    def promised(self) -> tuple[Conflict, ...]:
        """Those that the reader will correct a figure for."""
        return tuple(c for c in self.listed if c.is_promised)

    @property
    def others(self) -> tuple[Conflict, ...]:
        """The other open ones: the own district's first."""
        return tuple(c for c in self.listed if c.is_open and not c.is_leading)

    @property
    def settled(self) -> tuple[Conflict, ...]:
        """Explained and resolved ones, but for the main ones."""
        return tuple(c for c in self.listed if not c.is_open and not c.is_main)

    @property
    def main_settled(self) -> tuple[Conflict, ...]:
        """The explained and resolved yearly ones of the partnership's own district."""
        return tuple(c for c in self.listed if not c.is_open and c.is_main)


def conflicts_for(facts: Facts, agency: str, on_scorecard: frozenset[str]) -> Conflicts:
    """An agency's conflicts as it may see them, the partnership's own district and whole years first; `on_scorecard` are the
    cells that the scorecard shows everybody.
    """
    listed = listed_for(facts, agency)
    seen = Seen(conflicts_for_everybody(facts).shown_cells | on_scorecard) | seen_before(facts, agency)
    hidden = hidden_figures(facts, listed, agency, seen)
    return _conflicts(facts, listed, agency, hidden)


@lru_cache(maxsize=1)
def conflicts_for_everybody(facts: Facts) -> Conflicts:
    """The open yearly conflicts of the partnership's own district as anybody may see them.

    Each agency reads them with what it has by itself, so that what has to be hidden from any of them is hidden.
    """
    listed = leading_for_everybody(facts)
    hidden: dict[str, str] = {}
    for reader in readers(facts):
        elsewhere = [] if reader is EVERYBODY else listed_for(facts, reader)
        hidden |= hidden_figures(facts, listed, reader, seen_before(facts, reader), elsewhere)
    return _conflicts(facts, listed, EVERYBODY, hidden)


def readers(facts: Facts) -> list[str | None]:
    """Who reads what is for everybody: somebody who has nothing else, and each agency that has figures to set beside others'."""
    pairs = facts.compared
    with_figures = set(pairs.other_agency[agency_of(pairs.cell) != pairs.other_agency])
    return [EVERYBODY, *(row["agency"] for row in facts.agencies if row["agency"] in with_figures)]


def seen_before(facts: Facts, reader: str | None) -> Seen:
    """What a reader has from what was sent to it, or to all."""
    own = Seen() if reader is EVERYBODY else seen_in_reports(all_reports(facts.landing, reader))
    return facts.sent_to_all | own


def listed_for(facts: Facts, agency: str) -> list[Row]:
    """The conflicts that an agency's report lists."""
    return _listed(facts, [row for row in facts.conflicts if agency in row["owner_agencies"]], agency)


def leading_for_everybody(facts: Facts) -> list[Row]:
    """The open yearly conflicts of the partnership's own district that everybody may know of."""
    return _listed(facts, [row for row in facts.conflicts if is_leading(facts, row)], EVERYBODY)


def conflicts_to_count(facts: Facts) -> list[Row]:
    """The open conflicts that anybody may know of, so that they may be counted on the front page."""
    return [row for row in _listed(facts, facts.conflicts, EVERYBODY) if row["state"] not in SETTLED]


def is_leading(facts: Facts, row: Row) -> bool:
    """Whether a conflict is an open yearly one of the partnership's own district."""
    return row["state"] not in SETTLED and _is_main(facts, row)


def _is_main(facts: Facts, row: Row) -> bool:
    return bool(row["area_code"] == facts.district and row["period_kind"] == "financial_year")


def _conflicts(facts: Facts, listed: list[Row], audience: str | None, hidden: dict[str, str]) -> Conflicts:
    made = [_conflict(facts, row, audience, hidden) for row in listed]
    made.sort(key=lambda c: (not c.is_leading, c.area_code != facts.district, c.period_kind != "financial_year"))
    return Conflicts(tuple(made), facts.rules.omission)


def _listed(facts: Facts, rows: list[Row], audience: str | None) -> list[Row]:
    return list(compress(rows, may_be_listed(facts, rows, audience)))


def _conflict(facts: Facts, row: Row, audience: str | None, hidden: dict[str, str]) -> Conflict:
    is_hidden = {side: cell in hidden for side, cell in zip("ab", _cells_of(row), strict=True)}
    a, b = (_figure(facts, row, side, audience, is_hidden[side]) for side in "ab")
    # a reader's own figure comes first, so that every sentence starts with what they sent
    swapped = b.is_yours and not a.is_yours
    first, second = (b, a) if swapped else (a, b)
    gap = None if any(is_hidden.values()) or row["gap"] is None else (-row["gap"] if swapped else row["gap"])
    withheld = wording.sentence_case(facts.rules.withheld) if any(is_hidden.values()) else None
    return Conflict(
        **_evidence(facts, row, audience, (first, second), swapped=swapped),
        id=row["discrepancy_id"],
        measure=row["measure"],
        measure_title=row["measure_title"],
        area_code=row["area_code"],
        area=row["area_name"],
        area_level=row["area_level"],
        period=row["period"],
        period_kind=row["period_kind"],
        state=row["state"],
        figures=(first, second),
        gap=gap,
        gap_shown=wording.signed(gap) if gap is not None else "[c]",
        withheld=withheld,
        reasons=reasons_of(row, first, second),
        sentence=sentence_of(row, first, second, gap, withheld),
        question=question_of(first, second, audience),
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        is_open=row["state"] not in SETTLED,
        is_leading=is_leading(facts, row),
        is_main=_is_main(facts, row),
        answers=answers_to(facts, row["discrepancy_id"], audience) if audience else (),
    )


def _evidence(facts: Facts, row: Row, audience: str | None, figures: tuple[Figure, Figure], *, swapped: bool) -> dict[str, Any]:
    """What else a reader is told of a main conflict whose figures both are shown."""
    first, second = figures
    nothing: dict[str, Any] = {"bridge": None, "no_bridge": None, "search": None, "past": ()}
    if audience is EVERYBODY or not _is_main(facts, row) or first.value is None or second.value is None:
        return nothing
    units = {figure.key: figure.unit for figure in figures}
    reader = Reader(
        agency=audience,
        is_protected=lambda key: facts.rules.is_protected(key, units.get(key, ""), audience),
        is_small=facts.rules.is_small,
        feed_title=facts.feed_title,
    )
    of_row = row["discrepancy_id"]
    bridge, no_bridge = build_bridge(
        reader,
        facts.bridge_steps.get(of_row, []),
        facts.bridge_records.get(of_row, []),
        (first.value, second.value),
        (first.key, second.key),
        swapped=swapped,
    )
    kept = tuple(reader.is_protected(f"{row[f'agency_{side}']}/{row[f'feed_{side}']}") for side in "ab")
    return {
        "bridge": bridge,
        "no_bridge": no_bridge or None,
        "search": None
        if bridge
        else search_sentence(
            facts.searches, row["measure"], figures, reader.is_protected, partial(small_counts_in_search, facts)
        ),
        "past": past_gaps(
            facts, audience, facts.past_gaps.get(of_row, []), cells=_cells_of(row), kept=(kept[0], kept[1]), swapped=swapped
        ),
    }


def _cells_of(row: Row) -> tuple[str, str]:
    """The cells of a conflict's two figures."""
    a, b = (cell_of(f"{row[f'agency_{side}']}/{row[f'feed_{side}']}", *(row[name] for name in PLACE)) for side in "ab")
    return a, b


def _figure(facts: Facts, row: Row, side: str, audience: str | None, is_hidden: bool) -> Figure:
    agency, feed = row[f"agency_{side}"], row[f"feed_{side}"]
    value = None if is_hidden else row[f"value_{side}"]
    return Figure(
        agency=agency,
        agency_name=facts.agency_name(agency),
        feed=feed,
        feed_title=facts.feed_title(agency, feed),
        is_yours=agency == audience,
        value=value,
        shown="[c]" if value is None else wording.number(value),
        unit=row[f"unit_{side}"] or "record",
        date_basis=row[f"date_basis_{side}"] or "[x]",
        area_basis=row[f"area_basis_{side}"] or "[x]",
        coverage=row[f"coverage_{side}"],
        extracted=row[f"extracted_{side}"],
        is_publication=row[f"way_{side}"] == "take",
    )
