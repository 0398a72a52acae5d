"""Level shifts that nobody has declared, suggested from the monthly series for a person to judge; never applied."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from csp_pipeline.lake import connect, register, sql_path, table_path, write_table
from csp_pipeline.partnership.measures import MeasureBook
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.settings import Settings
from csp_pipeline.sql import read_sql

# Fewer months do not tell a shift from the time of the year; a level needs half a year on either side.
LEAST_MONTHS, LEAST_EITHER_SIDE = 24, 6
# Below this mean a month, the square root of a count is not yet of one variance.
LEAST_MEAN = 5.0
# A shift has to be this many standard errors of the noise in a series of three years, and more in a longer one, which has more
# places where chance may look like one: the penalty grows with the logarithm of the length, as in the criterion of Schwarz.
# Simulated Poisson series then give a false alarm in one of a hundred at most; tests/unit/test_break_suggestions.py measures it.
LEAST_STRENGTH, OF_MONTHS = 3.0, 36
# A declared break this many months away or nearer explains a suggestion.
NEAR = 3
SUGGESTED = ["agency", "feed", "measure", "area_code", "suggested_month", "mean_before", "mean_after", "strength"]


@dataclass(frozen=True)
class Shift:
    """A level shift of a series: the place of its first value, the means of the levels beside it, and its strength in
    standard errors.
    """

    place: int
    mean_before: float
    mean_after: float
    strength: float


def build_break_suggestions(settings: Settings, partnership: Partnership, book: MeasureBook) -> int:
    """Look for level shifts in the district's monthly headline series and write the lake's table `break_suggestions`;
    gives the number of rows. Needs the lake's `figures`.
    """
    with connect(settings) as connection:
        figures = sql_path(table_path(settings, "figures"))
        series = connection.execute(
            read_sql("csp_pipeline.figures", "monthly_series", figures=figures),
            {"district": partnership.file.district, "least": LEAST_MONTHS},
        ).fetchall()
        rows = [
            (*key, months[shift.place], shift.mean_before, shift.mean_after, shift.strength)
            for *key, months, calendar_months, counts in series
            for shift in find_shifts(counts, calendar_months)
        ]
        found = pd.DataFrame(rows, columns=SUGGESTED)
        texts = dict.fromkeys(SUGGESTED[:4], "str")
        means = dict.fromkeys(SUGGESTED[5:], "float64")
        register(connection, "found", found.astype({**texts, "suggested_month": "datetime64[s]", **means}))
        register(connection, "breaks", book.breaks_table)
        query = read_sql("csp_pipeline.figures", "break_suggestions")
        connection.execute(f"CREATE TEMP TABLE suggestions AS {query}", {"near": NEAR}).fetchall()
        return write_table(connection, settings, "break_suggestions", "FROM suggestions")


def find_shifts(counts: Sequence[float], calendar_months: Sequence[int]) -> list[Shift]:
    """The level shifts of a monthly series of counts, in order; `calendar_months` (1 to 12) tell the time of the year.

    Counts are made of one variance by the square root (Anscombe 1948), and the time of the year is taken out by month
    effects fitted together with the levels. The levels are the segments of least squares under a penalty (PELT: Killick,
    Fearnhead and Eckley 2012, as in ruptures), which grows with the noise of the series, never less than that of a
    Poisson count, and with its length. A series that a straight line describes as well as levels do is a trend and has no shift.
    """
    import numpy as np
    import ruptures  # type: ignore[import-untyped]

    values = np.asarray(counts, dtype=float)
    if len(values) < LEAST_MONTHS or values.mean() < LEAST_MEAN:
        return []
    stable = 2 * np.sqrt(values + 0.375)
    season = np.eye(12)[np.asarray(calendar_months) - 1]
    season = season[:, 1:] - season[:, :1]  # effects that sum to none
    penalty = LEAST_STRENGTH**2 * max(1.0, np.log(len(values)) / np.log(OF_MONTHS))
    ends, seen = [len(values)], set[tuple[int, ...]]()
    while tuple(ends) not in seen:
        seen.add(tuple(ends))
        levels = _levels(ends)
        effects, noise = _fit(np.hstack([levels, season]), stable)
        adjusted = stable - season @ effects[levels.shape[1] :]
        search = ruptures.KernelCPD(kernel="linear", min_size=LEAST_EITHER_SIDE).fit(adjusted[:, None])
        ends = [int(end) for end in search.predict(pen=penalty * noise)]
    if len(ends) == 1:
        return []
    levels = _levels(ends)
    effects, noise = _fit(np.hstack([levels, season]), stable)
    line = np.column_stack([np.ones(len(values)), np.arange(len(values))])
    # a level and the place where it begins are chosen each, so each counts: the criterion of Schwarz (1978)
    price = np.log(len(values)) * noise
    left_by_levels = _left(np.hstack([levels, season]), stable) + (2 * len(ends) - 1) * price
    if _left(np.hstack([line, season]), stable) + 2 * price <= left_by_levels:
        return []
    adjusted = stable - season @ effects[levels.shape[1] :]
    shifts = []
    for start, place, end in zip([0, *ends], ends, ends[1:], strict=False):
        before, after = adjusted[start:place], adjusted[place:end]
        error = np.sqrt(noise * (1 / len(before) + 1 / len(after)))
        strength = abs(after.mean() - before.mean()) / error
        shifts.append(Shift(place, values[start:place].mean(), values[place:end].mean(), float(strength)))
    return shifts


def _levels(ends: Sequence[int]) -> Any:
    """One column for each segment: 1 inside it."""
    import numpy as np

    return np.repeat(np.eye(len(ends)), np.diff([0, *ends]), axis=0)


def _fit(design: Any, values: Any) -> tuple[Any, float]:
    """Least squares: the effects, and the variance left, which is at least the 1 of a Poisson count's square root."""
    import numpy as np

    effects, _, rank, _ = np.linalg.lstsq(design, values, rcond=None)
    return effects, max(1.0, _left(design, values) / max(len(values) - int(rank), 1))


def _left(design: Any, values: Any) -> float:
    """The sum of squares that least squares leaves."""
    import numpy as np

    effects = np.linalg.lstsq(design, values, rcond=None)[0]
    left = values - design @ effects
    return float(left @ left)
