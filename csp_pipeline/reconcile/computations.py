"""The vocabulary of claims: each computation takes a claim's figures and says what they give and whether they bear it out."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from csp_pipeline.partnership.claims import Claim


@dataclass(frozen=True)
class Evidence:
    """One claim's figures from one feed, all of them there.

    `values` holds for each period, in order, the figure of each (measure, area); `days` the days of each period;
    `p_value` is that of the change from the first to the last period, where it could be tested; `names` are the words for
    measures and areas; `conflicts` the gaps of conflicting comparisons, and `compared` how many comparisons there are.
    """

    claim: Claim
    values: tuple[dict[tuple[str, str], float], ...]
    days: tuple[int, ...]
    unit: str
    names: Mapping[str, str]
    p_value: float | None = None
    conflicts: tuple[float, ...] = ()
    compared: int = 0

    @property
    def series(self) -> list[float]:
        """The figures of a claim about one measure in one area."""
        return [next(iter(values.values())) for values in self.values]

    def write(self, value: float) -> str:
        """A figure in words: `3,685` or `41%`."""
        return f"{write_number(value)}{'%' if self.unit == 'percent' else ''}"

    @property
    def facts(self) -> str:
        """`Total recorded crime: 2,884 in 2015-16, 3,685 in 2016-17`."""
        title = self.names[self.claim.entry.measures[0]]
        place = "" if not self.claim.entry.areas else f" ({self.names[self.claim.areas[0]]})"
        told = (f"{self.write(value)} in {period}" for value, period in zip(self.series, self.claim.entry.periods, strict=True))
        return f"{title}{place}: {', '.join(told)}"


@dataclass(frozen=True)
class Outcome:
    """What a computation gives: the number with its unit, whether the claim holds, and the facts in words.

    `holds` is None where the figures allow no answer; `words` then say why.
    """

    computed: float | None
    unit: str | None
    holds: bool | None
    words: str


def write_number(value: float) -> str:
    """`3,685`, or with one decimal where there is a part."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def level(evidence: Evidence) -> Outcome:
    """The figure itself."""
    value = evidence.series[0]
    return _against_stated(evidence, value, _unit(evidence), evidence.facts)


def difference(evidence: Evidence) -> Outcome:
    """Later less earlier figure."""
    before, after = evidence.series
    words = f"{evidence.facts}, {_more(after - before, evidence)}"
    return _against_stated(evidence, _less(after, before), _points(evidence), words)


def per_day(evidence: Evidence) -> Outcome:
    """Later less earlier figure, for each day of the later period."""
    before, after = evidence.series
    daily = (after - before) / evidence.days[1]
    words = f"{evidence.facts}, {_more(after - before, evidence)}, which is {abs(daily):.1f} a day"
    return _against_stated(evidence, daily, f"{evidence.unit} a day", words)


def percent_change(evidence: Evidence) -> Outcome:
    """Change in percent of the earlier figure."""
    before, after = evidence.series
    if before == 0:
        return Outcome(None, "%", None, f"{evidence.facts}; nothing is no base for a percentage")
    change = 100 * (after - before) / before
    words = f"{evidence.facts}, {_way(change)}" + (f" {abs(change):.1f}%" if change else "")
    return _against_stated(evidence, change, "%", words)


def direction(evidence: Evidence) -> Outcome:
    """From each period to the next the figure goes the stated way."""
    series, stated = evidence.series, str(evidence.claim.entry.stated)
    ways = [_way(after - before) for before, after in itertools.pairwise(series)]
    words = f"{evidence.facts}: {ways[0] if len(set(ways)) == 1 else ', then '.join(ways)}"
    return Outcome(_change(evidence), _change_unit(evidence), all(way == stated for way in ways), words)


def significant(evidence: Evidence) -> Outcome:
    """The figure goes the stated way by more than chance."""
    before, after = evidence.series
    if evidence.p_value is None:
        return Outcome(_change(evidence), _change_unit(evidence), None, f"{evidence.facts}; the change cannot be tested")
    way = _way(after - before)
    holds = way == evidence.claim.entry.stated and evidence.p_value < 0.05
    return Outcome(_change(evidence), _change_unit(evidence), holds, f"{evidence.facts}: {way}")


def share(evidence: Evidence) -> Outcome:
    """The measures' sum in percent of the whole's."""
    entry, values = evidence.claim.entry, evidence.values[0]
    area = evidence.claim.areas[0]
    part, whole = (sum(values[measure, area] for measure in names) for names in (entry.measures, entry.of))
    told = f"{', '.join(evidence.names[name] for name in entry.measures)}: {evidence.write(part)} of {evidence.write(whole)}"
    if whole == 0:
        return Outcome(None, "%", None, f"{told} in {entry.periods[0]}; nothing is no base for a share")
    words = f"{told} in {entry.periods[0]}, {100 * part / whole:.1f}%"
    return _against_stated(evidence, 100 * part / whole, "%", words)


def spread(evidence: Evidence) -> Outcome:
    """Largest less smallest of the measures."""
    values = {key[0]: value for key, value in evidence.values[0].items()}
    apart = _less(max(values.values()), min(values.values()))
    told = ", ".join(f"{evidence.names[name]} {evidence.write(value)}" for name, value in values.items())
    words = f"{told} in {evidence.claim.entry.periods[0]}: {write_number(apart)} between the largest and the smallest"
    return _against_stated(evidence, apart, _points(evidence), words)


def rank(evidence: Evidence) -> Outcome:
    """The named measures or areas come before all others, none level with them."""
    entry = evidence.claim.entry
    by_area = len(evidence.claim.areas) > 1
    first, last = evidence.values[0], evidence.values[-1]
    if entry.by == "percent_change" and not all(first.values()):
        return Outcome(None, None, None, "One of the earlier figures is 0, which is no base for a percentage")
    scores = {}
    for key, value in last.items():
        change = value - first[key]
        score = {"value": value, "change": change}.get(entry.by)
        scores[key[1] if by_area else key[0]] = 100 * change / first[key] if score is None else score
    order = sorted(scores, key=lambda name: (-scores[name], name))
    named = entry.stated if isinstance(entry.stated, list) else []
    lowest, highest = min(scores[name] for name in named), max(scores[name] for name in scores if name not in named)
    ahead = sum(name in named for name in order[: len(named)])
    after = {"value": "", "change": " more", "percent_change": "% up"}[entry.by]
    told = ", ".join(f"{evidence.names[name]} {_signed(scores[name], evidence)}" for name in order)
    subject = f"{evidence.names[entry.measures[0]]} by area" if by_area else "In order"
    words = f"{subject}, {'by ' + entry.by.replace('_', ' ') if after else 'by figure'}, {' to '.join(entry.periods)}: {told}"
    return Outcome(float(ahead), f"of {len(named)} named", lowest > highest, words)


def incomparable(evidence: Evidence) -> Outcome:
    """There is nothing to compare: as it is about figures without a break between them, it does not hold."""
    return Outcome(_change(evidence), _change_unit(evidence), False, f"{evidence.facts}, with no break between")


def conflict(evidence: Evidence) -> Outcome:
    """The feeds' figures conflict, by the verdict of their comparison."""
    entry = evidence.claim.entry
    subject = f"{evidence.names[entry.measures[0]]} in {entry.periods[0]}"
    if not evidence.compared:
        return Outcome(None, evidence.unit, None, f"{subject}: {' and '.join(entry.feeds)} have no two figures to compare")
    gap = max(map(abs, evidence.conflicts), default=0.0)
    told = f"{len(evidence.conflicts)} of {evidence.compared} comparisons between {' and '.join(entry.feeds)} in conflict"
    words = f"{subject}: {told}" + (f", {write_number(gap)} apart" if gap else "")
    return Outcome(gap, evidence.unit, bool(evidence.conflicts), words)


FUNCTIONS: dict[str, Callable[[Evidence], Outcome]] = {
    function.__name__: function
    for function in (
        level,
        difference,
        per_day,
        percent_change,
        direction,
        significant,
        share,
        spread,
        rank,
        incomparable,
        conflict,
    )
}


def write_stated(claim: Claim, names: Mapping[str, str], unit: str | None = None) -> str | None:
    """What is stated, in words: `12% (to the nearest whole)`, `less than 20`, `up`, or names."""
    entry = claim.entry
    if isinstance(entry.stated, list):
        return ", ".join(names[name] for name in entry.stated) + " at the top"
    if not isinstance(entry.stated, int | float):
        return entry.stated
    number = write_number(entry.stated) + {"%": "%", "percentage points": " points"}.get(unit or "", "")
    if entry.compare != "equal":
        return f"{entry.compare.replace('_', ' ')} {number}"
    return f"{number} ({str(entry.tolerance).replace('_', ' ')})"


def _less(value: float, other: float) -> float:
    """A difference as it would be written: 94.4 less 94 is 0.4, not the little more that binary numbers make of it."""
    return round(value - other, 9)


def _against_stated(evidence: Evidence, computed: float, unit: str, words: str) -> Outcome:
    """Compare with the stated number: equal means within the tolerance."""
    claim = evidence.claim
    stated = float(claim.entry.stated)  # type: ignore[arg-type]  # checked when the claim was read
    slack = max(claim.tolerance.absolute, claim.tolerance.relative * abs(stated)) if claim.tolerance else 0.0
    holds = {
        "equal": round(abs(computed - stated) - slack, 9) <= 0,
        "at_least": round(computed - stated + slack, 9) >= 0,
        "at_most": round(computed - stated - slack, 9) <= 0,
        "more_than": computed > stated,
        "less_than": computed < stated,
    }[claim.entry.compare]
    return Outcome(computed, unit, holds, words)


def _unit(evidence: Evidence) -> str:
    return "%" if evidence.unit == "percent" else evidence.unit


def _points(evidence: Evidence) -> str:
    return "percentage points" if evidence.unit == "percent" else evidence.unit


def _change(evidence: Evidence) -> float | None:
    """The change of a count in percent, and of a percentage in points."""
    first, last = evidence.series[0], evidence.series[-1]
    if evidence.unit == "percent":
        return _less(last, first)
    return 100 * (last - first) / first if first else None


def _change_unit(evidence: Evidence) -> str:
    return "percentage points" if evidence.unit == "percent" else "%"


def _way(change: float) -> str:
    return "up" if change > 0 else "down" if change < 0 else "unchanged"


def _more(change: float, evidence: Evidence) -> str:
    return f"{write_number(abs(change))}{' points' if evidence.unit == 'percent' else ''} {'more' if change >= 0 else 'fewer'}"


def _signed(score: float, evidence: Evidence) -> str:
    by = evidence.claim.entry.by
    return evidence.write(score) if by == "value" else f"{score:+,.0f}" if by == "change" else f"{score:+,.1f}%"
