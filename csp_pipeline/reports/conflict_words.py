"""A conflict in words: its two figures, the sentence that sets them side by side, why they may differ, and the question."""

from dataclasses import dataclass
from datetime import date

from csp_pipeline.reports import wording
from csp_pipeline.reports.read import Row

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
    def key(self) -> str:
        """`agency/feed`."""
        return f"{self.agency}/{self.feed}"

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


def sentence_of(row: Row, first: Figure, second: Figure, gap: float | None, withheld: str | None) -> str:
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


def reasons_of(row: Row, first: Figure, second: Figure) -> tuple[str, ...]:
    """Declared differences as they stand, then unit, date and area in full words, and rows that a figure lacks."""
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
    rejected = {f"{row[f'agency_{side}']}/{row[f'feed_{side}']}": row[f"rejected_{side}"] for side in "ab"}
    reasons += [_lacking(figure, rejected[figure.key], row["period"]) for figure in (first, second) if rejected[figure.key]]
    return tuple(reasons) or ("No difference in definition is known: the two should be the same.",)


def _lacking(figure: Figure, rejected: int, period: str) -> str:
    """What a figure may lack for rejected rows: how many, only to the agency that sent them."""
    if figure.is_yours:
        rows = f"{wording.number(rejected)} {'row was' if rejected == 1 else 'rows were'}"
        return f"{rows} rejected from {figure.label} for {period}, and your figure may lack as many."
    return f"Some rows were rejected from {figure.label} for {period}, and its figure may lack them."


def question_of(first: Figure, second: Figure, audience: str | None) -> str:
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
