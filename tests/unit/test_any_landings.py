"""Whatever files come, in whatever order, with runs that are killed in between: what counts is what decision 0008 says."""

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from csp_pipeline.figures.coverage import covered_cells, read_all_receipts
from csp_pipeline.intake import pull, take_in
from csp_pipeline.intake.arrivals import look_for_new_files
from csp_pipeline.intake.read_again import forget_receipts
from csp_pipeline.lake import write_json
from tests.conftest import Pipeline
from tests.small_exports import csv_text, street

STREET, MONTH = "police/street", "2016-04-leicestershire-street.csv"
UNDATED = [MONTH, f"again/{MONTH}"]
# the first of them on the day on which everything begins
DATED = {
    f"{folder}published-{day}/{MONTH}": day for folder, day in (("", "2016-07-01"), ("", "2016-07-02"), ("z/", "2016-07-02"))
}
ROWS = {"a": 1, "b": 3, "half": 2, "whole": 5}
BROKEN = "broken"

Step = tuple[Any, ...]
sends = st.tuples(st.just("send"), st.sampled_from([*UNDATED, UNDATED[0], *DATED]), st.sampled_from([*ROWS, BROKEN]))
others = st.sampled_from([("run",), ("run",), ("next day",), ("read again",), ("killed", 0), ("killed", 1), ("killed", 2)])


def content_of(name: str) -> str:
    if name == BROKEN:
        return "<html>Down for maintenance</html>"
    if name in ("half", "whole"):
        return csv_text([street(Location=f"On or near {number}") for number in range(ROWS[name])])
    return csv_text([street(Location=f"On or near {name}")] * ROWS[name])


def what_counts(seen: Sequence[tuple[str, str, str]]) -> dict[str, int]:
    """Rows by day of extraction, of states in the order seen: the day, the path, what it held."""
    by_day: dict[str, list[tuple[str, str]]] = {}
    for day, path, name in seen:
        by_day.setdefault(DATED.get(path, day), []).append((path, name))
    counts = {}
    for day, states in by_day.items():
        # what an undated path came back to is new again, and any other copy is none
        news = [state for number, state in enumerate(states) if state[0] in DATED or state not in states[number + 1 :]]
        firsts = [state for number, state in enumerate(news) if state[1] not in [name for _, name in news[:number]]]
        holder: tuple[str, str] | None = None
        for path, name in firsts:
            if name == BROKEN:
                continue
            is_next = holder is not None and path == holder[0] and (path in UNDATED or (holder[1], name) == ("half", "whole"))
            if holder is None or is_next:
                holder = path, name
        if holder is not None:
            counts[day] = ROWS[holder[1]]
    return counts


class World:
    """A desk with a clock of its own, and what was seen at the place by each pull."""

    def __init__(self, desk: Pipeline, patch: pytest.MonkeyPatch) -> None:
        self.desk, self.patch, self.time = desk, patch, datetime(2016, 7, 1, tzinfo=UTC)
        self.feed = desk.partnership.feed(STREET)
        self.place: dict[str, str] = {}
        self.seen: list[tuple[str, str, str]] = []
        patch.setattr(pull, "datetime", self)

    def now(self, _zone: object) -> datetime:
        self.time += timedelta(minutes=1)
        return self.time

    def take(self, step: Step) -> None:
        match step:
            case ("send", path, name):
                self.place[path] = name
                self.desk.put(STREET, path, content_of(name))
            case ("next day",):
                self.time += timedelta(days=1)
            case ("read again",):
                forget_receipts(self.desk.settings, self.feed, None)
            case ("killed", receipts):
                self.run(iter(range(receipts)))
            case ("run",):
                self.run(None)

    def run(self, receipts: Any) -> None:
        """A run; one that is killed once so many receipts are written, where that is given."""

        def write(*arguments: Any) -> None:
            if receipts is not None and next(receipts, None) is None:
                raise KeyboardInterrupt
            write_json(*arguments)

        for path, name in sorted(self.place.items()):
            if name != next((held for _, where, held in reversed(self.seen) if where == path), None):
                self.seen.append((str(self.time.date()), path, name))
        self.patch.setattr(take_in, "write_json", write)
        try:
            self.desk.take_in(STREET)
        except KeyboardInterrupt:
            assert receipts is not None

    def rows(self) -> dict[str, int]:
        receipts = read_all_receipts(self.desk.settings, self.desk.partnership)[STREET]
        return {str(cell.extracted): len(self.desk.records(cell.receipt)) for cell in covered_cells(self.feed, receipts)}

    def receipts(self) -> list[tuple[Any, ...]]:
        found = read_all_receipts(self.desk.settings, self.desk.partnership)[STREET]
        return [
            (r.submission_id, r.landed.path, r.landed.received, r.outcome, r.code, r.rows_accepted, r.messages) for r in found
        ]


@settings(max_examples=25)
@given(steps=st.lists(sends | others, min_size=3, max_size=12))
@example(steps=[step for name in "aba" for step in (("send", MONTH, name), ("run",))])
@example(steps=[step for name in ("half", "whole", "a", "whole") for step in (("send", MONTH, name), ("run",))])
def test_what_counts_is_what_the_rules_say_however_it_came_to_be(new_desk: Callable[[], Pipeline], steps: list[Step]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        world = World(new_desk(), patch)
        for step in [*steps, ("run",)]:
            world.take(step)
        assert world.rows() == what_counts(world.seen)
        _, waiting = look_for_new_files(world.desk.settings, world.feed, world.desk.partnership.years, None, world.time.date())
        assert waiting is None
        before = world.receipts()
        shutil.rmtree(world.desk.settings.lake, ignore_errors=True)  # there is none where nothing came
        world.take(("run",))
        assert world.receipts() == before
