"""A change and its test against chance in words."""

from dataclasses import dataclass

from csp_pipeline.scorecard.read import Row

WORDS = {
    "rise": "up, beyond chance",
    "fall": "down, beyond chance",
    "within_chance": "no change beyond chance",
}
REASONS = {
    "break": "not tested: a break lies between",
    "incomplete_period": "not tested: a period is incomplete",
    "same_people": "not tested: mostly the same people",
    "suppressed": "not tested: a figure is suppressed",
    "missing": "not tested: a figure is missing",
}


@dataclass(frozen=True)
class Change:
    """A change from the same period a year before: `text` (`+802, +27.8%`), its 95% `interval`, and the verdict.

    `percent`, `low` and `high` are in per cent of the earlier figure, or in percentage points for a percentage.
    """

    text: str
    interval: str
    words: str
    verdict: str | None
    percent: float | None
    low: float | None
    high: float | None
    is_low: bool = False


NO_TEST = Change("[z]", "[z]", "[z]", None, None, None, None)


def word_change(row: Row) -> Change:
    """A row of `change_tests` in words."""
    is_low = bool(row["low_count"])
    if row["verdict"] == "not_tested":
        return Change("[x]", "[x]", REASONS.get(row["reason"], "not tested"), "not_tested", None, None, None, is_low)
    if row["points_low"] is not None:
        unit, amount, low, high = " points", row["change"], row["points_low"], row["points_high"]
        text = f"{_signed(amount)} points"
    else:
        unit, amount = "%", row["percent"]
        low, high = (None if r is None else 100 * (r - 1) for r in (row["ratio_low"], row["ratio_high"]))
        text = _whole(row["change"]) + (f", {_signed(amount)}%" if amount is not None else "")
    interval = "[x]"
    if low is not None:
        interval = f"{_signed(low)} to {_signed(high)}{unit}" if high is not None else f"{_signed(low)}{unit} or more"
    return Change(text, interval, WORDS[row["verdict"]], row["verdict"], amount, low, high, is_low)


def _signed(value: float) -> str:
    return f"{value:+,.1f}".replace("-", "−")


def _whole(value: float) -> str:
    return f"{value:+,.0f}".replace("-", "−") if value == int(value) else _signed(value)
