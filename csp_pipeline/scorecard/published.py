"""The plan's own tables, each published number beside the one that is counted now."""

from collections.abc import Callable
from dataclasses import dataclass

from csp_pipeline.partnership.scorecard import PublishedEntry
from csp_pipeline.reports import wording
from csp_pipeline.scorecard.numbers import Number
from csp_pipeline.scorecard.read import Row


@dataclass(frozen=True)
class PublishedCell:
    """One number of a table of the plan: as it was published, and as it is counted, by whom."""

    period: str
    published: Number
    counted: Number
    source: str

    @property
    def difference(self) -> float | None:
        """Counted less published, where both are shown."""
        if self.published.value is None or self.counted.value is None:
            return None
        return self.counted.value - self.published.value


@dataclass(frozen=True)
class PublishedRow:
    """One row under the plan's own label."""

    label: str
    cells: tuple[PublishedCell, ...]

    @property
    def holds(self) -> str:
        """`as published`, or for each period that differs by how much."""
        differences = [(cell.period, cell.difference) for cell in self.cells]
        told = [f"{period}: {wording.number(abs(d))} {'more' if d > 0 else 'fewer'} counted" for period, d in differences if d]
        if told:
            return "; ".join(told)
        return "as published" if any(d == 0 for _, d in differences) else "[x]"


@dataclass(frozen=True)
class PublishedTable:
    """One table of the plan."""

    title: str
    periods: tuple[str, ...]
    rows: tuple[PublishedRow, ...]


def published_tables(
    entry: PublishedEntry | None, rows: list[Row], show: Callable[[Row | None], Number], source: Callable[[Row], str]
) -> tuple[PublishedTable, ...]:
    """The tables, with the preferred figure of another feed than the publication beside each number."""
    if entry is None:
        return ()
    published = {(row["measure"], row["period"]): row for row in rows if row["feed"] == entry.feed}
    # the preferred figure, or where the publication itself is preferred the first of the others
    others = sorted((row for row in rows if row["feed"] != entry.feed), key=lambda row: not row["is_preferred"])
    counted: dict[tuple[str, str], Row] = {}
    for row in others:
        counted.setdefault((row["measure"], row["period"]), row)

    def cell(measure: str, period: str) -> PublishedCell:
        beside = counted.get((measure, period))
        return PublishedCell(period, show(published.get((measure, period))), show(beside), source(beside) if beside else "[x]")

    return tuple(
        PublishedTable(
            table.title,
            tuple(table.periods),
            tuple(
                PublishedRow(label, tuple(cell(measure, period) for period in table.periods))
                for label, measure in table.rows.items()
            ),
        )
        for table in entry.tables
    )
