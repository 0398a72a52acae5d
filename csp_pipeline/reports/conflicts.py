"""Conflicts as one reader may see them: each with both figures, a sentence, why they may differ, and a question."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import compress

from csp_pipeline.reports import wording
from csp_pipeline.reports.disclosure_conflicts import cell_of, hidden_figures, may_be_listed, shown_cells
from csp_pipeline.reports.disclosure_rules import EVERYBODY
from csp_pipeline.reports.read import Facts, Row

SETTLED = ("explained", "resolved")
# Parts of `discrepancies.reasons` that are worded anew from the figures' own unit, date and area basis.
STRUCTURAL = ("counts ", "by date ", "by area of ")


@dataclass(frozen=True)
class Figure:
    """One side of a conflict; `value` is None and `shown` is `[c]` where the reader may not see it."""

    agency: str
    agency_name: str
    feed: str
    feed_title: str
    is_yours: bool
    value: float | None
    shown: str
    unit: str
    date_basis: str
    area_basis: str
    coverage: float | None
    extracted: date | None
    is_publication: bool

    @property
    def label(self) -> str:
        """`your Recorded crimes` or `Turning Point's Treatment episodes`."""
        return f"{self.owner} {self.feed_title}"

    @property
    def owner(self) -> str:
        """`your` or `Turning Point's`."""
        return "your" if self.is_yours else wording.possessive(self.agency_name)

    @property
    def words(self) -> str:
        """`274 offences (Recorded crimes)`."""
        return f"{wording.measured(self.shown, self.unit)} ({self.feed_title})"


@dataclass(frozen=True)
class Conflict:
    """One conflict for one reader. `withheld` says why a figure and the gap are not shown, where they are not."""

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
    def leading(self) -> tuple[Conflict, ...]:
        """The open yearly ones of the partnership's own district."""
        return tuple(c for c in self.listed if c.is_leading)

    @property
    def others(self) -> tuple[Conflict, ...]:
        """The other open ones: the own district's first."""
        return tuple(c for c in self.listed if c.is_open and not c.is_leading)

    @property
    def settled(self) -> tuple[Conflict, ...]:
        """Explained and resolved ones."""
        return tuple(c for c in self.listed if not c.is_open)


def conflicts_for(facts: Facts, agency: str) -> Conflicts:
    """An agency's conflicts as it may see them, the partnership's own district and whole years first."""
    mine = [row for row in facts.conflicts if agency in {row["agency_a"], row["agency_b"], *row["owner_agencies"]}]
    return _conflicts(facts, mine, agency, _on_front_page(facts) | facts.shown_before.get(agency, frozenset()))


def conflicts_for_everybody(facts: Facts) -> Conflicts:
    """The open yearly conflicts of the partnership's own district as anybody may see them."""
    return _conflicts(facts, _leading_rows(facts), EVERYBODY, frozenset())


@lru_cache(maxsize=1)
def _on_front_page(facts: Facts) -> frozenset[str]:
    """The cells that everybody sees; they are the same for each agency's report."""
    leading = _listed(facts, _leading_rows(facts), EVERYBODY)
    return shown_cells(leading, hidden_figures(facts, leading, EVERYBODY, frozenset()))


def conflicts_to_count(facts: Facts) -> list[Row]:
    """The open conflicts that anybody may know of, so that they may be counted on the front page."""
    return [row for row in _listed(facts, facts.conflicts, EVERYBODY) if row["state"] not in SETTLED]


def is_leading(facts: Facts, row: Row) -> bool:
    """Whether a conflict is an open yearly one of the partnership's own district."""
    return bool(row["state"] not in SETTLED and row["area_code"] == facts.district and row["period_kind"] == "financial_year")


def _leading_rows(facts: Facts) -> list[Row]:
    return [row for row in facts.conflicts if is_leading(facts, row)]


def _conflicts(facts: Facts, rows: list[Row], audience: str | None, seen: frozenset[str]) -> Conflicts:
    listed = _listed(facts, rows, audience)
    hidden = hidden_figures(facts, listed, audience, seen)
    made = [_conflict(facts, row, audience, hidden) for row in listed]
    made.sort(key=lambda c: (not c.is_leading, c.area_code != facts.district, c.period_kind != "financial_year"))
    return Conflicts(tuple(made), facts.rules.omission)


def _listed(facts: Facts, rows: list[Row], audience: str | None) -> list[Row]:
    return list(compress(rows, may_be_listed(facts, rows, audience)))


def _conflict(facts: Facts, row: Row, audience: str | None, hidden: dict[str, str]) -> Conflict:
    is_hidden = {side: cell_of(row, side) in hidden for side in "ab"}
    a, b = (_figure(facts, row, side, audience, is_hidden[side]) for side in "ab")
    # a reader's own figure comes first, so that every sentence starts with what they sent
    swapped = b.is_yours and not a.is_yours
    first, second = (b, a) if swapped else (a, b)
    gap = None if any(is_hidden.values()) or row["gap"] is None else (-row["gap"] if swapped else row["gap"])
    withheld = wording.sentence_case(facts.rules.withheld) if any(is_hidden.values()) else None
    return Conflict(
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
        gap_shown=_signed(gap) if gap is not None else "[c]",
        withheld=withheld,
        reasons=_reasons(row, first, second),
        sentence=_sentence(row, first, second, gap, withheld),
        question=_question(first, second, audience),
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        is_open=row["state"] not in SETTLED,
        is_leading=is_leading(facts, row),
    )


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


def _signed(gap: float) -> str:
    return f"+{wording.number(gap)}" if gap > 0 else wording.number(gap)


def _sentence(row: Row, first: Figure, second: Figure, gap: float | None, withheld: str | None) -> str:
    if gap is not None:
        tail = f", {wording.number(abs(gap))} {'more' if gap > 0 else 'fewer'}."
    elif withheld:
        tail = f". [c] and the gap are withheld: {withheld[:1].lower()}{withheld[1:]}"
    else:
        tail = ". [c] was suppressed by its sender, so the gap is not known."
    if first.is_yours and second.is_yours:
        sides = f"one figure of yours is {first.words}; another is {second.words}"
    elif first.agency == second.agency:
        sides = f"one figure of {first.agency_name} is {first.words}; another is {second.words}"
    else:
        sides = f"{first.owner} figure is {first.words}; {second.owner} is {second.words}"
    return f"{row['measure_title']}, {row['area_name']}, {row['period']}: {sides}{tail}"


def _reasons(row: Row, first: Figure, second: Figure) -> tuple[str, ...]:
    """Declared differences as they stand, then unit, date and area in full words."""
    declared = [part for part in (row["reasons"] or "").split("; ") if part and not part.startswith(STRUCTURAL)]
    one, other = wording.sentence_case(first.label).rstrip("."), second.label
    reasons = [wording.sentence_case("; ".join(declared))] if declared else []
    if first.unit != second.unit:
        reasons.append(f"{one} counts {wording.plural(first.unit)}; {other} counts {wording.plural(second.unit)}.")
    if first.date_basis != second.date_basis:
        goes_by, instead = wording.date_basis(first.date_basis), wording.date_basis(second.date_basis)
        reasons.append(f"{one} goes by {goes_by}; {other} by {instead}.")
    if first.area_basis != second.area_basis:
        goes_by, instead = wording.area_basis(first.area_basis), wording.area_basis(second.area_basis)
        reasons.append(f"{one} goes by {goes_by}; {other} by {instead}.")
    return tuple(reasons) or ("No difference in definition is known: the two should be the same.",)


def _question(first: Figure, second: Figure, audience: str | None) -> str:
    if not first.is_yours:
        return "Which of the two is right for this partnership's use, and why?" if audience else "[z]"
    differences = []
    if first.unit != second.unit:
        differences.append(wording.plural(second.unit))
    if first.date_basis != second.date_basis:
        differences.append(f"by {wording.date_basis(second.date_basis)}")
    if first.area_basis != second.area_basis:
        differences.append(f"by {wording.area_basis(second.area_basis)}")
    if first.is_publication and not differences:
        return "Which extract was the published figure counted from, and should it be corrected?"
    if first.is_publication:
        return "Does the publication say what it counts and by which date, so that nobody compares it with this figure?"
    if "anonymised_point" in (first.area_basis, second.area_basis) and first.area_basis != second.area_basis:
        if first.unit != second.unit:
            units = wording.plural(second.unit)
            return f"What would your figure be if you counted {units}, and how many of your records have no location?"
        return (
            "How many of your records were added or cancelled after publication, lie close to the area's boundary, "
            "or have no usable location?"
        )
    if differences:
        one_at_a_time = " If you can, change one thing at a time." if len(differences) > 1 else ""
        return f"What would your figure be if you counted {wording.joined(differences)}?{one_at_a_time}"
    return "Which records were added, cancelled or reclassified in yours since the other figure was drawn?"
