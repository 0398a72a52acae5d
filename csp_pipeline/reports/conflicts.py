"""Conflicts as one reader may see them: each with both figures, a sentence, why they may differ, and a question."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from csp_pipeline.reports import wording
from csp_pipeline.reports.disclosure_rules import (
    EVERYBODY,
    Cell,
    conflict_gives_away,
    hidden_cells,
    is_protected,
    is_small,
    sums_of,
)
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
    """A reader's conflicts, and how many are left out because being listed would itself give a small number away."""

    listed: tuple[Conflict, ...]
    left_out: int

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
    on_front_page = _shown_cells(facts, _leading_rows(facts), EVERYBODY)
    return _conflicts(facts, mine, agency, on_front_page)


def conflicts_for_everybody(facts: Facts) -> Conflicts:
    """The open yearly conflicts of the partnership's own district as anybody may see them."""
    return _conflicts(facts, _leading_rows(facts), EVERYBODY, {})


def is_leading(facts: Facts, row: Row) -> bool:
    """Whether a conflict is an open yearly one of the partnership's own district."""
    return bool(row["state"] not in SETTLED and row["area_code"] == facts.district and row["period_kind"] == "financial_year")


def _leading_rows(facts: Facts) -> list[Row]:
    return [row for row in facts.conflicts if is_leading(facts, row)]


def _conflicts(facts: Facts, rows: list[Row], audience: str | None, elsewhere: dict[Cell, float]) -> Conflicts:
    listed = [row for row in rows if not _gives_itself_away(facts, row, audience)]
    hidden = _hidden(facts, listed, audience, elsewhere)
    made = [_conflict(facts, row, audience, hidden) for row in listed]
    made.sort(key=lambda c: (not c.is_leading, c.area_code != facts.district, c.period_kind != "financial_year"))
    return Conflicts(tuple(made), len(rows) - len(listed))


def _gives_itself_away(facts: Facts, row: Row, audience: str | None) -> bool:
    absolute, relative = facts.tolerances.get(row["rule"], (0.0, 0.0))
    a, b = row["value_a"], row["value_b"]
    return any(
        hidden is not None
        and known is not None
        and is_small(hidden)
        and is_protected(_feed(row, side), row[f"unit_{side}"] or "", audience)
        and conflict_gives_away(hidden, known, absolute, relative)
        for side, hidden, known in (("a", a, b), ("b", b, a))
    )


def _hidden(facts: Facts, rows: list[Row], audience: str | None, elsewhere: dict[Cell, float]) -> dict[Cell, str]:
    shown = {cell: value for row in rows for cell, value, _ in _cells(row) if value is not None}
    units = {Cell(c["feed"], c["measure"], c["area_code"], c["period"]): c["unit"] for c in facts.cells}
    units |= {cell: unit for row in rows for cell, _, unit in _cells(row)}
    values = {Cell(c["feed"], c["measure"], c["area_code"], c["period"]): c["value"] for c in facts.cells}
    return hidden_cells(
        elsewhere | shown,
        lambda cell: is_protected(cell.feed, units.get(cell, ""), audience),
        values | shown,
        sums_of(facts.areas, facts.periods),
        frozenset(elsewhere),
    )


def _shown_cells(facts: Facts, rows: list[Row], audience: str | None) -> dict[Cell, float]:
    listed = [row for row in rows if not _gives_itself_away(facts, row, audience)]
    hidden = _hidden(facts, listed, audience, {})
    return {cell: value for row in listed for cell, value, _ in _cells(row) if value is not None and cell not in hidden}


def _cells(row: Row) -> Iterable[tuple[Cell, float | None, str]]:
    for side in "ab":
        cell = Cell(_feed(row, side), row["measure"], row["area_code"], row["period"])
        yield cell, row[f"value_{side}"], row[f"unit_{side}"] or ""


def _feed(row: Row, side: str) -> str:
    return f"{row[f'agency_{side}']}/{row[f'feed_{side}']}"


def _conflict(facts: Facts, row: Row, audience: str | None, hidden: dict[Cell, str]) -> Conflict:
    why = [hidden[cell] for cell, _, _ in _cells(row) if cell in hidden]
    a, b = (_figure(facts, row, side, audience, cell in hidden) for side, (cell, _, _) in zip("ab", _cells(row), strict=True))
    # a reader's own figure comes first, so that every sentence starts with what they sent
    swapped = b.is_yours and not a.is_yours
    first, second = (b, a) if swapped else (a, b)
    gap = None if why or row["gap"] is None else (-row["gap"] if swapped else row["gap"])
    withheld = wording.sentence_case("; ".join(sorted(set(why)))) or None
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
