"""When a feed's periods are due: the one place that says so, from its expected periods and `deadline_days`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from csp_pipeline.partnership.periods import Period


@dataclass(frozen=True)
class Due:
    """A period that a feed should cover, and the last day on which its file is in time."""

    period: Period
    day: date

    def days_late(self, day: date) -> int:
        """How many days after its due day a day lies; 0 for one in time."""
        return max((day - self.day).days, 0)


def due_periods(expected: Iterable[Period], deadline_days: int) -> Iterator[Due]:
    """Each expected period with its due day: so many days after the period's last."""
    for period in expected:
        yield Due(period, period.end + timedelta(days=deadline_days))
