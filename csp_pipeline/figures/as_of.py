"""Figures counted from the records that held on one day: for what `figure_vintages` does not keep, and to check it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import duckdb

from csp_pipeline.figures.build import count_figures
from csp_pipeline.figures.coverage import read_all_receipts
from csp_pipeline.intake.receipts import Receipt
from csp_pipeline.partnership.measures import MeasureBook
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.settings import Settings
from csp_pipeline.tables import FeedSpec


def count_figures_as_of(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    partnership: Partnership,
    book: MeasureBook,
    specs: Mapping[str, FeedSpec],
    day: date,
    measure: str | None = None,
) -> None:
    """Count every figure, of one measure or all, as known at the end of a day, into the temporary table `figures`.

    What had been extracted by then is all there was; so it is the count of any day with the later extracts left out.
    """
    if measure is not None:
        breaks = tuple(item for item in book.breaks if item.measures is None or measure in item.measures)
        book = replace(book, measures={measure: book.measures[measure]}, breaks=breaks)
    receipts = {
        key: [receipt for receipt in found if is_known(receipt, day)]
        for key, found in read_all_receipts(settings, partnership).items()
    }
    count_figures(connection, settings, partnership, book, specs, receipts)


def is_known(receipt: Receipt, day: date) -> bool:
    """Whether a submission had been extracted by a day; a refused file never counts."""
    return receipt.outcome != "refused" and receipt.extracted is not None and receipt.extracted[:10] <= day.isoformat()
